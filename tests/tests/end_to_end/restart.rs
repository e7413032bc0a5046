//! A restart of the stack: requests go on from their rows.

use end_to_end::{ExclusiveStack, Stack, Submission, csr_for, policy, unique_host};

use crate::APPROVER;

#[tokio::test]
async fn requests_in_flight_survive_a_restart() {
    let mut stack = ExclusiveStack::take().await;
    let before = certificates(&stack);
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let issuer = portal.get("ca.pem", "*/*").await.expect(200).body;
    let waiting = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let decided = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let done = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let waiting_link = mailbox.approval_link(&waiting, APPROVER).await;
    let decided_link = mailbox.approval_link(&decided, APPROVER).await;
    let done_link = mailbox.approval_link(&done, APPROVER).await;
    for asked in [&waiting, &decided] {
        portal.until(asked, "pending_approval").await;
    }
    portal.decide(&done_link, "approve", "").await.expect(200);
    let delivered = portal.until(&done, "delivered").await;
    // The stack stops right after the vote.
    portal.decide(&decided_link, "approve", "").await.expect(200);
    stack.restart().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    assert_eq!(portal.get("ca.pem", "*/*").await.expect(200).body, issuer, "the same authority");
    portal.until(&decided, "delivered").await;
    mailbox.mail(&decided.id, &decided.email, "Your certificate").await;

    // Links of earlier mails are still valid.
    assert_eq!(portal.status(&waiting).await["status"], "pending_approval");
    portal.decide(&waiting_link, "approve", "").await.expect(200);
    portal.until(&waiting, "delivered").await;
    mailbox.mail(&waiting.id, &waiting.email, "Your certificate").await;
    portal.decide(&decided_link, "approve", "").await.expect(200);
    portal.decide(&decided_link, "reject", "No.").await.problem(409, "already_decided");
    assert_eq!(portal.status(&done).await, delivered);

    // One certificate for each request.
    assert_eq!(certificates(&stack) - before, 3);
    without_its_policy(&stack).await;
}

/// Number of stored certificates.
fn certificates(stack: &Stack) -> usize {
    let list =
        ["s3api", "list-objects-v2", "--bucket", stack.endpoint("bucket"), "--prefix", "signed-certificate/"];
    stack.aws_json(&list)["Contents"].as_array().map_or(0, Vec::len)
}

/// Without a policy the portal answers `try_again` and stores nothing; it recovers with the policy.
async fn without_its_policy(stack: &Stack) {
    let portal = stack.portal();
    stack.aws(&["ssm", "delete-parameter", "--name", stack.endpoint("policyParameter")]);
    let submission = Submission::of(&csr_for(&[&unique_host()]));
    let answer = portal.submit(&submission).await;
    answer.problem(503, "try_again");
    assert!(!answer.header("retry-after").is_empty());
    assert!(stack.rows_of(&submission.email).is_empty());
    stack.set_policy("again.toml", &policy());
    let asked = portal.ask(&submission).await;
    let link = stack.mailbox().approval_link(&asked, APPROVER).await;
    portal.decide(&link, "reject", "Done.").await.expect(200);
    portal.until(&asked, "rejected").await;
}
