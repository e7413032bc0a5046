//! Housekeeping against the backend in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use futures_util::FutureExt as _;
use housekeeping::{Housekeeping, Report};
use pki::crl::RevocationReason;
use pki::issuer::Issuer;
use time::Duration;
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::ports::{Clock as _, ExecutionState, Issuers as _};
use workflow::request::Status;
use workflow::request::metric::{Measure, RequestOutcome};
use workflow::store::{ListPublisher, RENEWAL};
use workflow::testing::{InMemoryBackend, faults};

async fn run(backend: &Arc<InMemoryBackend>) -> Report {
    let worker = Housekeeping {
        requests: backend.clone(),
        executions: backend.clone(),
        revocation_executions: backend.clone(),
        approval_queue: backend.clone(),
        issuers: backend.clone(),
        lists: backend.clone(),
        sign_queue: backend.clone(),
        standing: backend.clone(),
        names: backend.clone(),
        policies: backend.clone(),
        notify_queue: backend.clone(),
        metrics: backend.clone(),
        clock: backend.clone(),
    };
    worker.run().await
}

fn set(backend: &InMemoryBackend, id: RequestId, state: ExecutionState) {
    backend.put_execution(&backend.request(id).unwrap().execution().arn, state);
}

/// The messages about requests; the others are about revocation lists.
fn about_requests(backend: &InMemoryBackend) -> Vec<RecheckMessage> {
    backend.rechecks().into_iter().filter(|message| message.issuer.is_none()).collect()
}

/// The measures of the CA.
fn measured_ca(backend: &InMemoryBackend) -> Vec<Measure> {
    backend.measures().into_iter().filter(|measure| matches!(measure, Measure::CaLeft(_))).collect()
}

#[tokio::test]
async fn a_request_whose_execution_is_gone_is_started_again_once() {
    let backend = InMemoryBackend::new();
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued] {
        let id = backend.request_at(status);
        set(&backend, id, ExecutionState::Ended);
        assert_eq!(run(&backend).await.restarted, 1, "{status}");
        let row = backend.request(id).unwrap();
        assert_eq!((row.status(), row.execution().attempt), (status, 2));
        assert!(row.execution().arn.ends_with(&format!("{id}-r2")));
        assert_eq!(backend.executions()[&row.execution().arn], ExecutionState::Running);
        assert_eq!(run(&backend).await.restarted, 0, "it runs now");
        set(&backend, id, ExecutionState::Ended);
        assert_eq!(run(&backend).await.restarted, 0, "once per pause");
        backend.advance(Duration::minutes(1));
        assert_eq!(run(&backend).await.restarted, 1);
        set(&backend, id, ExecutionState::Running);
    }
}

#[tokio::test]
async fn a_decision_whose_report_was_lost_is_reported() {
    let backend = InMemoryBackend::new();
    let approved = backend.request_at(Status::Approved);
    set(&backend, approved, ExecutionState::Running);
    let issued = backend.request_at(Status::Issued);
    set(&backend, issued, ExecutionState::Running);
    assert_eq!(run(&backend).await.rechecked, 1);
    assert_eq!(about_requests(&backend), [RecheckMessage::look(approved)]);
}

#[tokio::test]
async fn a_start_that_was_not_noted_is_the_same_start() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    set(&backend, id, ExecutionState::Ended);
    let before = backend.request(id).unwrap();
    run(&backend).await;
    backend.put(before);
    run(&backend).await;
    assert_eq!(backend.executions().len(), 2, "the first and one restart");
}

#[tokio::test]
async fn a_new_request_is_given_time_to_start() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Submitted);
    assert_eq!(run(&backend).await.restarted, 0);
    backend.advance(Duration::minutes(2));
    assert_eq!(run(&backend).await.restarted, 1);
    assert_eq!(backend.request(id).unwrap().execution().attempt, 2);
}

#[tokio::test]
async fn waiting_approvals_are_rechecked_and_ended_requests_left_alone() {
    let backend = InMemoryBackend::new();
    let waiting = backend.request_at(Status::PendingApproval);
    set(&backend, waiting, ExecutionState::Running);
    for status in [Status::Delivered, Status::Rejected, Status::Expired, Status::Failed, Status::Refused] {
        ended_and_told(&backend, status);
    }
    let report = run(&backend).await;
    assert_eq!((report.checked, report.rechecked, report.restarted), (1, 1, 0));
    assert_eq!(about_requests(&backend), [RecheckMessage::look(waiting)]);
}

