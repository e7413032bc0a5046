//! A JWS in flattened JSON (RFC 7515 section 7.2.2): `{"protected": .., "payload": .., "signature": ..}`.
//!
//! Invariant: there is one signature, everything about it is in the protected header, and no extension is in use: neither
//! `crit` (RFC 7515 section 4.1.11) nor `b64` (RFC 7797). The signature is checked over the characters as they arrived.

use serde_json::Value;

use super::{JsonObject, JwsAlgorithm, MacAlgorithm, object};
use crate::base64url;
use crate::key::PublicKey;

/// A JWS whose signature is not checked.
#[derive(Clone, Debug, PartialEq)]
pub struct FlattenedJws {
    header: JsonObject,
    /// The two texts, joined by a dot.
    signing_input: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a value is no JWS in flattened JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlattenedJwsError {
    /// The text is not a JSON object, or has a duplicate member.
    #[error("it is not a JSON object without duplicate members")]
    NotAnObject,
    /// A member is missing, or no text.
    #[error("the member \"{0}\" is missing, or is not a text")]
    Member(&'static str),
    /// A member is not base64url without padding.
    #[error("the member \"{0}\" is not base64url without padding")]
    NotBase64Url(&'static str),
    /// There is an unprotected header.
    #[error("there is a member \"header\"; put everything into \"protected\"")]
    UnprotectedHeader,
    /// The JWS is in general JSON serialization.
    #[error("there is a member \"signatures\"; use the flattened JSON serialization, with one \"signature\"")]
    SeveralSignatures,
    /// The protected header is not a JSON object, or has a duplicate member.
    #[error("the protected header is not a JSON object without duplicate members")]
    Header,
    /// The protected header has an extension.
    #[error("the protected header has \"{0}\", and extensions are not supported; leave it out")]
    Extension(&'static str),
}

impl FlattenedJws {
    /// Reads the JSON text of a JWS.
    ///
    /// # Errors
    /// [`FlattenedJwsError`].
    pub fn parse(text: &[u8]) -> Result<Self, FlattenedJwsError> {
        Self::from_object(&object(text).ok_or(FlattenedJwsError::NotAnObject)?)
    }

    /// Reads a JWS that is a value in another one.
    pub(crate) fn from_object(members: &JsonObject) -> Result<Self, FlattenedJwsError> {
        // RFC 7515 section 7.2.2: other members are ignored.
        if members.contains_key("header") {
            return Err(FlattenedJwsError::UnprotectedHeader);
        }
        if members.contains_key("signatures") {
            return Err(FlattenedJwsError::SeveralSignatures);
        }
        let text = |name| members.get(name).and_then(Value::as_str).ok_or(FlattenedJwsError::Member(name));
        Self::from_parts(text("protected")?, text("payload")?, text("signature")?)
    }

    /// Reads the three members.
    ///
    /// # Errors
    /// [`FlattenedJwsError`].
    pub fn from_parts(protected: &str, payload: &str, signature: &str) -> Result<Self, FlattenedJwsError> {
        let octets = |text, name| base64url::decode(text).ok_or(FlattenedJwsError::NotBase64Url(name));
        let header = object(&octets(protected, "protected")?).ok_or(FlattenedJwsError::Header)?;
        for extension in ["crit", "b64"] {
            if header.contains_key(extension) {
                return Err(FlattenedJwsError::Extension(extension));
            }
        }
        Ok(Self {
            header,
            signing_input: format!("{protected}.{payload}"),
            payload: octets(payload, "payload")?,
            signature: octets(signature, "signature")?,
        })
    }

    /// A member of the protected header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// A member of the protected header that is a text.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header(name).and_then(Value::as_str)
    }

    /// The payload before any check of the signature, for callers whose key is in the payload.
    #[must_use]
    pub fn payload_without_proof(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, if the key signed it by the algorithm.
    #[must_use]
    pub fn verify(&self, algorithm: JwsAlgorithm, key: &PublicKey) -> Option<&[u8]> {
        algorithm.verify(key, self.signing_input.as_bytes(), &self.signature).then_some(&self.payload)
    }

    /// The payload, if its MAC is by this key.
    #[must_use]
    pub fn verify_mac(&self, algorithm: MacAlgorithm, key: &[u8]) -> Option<&[u8]> {
        algorithm.verify(key, self.signing_input.as_bytes(), &self.signature).then_some(&self.payload)
    }

    /// The three members as JSON, with the texts that arrived.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Base64url has no dots.
        let (protected, payload) = self.signing_input.split_once('.').unwrap_or_default();
        serde_json::json!({
            "protected": protected,
            "payload": payload,
            "signature": base64url::encode(&self.signature),
        })
    }
}
