//! Recovery: a step that always dies, a failed request that an operator retries, a hundred requests over a restart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use end_to_end::chaos::MailWatcher;
use end_to_end::{
    Asked, Broken, ExclusiveStack, Mail, PATIENCE, Stack, Submission, csr_for, eventually, unique_host,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::APPROVER;

/// Number of stored versions of each certificate, by object key.
fn certificates(stack: &Stack) -> BTreeMap<String, usize> {
    let arguments = ["s3api", "list-object-versions", "--prefix", "signed-certificate/", "--bucket"];
    let listing = stack.aws_json(&[&arguments[..], &[stack.endpoint("bucket")]].concat());
    let mut versions = BTreeMap::new();
    for key in listing["Versions"].as_array().into_iter().flatten().filter_map(|one| one["Key"].as_str()) {
        *versions.entry(key.to_owned()).or_default() += 1;
    }
    versions
}

/// Asserts that `number` certificates were stored since `before`, each once.
fn assert_new_certificates(stack: &Stack, before: &BTreeMap<String, usize>, number: usize) {
    let after = certificates(stack);
    assert!(after.values().all(|versions| *versions == 1), "{after:?}");
    assert_eq!(after.len() - before.len(), number);
}

/// A worker that cannot start: its messages reach the dead-letter queue, whose worker reports them.
#[tokio::test]
async fn a_step_that_always_dies_is_reported_and_started_again_once_it_is_mended() {
    let stack = ExclusiveStack::take().await;
    let before = certificates(&stack);
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;

    let sign = Broken::worker(&stack, "sign");
    // Shortens eight visibility time-outs of three minutes.
    let queue = stack.endpoints()["queues"]["sign"].as_str().unwrap();
    let at_once = json!({ "VisibilityTimeout": "1" }).to_string();
    let set = |attributes: &str| {
        stack.aws(&["sqs", "set-queue-attributes", "--queue-url", queue, "--attributes", attributes])
    };
    let read =
        ["sqs", "get-queue-attributes", "--attribute-names", "VisibilityTimeout", "--queue-url", queue];
    let deployed = stack.aws_json(&read)["Attributes"].to_string();
    set(&at_once);
    portal.decide(&link, "approve", "").await.expect(200);

    portal.until(&asked, "failed").await;
    let arn = stack.row(&asked.id)["executionArn"].as_str().unwrap().to_owned();
    let execution = eventually("the execution to fail", PATIENCE, async || {
        let execution = stack.aws_json(&["stepfunctions", "describe-execution", "--execution-arn", &arn]);
        (execution["status"] != "RUNNING").then_some(execution)
    })
    .await;
    assert_eq!((&execution["status"], &execution["error"]), (&json!("FAILED"), &json!("Step.Exhausted")));
    let cause = execution["cause"].as_str().unwrap();
    assert!(cause.contains("Sign"), "{cause}");
    assert!(cause.contains("its log has the reason"), "{cause}");
    assert!(cause.len() < 1_000, "{cause}");
    assert!(!cause.contains(&asked.email), "{cause}");
    assert!(!cause.contains("http"), "{cause}");
    mailbox.mail(&asked.id, &asked.email, "is held up").await;

    // The operator repairs the worker and retries the request.
    sign.mend();
    set(&deployed);
    let output = stack.countersign(&["requests", "retry", &asked.id]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("continues as approved"), "{said}");
    // A second retry starts nothing.
    stack.countersign(&["requests", "retry", &asked.id]);
    portal.until(&asked, "delivered").await;
    mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    let row = stack.row(&asked.id);
    assert_eq!((&row["executionAttempt"], row.get("reason")), (&json!(2), None), "{row:#}");
    assert_new_certificates(&stack, &before, 1);

    // Neither a delivered request nor an unknown one can be retried.
    let output = stack.countersign(&["requests", "retry", &asked.id]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("delivered cannot be retried"), "{said}");
    let output = stack.countersign(&["requests", "retry", &uuid::Uuid::new_v4().to_string()]);
    assert!(!output.status.success());
}

/// The request has ended, and its execution was stopped before the final mail.
#[tokio::test]
async fn a_missing_final_mail_is_sent_by_another_execution() {
    let stack = ExclusiveStack::take().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    let notify = Broken::worker(&stack, "notify");
    portal.decide(&link, "reject", "Not this one.").await.expect(200);
    portal.until(&asked, "rejected").await;
    let row = stack.row(&asked.id);
    assert_eq!(row["mails"].get("rejected"), None, "{row:#}");
    let queue = stack.endpoints()["queues"]["notify"].as_str().unwrap();
    stack.aws(&["stepfunctions", "stop-execution", "--execution-arn", row["executionArn"].as_str().unwrap()]);
    stack.aws(&["sqs", "purge-queue", "--queue-url", queue]);
    notify.mend();

    stack.housekeeping();
    mailbox.mail(&asked.id, &asked.email, "was rejected").await;
    let row = eventually("the mail to be noted", PATIENCE, async || {
        let row = stack.row(&asked.id);
        row["mails"].get("rejected").is_some().then_some(row)
    })
    .await;
    assert_eq!((&row["status"], &row["executionAttempt"]), (&json!("rejected"), &json!(2)), "{row:#}");
    // The mail is sent once.
    stack.housekeeping();
    assert_eq!(stack.row(&asked.id)["executionAttempt"], 2);
}

/// A request and its stage at the stop.
struct Stage {
    asked: Asked,
    approve_before: bool,
    rejected: bool,
}

/// Waits for the approver's mail and returns its link.
async fn link(mails: &MailWatcher, asked: &Asked) -> String {
    eventually("the mail that asks the approver", 3 * PATIENCE, async || {
        mails.look();
        let link = |mail: &Mail| mail.links().into_iter().find(|link| link.contains("/approvals/"));
        mails.about(&asked.id).iter().filter(|mail| mail.to == APPROVER).find_map(link)
    })
    .await
}

#[tokio::test]
async fn a_hundred_requests_in_all_stages_survive_a_restart() {
    let mut stack = ExclusiveStack::take().await;
    let before = certificates(&stack);
    let (portal, mails) = (stack.portal(), MailWatcher::of(&stack));
    let mut stages = Vec::new();
    for number in 0..80 {
        let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
        stages.push(Stage { asked, approve_before: number % 2 == 0, rejected: number % 8 == 1 });
    }
    let mut links = Vec::new();
    for stage in stages.iter().filter(|stage| stage.approve_before) {
        links.push(link(&mails, &stage.asked).await);
    }
    let (early, late) = links.split_at(links.len() / 2);
    for link in early {
        portal.decide(link, "approve", "").await.expect(200);
    }
    // Approvals and submissions just before the stop.
    let submissions: Vec<Submission> = (0..20).map(|_| Submission::of(&csr_for(&[&unique_host()]))).collect();
    let (_, asked) = tokio::join!(
        join_all(late.iter().map(async |link| portal.decide(link, "approve", "").await.expect(200))),
        join_all(submissions.iter().map(|submission| portal.ask(submission))),
    );
    stages.extend(asked.into_iter().map(|asked| Stage { asked, approve_before: false, rejected: false }));
    stack.restart().await;
    let (portal, mails) = (stack.portal(), MailWatcher::of(&stack));
    let mut reached = BTreeMap::<String, usize>::new();
    let ids: BTreeSet<&str> = stages.iter().map(|stage| stage.asked.id.as_str()).collect();
    let rows = || {
        let rows = stack.countersign_json(&["requests", "list", "--limit", "1000", "--json"]);
        let of_this_test = |row: &&Value| row["id"].as_str().is_some_and(|id| ids.contains(id));
        rows.as_array().unwrap().iter().filter(of_this_test).cloned().collect::<Vec<Value>>()
    };
    for row in rows() {
        *reached.entry(row["status"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    println!("after the start: {reached:?}");
    for stage in stages.iter().filter(|stage| !stage.approve_before) {
        let decision = if stage.rejected { "reject" } else { "approve" };
        portal.decide(&link(&mails, &stage.asked).await, decision, "Because.").await.expect(200);
    }
    let mut looks = 0;
    eventually("every request to end", 3 * PATIENCE, async || {
        let rows = rows();
        let ended = rows.iter().filter(|row| row["status"] == "delivered" || row["status"] == "rejected");
        let ended = ended.count();
        looks += 1;
        if looks % 10 == 0 {
            stack.housekeeping();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        (ended == stages.len() && rows.len() == stages.len()).then_some(())
    })
    .await;
    for stage in &stages {
        let status = stack_status(&portal, &stage.asked).await;
        assert_eq!(status, if stage.rejected { "rejected" } else { "delivered" }, "{}", stage.asked.id);
    }
    let delivered = stages.iter().filter(|stage| !stage.rejected).count();
    assert_new_certificates(&stack, &before, delivered);
}

async fn stack_status(portal: &end_to_end::Portal, asked: &Asked) -> String {
    portal.status(asked).await["status"].as_str().unwrap().to_owned()
}
