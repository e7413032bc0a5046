//! What is wrong with a request, as small values.
//!
//! Invariant: a value holds what was found and what is allowed, never a sentence for people: callers make the words.
//! Text from outside is kept as it came; callers clean it before they show it (see [`crate::text::quoted`]).
//! `Display` is for logs and for operators.

mod key;
mod name;

pub use key::{KeyError, SignatureError, WeakKeyError};
pub use name::{DnsError, EmailError, NameError, UriError};

/// Everything that is wrong with a submitted text or with the request in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// The text is not one request.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The DER is not one request.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// The key is malformed, or of a kind that is not certified.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key protects nothing.
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
    PrivateKey,
    /// It is longer than [`crate::csr::Csr::MAX_BYTES`].
    #[error("the text has {bytes} bytes; at most {max} are read")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
        /// The most that is read.
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
    /// It is a PEM block of another kind, by its label.
    #[error("the PEM block is not a request")]
    OtherPem(String),
    /// The END line is missing.
    #[error("the request is cut off")]
    CutOff,
    /// The body of the PEM block is not base64.
    #[error("the PEM block is not base64")]
    NotBase64,
    /// It is a certificate.
    #[error("the text is a certificate")]
    Certificate,
    /// It is a public key.
    #[error("the text is a public key")]
    PublicKey,
    /// It is a CRL or PKCS#7.
    #[error("the text is a CRL or PKCS#7")]
    OtherSigned,
}

/// Why DER is not one request (RFC 2986 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// It is longer than [`crate::csr::Csr::MAX_BYTES`].
    #[error("the request has {bytes} bytes; at most {max} are read")]
    TooLarge {
        /// Its length in bytes.
        bytes: usize,
        /// The most that is read.
        max: usize,
    },
    /// It is not a CertificationRequest.
    #[error("the request is not well formed")]
    Malformed,
    /// More octets follow the request.
    #[error("{0} bytes follow the request")]
    TrailingBytes(usize),
    /// It is not DER.
    #[error("the request is not DER")]
    NotDer,
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
        /// Its characters.
        count: usize,
        /// The most that are allowed.
        max: usize,
    },
    /// It is the only thing that names the subject, and not a name of a host; or there is none at all.
    #[error("the request names nothing")]
    NoNames(Option<String>),
}

/// Why attributes and extensions cannot be used (RFC 2985 section 5.4, RFC 5280 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// The attributes, or the list of extensions, cannot be read.
    #[error("the requested extensions cannot be read")]
    Unreadable,
    /// One extension is there twice, by name or dotted number.
    #[error("the extension {0} is there twice")]
    Twice(String),
    /// One extension cannot be read, by name or dotted number.
    #[error("the extension {0} cannot be read")]
    UnreadableExtension(String),
    /// More names than are evaluated in one request.
    #[error("the request has {count} names; at most {max} are read")]
    TooManyNames {
        /// The names.
        count: usize,
        /// The most that are read.
        max: usize,
    },
}

/// What an approver should look at twice, or what is left out of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsrWarning {
    /// The common name is not the name of a host, so that the certificate comes without it.
    CommonNameLeftOut(String),
    /// A label mixes scripts (UTS #39 section 5.2).
    MixedScripts {
        /// The label in Unicode.
        label: String,
        /// The DNS name.
        name: String,
    },
    /// A label in one script reads like Latin letters.
    LooksLatin {
        /// The label in Unicode.
        label: String,
        /// The DNS name.
        name: String,
    },
}
