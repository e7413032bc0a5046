//! AwaitApproval against the world in memory.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::Arc;

use await_approval::{AwaitApproval, Decided};
use workflow::approval::{Approval, Link, LinkKey};
use workflow::decision::{ApprovalDigest, Decision, Outcome};
use workflow::link::BaseUrl;
use workflow::ports::{Approvals, change_approval};
use workflow::request::{RequestId, Status};
use workflow::step::{ErrorName, Fault, NoInput, Progress, Step};
use workflow::testing::{World, faults, journey};

fn step(world: &Arc<World>) -> AwaitApproval {
    AwaitApproval {
        requests: world.clone(),
        approvals: world.clone(),
        policies: world.clone(),
        tasks: world.clone(),
        mailer: world.clone(),
        base_url: BaseUrl::parse("https://ca.example.com").unwrap(),
        clock: world.clone(),
    }
}

/// A request that Persist has finished with, before anybody was asked.
fn persisted(world: &Arc<World>) -> RequestId {
    let id = world.request_at(Status::PendingApproval);
    let mut request = world.request(id).unwrap();
    request.status = Status::Submitted;
    request.expires_at = None;
    request.history.pop();
    world.put(request);
    world.forget_approval(id);
    id
}

/// The approval that asking would make.
fn asked(world: &Arc<World>, id: RequestId) -> Approval {
    let request = world.request(id).unwrap();
    let digest = ApprovalDigest::of(id, &request.profile, &request.facts().unwrap());
    let now = workflow::ports::Clock::now(&**world);
    Approval::ask(id, digest, journey::electorate(), now, now + time::Duration::days(7))
}

async fn wait(world: &Arc<World>, id: RequestId, token: &str) -> Result<Progress<Decided>, Fault> {
    step(world).run(journey::task(id, "AwaitApproval", token, NoInput {})).await
}

async fn vote(world: &Arc<World>, id: RequestId, decision: Decision) {
    let now = workflow::ports::Clock::now(&**world);
    change_approval(&**world, id, |approval| {
        let digest = approval.digest.clone();
        approval.vote(&journey::approver(), decision, &digest, None, now)
    })
    .await
    .unwrap()
    .unwrap()
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
    assert_eq!(world.request(id).unwrap().status, Status::PendingApproval);
    assert_eq!(mailed_link(&world).await.unwrap().request_id, id);
    step(&world).nudged(id).await.unwrap();
    assert!(world.results().is_empty(), "nothing is decided yet");
    vote(&world, id, Decision::Approve).await;
    step(&world).nudged(id).await.unwrap();
    step(&world).nudged(id).await.unwrap();
    let results = world.results();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].0.expose(), "t1");
    assert_eq!(results[0].1.as_ref().unwrap(), &serde_json::json!({"outcome": "approved"}));
    assert_eq!(world.request(id).unwrap().status, Status::Approved);
}

#[tokio::test]
async fn running_again_asks_nobody_twice_and_takes_the_new_token() {
    let world = World::new();
    let id = persisted(&world);
    wait(&world, id, "t1").await.unwrap();
    assert_eq!(wait(&world, id, "t2").await, Ok(Progress::Waiting));
    assert_eq!(world.mails().len(), 1);
    vote(&world, id, Decision::Reject).await;
    step(&world).nudged(id).await.unwrap();
    assert_eq!(world.results()[0].0.expose(), "t2");
    assert_eq!(wait(&world, id, "t3").await, Ok(Progress::Done(Decided { outcome: Outcome::Rejected })));
}

#[tokio::test]
async fn a_mail_that_failed_is_sent_again_with_a_link_that_works() {
    let world = World::new();
    let id = persisted(&world);
    world.fail_next("mailer", 1);
    assert!(matches!(wait(&world, id, "t1").await, Err(Fault::Transient { .. })));
    assert_eq!(wait(&world, id, "t1").await, Ok(Progress::Waiting));
    assert_eq!(world.mails().len(), 1);
    assert!(mailed_link(&world).await.is_some());
}

#[tokio::test]
async fn a_vote_before_the_token_was_kept_is_reported_by_the_task_itself() {
    let world = World::new();
    let id = world.request_at(Status::PendingApproval);
    vote(&world, id, Decision::Approve).await;
    step(&world).nudged(id).await.unwrap();
    assert!(world.results().is_empty(), "no token to report to");
    assert_eq!(wait(&world, id, "t1").await, Ok(Progress::Done(Decided { outcome: Outcome::Approved })));
}

#[tokio::test]
async fn time_ends_it() {
    let world = World::new();
    let id = persisted(&world);
    wait(&world, id, "t1").await.unwrap();
    world.advance(time::Duration::days(8));
    step(&world).nudged(id).await.unwrap();
    assert_eq!(world.results()[0].1.as_ref().unwrap(), &serde_json::json!({"outcome": "expired"}));
    assert_eq!(world.approval(id).unwrap().outcome, Some(Outcome::Expired));
}

#[tokio::test]
async fn a_message_that_comes_late_does_not_take_the_place_of_the_task_that_waits() {
    let world = World::new();
    let id = persisted(&world);
    for token in ["first execution", "second execution", "first execution"] {
        assert_eq!(wait(&world, id, token).await.unwrap(), Progress::Waiting);
    }
    let mut approval = world.approval(id).unwrap();
    let (digest, now) = (approval.digest.clone(), approval.created_at);
    approval.vote(&journey::approver(), Decision::Approve, &digest, None, now).unwrap();
    world.put_approval(approval, []);
    step(&world).nudged(id).await.unwrap();
    let told: Vec<_> = world.results().iter().map(|(token, _)| token.expose().to_owned()).collect();
    assert_eq!(told, ["second execution", "first execution"]);
}

#[tokio::test]
async fn the_requester_is_never_asked() {
    let world = World::new();
    let id = persisted(&world);
    let mut request = world.request(id).unwrap();
    request.email = "Approver@Example.com".parse().unwrap();
    world.put(request);
    let Err(Fault::Refused { code, .. }) = wait(&world, id, "t1").await else {
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
        |world| async move { wait(&world, world.requests()[0].id, "t1").await.map(drop) },
    )
    .await;
    for past_limit in [false, true] {
        faults::survive(
            if past_limit { "a nudge after the limit" } else { "a nudge after the vote" },
            |world| {
                let id = persisted(world);
                let mut approval = asked(world, id);
                approval.task_token = Some(workflow::ports::TaskToken::new("t1"));
                if past_limit {
                    world.advance(time::Duration::days(8));
                } else {
                    let (digest, now) = (approval.digest.clone(), approval.created_at);
                    approval.vote(&journey::approver(), Decision::Approve, &digest, None, now).unwrap();
                }
                let mut request = world.request(id).unwrap();
                request.ask_approvers(approval.expires_at, approval.created_at).unwrap();
                world.put(request);
                world.put_approval(approval, []);
            },
            |world| async move { step(&world).nudged(world.requests()[0].id).await },
        )
        .await;
    }
}
