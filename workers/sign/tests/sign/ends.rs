//! Ends of standing approvals that their requesters ordered.

use std::sync::Arc;

use pki::testing as test_pki;
use workflow::approval::ending::EndOrders;
use workflow::approval::standing::StandingApproval;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::request::audit::{Actor, EventKind, Origin};
use workflow::request::verify_request;
use workflow::runtime::step::{ErrorName, Step as _, StepError};
use workflow::testing::fixtures::{TERMS, standing_backend, standing_policy};
use workflow::testing::{InMemoryBackend, faults};

use super::outcomes::assert_refused;
use super::worker;

fn granted() -> (Arc<InMemoryBackend>, RequestId) {
    let backend = standing_backend();
    let id = backend.granted(TERMS);
    (backend, id)
}

/// The requester orders the end, as the portal records it.
async fn order(backend: &InMemoryBackend, id: RequestId, reason: &str) {
    let orders = EndOrders { requests: backend, standing: backend, sign_queue: backend, clock: backend };
    let request = backend.request(id).unwrap();
    let by = Origin::caller(Actor::requester(request.email()), Some("192.0.2.1".into()));
    orders.order(&request, reason, &by).await.unwrap();
}

async fn end(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<StandingApproval, StepError> {
    worker(backend).recheck(RecheckMessage::end_standing(id)).await?;
    Ok(backend.standing(id).unwrap())
}

#[tokio::test]
async fn what_the_requester_ordered_is_ended_once_in_their_name_and_nothing_more_is_signed() {
    let (backend, id) = granted();
    order(&backend, id, "The shop closes.").await;
    let requester = Actor::requester(backend.request(id).unwrap().email());
    for _ in 0..3 {
        let ended = end(&backend, id).await.unwrap().ended().cloned().unwrap();
        assert_eq!((&ended.by, ended.reason.as_str()), (&requester, "The shop closes."));
    }
    let (row, trail) = (backend.request(id).unwrap(), backend.audit(id));
    let ends: Vec<_> = trail.iter().filter(|event| event.event == EventKind::GrantEnded).collect();
    assert_eq!((ends.len(), &ends[0].actor), (1, &requester));
    assert_eq!(verify_request(&row, &trail), []);
    assert!(backend.standing(id).unwrap().end_agrees_with(&trail));
    let late = backend.unsaved_under(id, &test_pki::csr(&["www.example.com"]));
    let late_id = late.id();
    backend.put(late);
    assert_refused(&backend, late_id, ErrorName::Refused, "after the end").await;
}

#[tokio::test]
async fn a_message_alone_ends_nothing() {
    let (backend, id) = granted();
    assert!(end(&backend, id).await.unwrap().ended().is_none());
    // Nor does the order for another one.
    let other = backend.granted(TERMS);
    order(&backend, other, "Over.").await;
    assert!(end(&backend, id).await.unwrap().ended().is_none());
    let unknown = RequestId::random();
    worker(&backend).recheck(RecheckMessage::end_standing(unknown)).await.unwrap();
}

#[tokio::test]
async fn an_end_is_in_the_name_of_the_requester_whatever_the_row_says() {
    let (backend, id) = granted();
    order(&backend, id, "Over.").await;
    backend.alter(id, |row| row.email = "mallory@example.com".parse().unwrap());
    let ended = end(&backend, id).await.unwrap();
    assert_eq!(ended.ended().unwrap().by, Actor::requester(ended.requester()));
}

#[tokio::test]
async fn an_order_without_its_standing_approval_is_dropped_and_holds_up_nothing() {
    let (backend, id) = granted();
    order(&backend, id, "Over.").await;
    backend.forget_standing(id);
    worker(&backend).recheck(RecheckMessage::end_standing(id)).await.unwrap();
}

#[tokio::test]
async fn ending_survives_every_fault() {
    faults::fault_sweep(
        "SignEnds",
        |backend| {
            backend.set_policy(&standing_policy());
            let id = backend.granted(TERMS);
            backend.alter(id, |row| {
                let at = row.registration_date;
                row.end_asked =
                    Some(workflow::standing::StandingEndOrder { at, reason: "Over.".into(), operator: None });
            });
        },
        |backend| async move {
            let id = backend.all_standing()[0].id();
            end(&backend, id).await.map(|_| ())
        },
    )
    .await;
}
