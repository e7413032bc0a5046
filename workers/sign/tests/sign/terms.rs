//! Standing approvals are created once, and only from an approval of their terms.

use std::sync::Arc;

use sign::{Granted, SignOutput};
use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::request::audit::EventKind;
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::runtime::step::{NoInput, Progress, Step as _, StepError};
use workflow::testing::fixtures::{self, TERMS, standing_backend, standing_policy};
use workflow::testing::{InMemoryBackend, faults};

use super::worker;

async fn grant(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<Granted, StepError> {
    match worker(backend).run(fixtures::task(id, "Sign", "t", NoInput {})).await? {
        Progress::Done(SignOutput::Granted(granted)) => Ok(granted),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_approved_request_makes_one_standing_approval_however_often_it_is_signed() {
    let backend = standing_backend();
    let id = backend.grant_at(Status::Approved);
    let granted = grant(&backend, id).await.unwrap();
    let made = backend.standing(id).unwrap();
    assert_eq!(serde_json::to_value(&granted).unwrap()["certificates"], 20);
    assert_eq!((made.terms().days(), made.used(), made.profile()), (30, 0, "server"));
    assert_eq!(grant(&backend, id).await.unwrap(), granted);
    assert_eq!(backend.standing(id).unwrap(), made);
    let row = backend.request(id).unwrap();
    assert_eq!((row.status(), row.standing_until()), (Status::Issued, Some(made.until())));
    let trail = backend.audit(id);
    assert_eq!(trail.iter().filter(|event| event.event == EventKind::Granted).count(), 1);
    assert!(backend.certificates().is_empty() && row.serial().is_none());
}

#[tokio::test]
async fn it_survives_every_fault_with_one_standing_approval() {
    faults::fault_sweep(
        "Sign, terms",
        |backend| {
            backend.set_policy(&standing_policy());
            backend.grant_at(Status::Approved);
        },
        |backend| async move { grant(&backend, backend.requests()[0].id()).await.map(drop) },
    )
    .await;
}

type Attack = fn(&Arc<InMemoryBackend>, RequestId);

/// Everything of which no standing approval may come.
const ATTACKS: [(&str, ErrorName, Attack); 13] = [
    ("undecided", NotApproved, |backend, id| {
        backend.alter(id, |row| row.status = Status::PendingApproval);
    }),
    ("no decision", NotApproved, |backend, id| backend.alter(id, |row| row.decision = None)),
    ("other names", NotApproved, |backend, id| alter_terms(backend, id, ".web.", ".shop.")),
    ("more days", NotApproved, |backend, id| alter_terms(backend, id, "\"days\":30", "\"days\":31")),
    ("more certificates", NotApproved, |backend, id| {
        alter_terms(backend, id, "\"certificates\":20", "\"certificates\":21");
    }),
    ("other requester", NotApproved, |backend, id| {
        backend.alter(id, |row| row.email = "mallory@example.com".parse().unwrap());
    }),
    ("the approver as the requester", NotApproved, |backend, id| {
        backend.alter(id, |row| row.email = fixtures::approver());
    }),
    ("other profile", Refused, |backend, id| backend.alter(id, |row| row.profile = "client".into())),
    ("the vote removed", Refused, |backend, id| {
        backend.alter(id, |row| row.decision.as_mut().unwrap().votes.clear());
    }),
    ("the decision of another request", NotApproved, |backend, id| {
        let other = backend.request(backend.grant_at(Status::Approved)).unwrap();
        backend.alter(id, |row| row.decision = other.decision().cloned());
    }),
    ("approver gone", Refused, |backend, _| {
        backend.set_policy(&standing_policy().replace("approver@example.com", "successor@example.com"));
    }),
    ("fewer days allowed", Refused, |backend, _| {
        backend.set_policy(&standing_policy().replace("max = \"90d\"", "max = \"29d\""));
    }),
    ("no standing approvals any more", Refused, |backend, _| {
        backend.set_policy(include_str!("../../../../infra/policy.toml"));
    }),
];

fn alter_terms(backend: &InMemoryBackend, id: RequestId, from: &str, to: &str) {
    assert!(TERMS.contains(from), "{from}");
    let terms = workflow::standing::StandingTerms::read(&TERMS.replace(from, to)).unwrap();
    backend.alter(id, |row| row.terms = Some(terms));
}

#[tokio::test]
async fn nothing_else_makes_a_standing_approval() {
    for (attack, name, alter) in ATTACKS {
        let backend = standing_backend();
        let id = backend.grant_at(Status::Approved);
        alter(&backend, id);
        let before = backend.request(id);
        match grant(&backend, id).await {
            Err(StepError::Refused { code, message }) => assert_eq!(code, name, "{attack}: {message}"),
            other => panic!("{attack}: {other:?}"),
        }
        assert_eq!(backend.standing(id), None, "{attack}");
        assert_eq!(backend.request(id), before, "{attack}");
    }
}
