//! What is wrong with a request, as small values.
//!
//! Invariant: a value holds what was found and what is allowed, never a sentence for people: words in a language are made
//! where people are met. Text from outside is kept as it came; who shows it cleans it (see [`crate::text::quoted`]).
//! `Display` is for logs and for operators.

use std::net::IpAddr;

use crate::key_kind::KeyKind;

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

/// Why a public key cannot be certified: malformed, or of a kind that is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not a SubjectPublicKeyInfo.
    #[error("the public key is not well formed")]
    Malformed,
    /// It is not in the one DER form of its algorithm and numbers.
    #[error("the public key is not encoded in DER")]
    NotDer,
    /// Its BIT STRING is not a whole number of octets.
    #[error("the public key is not a whole number of octets")]
    Octets,
    /// An RSA modulus longer than [`crate::key::MAX_RSA_BITS`].
    #[error("the RSA key has {bits} bits; at most {max} are supported")]
    RsaTooLong {
        /// The bits of the modulus.
        bits: u32,
        /// The most that are supported.
        max: u32,
    },
    /// RSA parameters other than NULL (RFC 3279 section 2.3.1).
    #[error("the parameters of the RSA key are not NULL")]
    RsaParameters,
    /// Not an RSAPublicKey.
    #[error("the RSA key is not well formed")]
    RsaMalformed,
    /// An EC key whose curve is not given by name.
    #[error("the EC key does not name its curve")]
    EcExplicit,
    /// An EC key on another curve, by name or dotted number.
    #[error("the curve {0} is not supported")]
    EcCurve(String),
    /// A compressed point.
    #[error("the point of the EC key is compressed")]
    EcCompressed,
    /// Not a point of the curve's length.
    #[error("the {0} key is not an uncompressed point")]
    EcPoint(KeyKind),
    /// A point that is not on its curve.
    #[error("the point of the {0} key is not on the curve")]
    NotOnCurve(KeyKind),
    /// Not an Ed25519 key (RFC 8410 section 3).
    #[error("the Ed25519 key is not well formed")]
    Ed25519Malformed,
    /// An RSA key that is restricted to RSASSA-PSS.
    #[error("RSA keys for PSS alone are not supported")]
    PssOnly,
    /// Another kind of key, by name or dotted number.
    #[error("keys of the kind {0} are not supported")]
    OtherKind(String),
}

impl KeyError {
    /// True for a key that is well formed, but of a kind that is not certified.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::RsaTooLong { .. }
            | Self::EcExplicit
            | Self::EcCurve(_)
            | Self::EcCompressed
            | Self::PssOnly
            | Self::OtherKind(_) => true,
            Self::Malformed
            | Self::NotDer
            | Self::Octets
            | Self::RsaParameters
            | Self::RsaMalformed
            | Self::EcPoint(_)
            | Self::NotOnCurve(_)
            | Self::Ed25519Malformed => false,
        }
    }
}

/// Why a key of a supported kind protects nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakKeyError {
    /// The modulus is too short.
    #[error("the RSA key has {bits} bits; at least {min} are needed")]
    RsaTooShort {
        /// The bits of the modulus.
        bits: u32,
        /// The fewest that are safe.
        min: u32,
    },
    /// The length of the modulus is not a multiple of 8 bits (BR section 6.1.6).
    #[error("the length of the RSA key, {0} bits, is not a multiple of 8")]
    RsaOddSize(u32),
    /// The exponent has so many octets.
    #[error("the exponent of the RSA key has {0} bytes")]
    RsaExponentOctets(usize),
    /// The exponent is larger than 31 bits.
    #[error("the exponent of the RSA key, {0}, is too large")]
    RsaExponentLarge(u64),
    /// The exponent is even or less than 65537 (BR section 6.1.6).
    #[error("the exponent of the RSA key, {0}, is too small or even")]
    RsaExponentSmall(u64),
    /// A small prime divides the modulus.
    #[error("the modulus of the RSA key is divisible by {0}")]
    RsaDivisible(u64),
    /// The fingerprint of CVE-2017-15361.
    #[error("the RSA key was made by a faulty library (ROCA)")]
    RsaRoca,
    /// The modulus is a square.
    #[error("the modulus of the RSA key is a square")]
    RsaSquare,
    /// The two factors are close together (CVE-2022-26320).
    #[error("the factors of the RSA key are close together")]
    RsaClose,
    /// The modulus is a prime.
    #[error("the modulus of the RSA key is a prime")]
    RsaPrime,
    /// A point of small order (RFC 8032 section 5.1.7).
    #[error("the Ed25519 key is a point of small order")]
    Ed25519SmallOrder,
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It uses a digest that is broken or too short, by name.
    #[error("the signature uses {0}")]
    WeakDigest(&'static str),
    /// An algorithm that is not supported, by its dotted number.
    #[error("the signature algorithm {0} is not supported")]
    Algorithm(String),
    /// RSASSA-PSS parameters that cannot be read.
    #[error("the RSASSA-PSS parameters are not well formed")]
    PssMalformed,
    /// RSASSA-PSS with a digest that is not supported, by its dotted number.
    #[error("the RSASSA-PSS digest {0} is not supported")]
    PssDigest(String),
    /// RSASSA-PSS with parameters that are not supported.
    #[error("the RSASSA-PSS parameters are unusual")]
    PssUnusual,
    /// The algorithm does not go with the kind of key.
    #[error("the signature is not one of an {0} key")]
    OtherKind(KeyKind),
    /// The signature is wrong.
    #[error("the signature was not made with the key")]
    Wrong,
}

