//! Requests that are rejected, expire or are refused.

use end_to_end::{Asked, PATIENCE, Stack, Submission, csr_for, eventually, unique_host};
use serde_json::Value;

use crate::APPROVER;

/// The status of the execution of a request.
fn execution(stack: &Stack, asked: &Asked) -> Value {
    let executions = stack.countersign_json(&["executions", &asked.id, "--json"]);
    executions.as_array().and_then(|all| all.last()).unwrap()["status"].clone()
}

async fn succeeded(stack: &Stack, asked: &Asked) {
    eventually("the execution to succeed", PATIENCE, async || {
        let status = execution(stack, asked);
        assert!(status == "RUNNING" || status == "SUCCEEDED", "{status}");
        (status == "SUCCEEDED").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_rejection_reaches_the_requester_with_its_reason() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let decided = portal.decide(&link, "reject", "The old host is still in use.").await.expect(200).json();
    assert_eq!(decided["outcome"], "rejected");

    let status = portal.until(&asked, "rejected").await;
    assert!(status["reason"].as_str().unwrap().contains("The old host is still in use."), "{status:#}");
    assert!(status.get("serial").is_none());
    let mail = mailbox.mail(&asked.id, &asked.email, "was rejected").await;
    assert!(mail.text.contains("The old host is still in use."), "{}", mail.text);
    let certificate = asked.status_url.replace("?key=", "/certificate?key=");
    portal.json(&certificate).await.problem(404, "not_found");
    let page = portal.get(&asked.status_url, "text/html").await.expect(200).text();
    assert!(page.contains("The old host is still in use."));
    succeeded(stack, &asked).await;
}

#[tokio::test]
async fn an_undecided_request_expires() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("brief")).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;

    // The link expires by itself; the request expires by housekeeping.
    let gone = eventually("the link to end", PATIENCE, async || {
        let answer = portal.json(&link).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    gone.problem(410, "expired");
    portal.decide_about(&link, "approve", "any", "").await.problem(410, "expired");
    assert_eq!(portal.get(&link, "text/html").await.status, 410);

    let status = eventually("the request to expire", PATIENCE, async || {
        stack.housekeeping();
        let status = portal.status(&asked).await;
        (status["status"] != "pending_approval").then_some(status)
    })
    .await;
    assert_eq!(status["status"], "expired", "{status:#}");
    let mail = mailbox.mail(&asked.id, &asked.email, "has expired").await;
    assert!(mail.text.contains("has expired"), "{}", mail.text);
    portal.json(&link).await.problem(410, "expired");
    portal.decide_about(&link, "approve", "any", "").await.problem(410, "expired");
    succeeded(stack, &asked).await;
    assert_eq!(portal.status(&asked).await["status"], "expired");
}

#[tokio::test]
async fn what_the_policy_refuses_is_refused_at_once_and_not_stored() {
    let stack = Stack::shared().await;
    let portal = stack.portal();
    let submission = Submission::of(&csr_for(&["www.example.edu", "ftp.example.edu"]));
    let problem = portal.submit(&submission).await.problem(422, "name_not_allowed");
    let findings = problem["findings"].as_array().unwrap();
    let details: Vec<&str> = findings.iter().filter_map(|finding| finding["detail"].as_str()).collect();
    for name in ["www.example.edu", "ftp.example.edu"] {
        assert!(details.iter().any(|detail| detail.contains(name)), "{name}: {problem:#}");
    }
    assert!(
        findings.iter().all(|finding| !finding["advice"].as_str().unwrap_or_default().is_empty()),
        "{problem:#}"
    );
    assert_eq!(stack.rows_of(&submission.email), Vec::<Value>::new());
}

#[tokio::test]
async fn a_policy_that_grew_stricter_while_a_request_waited_refuses_it_when_it_is_signed() {
    let stack = Stack::shared().await;
    let (portal, mailbox, host) = (stack.portal(), stack.mailbox(), unique_host());
    let asked = portal.ask(&Submission::of(&csr_for(&[&host])).with_profile("narrowing")).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;

    stack.narrow("narrowing");
    let review = portal.json(&link).await.expect(200).json();
    assert_eq!(review["findings"][0]["code"], "name_not_allowed", "{review:#}");
    portal.decide(&link, "approve", "").await.expect(200);

    let status = portal.until(&asked, "refused").await;
    assert_eq!(status["code"], "name_not_allowed", "{status:#}");
    assert!(status["findings"][0]["detail"].as_str().unwrap().contains(&host), "{status:#}");
    let mail = mailbox.mail(&asked.id, &asked.email, "was refused").await;
    assert!(mail.text.contains(&host), "{}", mail.text);
    // A code is for programs.
    assert!(!mail.text.contains("name_not_allowed"), "{}", mail.text);
    let certificate = asked.status_url.replace("?key=", "/certificate?key=");
    portal.json(&certificate).await.problem(404, "not_found");
    succeeded(stack, &asked).await;
}
