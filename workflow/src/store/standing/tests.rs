use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::Duration;

use super::*;
use crate::mail_kind::MailKind;
use crate::ports::Clock as _;
use crate::request::Status;
use crate::request::audit::{Actor, Event, EventKind, verify};
use crate::testing::fixtures::standing_policy;
use crate::testing::{ContendedStanding, FaultPoint, InMemoryBackend, faults};

/// A backend with a standing approval for so many certificates.
fn with_standing(certificates: u32) -> (Arc<InMemoryBackend>, RequestId) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let terms = format!(
        "{{\"kind\":\"grant\",\"names\":[\"www.example.com\"],\"days\":30,\"certificates\":{certificates}}}"
    );
    let id = backend.granted(&terms);
    (backend, id)
}

async fn count(
    backend: &InMemoryBackend,
    id: RequestId,
    request: RequestId,
) -> Result<u32, UpdateError<StandingError>> {
    let counted = count_use(backend, id, request, &backend.policy(), backend.now()).await;
    counted.map(|(_, counted)| counted.number)
}

fn is_used_up(counted: &Result<u32, UpdateError<StandingError>>) -> bool {
    matches!(counted, Err(UpdateError::Rejected(StandingError::UsedUp)))
}

#[tokio::test]
async fn a_repetition_is_not_counted_again() {
    let (backend, id) = with_standing(2);
    let requests = [RequestId::random(), RequestId::random(), RequestId::random()];
    for _ in 0..3 {
        assert_eq!(count(&backend, id, requests[0]).await.unwrap(), 1);
    }
    assert_eq!(count(&backend, id, requests[1]).await.unwrap(), 2);
    assert!(is_used_up(&count(&backend, id, requests[2]).await));
    assert_eq!(count(&backend, id, requests[0]).await.unwrap(), 1, "a counted certificate is still signed");
    assert_eq!(backend.standing(id).unwrap().used(), 2);
}

#[tokio::test]
async fn a_worker_that_dies_at_any_call_counts_its_certificate_once() {
    let (fresh, id) = with_standing(1);
    let request = RequestId::random();
    let calls = {
        let backend = fresh.copy();
        let before = backend.calls().len();
        count(&backend, id, request).await.unwrap();
        backend.calls().len() - before
    };
    assert_eq!(calls, 3);
    for call in 0..calls {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let backend = fresh.copy();
            backend.fail_at(backend.calls().len() + call, point);
            assert!(matches!(count(&backend, id, request).await, Err(UpdateError::Port(_))));
            assert_eq!(count(&backend, id, request).await.unwrap(), 1, "{call} {point:?}");
            assert_eq!((backend.standing(id).unwrap().used(), backend.standing_uses().len()), (1, 1));
            assert!(is_used_up(&count(&backend, id, RequestId::random()).await));
        }
    }
}

/// Counts as a worker does: a call that fails is repeated by the queue, and each message comes twice.
async fn worker(
    table: Arc<ContendedStanding>,
    id: RequestId,
    request: RequestId,
) -> (RequestId, Result<u32, UpdateError<StandingError>>, usize) {
    let mut failed = 0;
    loop {
        let backend = &table.0;
        match count_use(&*table, id, request, &backend.policy(), backend.now()).await {
            Err(UpdateError::Port(_)) => failed += 1,
            counted => return (request, counted.map(|(_, counted)| counted.number), failed),
        }
    }
}

/// Fifty requests, two workers each, all at once, and twenty certificates.
async fn race() {
    let (backend, id) = with_standing(20);
    let table = Arc::new(ContendedStanding(backend.clone()));
    let requests: Vec<RequestId> = (0..50).map(|_| RequestId::random()).collect();
    let workers: Vec<_> = requests
        .iter()
        .chain(&requests)
        .map(|request| tokio::spawn(worker(table.clone(), id, *request)))
        .collect();
    let (mut numbers, mut used_up) = (BTreeMap::new(), 0);
    for one in workers {
        let (request, counted, _) = one.await.unwrap();
        match counted {
            Ok(number) => {
                let same = *numbers.entry(request).or_insert(number);
                assert_eq!(same, number, "both workers of a request have one use");
            }
            counted => {
                assert!(is_used_up(&counted));
                used_up += 1;
            }
        }
    }
    let distinct: BTreeSet<u32> = numbers.values().copied().collect();
    assert_eq!(distinct, (1..=20).collect());
    assert_eq!((numbers.len(), used_up), (20, 60));
    assert_eq!((backend.standing(id).unwrap().used(), backend.standing_uses().len()), (20, 20));
}

