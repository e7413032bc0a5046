//! Publishing the revocation list of an issuer.
//!
//! Invariant: the number of a list is greater than that of the list before, also if that one was lost: it is at least
//! the time of the list in seconds. Of two writers one wins; the other begins anew with the winner's list, so that no
//! list takes the place of a newer one. A writer reads the list that it replaces before it reads the table, so a list has
//! every revocation that was recorded before the one that it replaces was published.

use pki::certificate::{BACKDATING, Serial};
use pki::crl::{Crl, CrlBuilder, CrlError, CrlReadError, CrlTemplate, TbsCrl, issue_crl};
use pki::issuer::Issuer;
use pki::signer::Signer;
use time::{Duration, OffsetDateTime};

use super::MAX_WRITE_ATTEMPTS;
use crate::ports::{PortError, RevocationLists, Revocations, Saved};

/// The time from a list to the next one that it announces.
pub const LIFETIME: Duration = Duration::days(7);
/// The age at which a list is published anew: half of its lifetime.
pub const RENEWAL: Duration = Duration::hours(84);

/// The cause of a list that was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The list cannot be signed.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// The bucket did not answer, or every attempt conflicted with another writer.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The tables and files of lists.
#[derive(Clone, Copy)]
pub struct ListPublisher<'a> {
    /// The revoked certificates.
    pub revocations: &'a dyn Revocations,
    /// The published lists.
    pub lists: &'a dyn RevocationLists,
}

impl ListPublisher<'_> {
    /// Signs a list of the issuer's revoked certificates, and publishes it.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        now: OffsetDateTime,
    ) -> Result<Crl, PublishError> {
        self.publish_unless(signer, issuer, now, |_| Ok(false)).await
    }

    /// Like [`ListPublisher::publish`], unless the published list already has this serial: another writer may have been
    /// first. Returns the list with it.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish_with(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        serial: &Serial,
        now: OffsetDateTime,
    ) -> Result<Crl, PublishError> {
        let has = |crl: &Crl| Ok(crl.verify(issuer).is_ok() && crl.reason_of(serial)?.is_some());
        self.publish_unless(signer, issuer, now, has).await
    }

    async fn publish_unless(
        &self,
        signer: &dyn Signer,
        issuer: &Issuer,
        now: OffsetDateTime,
        suffices: impl Fn(&Crl) -> Result<bool, CrlReadError>,
    ) -> Result<Crl, PublishError> {
        let (identifier, now) = (issuer.key_identifier(), now.replace_nanosecond(0).unwrap_or(now));
        for _ in 0..MAX_WRITE_ATTEMPTS {
            let before = self.lists.list(&identifier).await?;
            // A published list that cannot be read is replaced.
            if let Some(list) = &before
                && suffices(&list.crl).unwrap_or(false)
            {
                return Ok(list.crl.clone());
            }
            let template = CrlTemplate {
                issuer,
                algorithm: signer.algorithm(),
                number: next_number(before.as_ref().map(|list| list.crl.number()), now),
                // Verifiers whose clock is behind refuse a list of the future.
                this_update: (now - BACKDATING).max(issuer.not_before()),
                next_update: now + LIFETIME,
                shard: None,
            };
            let version = before.map(|list| list.version);
            let crl =
                issue_crl(signer, self.entries(CrlBuilder::new(template), &identifier, now).await?).await?;
            if self.lists.publish(&identifier, &crl, version.as_ref()).await? == Saved::Yes {
                return Ok(crl);
            }
        }
        Err(PortError {
            what: "publish the revocation list",
            cause: "other writers were always first".into(),
        }
        .into())
    }

    /// Adds the issuer's revoked certificates, except those that ended long ago. RFC 5280 section 3.3: an entry stays
    /// until a list was published after the end of the certificate.
    async fn entries<'a>(
        &self,
        mut list: CrlBuilder<'a>,
        issuer: &str,
        now: OffsetDateTime,
    ) -> Result<TbsCrl<'a>, PublishError> {
        let mut after = None;
        loop {
            let page = self.revocations.page(issuer, after.as_ref()).await?;
            for revocation in page.revocations.iter().filter(|one| now <= one.not_after + LIFETIME) {
                list.push(&revocation.entry()).map_err(CrlError::from)?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(list.finish().map_err(CrlError::from)?);
            }
        }
    }
}

