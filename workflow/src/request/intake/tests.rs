use std::sync::Arc;

use pki::testing as test_pki;

use super::*;
use crate::request::Status;
use crate::request::audit::{Actor, EventKind};
use crate::testing::{Moment, World, faults};

const LIMIT: usize = 3;

fn new_request(key: &str, comment: &str, csr_text: &str) -> NewRequest {
    NewRequest {
        requester: Ok(Requester::Person("requester@example.com".parse().unwrap())),
        comment: comment.to_owned(),
        csr_text: csr_text.to_owned(),
        profile: None,
        language: Language::Japanese,
        idempotency_key: Some(key.to_owned()),
    }
}

fn checked(world: &World, key: &str, comment: &str, csr_text: &str) -> CheckedRequest {
    let issuer = world.issuer_certificate();
    new_request(key, comment, csr_text).check(&world.policy(), Some(issuer)).unwrap()
}

async fn submit(world: &World, checked: CheckedRequest) -> Result<Submitted, IntakeError> {
    let by = Origin::caller(Actor::requester(checked.email()), Some("192.0.2.1".to_owned()));
    Intake { requests: world, executions: world, clock: world }.submit(checked, LIMIT, &by).await
}

fn csr() -> String {
    test_pki::csr(&["www.example.com"])
}

/// The number of the next call of a port.
fn next_call(world: &World) -> usize {
    world.calls().len()
}

#[tokio::test]
async fn a_submission_is_stored_with_its_event_and_started() {
    let world = World::new();
    let csr = csr();
    let submitted = submit(&world, checked(&world, "key", "For the shop.", &csr)).await.unwrap();
    assert!(!submitted.is_replay);
    let row = world.request(submitted.request.id()).unwrap();
    assert_eq!(row, submitted.request);
    assert_eq!(row.status(), Status::Submitted);
    assert_eq!((row.comment(), row.csr_content()), ("For the shop.", csr.as_str()));
    assert_eq!((row.profile(), row.language()), ("server", Language::Japanese));
    assert_eq!(row.policy_version(), world.policy().version());
    assert!(row.checked_key().is_some());
    let events = world.audit(row.id());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event, EventKind::Submitted);
    assert_eq!(events[0].actor.as_str(), "requester:requester@example.com");
    assert_eq!(events[0].source.as_deref(), Some("192.0.2.1"));
    assert!(world.executions().contains_key(&row.execution().arn));
}

#[tokio::test]
async fn a_requester_has_at_most_so_many_undecided_requests_and_may_repeat_each() {
    let world = World::new();
    let csr = csr();
    for key in ["1", "2", "3"] {
        submit(&world, checked(&world, key, "", &csr)).await.unwrap();
    }
    let error = submit(&world, checked(&world, "4", "", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::TooManyUndecided { limit: LIMIT }), "{error:?}");
    assert_eq!(world.requests().len(), LIMIT);
    assert!(submit(&world, checked(&world, "2", "", &csr)).await.unwrap().is_replay);

    let decided = world.requests()[0].id();
    world.alter(decided, |row| row.status = Status::Rejected);
    assert!(!submit(&world, checked(&world, "4", "", &csr)).await.unwrap().is_replay);
    world.advance(Duration::try_from(LONGEST_LIMIT).unwrap() + EXPIRY_SLACK + Duration::SECOND);
    assert!(!submit(&world, checked(&world, "5", "", &csr)).await.unwrap().is_replay);
}

#[tokio::test]
async fn the_same_key_gives_the_same_request() {
    let world = World::new();
    let csr = csr();
    let first = submit(&world, checked(&world, "key", "a", &csr)).await.unwrap();
    let second = submit(&world, checked(&world, "key", "a", &csr)).await.unwrap();
    assert!(second.is_replay);
    assert_eq!(second.request, first.request);
    assert_eq!(world.requests().len(), 1);
    assert_eq!(world.executions().len(), 1);
    assert_eq!(world.audit(first.request.id()).len(), 1);
}

#[tokio::test]
async fn the_same_key_with_other_contents_is_an_error() {
    let world = World::new();
    let csr = csr();
    submit(&world, checked(&world, "key", "a", &csr)).await.unwrap();
    for other in [checked(&world, "key", "b", &csr), checked(&world, "key", "a", &self::csr())] {
        let error = submit(&world, other).await.unwrap_err();
        assert!(matches!(error, IntakeError::KeyReused(_)), "{error:?}");
    }
    assert_eq!(world.requests().len(), 1);
}

#[tokio::test]
async fn without_a_key_each_submission_is_a_request() {
    let world = World::new();
    let csr = csr();
    for _ in 0..2 {
        let new = NewRequest { idempotency_key: None, ..new_request("", "a", &csr) };
        submit(&world, new.check(&world.policy(), None).unwrap()).await.unwrap();
    }
    assert_eq!(world.requests().len(), 2);
}

