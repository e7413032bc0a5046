//! AwaitApproval against the backend in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use await_approval::{AwaitApproval, Decided};
use workflow::approval::BaseUrl;
use workflow::approval::{Approval, Link, LinkKey};
use workflow::decision::{ApprovalDigest, Decision, Outcome, ReviewDigest};
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::ports::Approvals;
use workflow::request::Status;
use workflow::request::audit::{EventKind, verify};
use workflow::request::metric::Measure;
use workflow::runtime::step::{ErrorName, NoInput, Progress, Step, StepError};
use workflow::store::update_approval;
use workflow::testing::{InMemoryBackend, faults, fixtures};

fn step(backend: &Arc<InMemoryBackend>) -> AwaitApproval {
    AwaitApproval {
        requests: backend.clone(),
        names: backend.clone(),
        approvals: backend.clone(),
        policies: backend.clone(),
        issuers: backend.clone(),
        tasks: backend.clone(),
        notify_queue: backend.clone(),
        mailer: backend.clone(),
        base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
        metrics: backend.clone(),
        clock: backend.clone(),
    }
}

/// A request after Persist, without an approval.
fn persisted(backend: &Arc<InMemoryBackend>) -> RequestId {
    let id = backend.request_at(Status::PendingApproval);
    backend.alter(id, |row| {
        row.status = Status::Submitted;
        row.expires_at = None;
        row.history.pop();
    });
    backend.forget_approval(id);
    id
}

/// The approval that AwaitApproval would create.
fn asked(backend: &Arc<InMemoryBackend>, id: RequestId) -> Approval {
    let request = backend.request(id).unwrap();
    let digest = ApprovalDigest::of(id, request.profile(), request.csr().unwrap(), None);
    let now = workflow::ports::Clock::now(&**backend);
    Approval::ask(id, digest, fixtures::approver_set(), now, now + time::Duration::days(7))
}

async fn wait(
    backend: &Arc<InMemoryBackend>,
    id: RequestId,
    token: &str,
) -> Result<Progress<Decided>, StepError> {
    step(backend).run(fixtures::task(id, "AwaitApproval", token, NoInput {})).await
}

async fn vote(backend: &Arc<InMemoryBackend>, id: RequestId, decision: Decision) {
    let now = workflow::ports::Clock::now(&**backend);
    update_approval(&**backend, id, |approval| {
        let shown = ReviewDigest::from_text("shown");
        approval.vote(
            &fixtures::vote_input(decision, &shown, None),
            &shown,
            &approval.approver_set.clone(),
            now,
        )
    })
    .await
    .unwrap();
}

/// The key in the link of the last mail.
async fn mailed_link(backend: &Arc<InMemoryBackend>) -> Option<Link> {
    let mails = backend.mails();
    let text = &mails.last()?.text;
    let start = text.find("/approvals/")? + "/approvals/".len();
    let key: String = text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    backend.find_link(&LinkKey::parse(&key)?.digest()).await.unwrap()
}

#[tokio::test]
async fn it_asks_and_waits_and_a_nudge_reports() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    assert_eq!(wait(&backend, id, "t1").await, Ok(Progress::Waiting));
    assert_eq!(backend.request(id).unwrap().status(), Status::PendingApproval);
    assert_eq!(mailed_link(&backend).await.unwrap().request_id, id);
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert!(backend.results().is_empty(), "nothing is decided yet");
    vote(&backend, id, Decision::Approve).await;
    backend.set_now(backend.request(id).unwrap().registration_date() + time::Duration::minutes(90));
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(backend.measures(), [Measure::Decided(time::Duration::minutes(90))], "it is noted once");
    let results = backend.results();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].0.expose(), "t1");
    assert_eq!(results[0].1.as_ref().unwrap(), &serde_json::json!({"outcome": "approved"}));
    assert_eq!(backend.request(id).unwrap().status(), Status::Approved);
}

#[tokio::test]
async fn running_again_asks_no_approver_twice_and_takes_the_new_token() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    wait(&backend, id, "t1").await.unwrap();
    assert_eq!(wait(&backend, id, "t2").await, Ok(Progress::Waiting));
    assert_eq!(backend.mails().len(), 1);
    vote(&backend, id, Decision::Reject).await;
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(backend.results()[0].0.expose(), "t2");
    assert_eq!(wait(&backend, id, "t3").await, Ok(Progress::Done(Decided { outcome: Outcome::Rejected })));
}

#[tokio::test]
async fn a_mail_that_failed_is_sent_again_with_a_link_that_works() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    backend.fail_next("mailer", 1);
    assert!(matches!(wait(&backend, id, "t1").await, Err(StepError::Transient { .. })));
    assert_eq!(wait(&backend, id, "t1").await, Ok(Progress::Waiting));
    assert_eq!(backend.mails().len(), 1);
    assert!(mailed_link(&backend).await.is_some());
}

