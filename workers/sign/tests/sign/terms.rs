//! Standing approvals are created once, and only from an approval of their terms.

use std::sync::Arc;

use sign::{Granted, SignOutput};
use workflow::decision::{Decision, Outcome};
use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::request::audit::EventKind;
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::runtime::step::{NoInput, Progress, Step as _, StepError};
use workflow::standing::StandingTerms;
use workflow::testing::fixtures::{self, TERMS, standing_backend, standing_policy};
use workflow::testing::{InMemoryBackend, faults};

use super::worker;

pub(super) async fn grant(backend: &Arc<InMemoryBackend>, id: RequestId) -> Result<Granted, StepError> {
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
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 21] = [
    ("a request that is not decided", NotApproved, |backend, id| {
        backend.alter(id, |row| row.status = Status::PendingApproval);
    }),
    ("no decision in the row", NotApproved, |backend, id| backend.alter(id, |row| row.decision = None)),
    ("other names in the terms", NotApproved, |backend, id| alter_terms(backend, id, ".web.", ".shop.")),
    ("more days", NotApproved, |backend, id| alter_terms(backend, id, "\"days\":30", "\"days\":31")),
    ("more certificates", NotApproved, |backend, id| {
        alter_terms(backend, id, "\"certificates\":20", "\"certificates\":21");
    }),
    ("another requester", NotApproved, |backend, id| {
        backend.alter(id, |row| row.email = "mallory@example.com".parse().unwrap());
    }),
    ("the approver as the requester", NotApproved, |backend, id| {
        backend.alter(id, |row| row.email = fixtures::approver());
    }),
    ("another profile", Refused, |backend, id| backend.alter(id, |row| row.profile = "client".into())),
    ("no votes", Refused, |backend, id| {
        backend.alter(id, |row| row.decision.as_mut().unwrap().votes.clear());
    }),
    ("the decision of another request", NotApproved, |backend, id| {
        let other = backend.request(backend.grant_at(Status::Approved)).unwrap();
        backend.alter(id, |row| row.decision = other.decision().cloned());
    }),
    ("an approver who has left", Refused, |backend, _| {
        backend.set_policy(&standing_policy().replace("approver@example.com", "successor@example.com"));
    }),
    ("a policy that allows fewer days", Refused, |backend, _| {
        backend.set_policy(&standing_policy().replace("max = \"90d\"", "max = \"29d\""));
    }),
    ("a policy without standing approvals", Refused, |backend, _| {
        backend.set_policy(include_str!("../../../../infra/policy.toml"));
    }),
    ("a standing approval that it extends, put in later", NotApproved, |backend, id| {
        let extended = extending(backend, id, RequestId::random());
        backend.alter(id, |row| row.terms = Some(extended));
    }),
    ("another standing approval that it extends", NotApproved, |backend, id| {
        extends(backend, id);
        let extended = extending(backend, id, RequestId::random());
        backend.alter(id, |row| row.terms = Some(extended));
    }),
    ("no standing approval that it extends any more", NotApproved, |backend, id| {
        extends(backend, id);
        let terms = StandingTerms::read(TERMS).unwrap();
        backend.alter(id, |row| row.terms = Some(terms));
    }),
    ("a rejection", NotApproved, |backend, id| {
        backend.alter(id, |row| row.decision.as_mut().unwrap().outcome = Outcome::Rejected);
    }),
    ("an approval that expired", NotApproved, |backend, id| {
        backend.alter(id, |row| row.decision.as_mut().unwrap().outcome = Outcome::Expired);
    }),
    ("a vote that rejects", Refused, |backend, id| {
        backend.alter(id, |row| row.decision.as_mut().unwrap().votes[0].decision = Decision::Reject);
    }),
    ("the vote of nobody in the policy", Refused, |backend, id| {
        let mallory = "mallory@example.com".parse().unwrap();
        backend.alter(id, |row| row.decision.as_mut().unwrap().votes[0].approver = mallory);
    }),
    ("the decision about a CSR", NotApproved, |backend, id| {
        let other = backend.request(backend.request_at(Status::Approved)).unwrap();
        backend.alter(id, |row| row.decision = other.decision().cloned());
    }),
];

/// The terms of the row, as an extension of this standing approval.
fn extending(backend: &InMemoryBackend, id: RequestId, of: RequestId) -> StandingTerms {
    let row = backend.request(id).unwrap();
    let terms = row.terms().unwrap();
    terms.extended(of, &[], terms.days(), terms.certificates()).unwrap()
}

/// Makes it an extension that approvers agreed to.
fn extends(backend: &InMemoryBackend, id: RequestId) {
    let extended = extending(backend, id, RequestId::random());
    backend.alter(id, |row| row.terms = Some(extended));
    let digest = backend.request(id).unwrap().approval_digest().unwrap();
    backend.alter(id, |row| row.decision.as_mut().unwrap().digest = digest);
}

fn alter_terms(backend: &InMemoryBackend, id: RequestId, from: &str, to: &str) {
    assert!(TERMS.contains(from), "{from}");
    let terms = StandingTerms::read(&TERMS.replace(from, to)).unwrap();
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

#[tokio::test]
async fn an_extension_that_approvers_agreed_to_is_made() {
    let backend = standing_backend();
    let id = backend.grant_at(Status::Approved);
    extends(&backend, id);
    grant(&backend, id).await.unwrap();
    assert!(backend.standing(id).unwrap().terms().extends().is_some());
}