#[tokio::test]
async fn who_loses_the_conditional_write_gets_the_row_of_the_winner() {
    let csr = csr();
    for (comment, is_replay) in [("a", true), ("b", false)] {
        let world = World::new();
        let winner = world.copy();
        let first = submit(&winner, checked(&world, "key", comment, &csr)).await.unwrap();
        // The other submission comes between the count of undecided requests and the write.
        world.become_at(next_call(&world) + 1, &winner);
        match submit(&world, checked(&world, "key", "a", &csr)).await {
            Ok(submitted) => {
                assert!(is_replay && submitted.is_replay);
                assert_eq!(submitted.request, first.request);
            }
            Err(error) => {
                assert!(!is_replay);
                assert!(matches!(error, IntakeError::KeyReused(_)), "{error:?}");
            }
        }
        assert_eq!(world.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_row_that_is_gone_again_is_worth_another_try() {
    let world = World::new();
    let empty = world.copy();
    let csr = csr();
    submit(&world, checked(&world, "key", "a", &csr)).await.unwrap();
    world.become_at(next_call(&world) + 2, &empty);
    let error = submit(&world, checked(&world, "key", "a", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::Contended), "{error:?}");
}

#[tokio::test]
async fn an_execution_that_does_not_start_is_started_by_the_next_submission() {
    let world = World::new();
    let csr = csr();
    world.fail_next("executions", 1);
    let first = submit(&world, checked(&world, "key", "a", &csr)).await.unwrap();
    assert_eq!(world.request(first.request.id()), Some(first.request));
    assert!(world.executions().is_empty());
    assert!(submit(&world, checked(&world, "key", "a", &csr)).await.unwrap().is_replay);
    assert_eq!(world.executions().len(), 1);
}

#[tokio::test]
async fn a_request_that_has_ended_or_was_restarted_is_not_started_again() {
    let world = World::new();
    let csr = csr();
    world.fail_next("executions", 1);
    let id = submit(&world, checked(&world, "key", "a", &csr)).await.unwrap().request.id();
    for alter in [
        |row: &mut crate::request::Columns| row.status = Status::Failed,
        |row: &mut crate::request::Columns| {
            row.status = Status::Submitted;
            row.execution_attempt = 2;
        },
    ] {
        world.alter(id, alter);
        assert!(submit(&world, checked(&world, "key", "a", &csr)).await.unwrap().is_replay);
        assert!(world.executions().is_empty());
    }
}

#[tokio::test]
async fn a_write_that_timed_out_is_found_by_the_next_submission() {
    let world = World::new();
    let csr = csr();
    world.fail_at(next_call(&world) + 1, Moment::After);
    let error = submit(&world, checked(&world, "key", "a", &csr)).await.unwrap_err();
    assert!(matches!(error, IntakeError::Port(_)), "{error:?}");
    assert!(submit(&world, checked(&world, "key", "a", &csr)).await.unwrap().is_replay);
    assert_eq!(world.executions().len(), 1);
}

#[tokio::test]
async fn intake_survives_every_fault() {
    let csr = Arc::new(csr());
    faults::survive(
        "intake",
        |_| {},
        |world| {
            let csr = Arc::clone(&csr);
            async move {
                let submitted = submit(&world, checked(&world, "key", "a", &csr)).await?;
                // Housekeeping starts it otherwise.
                world
                    .put_execution(&submitted.request.execution().arn, crate::ports::ExecutionState::Running);
                Ok::<_, IntakeError>(())
            }
        },
    )
    .await;
}

#[test]
fn every_part_that_is_wrong_is_named_at_once() {
    let world = World::new();
    let new = NewRequest {
        requester: Err("nobody".parse::<Email>().unwrap_err()),
        comment: "\u{7}".into(),
        csr_text: "hello".into(),
        profile: Some("unknown".into()),
        language: Language::English,
        idempotency_key: Some("a b".into()),
    };
    let errors = new.check(&world.policy(), None).unwrap_err();
    let named: Vec<_> = errors.iter().map(|error| (error.input, error.finding.code)).collect();
    assert_eq!(
        named,
        [
            (Input::Requester, Code::BadEmail),
            (Input::Comment, Code::BadRequest),
            (Input::IdempotencyKey, Code::BadRequest),
            (Input::Csr, Code::NotACsr),
            (Input::Profile, Code::UnknownProfile),
        ]
    );
}

#[test]
fn a_requester_who_would_be_the_only_approver_is_told() {
    let world = World::new();
    let approver = Requester::Person("Approver@example.com".parse().unwrap());
    let new = NewRequest { requester: Ok(approver), ..new_request("key", "", &csr()) };
    let errors = new.check(&world.policy(), None).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].input, Input::Profile);
}

#[test]
fn a_preview_needs_no_requester_and_an_empty_text_is_missing() {
    let policy = World::new().policy();
    let granted = preview(&policy, None, None, &csr(), Some("server")).unwrap();
    assert_eq!(granted.grant.names, ["www.example.com"]);
    assert_eq!(granted.profile, "server");
    let errors = preview(&policy, None, None, "", None).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].input, errors[0].finding.code), (Input::Csr, Code::MissingField));
}
