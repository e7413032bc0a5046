//! Subject alternative names, and distinguished names as RFC 4514 text.

pub mod bounds;
mod comparable_name;
mod distinguished_name;
mod dns;
mod email;
mod embedded_ipv4;
mod general_name;
mod subject;
mod uri;

pub use distinguished_name::render as render_distinguished_name;
pub use embedded_ipv4::embedded_ipv4;
pub use general_name::Name;
pub use subject::Subject;

pub(crate) use comparable_name::{ComparableName, encodings};
pub(crate) use distinguished_name::{attribute_name, text as attribute_text};
pub(crate) use subject::encode_subject;

/// The most characters of a DNS name (RFC 1035 section 2.3.4), without the root's dot.
pub const MAX_DNS_LENGTH: usize = dns::MAX_LENGTH;
/// The most characters of a URI.
pub const MAX_URI_LENGTH: usize = uri::MAX_LENGTH;
/// The most characters of an e-mail address (RFC 5321 section 4.5.3.1).
pub const MAX_EMAIL_LENGTH: usize = email::MAX_LENGTH;
