//! Lists that Sign publishes: with a certificate that was revoked, and when one is due.

use std::sync::Arc;

use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::testing::{self as test_pki, CaMaker, TestKey};
use sign::{Listed, SignOutput};
use time::Duration;
use workflow::certificate::{ListName, Shard};
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock as _, OcspResponders as _, RevocationLists as _};
use workflow::request::Status;
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step as _, StepError};
use workflow::testing::{InMemoryBackend, faults, fixtures};

use super::{sign, worker};

async fn list(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<Listed, StepError> {
    match worker(backend).run(fixtures::task(id, "PublishCrl", "t", NoInput {})).await? {
        Progress::Done(SignOutput::Listed(listed)) => Ok(listed),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_list_that_is_due_is_published_whatever_fails() {
    let list = |backend: Arc<InMemoryBackend>| async move {
        let message = RecheckMessage::publish_list(backend.issuer_certificate().key_identifier());
        worker(&backend).recheck(message).await
    };
    faults::fault_sweep("PublishList", |_| (), list).await;
    let backend = InMemoryBackend::new();
    list(backend.clone()).await.unwrap();
    let issuer = backend.issuer_certificate();
    let published = backend.list(&ListName::whole(issuer.key_identifier())).await.unwrap().unwrap();
    published.crl.verify(issuer).unwrap();
    let responder = backend.responder(&issuer.key_identifier()).await.unwrap().unwrap();
    assert!(responder.answers_for(issuer, backend.now()));
    // A responder that is due is replaced with the next list, and no earlier.
    backend.advance(Duration::days(6));
    for replaced in [false, true] {
        list(backend.clone()).await.unwrap();
        let now = backend.responder(&issuer.key_identifier()).await.unwrap().unwrap();
        assert_eq!(now.certificate() != responder.certificate(), replaced);
        backend.advance(Duration::days(2));
    }
}

#[tokio::test]
async fn a_responder_is_renewed_with_a_revocation_and_its_failure_holds_up_none() {
    let backend = InMemoryBackend::new();
    let id = backend.revoked_request(RevocationReason::Superseded);
    let identifier = backend.issuer_certificate().key_identifier();
    backend.fail_next("responders", 1);
    list(&backend, id).await.unwrap();
    assert!(backend.responder(&identifier).await.unwrap().is_none());
    list(&backend, id).await.unwrap();
    assert!(backend.responder(&identifier).await.unwrap().is_some());
}

#[tokio::test]
async fn the_list_of_a_former_issuer_is_signed_by_its_own_key() {
    let backend = InMemoryBackend::new();
    let former = backend.issuer_certificate();
    backend.rotate_to(&test_pki::root());
    let message = RecheckMessage::publish_list(former.key_identifier());
    worker(&backend).recheck(message).await.unwrap();
    let published = backend.list(&ListName::whole(former.key_identifier())).await.unwrap().unwrap();
    published.crl.verify(former).unwrap();
}

#[tokio::test]
async fn a_message_about_no_issuer_is_refused() {
    let backend = InMemoryBackend::new();
    for message in [RecheckMessage::look(RequestId::random()), RecheckMessage::publish_list("00ff".into())] {
        let answer = worker(&backend).recheck(message).await;
        assert!(matches!(answer, Err(StepError::Refused { code: ErrorName::BadMessage, .. })), "{answer:?}");
    }
    assert!(backend.published().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_revoked_certificate_is_in_a_list_whatever_fails() {
    let revoke = |backend: &Arc<InMemoryBackend>| {
        backend.revoked_request(RevocationReason::KeyCompromise);
        backend.revoked_request(RevocationReason::Superseded);
    };
    faults::fault_sweep("PublishCrl", revoke, |backend| async move {
        list(&backend, backend.requests()[0].id()).await.map(drop)
    })
    .await;
    let backend = InMemoryBackend::new();
    revoke(&backend);
    let requests = backend.requests();
    let first = list(&backend, requests[0].id()).await.unwrap();
    let published =
        backend.list(&ListName::whole(backend.issuer_certificate().key_identifier())).await.unwrap().unwrap();
    for row in &requests {
        let reason = published.crl.reason_of(row.serial().unwrap()).unwrap();
        assert_eq!(reason, row.revocation().map(|revocation| revocation.reason));
    }
    assert_eq!(published.crl.number(), first.crl_number);
    // The list has the second certificate already.
    assert_eq!(list(&backend, requests[1].id()).await.unwrap(), first);
    assert!(backend.requests().iter().all(|row| row.revocation().unwrap().listed_at.is_some()));
}

#[tokio::test]
async fn a_certificate_of_a_former_issuer_is_in_the_list_of_that_issuer() {
    let backend = InMemoryBackend::new();
    let id = backend.revoked_request(RevocationReason::Superseded);
    let former = backend.issuer_certificate();
    backend.rotate_to(&test_pki::root());
    list(&backend, id).await.unwrap();
    let published = backend.list(&ListName::whole(former.key_identifier())).await.unwrap().unwrap();
    published.crl.verify(former).unwrap();
    let serial = backend.request(id).unwrap().serial().unwrap().clone();
    assert_eq!(published.crl.reason_of(&serial).unwrap(), Some(RevocationReason::Superseded));
    assert_eq!(backend.published().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_recorded_as_revoked_is_in_no_list() {
    let backend = InMemoryBackend::new();
    for id in [
        backend.request_with_certificate(Status::Delivered),
        backend.accepted_revocation(RevocationReason::KeyCompromise),
    ] {
        let answer = list(&backend, id).await;
        assert!(matches!(answer, Err(StepError::Refused { code: ErrorName::BadMessage, .. })), "{answer:?}");
    }
    assert!(backend.published().await.unwrap().is_empty());
}

/// An imported CA whose keyUsage has keyCertSign alone.
#[tokio::test]
async fn a_revocation_ends_without_a_list_where_the_issuer_may_sign_none() {
    let backend = InMemoryBackend::new();
    let ca = CaMaker::new(TestKey::EcP256)
        .lifetime(Duration::days(3_650), Duration::days(7_300))
        .without("2.5.29.15")
        .extension("2.5.29.15", true, &[3, 2, 2, 4]);
    backend.rotate_to(&ca.self_signed());
    let id = backend.revoked_request(RevocationReason::KeyCompromise);
    assert_eq!(list(&backend, id).await.unwrap(), Listed { crl_number: 0 });
    assert!(backend.published().await.unwrap().is_empty());
    let row = backend.request(id).unwrap();
    assert!(row.revocation().unwrap().is_without_list());
}

#[tokio::test]
async fn a_certificate_names_a_shard_that_is_published_whatever_fails() {
    let prepare = |backend: &Arc<InMemoryBackend>| {
        let policy = include_str!("../../../../infra/policy.toml");
        backend.set_policy(&policy.replace("[publication]", "[publication]\nlist_shards = 3"));
        backend.request_at(Status::Approved);
    };
    faults::fault_sweep("Sign", prepare, |backend| async move {
        let id = backend.requests()[0].id();
        sign(&backend, id).await.map(drop)
    })
    .await;
    let backend = InMemoryBackend::new();
    prepare(&backend);
    let signed = sign(&backend, backend.requests()[0].id()).await.unwrap();
    let certificate = Certificate::from_pem(&backend.certificates()[&signed.serial.to_string()]).unwrap();
    let named = |name: &ListName| {
        let address = format!("http://pki.example.com/{}", name.path());
        certificate.der().windows(address.len()).any(|octets| octets == address.as_bytes())
    };
    let lists = backend.published_lists();
    assert_eq!(lists.len(), 3, "all shards, so that the next certificate asks for none");
    let its_own: Vec<_> = lists.keys().filter(|name| named(name)).collect();
    let shard = Shard::of_serial(&signed.serial, 3);
    assert_eq!(its_own.iter().map(|name| name.shard).collect::<Vec<_>>(), [shard]);
    // The list that was published for the first certificate stays for the second.
    let second = backend.request_at(Status::Approved);
    sign(&backend, second).await.unwrap();
    assert_eq!(backend.published_lists(), lists);
}
