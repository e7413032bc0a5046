//! Errors of subjects that people type.

use std::ops::Range;

use super::AttributeError;

/// Why a text is not a subject, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct SubjectError {
    /// The mistake.
    pub fault: SubjectFault,
    /// Its place in the text, in bytes.
    pub at: Range<usize>,
}

/// Why a text is not a subject (RFC 4514).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectFault {
    /// There is nothing before, between or behind separators.
    #[error("a part is empty; write TYPE=VALUE, as in O=Example")]
    EmptyPart,
    /// A part has no `=`.
    #[error("a part has no \"=\"; write TYPE=VALUE, as in O=Example, and a comma in a value as \\,")]
    NoValue,
    /// The type has no name here.
    #[error(
        "{0:?} is no attribute type; write one of CN, O, OU, C, L, ST, STREET, DC, UID, serialNumber, emailAddress, or a dotted number"
    )]
    UnknownType(String),
    /// A character that needs a backslash, or that is not in a type.
    #[error(
        "the character {0:?} has no place here; write O=Example, C=DE, and a special character in a value with a backslash before it"
    )]
    Character(char),
    /// A backslash before another character.
    #[error(
        "a backslash stands before another character than , + \" \\ < > ; = # or a blank, or two hexadecimal digits"
    )]
    Escape,
    /// The hexadecimal form does not hold a DER value.
    #[error("the value after # is not the DER of a value in hexadecimal digits")]
    Hex,
    /// The hexadecimal form of a text.
    #[error("{0} is a text; write it as text, not as # and hexadecimal digits")]
    HexOfString(&'static str),
    /// Escaped octets that are not UTF-8.
    #[error("the escaped octets are not UTF-8")]
    NotUtf8,
    /// A control or invisible character.
    #[error("the character U+{:04X} is invisible; leave it out", u32::from(*.0))]
    Invisible(char),
    /// A second attribute of this type.
    #[error("{0} stands twice; write it once")]
    Repeated(String),
    /// A value outside of the bounds of its type.
    #[error(transparent)]
    Bound(#[from] AttributeError),
    /// A value that cannot be encoded.
    #[error("it cannot be encoded")]
    Unencodable,
}