#[tokio::test]
async fn a_race_of_fifty_requests_never_exceeds_the_number() {
    race().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_on_several_threads_never_exceeds_the_number() {
    race().await;
}

async fn end(
    backend: &InMemoryBackend,
    id: RequestId,
    by: &Origin,
    reason: &str,
) -> Result<StandingApproval, UpdateError<InvalidTransition>> {
    let ports = StandingEnding { standing: backend, requests: backend, writer: backend };
    end_standing(ports, id, by, reason, backend.now()).await
}

/// The ends in the audit trail of a request.
fn recorded(backend: &InMemoryBackend, id: RequestId) -> Vec<Event> {
    let mut trail = backend.audit(id);
    trail.retain(|event| event.event == EventKind::GrantEnded);
    trail
}

#[tokio::test]
async fn a_standing_approval_that_ends_between_the_reads_is_not_counted_under() {
    let (backend, id) = with_standing(5);
    let ended = backend.copy();
    end(&ended, id, &Origin::operator("olivia"), "Over.").await.unwrap();
    // The end comes just before the write of the use: the write conflicts, and the row is read again.
    backend.become_at(backend.calls().len() + 2, &ended);
    let counted = count(&backend, id, RequestId::random()).await;
    assert!(matches!(counted, Err(UpdateError::Rejected(StandingError::Ended))), "{counted:?}");
    assert_eq!((backend.standing(id).unwrap().used(), backend.standing_uses().len()), (0, 0));
}

#[tokio::test]
async fn the_first_end_is_kept_and_an_end_loses_no_use() {
    let (backend, id) = with_standing(5);
    let (olivia, mallory) = (Origin::operator("olivia"), Origin::operator("mallory"));
    let counted = backend.copy();
    count(&counted, id, RequestId::random()).await.unwrap();
    // The use comes between the reads and the write.
    backend.become_at(backend.calls().len() + 2, &counted);
    let ended = end(&backend, id, &olivia, "Over.").await.unwrap();
    assert_eq!((ended.used(), backend.standing(id).unwrap().used()), (1, 1));
    backend.advance(Duration::DAY);
    let again = end(&backend, id, &mallory, "Again.").await.unwrap();
    assert_eq!((again.ended(), again.version()), (ended.ended(), ended.version()));
    assert_eq!(recorded(&backend, id).len(), 1);
}

#[tokio::test]
async fn an_end_is_in_the_trail_and_the_trail_finds_an_end_that_was_removed_or_altered() {
    let (backend, id) = with_standing(5);
    let requester = Actor::requester(backend.request(id).unwrap().email());
    let by = Origin::caller(requester.clone(), Some("192.0.2.1".into()));
    assert!(backend.standing(id).unwrap().end_agrees_with(&backend.audit(id)));
    let ended = end(&backend, id, &by, "The shop closes.").await.unwrap();
    let [event] = &recorded(&backend, id)[..] else { panic!("one event") };
    assert_eq!((&event.actor, event.source.as_deref()), (&requester, Some("192.0.2.1")));
    assert_eq!(
        (event.at, event.number),
        (ended.ended().unwrap().at, backend.request(id).unwrap().audit().number)
    );
    let trail = backend.audit(id);
    assert_eq!(verify(id, &trail, backend.request(id).unwrap().audit()), []);
    assert_eq!(backend.standing(id), Some(ended.clone()));
    assert!(ended.end_agrees_with(&trail));
    type Alteration = fn(&mut serde_json::Value);
    let alterations: [Alteration; 4] = [
        |row| _ = row.as_object_mut().unwrap().remove("ended"),
        |row| row["ended"]["reason"] = "Another.".into(),
        |row| row["ended"]["by"] = "operator:mallory".into(),
        |row| row["ended"]["at"] = "2026-01-01T12:00:01Z".into(),
    ];
    for (number, alter) in alterations.into_iter().enumerate() {
        assert!(!ended.altered(alter).end_agrees_with(&trail), "alteration {number}");
    }
    assert!(!ended.end_agrees_with(&trail[..trail.len() - 1]), "an end without an event");
}

#[tokio::test]
async fn other_writers_of_the_request_are_not_overwritten() {
    let (backend, id) = with_standing(5);
    let mailed = backend.copy();
    let mut row = mailed.request(id).unwrap();
    row.mailed(&MailKind::Issued, backend.now());
    let events = row.take_events(&Origin::worker("test"));
    assert_eq!(Requests::save(&*mailed, &row, &events).await.unwrap(), Saved::Yes);
    backend.become_at(backend.calls().len() + 2, &mailed);
    end(&backend, id, &Origin::operator("olivia"), "Over.").await.unwrap();
    assert!(backend.request(id).unwrap().was_mailed(&MailKind::Issued));
    assert_eq!(recorded(&backend, id).len(), 1);
}

#[tokio::test]
async fn an_end_survives_every_fault_whole_or_not_at_all() {
    faults::fault_sweep(
        "EndStanding",
        |backend| {
            backend.set_policy(&standing_policy());
            backend.granted(r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":5}"#);
        },
        |backend| async move {
            let id = backend.all_standing()[0].id();
            let ended = end(&backend, id, &Origin::operator("olivia"), "Over.").await;
            let recorded = recorded(&backend, id).len();
            assert_eq!(backend.standing(id).unwrap().ended().is_some(), recorded == 1, "both or neither");
            ended.map(|_| ())
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_no_standing_approval_is_not_ended() {
    let (backend, id) = with_standing(5);
    let olivia = Origin::operator("olivia");
    let other = RequestId::random();
    assert!(
        matches!(end(&backend, other, &olivia, "Over.").await, Err(UpdateError::Missing(one)) if one == other)
    );
    // A row of the table with the id of the request of a certificate.
    let certificate = backend.request_at(Status::Delivered);
    backend.put_standing(
        backend.standing(id).unwrap().altered(|row| row["id"] = certificate.to_string().into()),
    );
    let error = end(&backend, certificate, &olivia, "Over.").await.unwrap_err();
    assert!(matches!(error, UpdateError::Rejected(InvalidTransition { .. })), "{error:?}");
    assert!(backend.standing(certificate).unwrap().ended().is_none());
}

#[tokio::test]
async fn one_that_is_over_can_be_ended_since_another_policy_could_prolong_it() {
    let (backend, id) = with_standing(5);
    let shorter = standing_policy().replace("max = \"90d\"", "max = \"1d\"");
    assert_ne!(shorter, standing_policy());
    backend.set_policy(&shorter);
    backend.advance(Duration::days(2));
    let (approval, now) = (backend.standing(id).unwrap(), backend.now());
    assert_eq!(approval.ensure_alive(&backend.policy(), now), Err(StandingError::Over));
    assert!(!approval.is_over(now), "its own time is not over");
    end(&backend, id, &Origin::operator("olivia"), "Over.").await.unwrap();
    backend.set_policy(&standing_policy());
    let approval = backend.standing(id).unwrap();
    assert_eq!(approval.ensure_alive(&backend.policy(), now), Err(StandingError::Ended));
    assert!(approval.is_over(now));
}

#[tokio::test]
async fn the_uses_are_read_page_by_page_in_the_order_of_their_numbers() {
    let (backend, id) = with_standing(50);
    assert_eq!(standing_uses(&*backend, id).await.unwrap(), []);
    for _ in 0..7 {
        count(&backend, id, RequestId::random()).await.unwrap();
    }
    let before = backend.calls().len();
    let uses = standing_uses(&*backend, id).await.unwrap();
    assert_eq!(uses.iter().map(|one| one.number).collect::<Vec<_>>(), (1..=7).collect::<Vec<_>>());
    assert_eq!(backend.calls().len() - before, 4, "two of a page");
    assert_eq!(standing_uses(&*backend, RequestId::random()).await.unwrap(), [], "of another one");
}

#[tokio::test]
async fn a_standing_approval_is_stored_once_and_an_unknown_one_is_missing() {
    let (backend, id) = with_standing(5);
    let stored = backend.standing(id).unwrap();
    assert_eq!(StandingApprovals::create(&*backend, &stored).await.unwrap(), Saved::Conflict);
    let other = RequestId::random();
    assert!(
        matches!(count(&backend, other, other).await, Err(UpdateError::Missing(missing)) if missing == other)
    );
}
