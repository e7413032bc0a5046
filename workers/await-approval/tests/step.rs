//! AwaitApproval against the world in memory.
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
use workflow::testing::{World, faults, journey};

fn step(world: &Arc<World>) -> AwaitApproval {
    AwaitApproval {
        requests: world.clone(),
        approvals: world.clone(),
        policies: world.clone(),
        archive: world.clone(),
        tasks: world.clone(),
        notify_queue: world.clone(),
        mailer: world.clone(),
        base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
        metrics: world.clone(),
        clock: world.clone(),
    }
}

/// A request that Persist has finished with, before anybody was asked.
fn persisted(world: &Arc<World>) -> RequestId {
    let id = world.request_at(Status::PendingApproval);
    world.alter(id, |row| {
        row.status = Status::Submitted;
        row.expires_at = None;
        row.history.pop();
    });
    world.forget_approval(id);
    id
}

/// The approval that asking would make.
fn asked(world: &Arc<World>, id: RequestId) -> Approval {
    let request = world.request(id).unwrap();
    let digest = ApprovalDigest::of(id, request.profile(), request.csr().unwrap());
    let now = workflow::ports::Clock::now(&**world);
    Approval::ask(id, digest, journey::electorate(), now, now + time::Duration::days(7))
}

async fn wait(world: &Arc<World>, id: RequestId, token: &str) -> Result<Progress<Decided>, StepError> {
    step(world).run(journey::task(id, "AwaitApproval", token, NoInput {})).await
}

async fn vote(world: &Arc<World>, id: RequestId, decision: Decision) {
    let now = workflow::ports::Clock::now(&**world);
    update_approval(&**world, id, |approval| {
        let shown = ReviewDigest::from_text("shown");
        approval.vote(&journey::vote_input(decision, &shown, None), &shown, now)
    })
    .await
    .unwrap();
}

/// The key in the link of the last mail.
async fn mailed_link(world: &Arc<World>) -> Option<Link> {
    let mails = world.mails();
    let text = &mails.last()?.text;
    let start = text.find("/approvals/")? + "/approvals/".len();
    let key: String = text[start..].chars().take_while(|c| !c.is_whitespace()).collect();
    world.find_link(&LinkKey::parse(&key)?.digest()).await.unwrap()
}

#[tokio::test]
async fn it_asks_and_waits_and_a_nudge_reports() {
    let world = World::new();
    let id = persisted(&world);
    assert_eq!(wait(&world, id, "t1").await, Ok(Progress::Waiting));
    assert_eq!(world.request(id).unwrap().status(), Status::PendingApproval);
    assert_eq!(mailed_link(&world).await.unwrap().request_id, id);
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert!(world.results().is_empty(), "nothing is decided yet");
    vote(&world, id, Decision::Approve).await;
    world.set_now(world.request(id).unwrap().registration_date() + time::Duration::minutes(90));
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(world.measures(), [Measure::Decided(time::Duration::minutes(90))], "it is noted once");
    let results = world.results();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].0.expose(), "t1");
    assert_eq!(results[0].1.as_ref().unwrap(), &serde_json::json!({"outcome": "approved"}));
    assert_eq!(world.request(id).unwrap().status(), Status::Approved);
}

#[tokio::test]
async fn running_again_asks_nobody_twice_and_takes_the_new_token() {
    let world = World::new();
    let id = persisted(&world);
    wait(&world, id, "t1").await.unwrap();
    assert_eq!(wait(&world, id, "t2").await, Ok(Progress::Waiting));
    assert_eq!(world.mails().len(), 1);
    vote(&world, id, Decision::Reject).await;
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(world.results()[0].0.expose(), "t2");
    assert_eq!(wait(&world, id, "t3").await, Ok(Progress::Done(Decided { outcome: Outcome::Rejected })));
}

#[tokio::test]
async fn a_mail_that_failed_is_sent_again_with_a_link_that_works() {
    let world = World::new();
    let id = persisted(&world);
    world.fail_next("mailer", 1);
    assert!(matches!(wait(&world, id, "t1").await, Err(StepError::Transient { .. })));
    assert_eq!(wait(&world, id, "t1").await, Ok(Progress::Waiting));
    assert_eq!(world.mails().len(), 1);
    assert!(mailed_link(&world).await.is_some());
}

