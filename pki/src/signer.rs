//! Signatures: the trait of key holders, a key in this process, and verifying.

use async_trait::async_trait;

mod algorithm;
mod local_key;
mod signature;

pub use algorithm::SignatureAlgorithm;
pub use local_key::{LocalKey, LocalKeyError};
pub(crate) use signature::{Scheme, is_readable, verify};

/// Why there is no signature. The texts come from the holder of the key and name no key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// Worth trying again.
    #[error("the signer did not answer: {0}")]
    Unavailable(String),
    /// Not worth trying again.
    #[error("the signer refused: {0}")]
    Refused(String),
}

/// Who holds the private key of an authority: this process, or a key management service.
#[async_trait]
pub trait Signer: Send + Sync {
    /// How it signs.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The SubjectPublicKeyInfo of its key, as DER.
    fn spki_der(&self) -> &[u8];

    /// The signature over the message, in the form of a certificate's signatureValue.
    async fn sign(&self, tbs_der: &[u8]) -> Result<Vec<u8>, SignerError>;
}
