//! Votes: one per approver, about the shown review.

use end_to_end::{Stack, Submission, csr_for, unique_host};

use crate::APPROVER;

#[tokio::test]
async fn the_same_decision_again_is_fine_and_another_one_is_not() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let review = portal.json(&link).await.expect(200).json();
    let digest = review["digest"].as_str().unwrap();

    portal.decide_about(&link, "approve", "stale", "").await.problem(409, "already_decided");
    assert_eq!(portal.json(&link).await.expect(200).json()["votes"], serde_json::json!([]));

    let first = portal.decide_about(&link, "approve", digest, "").await.expect(200).json();
    let again = portal.decide_about(&link, "approve", digest, "").await.expect(200).json();
    assert_eq!(first, again);
    portal.decide_about(&link, "reject", digest, "Wait!").await.problem(409, "already_decided");

    let status = portal.until(&asked, "delivered").await;
    portal.decide_about(&link, "approve", digest, "").await.expect(200);
    portal.decide_about(&link, "reject", digest, "Too late.").await.problem(409, "already_decided");
    let review = portal.json(&link).await.expect(200).json();
    assert_eq!((review["votes"].as_array().unwrap().len(), &review["outcome"]), (1, &"approved".into()));
    assert_eq!(portal.status(&asked).await, status);
}

#[tokio::test]
async fn of_two_opposite_decisions_at_the_same_time_one_stands() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let review = portal.json(&link).await.expect(200).json();
    let digest = review["digest"].as_str().unwrap();
    let (yes, no) = tokio::join!(
        portal.decide_about(&link, "approve", digest, ""),
        portal.decide_about(&link, "reject", digest, "No.")
    );
    match (yes.status, no.status) {
        (200, 409) => {
            no.problem(409, "already_decided");
            portal.until(&asked, "delivered").await;
        }
        (409, 200) => {
            yes.problem(409, "already_decided");
            portal.until(&asked, "rejected").await;
        }
        other => panic!("{other:?}: {} {}", yes.text(), no.text()),
    }
}

#[tokio::test]
async fn a_quorum_of_two_needs_two_people() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()])).with_profile("pair")).await;
    let first = mailbox.approval_link(&asked, APPROVER).await;
    let second = mailbox.approval_link(&asked, "second@example.com").await;
    assert_ne!(first, second);
    let decided = portal.decide(&first, "approve", "").await.expect(200).json();
    assert!(decided.get("outcome").is_none(), "{decided:#}");
    let again = portal.decide(&first, "approve", "").await.expect(200).json();
    assert!(again.get("outcome").is_none(), "{again:#}");
    assert!(again["votes"].as_array().unwrap().len() == 1, "{again:#}");
    assert_eq!(portal.status(&asked).await["status"], "pending_approval");
    let decided = portal.decide(&second, "approve", "").await.expect(200).json();
    assert_eq!(decided["outcome"], "approved");
    portal.until(&asked, "delivered").await;
}

#[tokio::test]
async fn a_requester_cannot_approve_the_own_request() {
    let stack = Stack::shared().await;
    let submission =
        Submission { email: "Approver@example.com".into(), ..Submission::of(&csr_for(&[&unique_host()])) };
    let problem = stack.portal().submit(&submission).await.problem(400, "bad_request");
    assert!(problem["detail"].as_str().unwrap().contains("approve your own request"), "{problem:#}");
    assert!(stack.rows_of("Approver@example.com").is_empty());
}

#[tokio::test]
async fn a_decision_that_cannot_be_read_changes_nothing() {
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let digest = portal.json(&link).await.expect(200).json()["digest"].clone();
    for (body, code) in [
        (serde_json::json!({ "digest": digest }), "missing_field"),
        (serde_json::json!({ "decision": "approve" }), "missing_field"),
        (serde_json::json!({ "decision": "maybe", "digest": digest }), "bad_request"),
        (serde_json::json!({ "decision": true, "digest": digest }), "bad_request"),
    ] {
        portal.post(&link, &body).await.problem(400, code);
    }
    // A cross-site request by the approver's browser.
    let body = serde_json::json!({ "decision": "approve", "digest": digest }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("origin", "https://evil.example"),
        ("accept", "application/json"),
    ];
    portal.send(reqwest::Method::POST, &link, &headers, body.into_bytes()).await.problem(403, "bad_request");
    assert_eq!(portal.json(&link).await.expect(200).json()["votes"], serde_json::json!([]));
    assert_eq!(portal.status(&asked).await["status"], "pending_approval");
}
