//! A revocation that is signed with the private key of the certificate: a JWS in flattened JSON (RFC 7515 section 7.2.2)
//! with the payload of an ACME revocation (RFC 8555 section 7.6).
//!
//! Invariant: the key is that of the certificate, whatever the header says about keys; the algorithm is the one of that
//! key; the signed header names this stack's URL, so that a signature for another stack proves nothing here. A proof may
//! be sent again: it revokes the same certificate for the same reason.

use pki::base64url::Base64Url;
use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::jose::{FlattenedJws, FlattenedJwsError, JwsAlgorithm};
use serde::Deserialize;
use serde_json::Value;

/// A revocation with a valid signature by the key of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRevocation {
    /// The certificate. Whether it is one of this CA is for the caller to check.
    pub certificate: Certificate,
    /// The reason.
    pub reason: RevocationReason,
}

/// Why a signed revocation proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProofError {
    /// A part is no base64url, or not what it has to be.
    #[error("the JWS cannot be read: {0}")]
    Malformed(&'static str),
    /// The header has another algorithm than the key of the certificate.
    #[error("the key of the certificate does not sign by the algorithm in the header; it signs by {0}")]
    Algorithm(&'static str),
    /// The header names another URL.
    #[error("the signed header names another URL")]
    Url,
    /// The reason is none for which a certificate can be revoked.
    #[error("the reason is none for which a certificate can be revoked")]
    Reason,
    /// The signature is not by the key of the certificate.
    #[error("the signature is not by the key of the certificate")]
    Signature,
}

#[derive(Deserialize)]
struct RevocationPayload {
    certificate: String,
    #[serde(default)]
    reason: Value,
}

impl ProvenRevocation {
    /// Reads the three members of the JWS and verifies the signature. `url` is the URL that the header has to name.
    ///
    /// # Errors
    /// [`KeyProofError`].
    pub fn read(protected: &str, payload: &str, signature: &str, url: &str) -> Result<Self, KeyProofError> {
        const NO_CERTIFICATE: KeyProofError = KeyProofError::Malformed("certificate");
        let jws = FlattenedJws::from_parts(protected, payload, signature).map_err(malformed)?;
        let header = |name| jws.header_text(name).ok_or(KeyProofError::Malformed("protected"));
        let (named, named_url) = (header("alg")?, header("url")?);
        let wanted: RevocationPayload = serde_json::from_slice(jws.payload_without_proof())
            .map_err(|_| KeyProofError::Malformed("payload"))?;
        let der = Base64Url::from_text(&wanted.certificate).ok_or(NO_CERTIFICATE)?;
        let certificate = Certificate::from_der(der.0).map_err(|_| NO_CERTIFICATE)?;
        let key = certificate.key().map_err(|_| NO_CERTIFICATE)?;
        let algorithm = JwsAlgorithm::from_name(named).filter(|one| one.fits(key.kind()));
        let algorithm = algorithm.ok_or(KeyProofError::Algorithm(JwsAlgorithm::of(key.kind()).name()))?;
        jws.verify(algorithm, &key).ok_or(KeyProofError::Signature)?;
        if named_url != url {
            return Err(KeyProofError::Url);
        }
        Ok(Self { certificate, reason: reason(&wanted.reason)? })
    }
}

/// The part of a JWS that cannot be read.
fn malformed(error: FlattenedJwsError) -> KeyProofError {
    KeyProofError::Malformed(match error {
        FlattenedJwsError::Member(name) | FlattenedJwsError::NotBase64Url(name) => name,
        _ => "protected",
    })
}

/// A reason by its number (RFC 8555 section 7.6) or by its name in RFC 5280; unspecified if there is none.
fn reason(value: &Value) -> Result<RevocationReason, KeyProofError> {
    let reason = match value {
        Value::Null => Some(RevocationReason::Unspecified),
        Value::Number(number) => number.as_u64().and_then(RevocationReason::from_number),
        Value::String(name) => name.parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    reason.ok_or(KeyProofError::Reason)
}

#[cfg(test)]
mod tests;
