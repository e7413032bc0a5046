//! Signatures: the trait of key holders, a key in this process, and verification.

use async_trait::async_trait;

mod algorithm;
mod local_key;
mod signature;

pub use algorithm::SignatureAlgorithm;
pub use local_key::{LocalKey, LocalKeyError};
pub(crate) use signature::{Digest, Scheme, is_readable, verify};

/// Why there is no signature. The texts come from the key holder and contain no key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Temporary: a retry may succeed.
    #[error("the signer did not answer: {0}")]
    Unavailable(String),
    /// Permanent: a retry fails the same way.
    #[error("the signer refused: {0}")]
    Refused(String),
}

/// The holder of a CA's private key: this process, or a key management service.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The signature algorithm.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The SubjectPublicKeyInfo of the key as DER.
    fn spki_der(&self) -> &[u8];

    /// Signs a TBSCertificate; returns the content of signatureValue.
    async fn sign(&self, tbs_der: &[u8]) -> Result<Vec<u8>, SignerError>;
}
