//! Octets that JSON and tables hold as base64url without padding (RFC 4648 section 5), as JOSE and WebAuthn do.
//!
//! Invariant: octets have one text. Padding, characters of another alphabet, white space and set bits behind the last octet
//! are refused (RFC 7515 section 2, RFC 4648 section 3.5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Octets, as text in base64url without padding.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base64Url(pub Vec<u8>);

impl Base64Url {
    /// Reads the text; `None` if it is anything else than base64url without padding.
    pub fn from_text(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().map(Self)
    }

    /// The octets.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Display for Base64Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text).ok_or_else(|| serde::de::Error::custom("not base64url without padding"))
    }
}

/// The octets of a text; `None` if it is anything else than base64url without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64Url::from_text(text).map(|octets| octets.0)
}

/// Octets as base64url without padding.
pub(crate) fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_have_one_text() {
        assert_eq!(decode("AQI"), Some(vec![1, 2]));
        assert_eq!(encode([1, 2]), "AQI");
        // Padding, the standard alphabet, white space, and bits behind the last octet.
        for text in ["AQI=", "+-AA", "/_AA", "AQ I", "AQI\n", "AQJ", "A"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