fn ended_and_told(backend: &InMemoryBackend, status: Status) {
    let mut row = backend.request(backend.request_at(status)).unwrap();
    let kind = match status {
        Status::Delivered => MailKind::Issued,
        _ => status.as_str().parse().unwrap(),
    };
    row.mailed(&kind, backend.now());
    backend.put(row);
}

#[tokio::test]
async fn a_missing_final_notification_is_sent_by_another_execution() {
    for status in [Status::Rejected, Status::Withdrawn, Status::Expired, Status::Failed, Status::Refused] {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(status);
        set(&backend, id, ExecutionState::Running);
        assert_eq!(run(&backend).await.restarted, 0, "{status}: the execution is about to tell");
        set(&backend, id, ExecutionState::Ended);
        assert_eq!(run(&backend).await.restarted, 1, "{status}");
        let mut row = backend.request(id).unwrap();
        assert_eq!((row.status(), row.execution().attempt), (status, 2));
        assert_eq!(run(&backend).await.restarted, 0, "{status}: it runs now");
        set(&backend, id, ExecutionState::Ended);
        backend.advance(Duration::hours(1));
        assert_eq!(run(&backend).await.restarted, 1, "{status}: it did not succeed");
        set(&backend, id, ExecutionState::Ended);
        row = backend.request(id).unwrap();
        row.mailed(&status.as_str().parse().unwrap(), backend.now());
        backend.put(row);
        backend.advance(Duration::hours(1));
        assert_eq!(run(&backend).await.checked, 0, "{status}: the requester knows");
    }
}

#[tokio::test]
async fn no_notification_is_sent_for_a_request_that_ended_long_ago() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Expired);
    set(&backend, id, ExecutionState::Ended);
    backend.advance(Duration::days(4));
    assert_eq!(run(&backend).await.restarted, 0);
    assert_eq!(backend.request(id).unwrap().execution().attempt, 1);
}

#[tokio::test]
async fn trouble_with_one_request_does_not_keep_others_waiting() {
    let backend = InMemoryBackend::new();
    for _ in 0..2 {
        let id = backend.request_at(Status::Approved);
        set(&backend, id, ExecutionState::Ended);
    }
    backend.fail_next("executions", 1);
    let report = run(&backend).await;
    assert_eq!((report.errors, report.restarted), (1, 1));
}

#[tokio::test]
async fn a_request_that_came_from_another_stack_is_not_given_up_for_what_happened_there() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    backend.alter(id, |row| row.execution_attempt = 12);
    backend.advance(Duration::hours(1));
    assert_eq!(run(&backend).await.restarted, 1);
    assert_eq!(backend.request(id).unwrap().execution().attempt, 13);
}

#[tokio::test]
async fn a_request_that_never_gets_on_is_given_up() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    for executions in [12, 24] {
        while backend.request(id).unwrap().execution().attempt < executions {
            set(&backend, id, ExecutionState::Ended);
            backend.advance(Duration::hours(1));
            assert_eq!(run(&backend).await.restarted, 1);
        }
        set(&backend, id, ExecutionState::Ended);
        backend.advance(Duration::hours(1));
        assert_eq!(run(&backend).await.failed, 1);
        let mut row = backend.request(id).unwrap();
        assert_eq!(row.status(), Status::Failed);
        let failures =
            backend.measures().into_iter().filter(|one| *one == Measure::Ended(RequestOutcome::Failed));
        assert_eq!(failures.count(), executions as usize / 12, "each is counted once");
        // In the first round, the same run starts one more execution, which notifies the requester.
        let telling = u32::from(executions == 12);
        assert_eq!(row.execution().attempt, executions + telling);
        row.mailed(&MailKind::Failed, backend.now());
        backend.put(row.clone());
        assert_eq!(run(&backend).await.checked, 0);
        // An operator retries the request.
        row.retry(|attempt| format!("arn:{id}-r{attempt}"), backend.now()).unwrap();
        assert_eq!((row.status(), row.execution().attempt), (Status::Approved, executions + telling + 1));
        backend.put(row);
    }
}

#[tokio::test]
async fn each_run_notes_how_long_the_authority_is_valid() {
    let backend = InMemoryBackend::new();
    let left = backend.issuer_certificate().not_after() - backend.now();
    assert_eq!(run(&backend).await.errors, 0);
    backend.advance(Duration::days(1));
    run(&backend).await;
    backend.fail_next("issuers", 1);
    assert_eq!(run(&backend).await.errors, 1, "what cannot be read is not noted");
    backend.without_issuer();
    assert_eq!(run(&backend).await.errors, 0);
    let days = [left, left - Duration::days(1), Duration::ZERO];
    assert_eq!(measured_ca(&backend), days.map(Measure::CaLeft));
}

