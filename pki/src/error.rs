//! Errors and warnings about a request, as small values.
//!
//! Invariant: an error holds the found value and the limit, no text for requesters: callers write it. Text from
//! outside is unchanged; callers clean it before they show it (see [`crate::text::quoted`]). `Display` is for logs
//! and operators.

mod der;
mod key;
mod name;
mod other_text;
mod subject;

pub use der::{DerError, DerFault};
pub use key::{KeyError, SignatureError, WeakKeyError};
pub use name::{AttributeError, DnsError, EmailError, NameError, UriError};
pub use other_text::OtherText;
pub use subject::{SubjectError, SubjectFault};

use crate::private_key::{DetectedKey, PrivateKeyError};

/// An error in a submitted text or in its request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// The text is not one request.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The DER is not one request.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// The key is malformed or of an unsupported kind.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is weak.
    #[error(transparent)]
    WeakKey(#[from] WeakKeyError),
    /// The signature does not prove possession of the key.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A name is malformed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The common name cannot be used.
    #[error(transparent)]
    CommonName(#[from] CommonNameError),
    /// The attributes or extensions cannot be read.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
}

/// Why a text is not one request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It holds a private key.
    #[error("the text holds a private key")]
    PrivateKey(DetectedKey),
    /// It is encoded more often than is searched for a private key.
    #[error("the text is encoded too many times over")]
    TooDeep,
    /// It is longer than [`crate::csr::Csr::MAX_BYTES`].
    #[error("the text has {bytes} bytes; at most {max} are read")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// It is empty.
    #[error("the text is empty")]
    Empty,
    /// It holds several requests.
    #[error("the text holds {0} requests")]
    SeveralRequests(usize),
    /// It holds several PEM blocks, at most one of them a request.
    #[error("the text holds {} PEM blocks", .0.len())]
    SeveralBlocks(Vec<String>),
    /// It is an SSH public key.
    #[error("the text is an SSH key")]
    SshKey,
    /// Its BEGIN line is damaged.
    #[error("the BEGIN line is damaged")]
    DamagedBegin,
    /// Nothing in it is a request.
    #[error("the text holds no request")]
    NoRequest,
    /// It is a PEM block with this other label.
    #[error("the PEM block is not a request")]
    OtherPem(String),
    /// The END line is missing.
    #[error("the request is cut off")]
    CutOff,
    /// The body of the PEM block is not base64; holds the first character that is none, with its line.
    #[error("the PEM block is not base64")]
    NotBase64(Option<(usize, char)>),
    /// The text was rewritten on its way, and is no request when that is undone.
    #[error("the text was rewritten ({0})")]
    Rewritten(TextForm),
    /// It is a certificate.
    #[error("the text is a certificate")]
    Certificate,
    /// It is a public key.
    #[error("the text is a public key")]
    PublicKey,
    /// It is something else that is known.
    #[error("the text is {0}")]
    Other(OtherText),
    /// One line of the base64 has another length than the others: characters are missing or added.
    #[error("line {line} has {length} characters in place of {usual}")]
    LineLength {
        /// The line; the BEGIN line is the first.
        line: usize,
        /// Its characters.
        length: usize,
        /// The characters of the other lines.
        usual: usize,
    },
}

/// A form that programs on the way of a text give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TextForm {
    /// Invisible characters, such as the NULs of UTF-16 that was read as UTF-8.
    #[error("invisible characters")]
    Invisible,
    /// Backslash escapes in place of characters.
    #[error("backslash escapes")]
    Escapes,
    /// HTML entities and tags.
    #[error("HTML")]
    HtmlEntities,
    /// Percent-encoding.
    #[error("percent-encoding")]
    PercentEncoding,
    /// Quoted-printable.
    #[error("quoted-printable")]
    QuotedPrintable,
    /// Base64 around the PEM text, or base64url.
    #[error("base64")]
    Base64OfPem,
    /// Base32.
    #[error("base32")]
    Base32,
    /// Hexadecimal octets, or a dump.
    #[error("hexadecimal")]
    Hexadecimal,
    /// Octets as decimal numbers.
    #[error("decimal numbers")]
    Numbers,
    /// Characters that differ in appearance only, such as full-width letters.
    #[error("full-width characters")]
    OtherCharacters,
    /// BEGIN and END lines with other dashes or another label.
    #[error("other BEGIN and END lines")]
    OtherBegin,
    /// Quotation marks, numbers or other marks around each line.
    #[error("marks around lines")]
    Quotes,
    /// Blanks in place of `+`.
    #[error("blanks in place of +")]
    LostPlus,
}

