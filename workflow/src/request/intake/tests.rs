use std::sync::{Arc, LazyLock};

use pki::testing as test_pki;

use super::*;
use crate::request::Status;
use crate::request::audit::{Actor, EventKind};
use crate::request::{CONFIRMATION_PERIOD, verify_request};
use crate::requester::Requester;
use crate::testing::passkeys::base_url;
use crate::testing::{FaultPoint, InMemoryBackend, faults, trusting_policy};
use crate::texts::Language;

mod limits;
mod sign_ins;
mod under_standing;

/// As the reader of the mailbox confirms.
pub(super) const BY_MAIL: ConfirmationProof<'_> =
    ConfirmationProof { given: LinkGiven::ByMail, evidence: None };

pub(super) fn new_request(key: &str, comment: &str, csr_text: &str) -> NewRequest {
    NewRequest {
        requester: Ok(Requester::Person("requester@example.com".parse().unwrap())),
        comment: comment.to_owned(),
        csr_text: csr_text.to_owned(),
        profile: None,
        replaces: None,
        standing: None,
        language: Language::Japanese,
        idempotency_key: Some(key.to_owned()),
    }
}

fn checked(backend: &InMemoryBackend, key: &str, comment: &str, csr_text: &str) -> CheckedRequest {
    let issuer = backend.issuer_certificate();
    new_request(key, comment, csr_text).check(&backend.policy(), Some(issuer)).unwrap()
}

fn intake(backend: &InMemoryBackend) -> Intake<'_> {
    static BASE_URL: LazyLock<BaseUrl> = LazyLock::new(base_url);
    backend.intake(&BASE_URL)
}

/// A backend whose policy asks no requester for a proof.
fn trusting_backend() -> Arc<InMemoryBackend> {
    let backend = InMemoryBackend::new();
    backend.trust_requesters();
    backend
}

async fn submit(backend: &InMemoryBackend, checked: CheckedRequest) -> Result<Submitted, IntakeError> {
    let by = Origin::caller(Actor::requester(checked.email()), Some("192.0.2.1".to_owned()));
    intake(backend).submit(checked, &backend.policy(), &by).await
}

pub(super) fn csr() -> String {
    test_pki::csr(&["www.example.com"])
}

/// Puts the default policy in force, but with unproven requesters and another limit.
fn limit(backend: &InMemoryBackend, usual: &str, limit: &str) {
    backend.set_policy(&trusting_policy().replace(usual, limit));
}

/// The number of the next call of a port.
fn next_call(backend: &InMemoryBackend) -> usize {
    backend.calls().len()
}

#[tokio::test]
async fn a_submission_is_stored_with_its_event_and_started() {
    let backend = trusting_backend();
    let csr = csr();
    let submitted = submit(&backend, checked(&backend, "key", "For the shop.", &csr)).await.unwrap();
    assert!(!submitted.is_replay);
    let row = backend.request(submitted.request.id()).unwrap();
    assert_eq!(row, submitted.request);
    assert_eq!(row.status(), Status::Submitted);
    assert_eq!((row.comment(), row.csr_content()), ("For the shop.", Some(csr.as_str())));
    assert_eq!((row.profile(), row.language()), ("server", Language::Japanese));
    assert_eq!(row.policy_version(), backend.policy().version());
    assert!(row.checked_key().is_some());
    let events = backend.audit(row.id());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event, EventKind::Submitted);
    assert_eq!(events[0].actor.as_str(), "requester:requester@example.com");
    assert_eq!(events[0].source.as_deref(), Some("192.0.2.1"));
    assert!(backend.executions().contains_key(&row.execution().arn));
}

#[tokio::test]
async fn the_same_key_gives_the_same_request() {
    let backend = trusting_backend();
    let csr = csr();
    let first = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
    let second = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
    assert!(second.is_replay);
    assert_eq!(second.request, first.request);
    assert_eq!(backend.requests().len(), 1);
    assert_eq!(backend.executions().len(), 1);
    assert_eq!(backend.audit(first.request.id()).len(), 1);
}

#[tokio::test]
async fn the_same_key_with_other_contents_is_an_error() {
    let backend = trusting_backend();
    let csr = csr();
    submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
    for other in [checked(&backend, "key", "b", &csr), checked(&backend, "key", "a", &self::csr())] {
        let error = submit(&backend, other).await.unwrap_err();
        assert!(matches!(error, IntakeError::KeyReused(_)), "{error:?}");
    }
    assert_eq!(backend.requests().len(), 1);
}

#[tokio::test]
async fn without_a_key_each_submission_is_a_request() {
    let backend = trusting_backend();
    let csr = csr();
    for _ in 0..2 {
        let new = NewRequest { idempotency_key: None, ..new_request("", "a", &csr) };
        submit(&backend, new.check(&backend.policy(), None).unwrap()).await.unwrap();
    }
    assert_eq!(backend.requests().len(), 2);
}