#[tokio::test]
async fn the_earliest_end_in_the_chain_is_noted() {
    use pki::testing::{CaMaker, TestKey};
    let backend = InMemoryBackend::new();
    let (now, end) = (backend.now(), backend.now() + Duration::days(40));
    let maker = |name| CaMaker::new(TestKey::EcP256).named(name);
    let root = maker("Root").valid(now - Duration::days(9), end);
    let issuing = maker("Issuing").valid(now - Duration::days(9), now + Duration::days(900));
    backend.rotate_to(&root.issuing(issuing));
    run(&backend).await;
    let [Measure::CaLeft(left)] = measured_ca(&backend)[..] else { panic!("{:?}", backend.measures()) };
    assert!((39..=40).contains(&left.whole_days()), "{left}");
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::fault_sweep(
        "Housekeeping",
        |backend| {
            let gone = backend.request_at(Status::Approved);
            set(backend, gone, ExecutionState::Ended);
            let hopeless = backend.request_at(Status::Issued);
            let mut row = backend.request(hopeless).unwrap();
            for attempt in 2..=12 {
                assert!(row.restarted(attempt, format!("arn:{hopeless}-r{attempt}"), backend.now()));
            }
            backend.put(row);
            set(backend, hopeless, ExecutionState::Ended);
            let unnotified = backend.request_at(Status::Rejected);
            set(backend, unnotified, ExecutionState::Ended);
        },
        |backend| async move {
            match run(&backend).await {
                Report { errors: 0, .. } => Ok(()),
                report => Err(report),
            }
        },
    )
    .await;
}

async fn publish(backend: &InMemoryBackend, issuer: &Issuer) {
    let signer = backend.signer(issuer).await.unwrap();
    let publisher = ListPublisher { revocations: backend, lists: backend, url: None };
    publisher.publish(&*signer, issuer, backend.now()).await.unwrap();
}

#[tokio::test]
async fn a_list_is_renewed_at_half_of_its_life_and_missed_when_it_is_about_to_end() {
    let backend = InMemoryBackend::new();
    let issuer = backend.issuer_certificate();
    publish(&backend, issuer).await;
    let due = |report: Report| (report.lists_due, report.errors);
    assert_eq!(due(run(&backend).await), (0, 0));
    backend.advance(RENEWAL);
    assert_eq!(due(run(&backend).await), (1, 0));
    let asked = backend.rechecks();
    assert_eq!(asked.last().unwrap().issuer, Some(issuer.key_identifier()));
    // Sign does not do it.
    backend.advance(Duration::days(2));
    let measures = measured_ca(&backend).len();
    assert_eq!(due(run(&backend).await), (1, 1));
    assert_eq!(measured_ca(&backend).len(), measures, "the alarm on missing measures goes off");
    publish(&backend, issuer).await;
    assert_eq!(due(run(&backend).await), (0, 0));
}

#[tokio::test]
async fn the_missing_list_of_the_issuer_in_force_is_asked_for() {
    let backend = InMemoryBackend::new();
    let report = run(&backend).await;
    assert_eq!((report.lists_due, report.errors), (1, 0));
    let asked: Vec<_> = backend.rechecks().into_iter().map(|message| message.issuer).collect();
    assert_eq!(asked, [Some(backend.issuer_certificate().key_identifier())]);
}

#[tokio::test]
async fn the_list_of_an_issuer_that_has_ended_is_left_alone() {
    let backend = InMemoryBackend::new();
    let issuer = backend.issuer_certificate();
    publish(&backend, issuer).await;
    backend.advance(issuer.not_after() - backend.now());
    assert_eq!(run(&backend).await.lists_due, 0);
}

/// The names of the executions of a revocation, and the number that the row has recorded.
fn revocations_of(backend: &InMemoryBackend, id: RequestId) -> (usize, u32) {
    let name = format!("{id}-revoke");
    let started = backend.executions().keys().filter(|arn| arn.contains(&name)).count();
    (started, backend.request(id).unwrap().revocation().unwrap().execution_attempt)
}

