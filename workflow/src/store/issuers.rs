//! The issuers that the bucket holds.

use crate::ports::{Archive, PortError};
use pki::issuer::Issuer;

/// The issuer in force, or nothing where no CA was made yet.
///
/// # Errors
/// [`PortError`] of the archive, or what is there cannot issue.
pub async fn issuer_in_force(archive: &dyn Archive) -> Result<Option<Issuer>, PortError> {
    let Some(pem) = archive.issuer().await? else {
        return Ok(None);
    };
    Issuer::from_pem(&pem).map(Some).map_err(|error| PortError::new("read the certificate of the CA", error))
}
