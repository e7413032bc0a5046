//! Publishing the revocation list of an issuer.
//!
//! Invariant: the number of a list is greater than that of the list before, also if that one was lost: it is at least
//! the time of the list in seconds. Of two writers one wins; the other begins anew with the winner's list, so that no
//! list takes the place of a newer one.

use pki::certificate::BACKDATING;
use pki::crl::{Crl, CrlBuilder, CrlError, CrlTemplate, issue_crl};
use pki::issuer::Issuer;
use pki::signer::Signer;
use time::{Duration, OffsetDateTime};

use super::MAX_WRITE_ATTEMPTS;
use crate::ports::{PortError, RevocationLists, Saved};

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

/// Signs a list of the issuer's revoked certificates, none so far, and publishes it.
///
/// # Errors
/// [`PublishError`].
pub async fn publish_list(
    lists: &dyn RevocationLists,
    signer: &dyn Signer,
    issuer: &Issuer,
    now: OffsetDateTime,
) -> Result<Crl, PublishError> {
    let (identifier, now) = (issuer.key_identifier(), now.replace_nanosecond(0).unwrap_or(now));
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let before = lists.list(&identifier).await?;
        let template = CrlTemplate {
            issuer,
            algorithm: signer.algorithm(),
            number: next_number(before.as_ref().map(|list| list.crl.number()), now),
            // Verifiers whose clock is behind refuse a list of the future.
            this_update: (now - BACKDATING).max(issuer.not_before()),
            next_update: now + LIFETIME,
            shard: None,
        };
        let crl = issue_crl(signer, CrlBuilder::new(template).finish().map_err(CrlError::from)?).await?;
        let replaces = before.as_ref().map(|list| &list.version);
        if lists.publish(&identifier, &crl, replaces).await? == Saved::Yes {
            return Ok(crl);
        }
    }
    Err(PortError { what: "publish the revocation list", cause: "other writers were always first".into() }
        .into())
}

fn next_number(before: Option<u64>, now: OffsetDateTime) -> u64 {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    before.map_or(seconds, |number| seconds.max(number.saturating_add(1)))
}

#[cfg(test)]
mod tests {
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

    #[tokio::test]
    async fn each_list_has_a_greater_number_than_the_one_before() {
        let backend = InMemoryBackend::new();
        let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
        let signer = backend.signer(&issuer).await.unwrap();
        let publish = || publish_list(&*backend, &*signer, &issuer, backend.now());
        let (first, second) = (publish().await.unwrap(), publish().await.unwrap());
        assert!(first.number() < second.number());
        assert_eq!(second.next_update() - backend.now(), LIFETIME);
        assert_eq!(backend.now() - second.this_update(), BACKDATING);
        second.verify(&issuer).unwrap();
        let published = backend.list(&issuer.key_identifier()).await.unwrap().unwrap();
        assert_eq!(published.crl, second);
    }

    #[tokio::test]
    async fn a_list_that_was_published_meanwhile_is_not_replaced_by_an_older_one() {
        let backend = InMemoryBackend::new();
        let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
        let signer = backend.signer(&issuer).await.unwrap();
        let other = backend.copy();
        let theirs = publish_list(&*other, &*signer, &issuer, other.now()).await.unwrap();
        // Between reading and publishing.
        backend.become_at(backend.calls().len() + 1, &other);
        let ours = publish_list(&*backend, &*signer, &issuer, backend.now()).await.unwrap();
        assert!(theirs.number() < ours.number());
        let published = backend.list(&issuer.key_identifier()).await.unwrap().unwrap();
        assert_eq!(published.crl, ours);
    }
}