/// Why a text or value is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a DNS name.
    #[error("the DNS name {name:?}: {error}")]
    Dns {
        /// The text.
        name: String,
        /// What is wrong.
        error: DnsError,
    },
    /// Not a URI that is certified.
    #[error("the URI {name:?}: {error}")]
    Uri {
        /// The text.
        name: String,
        /// What is wrong.
        error: UriError,
    },
    /// Not an e-mail address that is certified.
    #[error("the e-mail address {name:?}: {error}")]
    Email {
        /// The text.
        name: String,
        /// What is wrong.
        error: EmailError,
    },
    /// An iPAddress of another length than 4 or 16 octets.
    #[error("an IP address of {0} bytes")]
    IpOctets(usize),
    /// An address that belongs to no host.
    #[error("the IP address {0} belongs to no host")]
    IpNoHost(IpAddr),
    /// A GeneralName that cannot be read, as text.
    #[error("the name {0:?} is not well formed")]
    Malformed(String),
    /// A text that is no name of any kind.
    #[error("{0:?} is not a name")]
    NotAName(String),
}

/// Why a text is not a DNS name (RFC 1034 section 3.5, RFC 1123 section 2.1, RFC 5890).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It has characters outside of ASCII; with its A-labels, if it has them.
    #[error("it has characters outside of ASCII")]
    NotAscii(Option<String>),
    /// It is longer than [`crate::name::MAX_DNS_LENGTH`].
    #[error("it has {0} characters; at most 253 are allowed")]
    TooLong(usize),
    /// It ends in a dot.
    #[error("it ends in a dot")]
    TrailingDot,
    /// It is an IP address.
    #[error("it is an IP address")]
    Address,
    /// Its wildcard is not the whole leftmost label (RFC 9525 section 6.3).
    #[error("its wildcard is in the wrong place")]
    Wildcard,
    /// It has an empty label.
    #[error("it has an empty label")]
    EmptyLabel,
    /// It has a label of so many characters.
    #[error("it has a label of {0} characters; at most 63 are allowed")]
    LongLabel(usize),
    /// It has this character.
    #[error("it has the character {0:?}")]
    Character(char),
    /// This label begins or ends with a hyphen.
    #[error("the label {0:?} begins or ends with a hyphen")]
    Hyphen(String),
    /// This label has hyphens in the third and fourth place, and is not an A-label (RFC 5890 section 2.3.1).
    #[error("the label {0:?} is reserved")]
    Reserved(String),
    /// This label is not a valid A-label.
    #[error("the label {0:?} is not a valid A-label")]
    ALabel(String),
    /// It has a single label.
    #[error("it has a single label")]
    SingleLabel,
    /// It is a wildcard directly below a top-level domain.
    #[error("it is a wildcard below a top-level domain")]
    WildcardTld,
    /// Its last label is all digits (RFC 3696 section 2).
    #[error("its last label is all digits")]
    AllDigits,
}

/// Why a text is not a URI that is certified (RFC 5280 section 4.2.1.6, SPIFFE ID section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It is longer than [`crate::name::MAX_URI_LENGTH`].
    #[error("it has {0} characters; at most 2048 are allowed")]
    TooLong(usize),
    /// It has a character that no URI has.
    #[error("it has a character that no URI has")]
    Character,
    /// It has no scheme.
    #[error("it has no scheme")]
    NoScheme,
    /// It has no host.
    #[error("it has no host")]
    NoHost,
    /// It has user information.
    #[error("it has user information")]
    User,
    /// It cannot be read.
    #[error("it is not well formed")]
    Malformed,
    /// Its host is neither a DNS name nor an address.
    #[error("its host is neither a DNS name nor an address")]
    Host,
    /// The scheme `spiffe` is not in lower case.
    #[error("its scheme is not in lower case")]
    SpiffeCase,
    /// The trust domain is empty or too long.
    #[error("its trust domain is empty or too long")]
    SpiffeTrustDomain,
    /// The trust domain has other characters than `a-z0-9.-_`.
    #[error("its trust domain has characters that a trust domain must not have")]
    SpiffeTrustDomainCharacters,
    /// It has a query, a fragment or a percent sign.
    #[error("it has a query, a fragment or a percent sign")]
    SpiffeQuery,
    /// Its path has empty segments, dot segments or other characters.
    #[error("its path is not that of a SPIFFE ID")]
    SpiffePath,
}

/// Why a text is not an e-mail address that is certified (RFC 5321 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It is longer than [`crate::name::MAX_EMAIL_LENGTH`].
    #[error("it has {0} characters; at most 254 are allowed")]
    TooLong(usize),
    /// It has no `@`.
    #[error("it has no @")]
    NoAt,
    /// The part before the `@` has so many characters.
    #[error("the part before the @ has {0} characters; 1 to 64 are allowed")]
    LocalPart(usize),
    /// The part before the `@` begins or ends with a dot, or has two in a row.
    #[error("the part before the @ has a dot in the wrong place")]
    Dot,
    /// The part before the `@` has this character.
    #[error("the part before the @ has the character {0:?}")]
    Character(char),
    /// The domain is a wildcard.
    #[error("its domain is a wildcard")]
    Wildcard,
    /// The domain is not a DNS name.
    #[error("its domain {domain:?}: {error}")]
    Domain {
        /// The domain.
        domain: String,
        /// What is wrong.
        error: DnsError,
    },
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
