use std::sync::Arc;

use super::*;
use crate::ids::RequestId;
use crate::request::audit::{Actor, EventKind};
use crate::request::verify_request;
use crate::testing::fixtures::{TERMS, standing_backend, standing_policy};
use crate::testing::{InMemoryBackend, faults};

fn ports(backend: &InMemoryBackend) -> EndOrders<'_> {
    EndOrders { requests: backend, standing: backend, sign_queue: backend, clock: backend }
}

fn granted() -> (Arc<InMemoryBackend>, RequestId) {
    let backend = standing_backend();
    let id = backend.granted(TERMS);
    (backend, id)
}

async fn order(
    backend: &InMemoryBackend,
    id: RequestId,
    reason: &str,
) -> Result<(Request, StandingApproval), EndOrderError> {
    let request = backend.request(id).unwrap();
    let by = Origin::caller(Actor::requester(request.email()), Some("192.0.2.1".into()));
    ports(backend).order(&request, reason, &by).await
}

#[tokio::test]
async fn the_first_order_is_kept_with_its_trail_and_each_one_tells_sign() {
    let (backend, id) = granted();
    let (row, approval) = order(&backend, id, "The shop closes.").await.unwrap();
    assert_eq!(row.end_asked().unwrap().reason, "The shop closes.");
    assert!(approval.ended().is_none(), "sign ends it");
    order(&backend, id, "Another reason.").await.unwrap();
    assert_eq!(backend.rechecks(), [RecheckMessage::end_standing(id), RecheckMessage::end_standing(id)]);
    let (row, trail) = (backend.request(id).unwrap(), backend.audit(id));
    assert_eq!(row.end_asked().unwrap().reason, "The shop closes.");
    let asked: Vec<_> = trail.iter().filter(|event| event.event == EventKind::EndAsked).collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (&asked[0].actor, asked[0].source.as_deref()),
        (&Actor::requester(row.email()), Some("192.0.2.1"))
    );
    assert_eq!(verify_request(&row, &trail), []);
    // An order that was altered, or removed so that nobody sees who gave it.
    backend.alter(id, |row| row.end_asked.as_mut().unwrap().reason = "Another reason.".into());
    assert_ne!(verify_request(&backend.request(id).unwrap(), &trail), []);
    backend.alter(id, |row| row.end_asked = None);
    assert_ne!(verify_request(&backend.request(id).unwrap(), &trail), []);
}

#[tokio::test]
async fn one_that_was_ended_needs_no_order() {
    let (backend, id) = granted();
    let mut ended = backend.standing(id).unwrap();
    ended.end(&Actor::operator("olivia"), "Over.", backend.now());
    backend.put_standing(ended);
    let (row, approval) = order(&backend, id, "Too late.").await.unwrap();
    assert!(row.end_asked().is_none() && approval.ended().is_some());
    assert!(backend.rechecks().is_empty());
}

#[tokio::test]
async fn what_is_no_standing_approval_is_not_ended() {
    let backend = standing_backend();
    for id in [backend.request_at(Status::Delivered), backend.grant_at(Status::Approved)] {
        let refused = order(&backend, id, "Over.").await;
        assert!(matches!(refused, Err(EndOrderError::NoStanding(_))), "{refused:?}");
        assert!(backend.request(id).unwrap().end_asked().is_none());
    }
    assert!(backend.rechecks().is_empty());
}

#[tokio::test]
async fn an_order_survives_every_fault() {
    faults::fault_sweep(
        "OrderEnd",
        |backend| {
            backend.set_policy(&standing_policy());
            backend.granted(TERMS);
        },
        |backend| async move {
            let id = backend.all_standing()[0].id();
            let ordered = order(&backend, id, "Over.").await.map_err(|error| error.to_string())?;
            // Housekeeping tells sign if the portal could not; here, a repetition does.
            if backend.rechecks().is_empty() { Err(format!("{ordered:?}")) } else { Ok(()) }
        },
    )
    .await;
}
