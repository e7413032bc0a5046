//! The issuer of a certificate.

use pki::certificate::Certificate;
use pki::issuer::Issuer;

use crate::ids::IssuerId;
use crate::ports::{Issuers, PortError};

/// Returns the issuer, in force or former, whose certificate verifies `certificate`; of several, the one whose chain is
/// valid for the longest time. A renewed or renamed CA certificate may have the same key, so the key identifier alone
/// does not decide.
///
/// # Errors
/// [`PortError`] if the port fails.
pub async fn issuer_of(
    issuers: &dyn Issuers,
    certificate: &Certificate,
) -> Result<Option<Issuer>, PortError> {
    let verifies = |issuer: &Issuer| issuer.verify(certificate.der()).is_ok();
    // Fast path: most certificates are delivered while their issuer is in force.
    if let Some(issuer) = issuers.in_force(&IssuerId::DEFAULT).await?.filter(verifies) {
        return Ok(Some(issuer));
    }
    let Some(identifier) = certificate.authority_key_identifier() else {
        return Ok(None);
    };
    let all = issuers.with_key_identifier(&identifier).await?;
    Ok(all.into_iter().filter(verifies).max_by_key(Issuer::not_after))
}
