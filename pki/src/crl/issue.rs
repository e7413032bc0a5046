//! Signing a TBSCertList, and the check of the signed list.

use webpki::BorrowedCertRevocationList;

use super::build::EntryDigest;
use super::read::{Crl, CrlReadError};
use super::{CrlTemplate, TbsCrl};
use crate::certificate::{BuildError, with_signature};
use crate::signer::{Signer, SignerError};

/// Why no list was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// The issuer's certificate has a keyUsage without cRLSign.
    #[error("the issuer's certificate does not allow it to sign CRLs: its keyUsage lacks cRLSign")]
    NotAllowed,
    /// The signer failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signer has another key, or another algorithm, than the issuer.
    #[error("the signing key is not the key of the issuer's certificate")]
    WrongKey,
    /// A value does not fit.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The signed list cannot be read back: a bug.
    #[error(transparent)]
    Read(#[from] CrlReadError),
    /// Another library reads other entries: a bug.
    #[error("webpki does not read the entries that were to be signed")]
    ReadOtherwise,
}

/// Signs a list (RFC 5280 section 5.1.1), and has `webpki` read it.
///
/// # Errors
/// [`CrlError`]; only [`SignerError::Unavailable`] may pass with another try.
pub async fn issue_crl(signer: &dyn Signer, tbs: TbsCrl<'_>) -> Result<Crl, CrlError> {
    let CrlTemplate { issuer, algorithm, number, .. } = tbs.template;
    if !issuer.may_sign_crls() {
        return Err(CrlError::NotAllowed);
    }
    if signer.spki_der() != issuer.spki_der() || signer.algorithm() != algorithm {
        return Err(CrlError::WrongKey);
    }
    let signature = signer.sign(&tbs.der).await?;
    let der = with_signature(&tbs.der, algorithm, &signature)?;
    // The list may be large.
    drop(tbs.der);
    let crl = Crl::from_der(der)?;
    crl.verify(issuer)?;
    if crl.number() != number || entries(crl.der()).is_none_or(|found| !same(found, tbs.entries)) {
        return Err(CrlError::ReadOtherwise);
    }
    Ok(crl)
}

/// The entries as webpki reads them; `None` if it cannot.
fn entries(der: &[u8]) -> Option<EntryDigest> {
    let mut digest = EntryDigest::new();
    for entry in &BorrowedCertRevocationList::from_der(der).ok()? {
        let entry = entry.ok()?;
        let serial = match entry.serial_number {
            [0, rest @ ..] if !rest.is_empty() => rest,
            whole => whole,
        };
        let at = i64::try_from(entry.revocation_date.as_secs()).ok()?;
        digest.add(serial, at, entry.reason_code.map_or(0, |reason| reason as u8));
    }
    Some(digest)
}

fn same(one: EntryDigest, other: EntryDigest) -> bool {
    let ((count, digest), (other_count, other_digest)) = (one.finish(), other.finish());
    count == other_count && digest.as_ref() == other_digest.as_ref()
}
