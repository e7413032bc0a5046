//! Signing a TBSCertificate that passed the linter.

use super::lint::Linted;
use super::parsed::{Certificate, CertificateError};
use super::template::TbsCertificate;
use crate::signer::{Signer, SignerError};

/// Why no certificate was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The signer failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signer has another key than the certificate's issuer.
    #[error("the signing key is not the key of the issuer's certificate")]
    WrongKey,
    /// The signer's algorithm differs from the certificate's signature field.
    #[error("the signer does not use the algorithm that the certificate names")]
    WrongAlgorithm,
    /// The signed certificate cannot be read back: a bug.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Signs a linted TBSCertificate (RFC 5280 section 4.1.1).
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
