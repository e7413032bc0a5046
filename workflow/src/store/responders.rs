//! Renewing the OCSP responder of an issuer.
//!
//! Invariant: a responder is replaced while it is valid, and each answer has the certificate of its signer, so answers
//! verify at every moment. Of two writers the last one wins; both responders are valid.

use pki::issuer::Issuer;
use pki::signer::Signer;
use time::OffsetDateTime;

use crate::certificate::{NewResponderError, Responder};
use crate::ports::{OcspResponders, PortError};

/// Why a responder was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewResponderError {
    /// It cannot be made.
    #[error(transparent)]
    Responder(#[from] NewResponderError),
    /// The store did not answer.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Makes the responder of an issuer that has none, or whose responder is due. Returns true if it made one. Idempotent.
///
/// # Errors
/// [`RenewResponderError`].
pub async fn renew_responder(
    responders: &dyn OcspResponders,
    signer: &dyn Signer,
    issuer: &Issuer,
    now: OffsetDateTime,
) -> Result<bool, RenewResponderError> {
    let identifier = issuer.key_identifier();
    if !issuer.may_have_responders() {
        return Ok(false);
    }
    if responders.responder(&identifier).await?.is_some_and(|before| !before.is_due(issuer, now)) {
        return Ok(false);
    }
    responders.store_responder(&identifier, &Responder::make(issuer, signer, now).await?).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::ids::IssuerId;
    use crate::ports::{Clock as _, Issuers as _};
    use crate::testing::InMemoryBackend;

    #[tokio::test]
    async fn a_responder_is_made_once_and_renewed_at_half_of_its_life() {
        let backend = InMemoryBackend::new();
        let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
        let signer = backend.signer(&issuer).await.unwrap();
        let renew = || async { renew_responder(&*backend, &*signer, &issuer, backend.now()).await.unwrap() };
        let stored = || async {
            let stored = backend.responder(&issuer.key_identifier()).await.unwrap().unwrap();
            assert!(stored.answers_for(&issuer, backend.now()));
            stored.certificate().serial().clone()
        };
        assert!(renew().await);
        let first = stored().await;
        assert!(!renew().await);
        backend.advance(Duration::days(6));
        assert!(!renew().await);
        assert_eq!(stored().await, first);
        backend.advance(Duration::days(1));
        assert!(renew().await);
        assert_ne!(stored().await, first);
    }
}