#[tokio::test]
async fn who_loses_the_conditional_write_gets_the_row_of_the_winner() {
    let csr = csr();
    for (comment, is_replay) in [("a", true), ("b", false)] {
        let backend = trusting_backend();
        let winner = backend.copy();
        let first = submit(&winner, checked(&backend, "key", comment, &csr)).await.unwrap();
        // The other submission arrives between the count of undecided requests and the write.
        backend.become_at(next_call(&backend) + 3, &winner);
        match submit(&backend, checked(&backend, "key", "a", &csr)).await {
            Ok(submitted) => {
                assert!(is_replay && submitted.is_replay);
                assert_eq!(submitted.request, first.request);
            }
            Err(error) => {
                assert!(!is_replay);
                assert!(matches!(error, IntakeError::KeyReused(_)), "{error:?}");
            }
        }
        assert_eq!(backend.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_row_that_is_gone_again_is_worth_another_try() {
    let backend = trusting_backend();
    let empty = backend.copy();
    let csr = csr();
    submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
    backend.become_at(next_call(&backend) + 4, &empty);
    let error = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::Contended), "{error:?}");
}

#[tokio::test]
async fn an_execution_that_does_not_start_is_started_by_the_next_submission() {
    let backend = trusting_backend();
    let csr = csr();
    backend.fail_next("executions", 1);
    let first = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
    assert_eq!(backend.request(first.request.id()), Some(first.request));
    assert!(backend.executions().is_empty());
    assert!(submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap().is_replay);
    assert_eq!(backend.executions().len(), 1);
}

#[tokio::test]
async fn a_request_that_has_ended_or_was_restarted_is_not_started_again() {
    let backend = trusting_backend();
    let csr = csr();
    backend.fail_next("executions", 1);
    let id = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap().request.id();
    for alter in [
        |row: &mut crate::request::Columns| row.status = Status::Failed,
        |row: &mut crate::request::Columns| {
            row.status = Status::Submitted;
            row.execution_attempt = 2;
        },
    ] {
        backend.alter(id, alter);
        assert!(submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap().is_replay);
        assert!(backend.executions().is_empty());
    }
}

#[tokio::test]
async fn a_write_that_timed_out_is_found_by_the_next_submission() {
    let backend = trusting_backend();
    let csr = csr();
    backend.fail_at(next_call(&backend) + 3, FaultPoint::After);
    let error = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::Port(_)), "{error:?}");
    assert!(submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap().is_replay);
    assert_eq!(backend.executions().len(), 1);
}