#[tokio::test]
async fn a_vote_before_the_token_was_kept_is_reported_by_the_task_itself() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::PendingApproval);
    vote(&backend, id, Decision::Approve).await;
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert!(backend.results().is_empty(), "no token to report to");
    assert_eq!(wait(&backend, id, "t1").await, Ok(Progress::Done(Decided { outcome: Outcome::Approved })));
}

#[tokio::test]
async fn time_ends_it() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    wait(&backend, id, "t1").await.unwrap();
    backend.advance(time::Duration::days(8));
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(backend.results()[0].1.as_ref().unwrap(), &serde_json::json!({"outcome": "expired"}));
    assert_eq!(backend.approval(id).unwrap().outcome, Some(Outcome::Expired));
    assert_eq!(backend.measures(), [], "no decision is measured");
}

#[tokio::test]
async fn a_spent_token_is_forgotten() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    let tokens =
        || backend.approval(id).unwrap().tokens().map(|token| token.expose().to_owned()).collect::<Vec<_>>();
    for token in ["t1", "t2"] {
        assert_eq!(wait(&backend, id, token).await.unwrap(), Progress::Waiting);
    }
    vote(&backend, id, Decision::Approve).await;
    // Not before it is spent.
    backend.fail_next("tasks", 1);
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap_err();
    assert_eq!(tokens(), ["t2", "t1"]);
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(backend.results().len(), 2);
    assert!(tokens().is_empty());
}

#[tokio::test]
async fn a_message_that_comes_late_does_not_take_the_place_of_the_task_that_waits() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    for token in ["first execution", "second execution", "first execution"] {
        assert_eq!(wait(&backend, id, token).await.unwrap(), Progress::Waiting);
    }
    let mut approval = backend.approval(id).unwrap();
    let (shown, now) = (ReviewDigest::from_text("shown"), approval.created_at);
    approval
        .vote(
            &fixtures::vote_input(Decision::Approve, &shown, None),
            &shown,
            &approval.approver_set.clone(),
            now,
        )
        .unwrap();
    backend.put_approval(approval, []);
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    let told: Vec<_> = backend.results().iter().map(|(token, _)| token.expose().to_owned()).collect();
    assert_eq!(told, ["second execution", "first execution"]);
}

#[tokio::test]
async fn the_requester_is_never_asked() {
    let backend = InMemoryBackend::new();
    let id = persisted(&backend);
    backend.alter(id, |row| row.email = "Approver@Example.com".parse().unwrap());
    let Err(StepError::Refused { code, .. }) = wait(&backend, id, "t1").await else {
        panic!("asked the requester")
    };
    assert_eq!(code, ErrorName::NotApproved);
    assert!(backend.mails().is_empty());
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::fault_sweep(
        "AwaitApproval",
        |backend| _ = persisted(backend),
        |backend| async move { wait(&backend, backend.requests()[0].id(), "t1").await.map(drop) },
    )
    .await;
    for past_limit in [false, true] {
        faults::fault_sweep(
            if past_limit { "a nudge after the limit" } else { "a nudge after the vote" },
            |backend| {
                let id = persisted(backend);
                let mut approval = asked(backend, id);
                approval.task_token = Some(workflow::message::TaskToken::new("t1"));
                if past_limit {
                    backend.advance(time::Duration::days(8));
                } else {
                    let now = approval.created_at;
                    let shown = ReviewDigest::from_text("shown");
                    approval
                        .vote(
                            &fixtures::vote_input(Decision::Approve, &shown, None),
                            &shown,
                            &approval.approver_set.clone(),
                            now,
                        )
                        .unwrap();
                }
                let mut request = backend.request(id).unwrap();
                request.ask_approvers(approval.expires_at, approval.created_at).unwrap();
                backend.put(request);
                backend.put_approval(approval, []);
            },
            |backend| async move {
                step(&backend).recheck(RecheckMessage::look(backend.requests()[0].id())).await
            },
        )
        .await;
    }
}

/// Two groups, reminders, and managers as escalation approvers.
const GROUPS: &str = r#"
[groups]
security = ["s1@example.com", "s2@example.com"]
platform = ["p@example.com", "S1+ca@example.com"]
managers = ["m@example.com"]
[profiles.server]
approval = [{ group = "security" }, { group = "platform" }]
reminders = ["1d", "2d"]
escalation = { after = "3d", group = "managers" }
names.dns.allow = ["example.com"]
extended_key_usage = ["serverAuth"]
"#;