fn next_number(before: Option<u64>, now: OffsetDateTime) -> u64 {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    before.map_or(seconds, |number| seconds.max(number.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use pki::crl::RevocationReason;

    use super::*;
    use crate::ids::IssuerId;
    use crate::ports::{Clock as _, Issuers as _};
    use crate::testing::InMemoryBackend;

    #[test]
    fn a_number_never_goes_back() {
        let now = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
        assert_eq!(next_number(None, now), 1_000);
        assert_eq!(next_number(Some(7), now), 1_000);
        assert_eq!(next_number(Some(1_000), now), 1_001);
        assert_eq!(next_number(Some(5_000), now), 5_001);
    }

    fn revoke(backend: &InMemoryBackend, reason: RevocationReason) -> Serial {
        let id = backend.revoked_request(reason);
        backend.request(id).unwrap().serial().unwrap().clone()
    }

    #[tokio::test]
    async fn each_list_has_a_greater_number_than_the_one_before() {
        let backend = InMemoryBackend::new();
        let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
        let signer = backend.signer(&issuer).await.unwrap();
        let publisher = ListPublisher { revocations: &*backend, lists: &*backend };
        let publish = || publisher.publish(&*signer, &issuer, backend.now());
        let (first, second) = (publish().await.unwrap(), publish().await.unwrap());
        assert!(first.number() < second.number());
        assert_eq!(second.next_update() - backend.now(), LIFETIME);
        assert_eq!(backend.now() - second.this_update(), BACKDATING);
        second.verify(&issuer).unwrap();
        let published = backend.list(&issuer.key_identifier()).await.unwrap().unwrap();
        assert_eq!(published.crl, second);
    }

    #[tokio::test]
    async fn a_list_has_every_revoked_certificate_of_its_issuer_until_it_has_ended() {
        let backend = InMemoryBackend::new();
        let issuer = backend.issuer_certificate().clone();
        let signer = backend.signer(&issuer).await.unwrap();
        let publisher = ListPublisher { revocations: &*backend, lists: &*backend };
        let mut serials = Vec::new();
        // More than a page.
        for reason in RevocationReason::ALL {
            serials.push((revoke(&backend, reason), reason));
        }
        let not_after = backend.revocations().values().next().unwrap().not_after;
        for (now, stays) in [
            (backend.now(), true),
            (not_after + LIFETIME, true),
            (not_after + LIFETIME + Duration::DAY, false),
        ] {
            let crl = publisher.publish(&*signer, &issuer, now).await.unwrap();
            for (serial, reason) in &serials {
                assert_eq!(crl.reason_of(serial).unwrap(), stays.then_some(*reason), "{now}");
            }
        }
    }

    #[tokio::test]
    async fn a_list_that_has_the_serial_is_not_published_again() {
        let backend = InMemoryBackend::new();
        let issuer = backend.issuer_certificate().clone();
        let signer = backend.signer(&issuer).await.unwrap();
        let publisher = ListPublisher { revocations: &*backend, lists: &*backend };
        let (one, other) = (
            revoke(&backend, RevocationReason::Superseded),
            revoke(&backend, RevocationReason::KeyCompromise),
        );
        let first = publisher.publish_with(&*signer, &issuer, &one, backend.now()).await.unwrap();
        let second = publisher.publish_with(&*signer, &issuer, &other, backend.now()).await.unwrap();
        assert_eq!(first, second);
        let third = revoke(&backend, RevocationReason::Unspecified);
        let list = publisher.publish_with(&*signer, &issuer, &third, backend.now()).await.unwrap();
        assert!(first.number() < list.number());
        assert_eq!(list.reason_of(&third).unwrap(), Some(RevocationReason::Unspecified));
    }

    #[tokio::test]
    async fn a_list_that_was_published_meanwhile_is_not_replaced_by_an_older_one() {
        let backend = InMemoryBackend::new();
        let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
        let signer = backend.signer(&issuer).await.unwrap();
        let other = backend.copy();
        let revoked = revoke(&other, RevocationReason::KeyCompromise);
        let theirs = ListPublisher { revocations: &*other, lists: &*other };
        let theirs = theirs.publish(&*signer, &issuer, other.now()).await.unwrap();
        // Between reading the table and publishing.
        backend.become_at(backend.calls().len() + 2, &other);
        let ours = ListPublisher { revocations: &*backend, lists: &*backend };
        let ours = ours.publish(&*signer, &issuer, backend.now()).await.unwrap();
        assert!(theirs.number() < ours.number());
        let published = backend.list(&issuer.key_identifier()).await.unwrap().unwrap();
        assert_eq!(published.crl, ours);
        assert_eq!(ours.reason_of(&revoked).unwrap(), Some(RevocationReason::KeyCompromise));
    }
}