#[tokio::test]
async fn a_vote_before_the_token_was_kept_is_reported_by_the_task_itself() {
    let world = World::new();
    let id = world.request_at(Status::PendingApproval);
    vote(&world, id, Decision::Approve).await;
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert!(world.results().is_empty(), "no token to report to");
    assert_eq!(wait(&world, id, "t1").await, Ok(Progress::Done(Decided { outcome: Outcome::Approved })));
}

#[tokio::test]
async fn time_ends_it() {
    let world = World::new();
    let id = persisted(&world);
    wait(&world, id, "t1").await.unwrap();
    world.advance(time::Duration::days(8));
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(world.results()[0].1.as_ref().unwrap(), &serde_json::json!({"outcome": "expired"}));
    assert_eq!(world.approval(id).unwrap().outcome, Some(Outcome::Expired));
    assert_eq!(world.measures(), [], "nobody decided");
}

#[tokio::test]
async fn a_message_that_comes_late_does_not_take_the_place_of_the_task_that_waits() {
    let world = World::new();
    let id = persisted(&world);
    for token in ["first execution", "second execution", "first execution"] {
        assert_eq!(wait(&world, id, token).await.unwrap(), Progress::Waiting);
    }
    let mut approval = world.approval(id).unwrap();
    let (shown, now) = (ReviewDigest::from_text("shown"), approval.created_at);
    approval.vote(&journey::vote_input(Decision::Approve, &shown, None), &shown, now).unwrap();
    world.put_approval(approval, []);
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    let told: Vec<_> = world.results().iter().map(|(token, _)| token.expose().to_owned()).collect();
    assert_eq!(told, ["second execution", "first execution"]);
}

#[tokio::test]
async fn the_requester_is_never_asked() {
    let world = World::new();
    let id = persisted(&world);
    world.alter(id, |row| row.email = "Approver@Example.com".parse().unwrap());
    let Err(StepError::Refused { code, .. }) = wait(&world, id, "t1").await else {
        panic!("asked the requester")
    };
    assert_eq!(code, ErrorName::NotApproved);
    assert!(world.mails().is_empty());
}

#[tokio::test]
async fn it_survives_every_fault() {
    faults::survive(
        "AwaitApproval",
        |world| _ = persisted(world),
        |world| async move { wait(&world, world.requests()[0].id(), "t1").await.map(drop) },
    )
    .await;
    for past_limit in [false, true] {
        faults::survive(
            if past_limit { "a nudge after the limit" } else { "a nudge after the vote" },
            |world| {
                let id = persisted(world);
                let mut approval = asked(world, id);
                approval.task_token = Some(workflow::message::TaskToken::new("t1"));
                if past_limit {
                    world.advance(time::Duration::days(8));
                } else {
                    let now = approval.created_at;
                    let shown = ReviewDigest::from_text("shown");
                    approval
                        .vote(&journey::vote_input(Decision::Approve, &shown, None), &shown, now)
                        .unwrap();
                }
                let mut request = world.request(id).unwrap();
                request.ask_approvers(approval.expires_at, approval.created_at).unwrap();
                world.put(request);
                world.put_approval(approval, []);
            },
            |world| async move { step(&world).recheck(RecheckMessage::look(world.requests()[0].id())).await },
        )
        .await;
    }
}

/// Two groups, reminders, and managers who step in.
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

fn occasions(world: &World) -> Vec<String> {
    let mut occasions: Vec<_> = world.mails().iter().map(|mail| mail.kind.to_string()).collect();
    occasions.sort();
    occasions
}

/// What housekeeping does, twice at the same time.
async fn look_twice(world: &Arc<World>, id: RequestId) {
    let (one, other) = (step(world), step(world));
    let (one, other) =
        tokio::join!(one.recheck(RecheckMessage::look(id)), other.recheck(RecheckMessage::look(id)));
    one.and(other).unwrap();
}

