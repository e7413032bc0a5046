//! Housekeeping against the world in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use housekeeping::{Housekeeping, Report};
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock as _, ExecutionState};
use workflow::request::Status;
use workflow::request::metric::{Measure, Outcome};
use workflow::testing::{World, faults};

async fn run(world: &Arc<World>) -> Report {
    let worker = Housekeeping {
        requests: world.clone(),
        executions: world.clone(),
        approval_queue: world.clone(),
        archive: world.clone(),
        metrics: world.clone(),
        clock: world.clone(),
    };
    worker.run().await
}

fn set(world: &World, id: RequestId, state: ExecutionState) {
    world.put_execution(&world.request(id).unwrap().execution().arn, state);
}

#[tokio::test]
async fn a_request_whose_execution_is_gone_is_started_again_once() {
    let world = World::new();
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued] {
        let id = world.request_at(status);
        set(&world, id, ExecutionState::Ended);
        assert_eq!(run(&world).await.restarted, 1, "{status}");
        let row = world.request(id).unwrap();
        assert_eq!((row.status(), row.execution().attempt), (status, 2));
        assert!(row.execution().arn.ends_with(&format!("{id}-r2")));
        assert_eq!(world.executions()[&row.execution().arn], ExecutionState::Running);
        assert_eq!(run(&world).await.restarted, 0, "it runs now");
        set(&world, id, ExecutionState::Ended);
        assert_eq!(run(&world).await.restarted, 0, "once per pause");
        world.advance(time::Duration::minutes(1));
        assert_eq!(run(&world).await.restarted, 1);
        set(&world, id, ExecutionState::Running);
    }
}

#[tokio::test]
async fn a_decision_whose_report_was_lost_is_reported() {
    let world = World::new();
    let approved = world.request_at(Status::Approved);
    set(&world, approved, ExecutionState::Running);
    let issued = world.request_at(Status::Issued);
    set(&world, issued, ExecutionState::Running);
    assert_eq!(run(&world).await.rechecked, 1);
    assert_eq!(world.rechecks(), [RecheckMessage::look(approved)]);
}

#[tokio::test]
async fn a_start_that_was_not_noted_is_the_same_start() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    set(&world, id, ExecutionState::Ended);
    let before = world.request(id).unwrap();
    run(&world).await;
    world.put(before);
    run(&world).await;
    assert_eq!(world.executions().len(), 2, "the first and one restart");
}

#[tokio::test]
async fn a_new_request_is_given_time_to_start() {
    let world = World::new();
    let id = world.request_at(Status::Submitted);
    assert_eq!(run(&world).await.restarted, 0);
    world.advance(time::Duration::minutes(2));
    assert_eq!(run(&world).await.restarted, 1);
    assert_eq!(world.request(id).unwrap().execution().attempt, 2);
}

#[tokio::test]
async fn waiting_approvals_are_rechecked_and_ended_requests_left_alone() {
    let world = World::new();
    let waiting = world.request_at(Status::PendingApproval);
    set(&world, waiting, ExecutionState::Running);
    for status in [Status::Delivered, Status::Rejected, Status::Expired, Status::Failed, Status::Refused] {
        ended_and_told(&world, status);
    }
    let report = run(&world).await;
    assert_eq!((report.seen, report.rechecked, report.restarted), (1, 1, 0));
    assert_eq!(world.rechecks(), [RecheckMessage::look(waiting)]);
}

fn ended_and_told(world: &World, status: Status) {
    let mut row = world.request(world.request_at(status)).unwrap();
    let kind = match status {
        Status::Delivered => MailKind::Issued,
        _ => status.as_str().parse().unwrap(),
    };
    row.mailed(&kind, world.now());
    world.put(row);
}

#[tokio::test]
async fn whoever_was_not_told_of_the_end_is_told_by_another_execution() {
    for status in [Status::Rejected, Status::Expired, Status::Failed, Status::Refused] {
        let world = World::new();
        let id = world.request_at(status);
        set(&world, id, ExecutionState::Running);
        assert_eq!(run(&world).await.restarted, 0, "{status}: the execution is about to tell");
        set(&world, id, ExecutionState::Ended);
        assert_eq!(run(&world).await.restarted, 1, "{status}");
        let mut row = world.request(id).unwrap();
        assert_eq!((row.status(), row.execution().attempt), (status, 2));
        assert_eq!(run(&world).await.restarted, 0, "{status}: it runs now");
        set(&world, id, ExecutionState::Ended);
        world.advance(time::Duration::hours(1));
        assert_eq!(run(&world).await.restarted, 1, "{status}: it did not succeed");
        set(&world, id, ExecutionState::Ended);
        row = world.request(id).unwrap();
        row.mailed(&status.as_str().parse().unwrap(), world.now());
        world.put(row);
        world.advance(time::Duration::hours(1));
        assert_eq!(run(&world).await.seen, 0, "{status}: the requester knows");
    }
}

