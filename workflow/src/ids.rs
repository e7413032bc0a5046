//! Identifiers shared by several modules.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a request: a UUID; the key of its row, and the name of its first execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id made of 16 bytes of a keyed hash (RFC 9562 section 5.8): for an idempotency key, without which nobody can
    /// choose among ids.
    pub fn from_hash(bytes: [u8; 16]) -> Self {
        Self(Uuid::new_v8(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for RequestId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// The name of an issuer of this deployment: lower-case letters, digits and hyphens, as in `default`.
///
/// A certificate names its issuer by key identifier; the id stays the same when the issuer gets another key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerId(Cow<'static, str>);

/// A text that is not the id of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not the id of an issuer; use a letter, then up to 31 lower-case letters, digits and hyphens"
)]
pub struct IssuerIdError(String);

impl IssuerId {
    /// The id of the CA in a deployment with one issuer.
    pub const DEFAULT: Self = Self(Cow::Borrowed("default"));
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the id of the CA in a deployment with one issuer.
    pub fn is_default(&self) -> bool {
        *self == Self::DEFAULT
    }
}

impl Default for IssuerId {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IssuerId {
    type Err = IssuerIdError;

    fn from_str(text: &str) -> Result<Self, IssuerIdError> {
        let fits = text.len() <= Self::MAX_BYTES
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(IssuerIdError(text.to_owned())) }
    }
}

impl TryFrom<String> for IssuerId {
    type Error = IssuerIdError;

    fn try_from(text: String) -> Result<Self, IssuerIdError> {
        text.parse()
    }
}

impl From<IssuerId> for String {
    fn from(id: IssuerId) -> String {
        id.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_id_is_one_short_plain_word() {
        let longest = "a".repeat(IssuerId::MAX_BYTES);
        for good in ["default", "a", "tls-2027", &longest] {
            assert_eq!(good.parse::<IssuerId>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(IssuerId::MAX_BYTES + 1);
        for bad in ["", "Default", "2027", "-a", "a/b", "..", "a.b", "a b", "\u{e4}", &too_long] {
            assert!(bad.parse::<IssuerId>().is_err(), "{bad}");
        }
        assert_eq!("default".parse(), Ok(IssuerId::DEFAULT));
    }
}