#[tokio::test]
async fn reminders_and_the_escalation_come_once_each_however_often_somebody_looks() {
    let world = World::new();
    world.set_policy(GROUPS);
    let id = persisted(&world);
    assert_eq!(wait(&world, id, "t").await.unwrap(), Progress::Waiting);
    let asked = ["approval/p@example.com", "approval/s1@example.com", "approval/s2@example.com"];
    assert_eq!(occasions(&world), asked);
    look_twice(&world, id).await;
    assert_eq!(occasions(&world), asked, "nothing is due yet");
    world.advance(time::Duration::days(1));
    look_twice(&world, id).await;
    let reminders = |n: usize| ["p", "s1", "s2"].map(|who| format!("reminder/{n}/{who}@example.com"));
    assert_eq!(occasions(&world)[3..], reminders(1));
    assert!(world.rechecks().iter().all(|message| message.mail == Some(MailKind::Waiting(1))));
    world.advance(time::Duration::days(2));
    look_twice(&world, id).await;
    let occasions = occasions(&world);
    assert!(occasions.contains(&"approval/m@example.com".into()), "{occasions:?}");
    assert_eq!(occasions.iter().filter(|one| one.starts_with("reminder/2/")).count(), 3, "{occasions:?}");
    assert_eq!(occasions.len(), 10, "{occasions:?}");
    assert!(world.approval(id).unwrap().admits(&"m@example.com".parse().unwrap()));
}

#[tokio::test]
async fn a_reminder_that_could_not_be_sent_is_sent_later() {
    let world = World::new();
    world.set_policy(GROUPS);
    let id = persisted(&world);
    wait(&world, id, "t").await.unwrap();
    world.advance(time::Duration::days(1));
    world.fail_next("mailer", 1);
    assert!(step(&world).recheck(RecheckMessage::look(id)).await.is_err());
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert_eq!(occasions(&world).iter().filter(|one| one.starts_with("reminder/1/")).count(), 3);
    let events: Vec<_> = world.audit(id).into_iter().map(|event| event.event).collect();
    assert!(events.contains(&EventKind::NotMailed));
    assert_eq!(verify(id, &world.audit(id), world.request(id).unwrap().audit()), []);
}

#[tokio::test]
async fn whoever_left_the_policy_is_neither_reminded_nor_asked_again() {
    let world = World::new();
    world.set_policy(GROUPS);
    let id = persisted(&world);
    wait(&world, id, "t").await.unwrap();
    world.set_policy(&GROUPS.replace("\"s2@example.com\"", "\"s3@example.com\""));
    world.advance(time::Duration::days(1));
    step(&world).recheck(RecheckMessage::look(id)).await.unwrap();
    assert!(!occasions(&world).contains(&"reminder/1/s2@example.com".into()));
    step(&world).recheck(RecheckMessage::links(id, 2)).await.unwrap();
    step(&world).recheck(RecheckMessage::links(id, 2)).await.unwrap();
    let renewed: Vec<_> =
        occasions(&world).into_iter().filter(|one| one.starts_with("approval/2/")).collect();
    assert_eq!(
        renewed,
        ["approval/2/p@example.com", "approval/2/s1@example.com", "approval/2/s3@example.com"]
    );
    assert_eq!(mailed_link(&world).await.unwrap().generation, 2);
}

#[tokio::test]
async fn every_fault_of_the_escalation_and_of_new_links_is_survived() {
    let prepare = |world: &Arc<World>| {
        // Reminders are claimed before they are sent: a fault at the claim may cost one, never double one.
        world.set_policy(&GROUPS.replace("reminders = [\"1d\", \"2d\"]", ""));
        let id = world.request_at(Status::PendingApproval);
        let request = world.request(id).unwrap();
        let mut approval = world.approval(id).unwrap();
        let profile = world.policy();
        let profile = profile.profile(None).unwrap();
        approval.electorate = profile.electorate_for(request.email()).unwrap();
        world.put_approval(approval, []);
        world.advance(time::Duration::days(3));
    };
    faults::survive("AwaitApproval, escalation", prepare, |world| async move {
        let id = world.requests()[0].id();
        step(&world).recheck(RecheckMessage::look(id)).await?;
        // The next run of housekeeping, after the grace.
        world.advance(time::Duration::minutes(5));
        step(&world).recheck(RecheckMessage::look(id)).await
    })
    .await;
    faults::survive("AwaitApproval, new links", prepare, |world| async move {
        step(&world).recheck(RecheckMessage::links(world.requests()[0].id(), 2)).await
    })
    .await;
}