#[tokio::test]
async fn a_revocation_whose_execution_never_began_or_ended_too_early_is_started_again() {
    let backend = InMemoryBackend::new();
    let id = backend.accepted_revocation(RevocationReason::KeyCompromise);
    assert_eq!(run(&backend).await.restarted, 0, "the portal may be about to start it");
    backend.advance(Duration::minutes(2));
    assert_eq!(run(&backend).await.restarted, 1);
    assert_eq!(revocations_of(&backend, id), (1, 2));
    backend.advance(Duration::hours(1));
    assert_eq!(run(&backend).await.restarted, 0, "it runs");
    let arn = backend.request(id).unwrap().revocation().unwrap().execution_arn.clone();
    backend.put_execution(&arn, ExecutionState::Ended);
    assert_eq!(run(&backend).await.restarted, 1);
    assert_eq!(revocations_of(&backend, id), (2, 3));
}

#[tokio::test]
async fn a_revocation_that_is_done_is_left_alone_and_a_mail_is_given_up_after_four_days() {
    let backend = InMemoryBackend::new();
    let id = backend.revoked_request(RevocationReason::Superseded);
    let mut row = backend.request(id).unwrap();
    row.revocation_listed(1, backend.now()).unwrap();
    backend.put(row.clone());
    backend.advance(Duration::days(3));
    assert_eq!(run(&backend).await.restarted, 1, "the requester is not told");
    let arn = backend.request(id).unwrap().revocation().unwrap().execution_arn.clone();
    backend.put_execution(&arn, ExecutionState::Ended);
    backend.advance(Duration::days(2));
    assert_eq!(run(&backend).await.restarted, 0);
    let mut row = backend.request(id).unwrap();
    row.mailed(&MailKind::Revoked, backend.now());
    backend.put(row);
    assert_eq!(run(&backend).await.checked, 0);
}

#[tokio::test]
async fn a_revocation_is_started_again_once_whatever_fails() {
    let accept = |backend: &Arc<InMemoryBackend>| {
        backend.accepted_revocation(RevocationReason::KeyCompromise);
        let issuer = backend.issuer_certificate();
        publish(backend, issuer).now_or_never().unwrap();
        backend.advance(Duration::minutes(2));
    };
    faults::fault_sweep("a revocation by housekeeping", accept, |backend| async move {
        match run(&backend).await {
            report if report.errors == 0 => Ok(()),
            report => Err(report),
        }
    })
    .await;
}

#[tokio::test]
async fn notify_is_asked_once_for_each_person_until_the_reminders_are_recorded() {
    let backend = InMemoryBackend::new();
    let mut ids = Vec::new();
    for (person, left) in [("alice", 29), ("alice", 13), ("bob", 31), ("carol", 6), ("approver", 6)] {
        let id = backend.request_at(Status::Delivered);
        let end = backend.now() + Duration::days(left);
        backend.alter(id, |row| {
            row.email = format!("{person}@example.com").parse().unwrap();
            (row.not_before, row.not_after) = (Some(end - Duration::days(365)), Some(end));
        });
        ids.push(id);
    }
    // Revoked certificates and requests without one are not listed.
    backend.request_at(Status::Revoked);
    let approver = || "approver@example.com".parse().unwrap();
    let asked = |backend: &InMemoryBackend| {
        let all = about_requests(backend).into_iter();
        let mut all: Vec<_> = all.map(|message| (message.request_id, message.mail.unwrap())).collect();
        all.sort();
        all
    };
    let report = run(&backend).await;
    assert_eq!((report.reminders_due, report.errors), (4, 0));
    let due = asked(&backend);
    let kinds: Vec<String> = due.iter().map(|(_, kind)| kind.to_string()).collect();
    for kind in ["expiring/7d", "unrenewed/7d/approver@example.com"] {
        assert!(kinds.iter().any(|one| one == kind), "{kinds:?}");
    }
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("expiring")).count(), 3, "{kinds:?}");
    let counted = |count| move |measure: &Measure| *measure == Measure::Expiring(count);
    assert!(backend.measures().iter().any(counted(4)), "{:?}", backend.measures());
    // The reminders are recorded by notify; until then, they stay due.
    assert_eq!(run(&backend).await.reminders_due, 4);
    for id in ids {
        let mut row = backend.request(id).unwrap();
        for days in [30, 14, 7] {
            row.mailed(&MailKind::Expiring(days), backend.now());
        }
        row.mailed(&MailKind::Unrenewed { days: 7, recipient: approver() }, backend.now());
        backend.put(row);
    }
    assert_eq!(run(&backend).await.reminders_due, 0);
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_stops_reminders_only() {
    let backend = InMemoryBackend::new();
    backend.fail_next("policies", 1);
    let report = run(&backend).await;
    assert_eq!((report.errors, measured_ca(&backend).len()), (1, 1));
}
