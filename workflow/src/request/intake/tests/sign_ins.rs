//! Requests that a sign-in confirms.

use super::*;
use crate::approval::sign_in::SignInError;
use crate::testing::sign_in::{TestProvider, asking_requesters_to_sign_in};

/// A backend whose policy has requesters sign in, the provider, and an unconfirmed request.
async fn waiting() -> (Arc<InMemoryBackend>, TestProvider, Request) {
    let (backend, provider) = (InMemoryBackend::new(), TestProvider::default());
    let policy = include_str!("../../../../../infra/policy.toml");
    backend.set_policy(&asking_requesters_to_sign_in(policy));
    provider.record(&backend).await;
    let row = submit(&backend, checked(&backend, "key", "a", &csr())).await.unwrap().request;
    assert_eq!(row.status(), Status::Unconfirmed);
    assert_eq!(backend.rechecks(), [RecheckMessage::mail(row.id(), MailKind::Confirm)], "the way back");
    (backend, provider, row)
}

async fn confirm(
    backend: &InMemoryBackend,
    row: &Request,
    given: LinkGiven,
    evidence: Option<&RequesterEvidence>,
) -> Result<Request, ConfirmationError> {
    let by = Origin::caller(Actor::requester(row.email()), None);
    intake(backend).confirm(row, &backend.policy(), ConfirmationProof { given, evidence }, &by).await
}

fn evidence(backend: &InMemoryBackend, provider: &TestProvider, row: &Request) -> RequesterEvidence {
    provider.requester_evidence(&base_url(), row, row.email().as_str(), backend.now())
}

#[tokio::test]
async fn a_sign_in_confirms_by_any_link_and_is_kept_with_its_digest_in_the_trail() {
    for given in [LinkGiven::InAnswer, LinkGiven::ByMail] {
        let (backend, provider, row) = waiting().await;
        let evidence = evidence(&backend, &provider, &row);
        for _ in 0..2 {
            let confirmed = confirm(&backend, &row, given, Some(&evidence)).await.unwrap();
            assert_eq!(confirmed.requester_evidence(), Some(&evidence));
        }
        let (row, events) = (backend.request(row.id()).unwrap(), backend.audit(row.id()));
        assert_eq!((row.status(), events.len()), (Status::Submitted, 2));
        assert_eq!(events[1].detail, Some(evidence.summary()));
        assert_eq!(verify_request(&row, &events), []);
        let altered = row.altered(|row| row.requester_evidence = None);
        assert!(!verify_request(&altered, &events).is_empty());
        assert_eq!(backend.executions().len(), 1);
    }
}

#[tokio::test]
async fn a_link_alone_confirms_nothing() {
    let (backend, provider, row) = waiting().await;
    for given in [LinkGiven::InAnswer, LinkGiven::ByMail] {
        let error = confirm(&backend, &row, given, None).await.unwrap_err();
        assert!(matches!(error, ConfirmationError::NotProven(SignInError::NoToken)), "{error:?}");
        let now = backend.now();
        let other = provider.requester_evidence(&base_url(), &row, "other@example.com", now);
        let error = confirm(&backend, &row, given, Some(&other)).await.unwrap_err();
        assert!(matches!(error, ConfirmationError::NotProven(SignInError::OtherPerson)), "{error:?}");
    }
    assert_eq!(backend.request(row.id()).unwrap(), row);
    assert!(backend.executions().is_empty());
}

/// The policy in force when the requester confirms decides, not that of the submission.
#[tokio::test]
async fn where_the_mailed_link_confirms_a_sign_in_does_not() {
    let (backend, provider, row) = waiting().await;
    let evidence = evidence(&backend, &provider, &row);
    backend.set_policy(include_str!("../../../../../infra/policy.toml"));
    let error = confirm(&backend, &row, LinkGiven::InAnswer, Some(&evidence)).await.unwrap_err();
    assert!(matches!(error, ConfirmationError::NotMailed), "{error:?}");
    let confirmed = confirm(&backend, &row, LinkGiven::ByMail, Some(&evidence)).await.unwrap();
    assert_eq!(confirmed.requester_evidence(), None, "what nobody checked is not kept");
}

#[tokio::test]
async fn of_two_sign_ins_at_once_one_is_kept() {
    let (backend, provider, row) = waiting().await;
    let first = evidence(&backend, &provider, &row);
    let second = RequesterEvidence {
        nonce: "second".into(),
        id_token: provider.key.token(&TestProvider::claims(
            row.email().as_str(),
            &row.confirmation_nonce(&base_url(), "second").to_string(),
            backend.now(),
        )),
    };
    let (one, other) = tokio::join!(
        confirm(&backend, &row, LinkGiven::InAnswer, Some(&first)),
        confirm(&backend, &row, LinkGiven::ByMail, Some(&second)),
    );
    assert_eq!(one.unwrap().requester_evidence(), other.unwrap().requester_evidence());
    assert_eq!((backend.audit(row.id()).len(), backend.executions().len()), (2, 1));
}