impl TextForm {
    /// All of them.
    pub const ALL: [TextForm; 13] = [
        TextForm::Invisible,
        TextForm::Escapes,
        TextForm::HtmlEntities,
        TextForm::PercentEncoding,
        TextForm::QuotedPrintable,
        TextForm::Base64OfPem,
        TextForm::Base32,
        TextForm::Hexadecimal,
        TextForm::Numbers,
        TextForm::OtherCharacters,
        TextForm::OtherBegin,
        TextForm::Quotes,
        TextForm::LostPlus,
    ];
}

impl From<PrivateKeyError> for TextError {
    fn from(error: PrivateKeyError) -> Self {
        match error {
            PrivateKeyError::Found(key) => TextError::PrivateKey(key),
            PrivateKeyError::TooDeep => TextError::TooDeep,
        }
    }
}

/// Why DER is not one request (RFC 2986 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// It is longer than [`crate::csr::Csr::MAX_BYTES`].
    #[error("the request has {bytes} bytes; at most {max} are read")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// It is not a CertificationRequest.
    #[error("the request is not well formed")]
    Malformed,
    /// More octets follow the request.
    #[error("{0} bytes follow the request")]
    TrailingBytes(usize),
    /// It is not DER.
    #[error("the request is not DER: {0}")]
    NotDer(DerError),
    /// Its version is not 0 (RFC 2986 section 4.1).
    #[error("the version of the request is not 0")]
    Version,
    /// Its signature is not a whole number of octets.
    #[error("the signature is not a whole number of octets")]
    SignatureOctets,
}

/// Why the common name cannot be used (RFC 5280 section 4.1.2.6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommonNameError {
    /// There are several.
    #[error("there are several common names")]
    Several,
    /// It is not text.
    #[error("the common name is not text")]
    NotText,
    /// It has a control character or an invisible one.
    #[error("the common name {name:?} has the character U+{:04X}", u32::from(*.character))]
    Character {
        /// The common name.
        name: String,
        /// The character.
        character: char,
    },
    /// It is longer than ub-common-name (RFC 5280 appendix A.1).
    #[error("the common name has {count} characters; at most {max} are allowed")]
    TooLong {
        /// Its length in characters.
        count: usize,
        /// The limit in characters.
        max: usize,
    },
    /// The request has no subjectAltName, and its common name is absent or not the name of a host.
    #[error("the request has no names")]
    NoNames(Option<String>),
}

/// Why attributes and extensions cannot be used (RFC 2985 section 5.4, RFC 5280 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// The attributes, or the list of extensions, cannot be read.
    #[error("the requested extensions cannot be read")]
    Unreadable,
    /// This extension, by name or dotted number, occurs twice.
    #[error("the extension {0} occurs twice")]
    Twice(String),
    /// This extension, by name or dotted number, cannot be read.
    #[error("the extension {0} cannot be read")]
    UnreadableExtension(String),
    /// The value of this extension or attribute, by name or dotted number, is not DER to its last octet.
    #[error("the value of {what} is not DER: {error}")]
    NotDer {
        /// The extension or attribute.
        what: String,
        /// The broken rule.
        error: DerError,
    },
    /// This attribute, by name or dotted number, occurs twice (X.501 section 8.2: the types of a set are distinct).
    #[error("the attribute {0} occurs twice")]
    AttributeTwice(String),
    /// This attribute, by name or dotted number, has no value, or several where it has one (RFC 2985 section 5.4).
    #[error("the attribute {attribute} has {count} values")]
    AttributeValues {
        /// The attribute.
        attribute: String,
        /// The number of values.
        count: usize,
    },
    /// It has too many names.
    #[error("the request has {count} names; at most {max} are read")]
    TooManyNames {
        /// The number of names.
        count: usize,
        /// The limit.
        max: usize,
    },
}

/// A warning for approvers, or a part of the request that the certificate omits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsrWarning {
    /// The common name is not the name of a host; the certificate omits it.
    CommonNameLeftOut(String),
    /// A label mixes scripts (UTS #39 section 5.2).
    MixedScripts {
        /// The label in Unicode.
        label: String,
        /// The DNS name.
        name: String,
    },
    /// A label in one script looks like Latin letters.
    LooksLatin {
        /// The label in Unicode.
        label: String,
        /// The DNS name.
        name: String,
    },
}
