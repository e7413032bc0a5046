//! Signing: the port to whoever holds the authority's key, and the one way to use it.

use async_trait::async_trait;

use super::SignatureAlgorithm;
use super::certificate::{Certificate, CertificateError};
use super::lint::Linted;
use super::template::TbsCertificate;

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

/// Why no certificate was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The signer failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signer has another key than the certificate's issuer.
    #[error("the signing key is not the key of the issuer's certificate")]
    WrongKey,
    /// The signer signs in another way than the certificate says.
    #[error("the signer does not use the algorithm that the certificate names")]
    WrongAlgorithm,
    /// The result cannot be read, which is a fault of this program.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Signs what the linter let through (RFC 5280 section 4.1.1).
pub async fn issue(signer: &dyn Signer, tbs: Linted<TbsCertificate>) -> Result<Certificate, IssueError> {
    let (tbs, facts) = tbs.into_parts();
    if signer.spki_der() != tbs.issuer_spki() {
        return Err(IssueError::WrongKey);
    }
    if signer.algorithm() != tbs.algorithm() {
        return Err(IssueError::WrongAlgorithm);
    }
    let signature = signer.sign(tbs.der()).await?;
    Ok(Certificate::assemble(tbs.der(), tbs.algorithm(), &signature, facts)?)
}
