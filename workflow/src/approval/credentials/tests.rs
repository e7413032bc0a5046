use std::sync::Arc;

use super::*;
use crate::ids::RequestId;
use crate::request::audit::{Actor, EventKind};
use crate::request::verify_request;
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::{TERMS, standing_backend, standing_policy};

fn ports(backend: &InMemoryBackend) -> ProgramCredentials<'_> {
    ProgramCredentials {
        requests: backend,
        standing: backend,
        policies: backend,
        links: backend,
        clock: backend,
    }
}

fn granted() -> (Arc<InMemoryBackend>, RequestId) {
    let backend = standing_backend();
    let id = backend.granted(TERMS);
    (backend, id)
}

async fn make(
    backend: &InMemoryBackend,
    id: RequestId,
    replaces: Option<u32>,
) -> Result<MadeCredential, CredentialError> {
    let request = backend.request(id).unwrap();
    let by = Origin::caller(Actor::requester(request.email()), Some("192.0.2.1".into()));
    ports(backend).make(&request, replaces, &by).await
}

async fn opens(backend: &InMemoryBackend, text: &str) -> Option<RequestId> {
    let opened = ports(backend).open(text).await.unwrap();
    opened.map(|opened| opened.standing.approval.id())
}

#[tokio::test]
async fn a_credential_replaces_the_one_before_and_opens_its_standing_approval_alone() {
    let (backend, id) = granted();
    let other = backend.granted(TERMS);
    let first = make(&backend, id, Some(0)).await.unwrap();
    assert_eq!((first.key_id, first.approval.id()), (AcmeKeyId { standing: id, number: 1 }, id));
    assert_eq!(opens(&backend, &first.bearer.expose()).await, Some(id));
    let second = make(&backend, id, Some(1)).await.unwrap();
    assert_eq!(second.key_id.number, 2);
    assert_eq!(opens(&backend, &first.bearer.expose()).await, None, "the one before");
    assert_eq!(opens(&backend, &second.bearer.expose()).await, Some(id));
    let secret = second.bearer.expose().split_once('.').unwrap().1.to_owned();
    for wrong in
        ["", "x", &secret, &format!("{other}.{secret}"), &format!("{}.{secret}", RequestId::random())]
    {
        assert_eq!(opens(&backend, wrong).await, None, "{wrong}");
    }
    let row = backend.request(id).unwrap();
    let trail = backend.audit(id);
    let made: Vec<_> = trail.iter().filter(|event| event.event == EventKind::CredentialMade).collect();
    assert_eq!(made.len(), 2);
    assert_eq!(
        (&made[0].actor, made[0].source.as_deref()),
        (&Actor::requester(row.email()), Some("192.0.2.1"))
    );
    assert_eq!(verify_request(&row, &trail), []);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_credential() {
    let (backend, id) = granted();
    let first = make(&backend, id, Some(0)).await.unwrap();
    let again = make(&backend, id, Some(0)).await;
    assert!(matches!(again, Err(CredentialError::MadeMeanwhile)), "{again:?}");
    assert_eq!(opens(&backend, &first.bearer.expose()).await, Some(id));
    // A program that names no number replaces the latest.
    assert_eq!(make(&backend, id, None).await.unwrap().key_id.number, 2);
}

#[tokio::test]
async fn a_form_whose_write_conflicts_with_another_credential_makes_none() {
    let (backend, id) = granted();
    let meanwhile = backend.copy();
    make(&meanwhile, id, Some(0)).await.unwrap();
    // The other credential is written between the reads and the write.
    let request = backend.request(id).unwrap();
    let by = Origin::worker("test");
    backend.become_at(backend.calls().len() + 3, &meanwhile);
    let made = ports(&backend).make(&request, Some(0), &by).await;
    assert!(matches!(made, Err(CredentialError::MadeMeanwhile)), "{made:?}");
    assert_eq!(backend.request(id).unwrap().credential().unwrap().number, 1);
}

#[tokio::test]
async fn only_a_living_standing_approval_gets_one() {
    for status in [Status::Submitted, Status::PendingApproval, Status::Rejected] {
        let backend = standing_backend();
        let made = make(&backend, backend.grant_at(status), None).await;
        assert!(matches!(made, Err(CredentialError::NoStanding(of)) if of == status), "{made:?}");
    }
    let (backend, id) = granted();
    let certificate = backend.request_at(Status::Delivered);
    assert!(matches!(make(&backend, certificate, None).await, Err(CredentialError::NoStanding(_))));
    backend.set_policy(include_str!("../../../../infra/policy.toml"));
    let made = make(&backend, id, None).await;
    assert!(matches!(made, Err(CredentialError::Over(StandingError::NotAllowed))), "{made:?}");
    backend.set_policy(&standing_policy());
    let mut ended = backend.standing(id).unwrap();
    ended.end(&Actor::operator("olivia"), "Over.", backend.now());
    backend.put_standing(ended);
    assert!(matches!(make(&backend, id, None).await, Err(CredentialError::Over(StandingError::Ended))));
    backend.forget_standing(id);
    assert!(matches!(make(&backend, id, None).await, Err(CredentialError::NoStanding(_))));
    assert!(backend.request(id).unwrap().credential().is_none());
}

#[tokio::test]
async fn a_port_that_fails_leaves_the_credential_before() {
    let (backend, id) = granted();
    let first = make(&backend, id, None).await.unwrap();
    for port in ["standing", "policies", "links", "requests"] {
        let faulty = backend.copy();
        faulty.fail_next(port, 1);
        let made = make(&faulty, id, Some(1)).await;
        assert!(matches!(made, Err(CredentialError::Port(_))), "{port}: {made:?}");
        assert_eq!(opens(&faulty, &first.bearer.expose()).await, Some(id), "{port}");
    }
}

#[tokio::test]
async fn one_that_is_over_is_opened_and_says_so() {
    let (backend, id) = granted();
    let made = make(&backend, id, None).await.unwrap();
    let mut ended = backend.standing(id).unwrap();
    ended.end(&Actor::operator("olivia"), "Over.", backend.now());
    backend.put_standing(ended);
    let opened = ports(&backend).open(&made.bearer.expose()).await.unwrap().unwrap();
    assert!(opened.standing.approval.ended().is_some());
    backend.forget_standing(id);
    assert_eq!(opens(&backend, &made.bearer.expose()).await, None);
}