#[tokio::test]
async fn nobody_is_told_of_what_ended_long_ago() {
    let world = World::new();
    let id = world.request_at(Status::Expired);
    set(&world, id, ExecutionState::Ended);
    world.advance(time::Duration::days(4));
    assert_eq!(run(&world).await.restarted, 0);
    assert_eq!(world.request(id).unwrap().execution().attempt, 1);
}

#[tokio::test]
async fn trouble_with_one_request_does_not_keep_others_waiting() {
    let world = World::new();
    for _ in 0..2 {
        let id = world.request_at(Status::Approved);
        set(&world, id, ExecutionState::Ended);
    }
    world.fail_next("executions", 1);
    let report = run(&world).await;
    assert_eq!((report.troubled, report.restarted), (1, 1));
}

#[tokio::test]
async fn a_request_that_came_from_another_stack_is_not_given_up_for_what_happened_there() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    world.alter(id, |row| row.execution_attempt = 12);
    world.advance(time::Duration::hours(1));
    assert_eq!(run(&world).await.restarted, 1);
    assert_eq!(world.request(id).unwrap().execution().attempt, 13);
}

#[tokio::test]
async fn a_request_that_never_gets_on_is_given_up() {
    let world = World::new();
    let id = world.request_at(Status::Approved);
    for executions in [12, 24] {
        while world.request(id).unwrap().execution().attempt < executions {
            set(&world, id, ExecutionState::Ended);
            world.advance(time::Duration::hours(1));
            assert_eq!(run(&world).await.restarted, 1);
        }
        set(&world, id, ExecutionState::Ended);
        world.advance(time::Duration::hours(1));
        assert_eq!(run(&world).await.given_up, 1);
        let mut row = world.request(id).unwrap();
        assert_eq!(row.status(), Status::Failed);
        let failures = world.measures().into_iter().filter(|one| *one == Measure::Ended(Outcome::Failed));
        assert_eq!(failures.count(), executions as usize / 12, "each is counted once");
        // The first time, the same run starts one more, which tells the requester.
        let telling = u32::from(executions == 12);
        assert_eq!(row.execution().attempt, executions + telling);
        row.mailed(&MailKind::Failed, world.now());
        world.put(row.clone());
        assert_eq!(run(&world).await.seen, 0);
        // An operator mended the cause, they believe.
        row.retry(|attempt| format!("arn:{id}-r{attempt}"), world.now()).unwrap();
        assert_eq!((row.status(), row.execution().attempt), (Status::Approved, executions + telling + 1));
        world.put(row);
    }
}

#[tokio::test]
async fn each_run_notes_how_long_the_authority_is_valid() {
    let world = World::new();
    let left = world.issuer_certificate().not_after() - world.now();
    assert_eq!(run(&world).await.troubled, 0);
    world.advance(time::Duration::days(1));
    run(&world).await;
    world.fail_next("archive", 1);
    assert_eq!(run(&world).await.troubled, 1, "what cannot be read is not noted");
    world.without_issuer();
    assert_eq!(run(&world).await.troubled, 0);
    let days = [left, left - time::Duration::days(1), time::Duration::ZERO];
    assert_eq!(world.measures(), days.map(Measure::CaLeft));
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::survive(
        "Housekeeping",
        |world| {
            let gone = world.request_at(Status::Approved);
            set(world, gone, ExecutionState::Ended);
            let hopeless = world.request_at(Status::Issued);
            world.alter(hopeless, |row| row.execution_attempt = 12);
            set(world, hopeless, ExecutionState::Ended);
            let untold = world.request_at(Status::Rejected);
            set(world, untold, ExecutionState::Ended);
        },
        |world| async move {
            match run(&world).await {
                Report { troubled: 0, .. } => Ok(()),
                report => Err(report),
            }
        },
    )
    .await;
}
