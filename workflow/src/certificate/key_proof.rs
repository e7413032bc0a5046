//! A revocation that is signed with the private key of the certificate: a JWS in flattened JSON (RFC 7515 section 7.2.2)
//! with the payload of an ACME revocation (RFC 8555 section 7.6).
//!
//! Invariant: the key is that of the certificate, whatever the header says about keys; the algorithm is the one of that
//! key; the signed header names this stack's URL, so that a signature for another stack proves nothing here. A proof may
//! be sent again: it revokes the same certificate for the same reason.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::key::{KeyKind, PublicKey};
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
struct JwsHeader {
    alg: String,
    url: String,
    // RFC 7515 section 4.1.11: extensions that must be understood; there is none.
    #[serde(default)]
    crit: Option<Value>,
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
        let octets =
            |text: &str, what| URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyProofError::Malformed(what));
        let header: JwsHeader = serde_json::from_slice(&octets(protected, "protected")?)
            .map_err(|_| KeyProofError::Malformed("protected"))?;
        if header.crit.is_some() {
            return Err(KeyProofError::Malformed("protected"));
        }
        let wanted: RevocationPayload = serde_json::from_slice(&octets(payload, "payload")?)
            .map_err(|_| KeyProofError::Malformed("payload"))?;
        let signature = octets(signature, "signature")?;
        let certificate = Certificate::from_der(octets(&wanted.certificate, "certificate")?)
            .map_err(|_| KeyProofError::Malformed("certificate"))?;
        let key = certificate.key().map_err(|_| KeyProofError::Malformed("certificate"))?;
        let message = format!("{protected}.{payload}");
        let algorithm = algorithm(&key, &header.alg)?;
        UnparsedPublicKey::new(algorithm, key.bits())
            .verify(message.as_bytes(), &signature)
            .map_err(|_| KeyProofError::Signature)?;
        if header.url != url {
            return Err(KeyProofError::Url);
        }
        Ok(Self { certificate, reason: reason(&wanted.reason)? })
    }
}

/// The algorithm of a key (RFC 7518 section 3.1, RFC 8037 section 3.1), if the header names it.
fn algorithm(key: &PublicKey, named: &str) -> Result<&'static dyn VerificationAlgorithm, KeyProofError> {
    let (names, algorithm): (&'static str, &'static dyn VerificationAlgorithm) = match key.kind() {
        KeyKind::Rsa { .. } if named == "PS256" => ("PS256", &RSA_PSS_2048_8192_SHA256),
        KeyKind::Rsa { .. } => ("RS256", &RSA_PKCS1_2048_8192_SHA256),
        KeyKind::EcP256 => ("ES256", &ECDSA_P256_SHA256_FIXED),
        KeyKind::EcP384 => ("ES384", &ECDSA_P384_SHA384_FIXED),
        KeyKind::EcP521 => ("ES512", &ECDSA_P521_SHA512_FIXED),
        KeyKind::Ed25519 => ("EdDSA", &ED25519),
    };
    if names == named { Ok(algorithm) } else { Err(KeyProofError::Algorithm(names)) }
}

/// A reason by its number (RFC 8555 section 7.6) or by its name in RFC 5280; unspecified if there is none.
fn reason(value: &Value) -> Result<RevocationReason, KeyProofError> {
    let of = |is: &dyn Fn(RevocationReason) -> bool| {
        RevocationReason::ALL.into_iter().find(|reason| is(*reason)).ok_or(KeyProofError::Reason)
    };
    match value {
        Value::Null => Ok(RevocationReason::Unspecified),
        Value::Number(number) => of(&|reason| number.as_u64() == Some(reason.number().into())),
        Value::String(name) => of(&|reason| name == reason.as_str()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(KeyProofError::Reason),
    }
}

#[cfg(test)]
mod tests;