fn occasions(backend: &InMemoryBackend) -> Vec<String> {
    let mut occasions: Vec<_> = backend.mails().iter().map(|mail| mail.kind.to_string()).collect();
    occasions.sort();
    occasions
}

/// Two concurrent re-checks, like those of housekeeping.
async fn look_twice(backend: &Arc<InMemoryBackend>, id: RequestId) {
    let (one, other) = (step(backend), step(backend));
    let (one, other) =
        tokio::join!(one.recheck(RecheckMessage::look(id)), other.recheck(RecheckMessage::look(id)));
    one.and(other).unwrap();
}

#[tokio::test]
async fn reminders_and_the_escalation_come_once_each_for_any_number_of_rechecks() {
    let backend = InMemoryBackend::new();
    backend.set_policy(GROUPS);
    let id = persisted(&backend);
    assert_eq!(wait(&backend, id, "t").await.unwrap(), Progress::Waiting);
    let asked = ["approval/p@example.com", "approval/s1@example.com", "approval/s2@example.com"];
    assert_eq!(occasions(&backend), asked);
    look_twice(&backend, id).await;
    assert_eq!(occasions(&backend), asked, "nothing is due yet");
    backend.advance(time::Duration::days(1));
    look_twice(&backend, id).await;
    let reminders = |n: usize| ["p", "s1", "s2"].map(|who| format!("reminder/{n}/{who}@example.com"));
    assert_eq!(occasions(&backend)[3..], reminders(1));
    assert!(backend.rechecks().iter().all(|message| message.mail == Some(MailKind::Waiting(1))));
    backend.advance(time::Duration::days(2));
    look_twice(&backend, id).await;
    let occasions = occasions(&backend);
    assert!(occasions.contains(&"approval/m@example.com".into()), "{occasions:?}");
    assert_eq!(occasions.iter().filter(|one| one.starts_with("reminder/2/")).count(), 3, "{occasions:?}");
    assert_eq!(occasions.len(), 10, "{occasions:?}");
    assert!(
        backend
            .approval(id)
            .unwrap()
            .admits(&"m@example.com".parse().unwrap(), workflow::ports::Clock::now(&*backend))
    );
}

#[tokio::test]
async fn a_reminder_that_could_not_be_sent_is_sent_later() {
    let backend = InMemoryBackend::new();
    backend.set_policy(GROUPS);
    let id = persisted(&backend);
    wait(&backend, id, "t").await.unwrap();
    backend.advance(time::Duration::days(1));
    backend.fail_next("mailer", 1);
    assert!(step(&backend).recheck(RecheckMessage::look(id)).await.is_err());
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(occasions(&backend).iter().filter(|one| one.starts_with("reminder/1/")).count(), 3);
    let events: Vec<_> = backend.audit(id).into_iter().map(|event| event.event).collect();
    assert!(events.contains(&EventKind::NotMailed));
    assert_eq!(verify(id, &backend.audit(id), backend.request(id).unwrap().audit()), []);
}

#[tokio::test]
async fn an_approver_removed_from_the_policy_is_neither_reminded_nor_asked_again() {
    let backend = InMemoryBackend::new();
    backend.set_policy(GROUPS);
    let id = persisted(&backend);
    wait(&backend, id, "t").await.unwrap();
    backend.set_policy(&GROUPS.replace("\"s2@example.com\"", "\"s3@example.com\""));
    backend.advance(time::Duration::days(1));
    step(&backend).recheck(RecheckMessage::look(id)).await.unwrap();
    assert!(!occasions(&backend).contains(&"reminder/1/s2@example.com".into()));
    step(&backend).recheck(RecheckMessage::links(id, 2)).await.unwrap();
    step(&backend).recheck(RecheckMessage::links(id, 2)).await.unwrap();
    let renewed: Vec<_> =
        occasions(&backend).into_iter().filter(|one| one.starts_with("approval/2/")).collect();
    assert_eq!(
        renewed,
        ["approval/2/p@example.com", "approval/2/s1@example.com", "approval/2/s3@example.com"]
    );
    assert_eq!(mailed_link(&backend).await.unwrap().generation, 2);
}

