//! Errors of encodings: what is not DER, and where.

/// The first octet of an encoding that is not DER (X.690 section 10), and the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {fault}")]
pub struct DerError {
    /// The offset in bytes, from zero.
    pub at: usize,
    /// The broken rule.
    pub fault: DerFault,
}

/// A broken rule of DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerFault {
    /// A value ends before its length says.
    #[error("the value is cut off")]
    CutOff,
    /// More bytes follow the value.
    #[error("{0} bytes follow the value")]
    TrailingBytes(usize),
    /// A length that is indefinite or takes more octets than it needs (X.690 section 10.1).
    #[error("the length is not in its one shortest form")]
    Length,
    /// A tag that takes more octets than it needs (X.690 section 8.1.2).
    #[error("the tag is not in its one shortest form")]
    Tag,
    /// A string in parts, or a list that is not constructed (X.690 sections 8.9, 8.11 and 10.2).
    #[error("the value is constructed where it must not be, or the other way round")]
    Form,
    /// A BOOLEAN other than 00 and FF (X.690 section 11.1).
    #[error("the BOOLEAN is neither 00 nor FF")]
    Boolean,
    /// An INTEGER that is empty or has superfluous octets (X.690 section 8.3.2).
    #[error("the INTEGER is not in its one shortest form")]
    Integer,
    /// A BIT STRING with unused bits that are set or do not exist (X.690 section 11.2.1).
    #[error("the BIT STRING has unused bits that are not zero")]
    Bits,
    /// A NULL with content (X.690 section 8.8.2).
    #[error("the NULL has content")]
    Null,
    /// An OBJECT IDENTIFIER that is empty, cut off or padded (X.690 section 8.19).
    #[error("the OBJECT IDENTIFIER is not well formed")]
    Identifier,
    /// More levels than any request has.
    #[error("the values are nested too deeply")]
    Depth,
}
