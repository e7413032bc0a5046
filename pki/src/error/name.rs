//! Errors of names.

use std::net::IpAddr;

/// Why a text or value is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a DNS name.
    #[error("the DNS name {name:?}: {error}")]
    Dns {
        /// The text.
        name: String,
        /// The reason.
        error: DnsError,
    },
    /// Not a supported URI.
    #[error("the URI {name:?}: {error}")]
    Uri {
        /// The text.
        name: String,
        /// The reason.
        error: UriError,
    },
    /// Not a supported e-mail address.
    #[error("the e-mail address {name:?}: {error}")]
    Email {
        /// The text.
        name: String,
        /// The reason.
        error: EmailError,
    },
    /// An iPAddress of another length than 4 or 16 octets.
    #[error("the IP address has {0} bytes")]
    IpOctets(usize),
    /// An unspecified, multicast or broadcast address.
    #[error("the IP address {0} is not the address of a host")]
    IpNoHost(IpAddr),
    /// A malformed GeneralName, as text.
    #[error("the name {0:?} is not well formed")]
    Malformed(String),
    /// A text that is not a name of any kind.
    #[error("{0:?} is not a name")]
    NotAName(String),
}

/// Why a value is not the value of an attribute of a distinguished name (RFC 5280 appendix A.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// A country that is not two letters.
    #[error("the country {0:?} is not two letters; write the code of ISO 3166, as in C=DE")]
    Country(String),
    /// The attribute of this type is empty.
    #[error("{0} has no value; write one, or leave {0} out")]
    Empty(String),
    /// The value is longer than its upper bound.
    #[error("{name} has {found} characters; at most {most} are allowed")]
    TooLong {
        /// The attribute type.
        name: &'static str,
        /// The value.
        value: String,
        /// Its length in characters.
        found: usize,
        /// The bound in characters.
        most: usize,
    },
    /// The string type of the attribute does not have this character.
    #[error("{name} cannot have the character {character:?}")]
    NotInStringType {
        /// The attribute type.
        name: &'static str,
        /// The character.
        character: char,
    },
}

/// Why a text is not a DNS name (RFC 1034 section 3.5, RFC 1123 section 2.1, RFC 5890).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It has characters outside of ASCII; holds its A-labels if they are valid.
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
    /// It has a label with this many characters.
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

/// Why a text is not a supported URI (RFC 5280 section 4.2.1.6, SPIFFE ID section 2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It is longer than [`crate::name::MAX_URI_LENGTH`].
    #[error("it has {0} characters; at most 2048 are allowed")]
    TooLong(usize),
    /// It has a character that RFC 3986 section 2 does not allow.
    #[error("it has a character that is not allowed in a URI")]
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
    /// It has a fragment.
    #[error("it has a fragment")]
    Fragment,
    /// It cannot be read.
    #[error("it is not well formed")]
    Malformed,
    /// Its host is neither a DNS name nor an address.
    #[error("its host is neither a DNS name nor an address")]
    Host,
    /// Its scheme or host has upper-case letters.
    #[error("its scheme or host has upper-case letters")]
    UpperCase,
    /// It percent-encodes a letter, a digit, or one of `-._~`.
    #[error("it percent-encodes a character that needs no encoding")]
    NeedlessEncoding,
    /// It percent-encodes a control character, or a slash or backslash of the path.
    #[error("it percent-encodes a slash, a backslash or a control character")]
    EncodedDelimiter,
    /// The hexadecimal digits of a percent-encoding are not in upper case.
    #[error("a percent-encoding has lower-case digits")]
    EncodingCase,
    /// Its path has a segment `.` or `..`.
    #[error("its path has a segment . or ..")]
    DotSegment,
    /// Its path has an empty segment.
    #[error("its path has an empty segment")]
    EmptySegment,
    /// Readers take it for this other URI.
    #[error("its normal form is {0}")]
    NotNormal(String),
    /// The scheme `spiffe` is not in lower case.
    #[error("its scheme is not in lower case")]
    SpiffeCase,
    /// The trust domain is empty or too long.
    #[error("its trust domain is empty or too long")]
    SpiffeTrustDomain,
    /// The trust domain has other characters than `a-z0-9.-_`.
    #[error("its trust domain has characters other than a-z, 0-9, '.', '-' and '_'")]
    SpiffeTrustDomainCharacters,
    /// It has a query, a fragment or a percent sign.
    #[error("it has a query, a fragment or a percent sign")]
    SpiffeQuery,
    /// Its path has empty segments, dot segments or other characters.
    #[error("its path is not a valid SPIFFE ID path")]
    SpiffePath,
}

/// Why a text is not a supported e-mail address (RFC 5321 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It is longer than [`crate::name::MAX_EMAIL_LENGTH`].
    #[error("it has {0} characters; at most 254 are allowed")]
    TooLong(usize),
    /// It has no `@`.
    #[error("it has no @")]
    NoAt,
    /// The part before the `@` has this many characters.
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
        /// The reason.
        error: DnsError,
    },
}
