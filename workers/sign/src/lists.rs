//! Publishing revocation lists: of the issuer of a certificate that was revoked, and again when a list is half through its
//! lifetime.
//!
//! Invariant: a list has every certificate that was recorded as revoked before it, and never takes the place of a newer
//! one (`workflow::store::ListPublisher`). An issuer that may not sign lists has none. The issuer's OCSP responder is renewed with
//! its list.

use pki::certificate::Certificate;
use pki::issuer::Issuer;
use pki::signer::Signer;
use serde::Serialize;
use time::OffsetDateTime;
use workflow::certificate::Shard;
use workflow::ports::{CertificateStore, Issuers, OcspResponders, Requests};
use workflow::request::Request;
use workflow::request::audit::Origin;
use workflow::runtime::step::{ErrorName, StepError};
use workflow::store::{ListPublisher, RenewResponderError, renew_responder, update_known_request};

/// The list with the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its number; 0 if the issuer may not sign lists.
    pub crl_number: u64,
}

/// The ports for lists.
pub(crate) struct ListStep<'a> {
    pub(crate) requests: &'a dyn Requests,
    pub(crate) certificates: &'a dyn CertificateStore,
    pub(crate) issuers: &'a dyn Issuers,
    pub(crate) publisher: ListPublisher<'a>,
    pub(crate) responders: &'a dyn OcspResponders,
    pub(crate) now: OffsetDateTime,
}

impl ListStep<'_> {
    /// Publishes a list with the revoked certificate of a request, unless there is one. Idempotent.
    pub(crate) async fn publish_with(&self, request: &Request) -> Result<Listed, StepError> {
        let id = request.id();
        let revoked = request.revocation().is_some_and(|revocation| revocation.revoked_at.is_some());
        let Some(serial) = request.serial().filter(|_| revoked) else {
            let why =
                format!("the request is {}, its certificate is not recorded as revoked", request.status());
            return Err(StepError::refused(ErrorName::BadMessage, why));
        };
        let missing = || StepError::transient(format!("the certificate {serial} is not in the bucket"));
        let pem = self.certificates.certificate(serial).await?.ok_or_else(missing)?;
        let identifier = Certificate::from_pem(&pem).ok().and_then(|one| one.authority_key_identifier());
        let identifier =
            identifier.ok_or_else(|| StepError::transient("the stored certificate cannot be read"))?;
        let crl_number = match self.able(&identifier).await? {
            Some(issuer) => {
                let signer = self.issuers.signer(&issuer).await?;
                let published = self.publisher.publish_with(&*signer, &issuer, serial, self.now).await;
                let number = published.map_err(|error| StepError::transient(error.to_string()))?.number();
                // Lists that revocations renew are never half through their lifetime. A responder holds up no revocation.
                if let Err(error) = self.renew_responder(&*signer, &issuer).await {
                    tracing::error!(%error, "cannot renew the OCSP responder of {identifier}: {error}");
                }
                tracing::info!(%serial, crl_number = number, "list {number} has certificate {serial} of request {id}");
                number
            }
            None => {
                tracing::warn!(
                    issuer = identifier,
                    "no list will have {serial}: no valid CA certificate with the key identifier {identifier} has cRLSign"
                );
                0
            }
        };
        let listed = |row: &mut Request| row.revocation_listed(crl_number, self.now);
        update_known_request(self.requests, request, &Origin::worker("sign"), listed).await?;
        Ok(Listed { crl_number })
    }

    /// Publishes the shards of which a certificate names one, if they are missing: no certificate has an address that
    /// does not answer.
    pub(crate) async fn publish_shards(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        shard: Option<Shard>,
    ) -> Result<(), StepError> {
        let Some(shard) = shard.filter(|_| self.publisher.url.is_some() && issuer.may_sign_crls()) else {
            return Ok(());
        };
        let published = self.publisher.publish_shards(signer, issuer, shard, self.now).await;
        published.map_err(|error| StepError::transient(error.to_string()))
    }

    /// Publishes the lists of an issuer anew.
    pub(crate) async fn renew(&self, identifier: &str) -> Result<(), StepError> {
        let Some(issuer) = self.able(identifier).await? else {
            let why = format!("no valid CA certificate with the key identifier {identifier} may sign lists");
            return Err(StepError::refused(ErrorName::BadMessage, why));
        };
        let signer = self.issuers.signer(&issuer).await?;
        let published = self.publisher.publish(&*signer, &issuer, self.now).await;
        let number = published.map_err(|error| StepError::transient(error.to_string()))?.number();
        tracing::info!(issuer = identifier, number, "published the revocation list {number}");
        self.renew_responder(&*signer, &issuer)
            .await
            .map_err(|error| StepError::transient(format!("the OCSP responder is not renewed: {error}")))
    }

    async fn renew_responder(&self, signer: &dyn Signer, issuer: &Issuer) -> Result<(), RenewResponderError> {
        if renew_responder(self.responders, signer, issuer, self.now).await? {
            tracing::info!("renewed the OCSP responder of {}", issuer.key_identifier());
        }
        Ok(())
    }

    /// The issuer with this subject key identifier that may sign lists, if its certificate has not ended. Renewed
    /// certificates share the key; a list lives as long as the last of them.
    async fn able(&self, identifier: &str) -> Result<Option<Issuer>, StepError> {
        let named = self.issuers.with_key_identifier(identifier).await?;
        let able = named.into_iter().filter(|issuer| issuer.may_sign_crls() && issuer.not_after() > self.now);
        Ok(able.max_by_key(Issuer::not_after))
    }
}
