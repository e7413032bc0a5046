//! Lists on their way, against the backend in memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsMessage;
use pki::crl::{Crl, CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use workflow::certificate::ListName;
use workflow::ids::IssuerId;
use workflow::ports::{Clock as _, Issuers as _, ObjectVersion, RevocationLists as _, Saved, TrustAnchorCrl};
use workflow::store::ListPublisher;
use workflow::testing::InMemoryBackend;
use workflow::testing::faults::fault_sweep;

use super::*;

fn relay(backend: &Arc<InMemoryBackend>) -> Relay {
    Relay { files: backend.clone(), trust_anchor: Some(backend.clone()), trust_store: Some(backend.clone()) }
}

/// Publishes a list, one more than the last.
async fn publish(backend: &InMemoryBackend) -> Crl {
    let issuer = backend.in_force(&IssuerId::DEFAULT).await.unwrap().unwrap();
    let signer = backend.signer(&issuer).await.unwrap();
    let publisher = ListPublisher { revocations: backend, lists: backend, url: None };
    publisher.publish(&*signer, &issuer, backend.now()).await.unwrap()
}

/// Publishes a list with so many entries.
async fn publish_entries(backend: &InMemoryBackend, entries: u32) -> Crl {
    let issuer = backend.issuer_certificate().clone();
    let signer = backend.signer(&issuer).await.unwrap();
    let name = ListName::whole(issuer.key_identifier());
    let before = backend.list(&name).await.unwrap().unwrap();
    let (number, now) = (before.crl.number() + 1, backend.now());
    let next_update = before.crl.next_update();
    let template = CrlTemplate {
        issuer: &issuer,
        algorithm: signer.algorithm(),
        number,
        this_update: now,
        next_update,
        shard: None,
    };
    let mut list = CrlBuilder::new(template);
    for entry in 1..=entries {
        let serial = format!("4f74ac0024d1a164f33f5e049ca7dcd5{entry:08x}").parse().unwrap();
        list.push(&RevokedCertificate { serial, revoked_at: now, reason: RevocationReason::Superseded })
            .unwrap();
    }
    let crl = issue_crl(&*signer, list.finish().unwrap()).await.unwrap();
    let saved = backend.publish(&name, &crl, Some(&before.version)).await.unwrap();
    assert_eq!(saved, Saved::Yes);
    crl
}

fn identifier(backend: &InMemoryBackend) -> String {
    backend.issuer_certificate().key_identifier()
}

/// A list of another CA.
async fn foreign() -> Crl {
    publish(&InMemoryBackend::new()).await
}

fn message(issuer: &str) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(format!("m-{issuer}"));
    record.body = Some(format!(r#"{{"Records":[{{"s3":{{"object":{{"key":"crl/{issuer}.pem"}}}}}}]}}"#));
    record
}

fn event(records: Vec<SqsMessage>) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = records;
    event
}

fn kept(response: &SqsBatchResponse) -> Vec<&str> {
    response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
}

#[tokio::test]
async fn both_services_follow_the_published_list_and_leave_others_alone() {
    let backend = InMemoryBackend::new();
    let (issuer, other) = (identifier(&backend), foreign().await);
    let theirs = TrustAnchorCrl { id: "theirs".into(), enabled: true, crl: Some(other.clone()) };
    backend.put_anchor_crl("theirs", theirs.clone());
    backend.put_store_crl(Some(other.clone()));
    backend.put_store_crl(None);
    for _ in 0..3 {
        let list = publish(&backend).await;
        // Twice: SQS may deliver a message again.
        for _ in 0..2 {
            let response = relay(&backend).batch(event(vec![message(&issuer)])).await;
            assert_eq!(kept(&response), [""; 0]);
            let anchored = backend.anchor_crls();
            let [(name, ours), left] = &anchored[..] else { panic!("{anchored:?}") };
            assert_eq!((name, ours.enabled, &ours.crl), (&name_of(&issuer), true, &Some(list.clone())));
            assert_eq!(left, &("theirs".to_owned(), theirs.clone()));
            assert_eq!(backend.store_crls(), [Some(other.clone()), None, Some(list.clone())]);
            assert_eq!(backend.store_gaps(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_list_that_is_there_is_not_sent_again() {
    let backend = InMemoryBackend::new();
    publish(&backend).await;
    let issuer = identifier(&backend);
    relay(&backend).pass_on(&issuer).await.unwrap();
    let before = backend.calls().len();
    relay(&backend).pass_on(&issuer).await.unwrap();
    let reads = [
        "list files: file",
        "trust anchor: named",
        "trust store: ids",
        "trust store: crl",
        "list files: version",
    ];
    assert_eq!(backend.calls()[before..], reads);
}

#[tokio::test]
async fn each_service_has_one_list_and_no_moment_without_one_whatever_fails() {
    let other = foreign().await;
    let now = |backend: &InMemoryBackend| publish(backend).now_or_never().expect("ready");
    let step = |backend: Arc<InMemoryBackend>| async move {
        let issuer = identifier(&backend);
        relay(&backend).pass_on(&issuer).await
    };
    let first = |backend: &Arc<InMemoryBackend>| {
        backend.put_store_crl(Some(other.clone()));
        now(backend);
    };
    fault_sweep("relay of the first list", first, step).await;
    let later = |backend: &Arc<InMemoryBackend>| {
        first(backend);
        step(backend.clone()).now_or_never().expect("ready").unwrap();
        // A run that died before it removed the older list.
        backend.put_store_crl(Some(now(backend)));
        now(backend);
    };
    fault_sweep("relay of a later list", later, step).await;
}

#[tokio::test]
async fn a_list_that_is_too_large_is_not_sent_to_the_trust_anchor_and_stays_on_the_queue() {
    let backend = InMemoryBackend::new();
    let issuer = identifier(&backend);
    let small = publish(&backend).await;
    relay(&backend).pass_on(&issuer).await.unwrap();
    // 51 bytes each as DER, some 70 as PEM.
    let large = publish_entries(&backend, 4_400).await;
    let errors = relay(&backend).pass_on(&issuer).await.unwrap_err();
    let [RelayError::TooLarge(octets)] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!(*octets, large.to_pem().len());
    assert!(errors[0].to_string().contains("shorter lifetimes"), "it says what to do");
    assert_eq!(backend.anchor_crls()[0].1.crl, Some(small));
    assert_eq!(backend.store_crls(), [Some(large)], "the trust store takes it");
    let response = relay(&backend).batch(event(vec![message(&issuer)])).await;
    assert_eq!(kept(&response), [format!("m-{issuer}")]);
}

#[tokio::test]
async fn a_service_that_fails_holds_up_neither_the_other_nor_other_messages() {
    let backend = InMemoryBackend::new();
    let issuer = identifier(&backend);
    let list = publish(&backend).await;
    backend.fail_next("trust anchor", 1);
    let mut foreign = SqsMessage::default();
    (foreign.message_id, foreign.body) = (Some("foreign".into()), Some("hello".into()));
    let records = vec![foreign, message(&issuer), message(&issuer), message("0a0b")];
    let response = relay(&backend).batch(event(records)).await;
    let ours = format!("m-{issuer}");
    assert_eq!(kept(&response), ["foreign", &ours, &ours]);
    assert_eq!(backend.store_crls(), [Some(list)]);
    let response = relay(&backend).batch(event(vec![message(&issuer)])).await;
    assert_eq!(kept(&response), [""; 0]);
    assert_eq!(backend.anchor_crls().len(), 1);
}

/// The published files; a newer list is published after the first was read.
struct BusyFiles {
    backend: Arc<InMemoryBackend>,
    /// Lists that are still to be published.
    left: AtomicUsize,
}

#[async_trait]
impl ListFiles for BusyFiles {
    async fn file(&self, key_identifier: &str) -> Result<Option<ListFile>, PortError> {
        let file = self.backend.file(key_identifier).await;
        let more = self.left.load(Ordering::Relaxed);
        if more > 0 {
            self.left.store(more - 1, Ordering::Relaxed);
            publish(&self.backend).await;
        }
        file
    }

    async fn version(&self, key_identifier: &str) -> Result<Option<ObjectVersion>, PortError> {
        self.backend.version(key_identifier).await
    }
}

#[tokio::test]
async fn a_list_that_is_published_meanwhile_is_passed_on_too() {
    for (left, suffices) in [(1, true), (MAX_ATTEMPTS, false)] {
        let backend = InMemoryBackend::new();
        publish(&backend).await;
        let (issuer, mut relay) = (identifier(&backend), relay(&backend));
        relay.files = Arc::new(BusyFiles { backend: backend.clone(), left: AtomicUsize::new(left) });
        let passed_on = relay.pass_on(&issuer).await;
        assert_eq!(passed_on.is_ok(), suffices, "{passed_on:?}");
        let newest = backend.file(&issuer).await.unwrap().unwrap().crl;
        assert_eq!(backend.store_crls() == [Some(newest.clone())], suffices);
        assert_eq!(backend.anchor_crls()[0].1.crl == Some(newest), suffices);
        assert_eq!(backend.store_gaps(), [""; 0]);
    }
}

#[tokio::test]
async fn what_is_newer_is_left_alone_and_duplicates_go() {
    let backend = InMemoryBackend::new();
    let issuer = identifier(&backend);
    let older = publish(&backend).await;
    let later = backend.copy();
    let newer = publish(&later).await;
    let anchored = TrustAnchorCrl { id: "1".into(), enabled: false, crl: Some(newer.clone()) };
    backend.put_anchor_crl(&name_of(&issuer), anchored.clone());
    for crl in [&older, &newer, &older] {
        backend.put_store_crl(Some(crl.clone()));
    }
    relay(&backend).pass_on(&issuer).await.unwrap();
    assert_eq!(backend.anchor_crls(), [(name_of(&issuer), anchored)]);
    assert_eq!(backend.store_crls(), [Some(newer), Some(older)]);
}

#[tokio::test]
async fn without_services_nothing_is_sent() {
    let backend = InMemoryBackend::new();
    publish(&backend).await;
    let nobody = Relay { files: backend.clone(), trust_anchor: None, trust_store: None };
    nobody.pass_on(&identifier(&backend)).await.unwrap();
    assert_eq!((backend.anchor_crls().len(), backend.store_crls().len()), (0, 0));
}