#[tokio::test]
async fn every_fault_of_the_escalation_and_of_new_links_is_survived() {
    let prepare = |backend: &Arc<InMemoryBackend>| {
        // Without reminders: they are claimed before they are sent, so a fault may lose one (but never doubles one).
        backend.set_policy(&GROUPS.replace("reminders = [\"1d\", \"2d\"]", ""));
        let id = backend.request_at(Status::PendingApproval);
        let request = backend.request(id).unwrap();
        let mut approval = backend.approval(id).unwrap();
        let profile = backend.policy();
        let profile = profile.profile(None).unwrap();
        approval.approver_set = profile.approver_set_for(request.email()).unwrap();
        backend.put_approval(approval, []);
        backend.advance(time::Duration::days(3));
    };
    faults::fault_sweep("AwaitApproval, escalation", prepare, |backend| async move {
        let id = backend.requests()[0].id();
        step(&backend).recheck(RecheckMessage::look(id)).await?;
        // The next run of housekeeping, after the grace period.
        backend.advance(time::Duration::minutes(5));
        step(&backend).recheck(RecheckMessage::look(id)).await
    })
    .await;
    faults::fault_sweep("AwaitApproval, new links", prepare, |backend| async move {
        step(&backend).recheck(RecheckMessage::links(backend.requests()[0].id(), 2)).await
    })
    .await;
}

/// As [`GROUPS`]; carol stands in for p from so many days after now, until two weeks later.
fn with_stand_in(backend: &InMemoryBackend, from: i64) -> String {
    let now = workflow::ports::Clock::now(backend);
    let day = |days| workflow::stand_in::day_of(now + time::Duration::days(days));
    let (from, until) = (day(from), day(from + 13));
    format!(
        "{GROUPS}\n[[stand_ins]]\nfor = \"p@example.com\"\nby = \"carol@example.com\"\nfrom = \"{from}\"\nuntil = \"{until}\"\n"
    )
}

#[tokio::test]
async fn a_stand_in_gets_a_link_from_the_first_day_on_and_the_reminders_that_are_due_later() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&with_stand_in(&backend, 1));
    let id = persisted(&backend);
    wait(&backend, id, "t").await.unwrap();
    let carol = |backend: &InMemoryBackend| -> Vec<String> {
        occasions(backend).into_iter().filter(|one| one.contains("carol")).collect()
    };
    assert_eq!(carol(&backend), [""; 0]);
    backend.advance(time::Duration::days(1));
    look_twice(&backend, id).await;
    look_twice(&backend, id).await;
    assert_eq!(carol(&backend), ["approval/carol@example.com"], "the first reminder was due before");
    let said = backend.mails().into_iter().find(|mail| mail.to.as_str() == "carol@example.com").unwrap();
    assert!(said.text.contains("You stand in for p@example.com until "), "{}", said.text);
    backend.advance(time::Duration::days(1));
    look_twice(&backend, id).await;
    assert_eq!(carol(&backend), ["approval/carol@example.com", "reminder/2/carol@example.com"]);
}

#[tokio::test]
async fn an_entry_made_while_a_request_waits_asks_the_stand_in_and_one_removed_ends_it() {
    let backend = InMemoryBackend::new();
    backend.set_policy(GROUPS);
    let id = persisted(&backend);
    wait(&backend, id, "t").await.unwrap();
    let carol = "carol@example.com".parse().unwrap();
    let now = workflow::ports::Clock::now(&*backend);
    backend.set_policy(&with_stand_in(&backend, 0));
    backend.advance(time::Duration::minutes(5));
    look_twice(&backend, id).await;
    assert!(occasions(&backend).contains(&"approval/carol@example.com".into()), "{:?}", occasions(&backend));
    assert!(backend.approval(id).unwrap().admits(&carol, now));
    backend.set_policy(GROUPS);
    look_twice(&backend, id).await;
    assert!(!backend.approval(id).unwrap().admits(&carol, now));
    assert_eq!(occasions(&backend).iter().filter(|one| one.contains("carol")).count(), 1);
}

/// The flow does not bring such a request here. An execution of an earlier definition does.
#[tokio::test]
async fn nobody_is_asked_about_a_certificate_under_a_standing_approval() {
    for is_covered in [false, true] {
        let backend = InMemoryBackend::new();
        let csr = pki::testing::csr(&["www.example.com"]);
        let mut row = backend.unsaved_under_at(RequestId::random(), &csr, Status::Submitted);
        let evaluated = row.evaluate(&backend.policy(), None, None).unwrap();
        let now = workflow::ports::Clock::now(&*backend);
        row.record_csr(evaluated.csr_summary(), None, "1", now);
        if is_covered {
            row.cover(now).unwrap();
        }
        let id = row.id();
        backend.put(row);
        for token in ["first", "second"] {
            let task = fixtures::task(id, "AwaitApproval", token, NoInput {});
            let done = step(&backend).run(task).await.unwrap();
            assert_eq!(done, Progress::Done(Decided { outcome: Outcome::Approved }));
        }
        let row = backend.request(id).unwrap();
        assert_eq!((row.status(), row.decision()), (Status::Approved, None));
        assert!(backend.approval(id).is_none() && backend.mails().is_empty());
        assert_eq!(backend.measures(), [], "nobody decided");
    }
}
