use std::sync::Arc;

use pki::crl::RevocationReason;

use super::*;
use crate::ids::IssuerId;
use crate::ports::{Clock as _, Issuers as _};
use crate::testing::InMemoryBackend;

#[test]
fn a_number_never_goes_back() {
    let now = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
    assert_eq!(next_list_number(None, now), 1_000);
    assert_eq!(next_list_number(Some(7), now), 1_000);
    assert_eq!(next_list_number(Some(1_000), now), 1_001);
    assert_eq!(next_list_number(Some(5_000), now), 5_001);
}

/// A backend, its CA, and the address of its lists.
struct CaUnderTest {
    backend: Arc<InMemoryBackend>,
    issuer: Issuer,
    signer: Arc<dyn Signer>,
    url: Option<PublicationUrl>,
}

impl CaUnderTest {
    async fn new(url: Option<&str>) -> Self {
        let backend = InMemoryBackend::new();
        let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
        let signer = backend.signer(&issuer).await.unwrap();
        Self { backend, issuer, signer, url: url.map(|url| PublicationUrl::parse(url).unwrap()) }
    }

    fn publisher(&self) -> ListPublisher<'_> {
        ListPublisher { revocations: &*self.backend, lists: &*self.backend, url: self.url.as_ref() }
    }
}

fn revoke(backend: &InMemoryBackend, reason: RevocationReason) -> Serial {
    let id = backend.revoked_request(reason);
    backend.request(id).unwrap().serial().unwrap().clone()
}

#[tokio::test]
async fn each_list_has_a_greater_number_than_the_one_before() {
    let ca = CaUnderTest::new(None).await;
    let CaUnderTest { backend, issuer, signer, .. } = &ca;
    let publisher = ca.publisher();
    let publish = || publisher.publish(&**signer, issuer, backend.now());
    let (first, second) = (publish().await.unwrap(), publish().await.unwrap());
    assert!(first.number() < second.number());
    assert_eq!(second.next_update() - backend.now(), LIFETIME);
    assert_eq!(backend.now() - second.this_update(), BACKDATING);
    second.verify(issuer).unwrap();
    let published = backend.list(&ListName::whole(issuer.key_identifier())).await.unwrap().unwrap();
    assert_eq!(published.crl, second);
}

#[tokio::test]
async fn a_list_has_every_revoked_certificate_of_its_issuer_until_it_has_ended() {
    let ca = CaUnderTest::new(None).await;
    let CaUnderTest { backend, issuer, signer, .. } = &ca;
    let publisher = ca.publisher();
    let mut serials = Vec::new();
    // More than a page.
    for reason in RevocationReason::ALL {
        serials.push((revoke(backend, reason), reason));
    }
    let not_after = backend.revocations().values().next().unwrap().not_after;
    for (now, stays) in
        [(backend.now(), true), (not_after + LIFETIME, true), (not_after + LIFETIME + Duration::DAY, false)]
    {
        let crl = publisher.publish(&**signer, issuer, now).await.unwrap();
        for (serial, reason) in &serials {
            assert_eq!(crl.reason_of(serial).unwrap(), stays.then_some(*reason), "{now}");
        }
    }
}

#[tokio::test]
async fn a_list_that_has_the_serial_is_not_published_again() {
    let ca = CaUnderTest::new(None).await;
    let CaUnderTest { backend, issuer, signer, .. } = &ca;
    let publisher = ca.publisher();
    let (one, other) =
        (revoke(backend, RevocationReason::Superseded), revoke(backend, RevocationReason::KeyCompromise));
    let first = publisher.publish_with(&**signer, issuer, &one, backend.now()).await.unwrap();
    let second = publisher.publish_with(&**signer, issuer, &other, backend.now()).await.unwrap();
    assert_eq!(first, second);
    let third = revoke(backend, RevocationReason::Unspecified);
    let list = publisher.publish_with(&**signer, issuer, &third, backend.now()).await.unwrap();
    assert!(first.number() < list.number());
    assert_eq!(list.reason_of(&third).unwrap(), Some(RevocationReason::Unspecified));
}

