//! Identifiers of orders: DNS names (RFC 8555 section 9.7.7) and IP addresses (RFC 8738).
//!
//! Invariant: an [`AcmeIdentifier`] is a [`Name`] that a certificate can have, in its canonical form, so that two that mean
//! the same are equal, and equal to the names of a CSR.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::error_type::AcmeErrorType;
use crate::error::NameError;
use crate::name::Name;
use crate::text::quoted;

/// A DNS name or an IP address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AcmeIdentifier(Name);

/// An identifier as it is written, right or wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdentifierObject {
    /// The type: `dns` or `ip`, if it is right.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
}

/// Why a value is no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// The identifier has this unsupported type.
    #[error("identifiers of the type {0} are not supported; use \"dns\" or \"ip\"")]
    Type(String),
    /// The value is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The value of `ip` is no address.
    #[error(
        "{0} is not an IP address; write it as 192.0.2.1 or 2001:db8::1, without a port or a prefix length"
    )]
    Address(String),
}

impl IdentifierError {
    /// The type of the problem.
    #[must_use]
    pub fn error_type(&self) -> AcmeErrorType {
        match self {
            Self::Type(_) => AcmeErrorType::UnsupportedIdentifier,
            Self::Name(_) | Self::Address(_) => AcmeErrorType::Malformed,
        }
    }
}

impl AcmeIdentifier {
    /// The identifier for a name; `None` if it is an e-mail address or a URI.
    #[must_use]
    pub fn from_name(name: Name) -> Option<Self> {
        matches!(name, Name::Dns(_) | Name::Ip(_)).then_some(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.0
    }

    /// As it is written in an order.
    #[must_use]
    pub fn to_object(&self) -> IdentifierObject {
        let kind = if matches!(self.0, Name::Ip(_)) { "ip" } else { "dns" };
        IdentifierObject { kind: kind.to_owned(), value: self.0.to_string() }
    }
}

impl TryFrom<&IdentifierObject> for AcmeIdentifier {
    type Error = IdentifierError;

    fn try_from(object: &IdentifierObject) -> Result<Self, IdentifierError> {
        match object.kind.as_str() {
            "dns" => Ok(Self(Name::dns(&object.value)?)),
            // RFC 8738 section 3: the textual form of RFC 1123 section 2.1 or RFC 5952 section 4.
            "ip" => match object.value.parse::<IpAddr>() {
                Ok(address) => Ok(Self(Name::address(address)?)),
                Err(_) => Err(IdentifierError::Address(quoted(&object.value))),
            },
            other => Err(IdentifierError::Type(quoted(other))),
        }
    }
}

impl Serialize for AcmeIdentifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_object().serialize(serializer)
    }
}