#[tokio::test]
async fn intake_survives_every_fault() {
    let csr = Arc::new(csr());
    faults::fault_sweep(
        "intake",
        |backend| backend.trust_requesters(),
        |backend| {
            let csr = Arc::clone(&csr);
            async move {
                let submitted = submit(&backend, checked(&backend, "key", "a", &csr)).await?;
                // If the execution was not started, housekeeping starts it.
                backend
                    .put_execution(&submitted.request.execution().arn, crate::ports::ExecutionState::Running);
                Ok::<_, IntakeError>(())
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_request_waits_for_its_confirmation_without_an_event_or_an_execution() {
    let backend = InMemoryBackend::new();
    let csr = csr();
    let submitted = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap().request;
    assert_eq!(submitted.status(), Status::Unconfirmed);
    assert!(backend.audit(submitted.id()).is_empty());
    assert!(backend.executions().is_empty());
    assert_eq!(backend.rechecks(), [RecheckMessage::mail(submitted.id(), MailKind::Confirm)]);
    assert_eq!(verify_request(&submitted, &[]), []);

    let reader = Origin::caller(Actor::requester(submitted.email()), Some("192.0.2.2".to_owned()));
    backend.advance(Duration::HOUR);
    for _ in 0..2 {
        let confirmed =
            intake(&backend).confirm(&submitted, &backend.policy(), BY_MAIL, &reader).await.unwrap();
        assert_eq!(confirmed.status(), Status::Submitted);
    }
    let row = backend.request(submitted.id()).unwrap();
    assert_eq!(backend.executions().len(), 1);
    let events = backend.audit(row.id());
    let told: Vec<_> = events.iter().map(|one| (one.event, one.at, one.source.as_deref())).collect();
    let (asked, confirmed) = (submitted.registration_date(), backend.now());
    assert_eq!(
        told,
        [
            (EventKind::Submitted, asked, Some("192.0.2.1")),
            (EventKind::Confirmed, confirmed, Some("192.0.2.2")),
        ]
    );
    assert_eq!(row.execution().started, confirmed);
    assert_eq!(verify_request(&row, &events), []);
    let altered = row.altered(|row| row.registration_date += Duration::SECOND);
    assert!(!verify_request(&altered, &events).is_empty());
}

#[tokio::test]
async fn a_repeated_submission_has_the_mail_sent_again_from_time_to_time() {
    let backend = InMemoryBackend::new();
    let csr = csr();
    for (minutes, mails) in [(0, 1), (0, 2), (9, 2), (1, 3)] {
        backend.advance(Duration::minutes(minutes));
        submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
        assert_eq!(backend.rechecks().len(), mails);
    }
    let id = backend.requests()[0].id();
    assert!(backend.audit(id).is_empty());
    let reader = Origin::caller(Actor::requester(backend.requests()[0].email()), None);
    intake(&backend).confirm(&backend.requests()[0], &backend.policy(), BY_MAIL, &reader).await.unwrap();
    let (row, events) = (backend.request(id).unwrap(), backend.audit(id));
    assert_eq!(verify_request(&row, &events), []);
    submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap();
    assert_eq!(backend.rechecks().len(), 3, "a confirmed request needs no link");
}

#[tokio::test]
async fn a_mail_that_could_not_be_ordered_is_ordered_by_the_next_repetition() {
    let backend = InMemoryBackend::new();
    let csr = csr();
    // The first submission and its first repetition: the row is there, and the queue is away.
    for _ in 0..2 {
        backend.fail_next("worker queue", 1);
        let error = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap_err();
        assert!(matches!(error, IntakeError::Port(_)), "{error:?}");
        assert!(backend.rechecks().is_empty());
    }
    let row = submit(&backend, checked(&backend, "key", "a", &csr)).await.unwrap().request;
    assert_eq!(backend.rechecks(), [RecheckMessage::mail(row.id(), MailKind::Confirm)]);
}

#[tokio::test]
async fn a_stranger_who_guesses_a_key_does_not_keep_its_owner_from_using_it() {
    let backend = InMemoryBackend::new();
    let csr = csr();
    let stranger = submit(&backend, checked(&backend, "ticket-4712", "x", &csr)).await.unwrap().request;
    let owner = submit(&backend, checked(&backend, "ticket-4712", "mine", &csr)).await.unwrap();
    assert!(!owner.is_replay && owner.request.id() != stranger.id());
    let again = submit(&backend, checked(&backend, "ticket-4712", "mine", &csr)).await.unwrap();
    assert!(again.is_replay);
    assert_eq!(again.request.id(), owner.request.id());
    // Once a request is confirmed, its key is that of its owner.
    let reader = Origin::caller(Actor::requester(stranger.email()), None);
    intake(&backend).confirm(&stranger, &backend.policy(), BY_MAIL, &reader).await.unwrap();
    let error = submit(&backend, checked(&backend, "ticket-4712", "other", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::KeyReused(_)), "{error:?}");
}

#[tokio::test]
async fn who_confirms_too_late_is_told() {
    let backend = InMemoryBackend::new();
    let row = submit(&backend, checked(&backend, "key", "a", &csr())).await.unwrap().request;
    backend.advance(CONFIRMATION_PERIOD - Duration::SECOND);
    assert_eq!(row.clone().seen_at(backend.now()).status(), Status::Unconfirmed);
    backend.advance(Duration::SECOND);
    let seen = row.clone().seen_at(backend.now());
    assert!(seen.was_never_confirmed() && seen.reason().is_some());
    let by = Origin::caller(Actor::requester(row.email()), None);
    let error = intake(&backend).confirm(&row, &backend.policy(), BY_MAIL, &by).await.unwrap_err();
    assert!(matches!(error, ConfirmationError::Lapsed), "{error:?}");
    assert!(backend.executions().is_empty());
    assert_eq!(backend.request(row.id()).unwrap(), row);
}

#[tokio::test]
async fn a_confirmation_survives_every_fault() {
    let csr = Arc::new(csr());
    faults::fault_sweep(
        "confirmation",
        |_| {},
        |backend| {
            let csr = Arc::clone(&csr);
            async move {
                // Twice, as a run after a fault does: a repetition records the mail that it orders.
                submit(&backend, checked(&backend, "key", "a", &csr)).await?;
                let row = submit(&backend, checked(&backend, "key", "a", &csr)).await?.request;
                let by = Origin::caller(Actor::requester(row.email()), None);
                let confirmed = intake(&backend)
                    .confirm(&row, &backend.policy(), BY_MAIL, &by)
                    .await
                    .map_err(|error| match error {
                        ConfirmationError::Port(error) => IntakeError::Port(error),
                        error => panic!("{error}"),
                    })?;
                // If the execution was not started, housekeeping starts it.
                backend.put_execution(&confirmed.execution().arn, crate::ports::ExecutionState::Running);
                Ok::<_, IntakeError>(())
            }
        },
    )
    .await;
}