#[tokio::test]
async fn a_list_that_was_published_meanwhile_is_not_replaced_by_an_older_one() {
    let ca = CaUnderTest::new(None).await;
    let CaUnderTest { backend, issuer, signer, .. } = &ca;
    let other = backend.copy();
    let revoked = revoke(&other, RevocationReason::KeyCompromise);
    let theirs = ListPublisher { revocations: &*other, lists: &*other, url: None };
    let theirs = theirs.publish(&**signer, issuer, other.now()).await.unwrap();
    // Between reading the table and publishing.
    backend.become_at(backend.calls().len() + 2, &other);
    let ours = ca.publisher().publish(&**signer, issuer, backend.now()).await.unwrap();
    assert!(theirs.number() < ours.number());
    let published = backend.list(&ListName::whole(issuer.key_identifier())).await.unwrap().unwrap();
    assert_eq!(published.crl, ours);
    assert_eq!(ours.reason_of(&revoked).unwrap(), Some(RevocationReason::KeyCompromise));
}

/// The whole list and all shards of an issuer, as published: each has exactly what falls to it.
fn assert_complete(backend: &InMemoryBackend, of: &[u16]) {
    let lists = backend.published_lists();
    let issuer = backend.issuer_certificate();
    let expected = of.iter().flat_map(|of| Shard::all(*of)).count() + 1;
    assert_eq!(lists.len(), expected, "{of:?}");
    for (name, crl) in &lists {
        crl.verify(issuer).unwrap();
        for revocation in backend.revocations().values() {
            let reason = crl.reason_of(&revocation.serial).unwrap();
            assert_eq!(reason, name.has(&revocation.serial).then_some(revocation.reason), "{name:?}");
        }
        let address = format!("http://pki.example.com/{}", name.path());
        let is_in_it = crl.der().windows(address.len()).any(|octets| octets == address.as_bytes());
        assert_eq!(is_in_it, name.shard.is_some(), "the address of {name:?}");
    }
}

#[tokio::test]
async fn shards_have_their_part_of_the_list_whenever_one_is_published() {
    let ca = CaUnderTest::new(Some("http://pki.example.com")).await;
    let CaUnderTest { backend, issuer, signer, .. } = &ca;
    let publisher = ca.publisher();
    let now = || backend.now();
    for _ in 0..6 {
        revoke(backend, RevocationReason::Superseded);
    }
    publisher.publish(&**signer, issuer, now()).await.unwrap();
    assert_complete(backend, &[]);
    let mut numbers = Vec::new();
    for of in [4, 2] {
        let serial = revoke(backend, RevocationReason::KeyCompromise);
        publisher.publish_with(&**signer, issuer, &serial, now()).await.unwrap();
        // Whatever shard is asked for, all of its number are published.
        let shard = Shard::of_serial(&serial, of).unwrap();
        publisher.publish_shards(&**signer, issuer, shard, now()).await.unwrap();
        numbers.push(of);
        assert_complete(backend, &numbers);
        // A revocation goes to its shard of each number.
        let serial = revoke(backend, RevocationReason::Superseded);
        let whole = publisher.publish_with(&**signer, issuer, &serial, now()).await.unwrap();
        assert_complete(backend, &numbers);
        let again = publisher.publish_with(&**signer, issuer, &serial, now()).await.unwrap();
        assert_eq!(whole, again);
    }
    // Shards that are there are left alone, and each publication renews all of them.
    let before = backend.published_lists();
    let shard = Shard::all(4).next().unwrap();
    publisher.publish_shards(&**signer, issuer, shard, now()).await.unwrap();
    assert_eq!(backend.published_lists(), before);
    publisher.publish(&**signer, issuer, now()).await.unwrap();
    let after = backend.published_lists();
    assert!(after.iter().all(|(name, crl)| crl.number() > before[name].number()));
    assert_complete(backend, &numbers);
}

#[tokio::test]
async fn lists_without_an_address_have_no_shards() {
    let ca = CaUnderTest::new(Some("http://pki.example.com")).await;
    let CaUnderTest { backend, issuer, signer, .. } = &ca;
    let publisher = ca.publisher();
    let shard = Shard::all(2).next().unwrap();
    publisher.publish_shards(&**signer, issuer, shard, backend.now()).await.unwrap();
    let before = backend.published_lists();
    let without = ListPublisher { url: None, ..publisher };
    without.publish(&**signer, issuer, backend.now()).await.unwrap();
    let after = backend.published_lists();
    assert!(after.iter().filter(|(name, _)| name.shard.is_some()).eq(&before));
    assert_eq!(after.len(), before.len() + 1);
}
