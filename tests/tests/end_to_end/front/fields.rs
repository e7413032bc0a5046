//! The form and its fields.

use end_to_end::{Stack, Submission, csr_for, key_and_csr_for, unique_host};
use reqwest::Method;
use serde_json::json;

use crate::bad_input::{form, refused};

#[tokio::test]
async fn a_private_key_is_refused_and_forgotten() {
    let stack = Stack::shared().await;
    let (portal, (key, csr)) = (stack.portal(), key_and_csr_for(&[&unique_host()]));
    let secret = key.lines().nth(1).unwrap();
    let both = format!("{key}{csr}");
    let mut answers = Vec::new();
    for text in [&key, &both] {
        let submission = Submission { comment: "Please hurry.".into(), ..Submission::of(text) };
        let answer = portal.submit(&submission).await;
        answer.problem(422, "private_key_submitted");
        let page = form(&portal, &submission).await.expect(422);
        // Everything else is still filled in.
        assert!(page.text().contains("Please hurry."));
        assert!(page.text().contains(&submission.email));
        answers.extend([answer, page, portal.post("requests/preview", &submission.json()).await]);
        assert!(stack.rows_of(&submission.email).is_empty());
    }
    let in_comment = Submission { comment: key.clone(), ..Submission::of(&csr) };
    let answer = portal.submit(&in_comment).await;
    answer.problem(422, "private_key_submitted");
    answers.push(answer);
    for answer in &answers {
        assert!(!answer.text().contains(secret), "a key is echoed");
    }
    assert!(!stack.logs().contains(secret), "a key is in the logs");
    let rows = stack.aws(&["dynamodb", "scan", "--table-name", stack.endpoint("requestsTable")]);
    assert!(!String::from_utf8_lossy(&rows).contains(secret), "a key is stored");
}

#[tokio::test]
async fn a_body_over_128_kib_is_too_large() {
    let portal = Stack::shared().await.portal();
    let submission =
        Submission { comment: "x".repeat(128 * 1024), ..Submission::of(&csr_for(&[&unique_host()])) };
    portal.submit(&submission).await.problem(413, "too_large");
    assert_eq!(form(&portal, &submission).await.status, 413);
    let link = format!("approvals/{}", "A".repeat(43));
    portal
        .post(&link, &json!({ "decision": "approve", "reason": "x".repeat(128 * 1024) }))
        .await
        .problem(413, "too_large");
    portal.post("requests/preview", &submission.json()).await.problem(413, "too_large");
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_named_with_those_that_are() {
    let submission = Submission::of(&csr_for(&[&unique_host()])).with_profile("no-such-profile");
    let problem = refused(Stack::shared().await, &submission, 422, "unknown_profile").await;
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("no-such-profile"), "{detail}");
    assert!(detail.contains("server-client"), "{detail}");
}

#[tokio::test]
async fn only_one_plain_address_is_an_address() {
    let stack = Stack::shared().await;
    let (portal, csr) = (stack.portal(), csr_for(&[&unique_host()]));
    let mine = Submission::of("").email;
    let addresses = [
        format!("{mine}\r\nBcc: x@example.com"),
        format!("{mine}\nx"),
        format!("{mine},x@example.com"),
        format!("{mine}; x@example.com"),
        format!("{mine} x@example.com"),
        format!("Me <{mine}>"),
        format!("{mine}\0"),
        "@example.com".to_owned(),
        "team@".to_owned(),
        "@".to_owned(),
        "team".to_owned(),
        format!("{}@example.com", "a".repeat(300)),
    ];
    for email in &addresses {
        let problem = portal.submit(&Submission { email: email.clone(), ..Submission::of(&csr) }).await;
        let problem = problem.problem(422, "bad_email");
        assert!(!problem.to_string().contains("Bcc:"), "{problem}");
        let page = portal.post_form("requests", &[("email", email), ("csrContent", &csr)]).await;
        assert_eq!(page.status, 422, "{email:?}");
    }
    let rows = stack.countersign_json(&["requests", "list", "--limit", "100000", "--json"]).to_string();
    assert!(!rows.contains(&mine), "nothing is stored");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let portal = Stack::shared().await.portal();
    let csr = csr_for(&[&unique_host()]);
    for (body, field) in [
        (json!({ "csrContent": csr }), "email"),
        (json!({ "email": "", "csrContent": csr }), "email"),
        (json!({ "email": "team@example.com" }), "csrContent"),
        (json!({ "email": "team@example.com", "csrContent": null }), "csrContent"),
        (json!({}), "email"),
    ] {
        let problem = portal.post("requests", &body).await.problem(400, "missing_field");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem:#}");
    }
    assert_eq!(portal.post_form("requests", &[("comment", "x")]).await.status, 400);
}

#[tokio::test]
async fn wrong_types_are_named_and_unknown_fields_are_ignored() {
    let stack = Stack::shared().await;
    let portal = stack.portal();
    let submission = Submission::of(&csr_for(&[&unique_host()]));
    for (field, value) in [
        ("email", json!(7)),
        ("comment", json!(["a"])),
        ("csrContent", json!({ "pem": "x" })),
        ("profile", json!(true)),
    ] {
        let mut body = submission.json();
        body[field] = value;
        let problem = portal.post("requests", &body).await.problem(400, "bad_request");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem:#}");
    }
    assert!(stack.rows_of(&submission.email).is_empty());

    let mut body = submission.json();
    body["colour"] = json!({ "of": ["the", "bike", "shed"] });
    portal.post("requests", &body).await.expect(202);
    assert_eq!(stack.rows_of(&submission.email).len(), 1);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_bad_request() {
    let portal = Stack::shared().await.portal();
    let send = async |kind: &str, body: &[u8]| {
        let headers = [("content-type", kind), ("accept", "application/json")];
        portal.send(Method::POST, "requests", &headers, body.to_vec()).await
    };
    for body in [b"{".as_slice(), b"", b"[]", b"\"text\"", b"\xff\xfe", b"{\"email\": \"\xff\"}"] {
        send("application/json", body).await.problem(400, "bad_request");
    }
    send("text/plain", b"hello").await.problem(415, "bad_request");
    send("multipart/form-data", b"hello").await.problem(400, "bad_request");
    let long = Submission { comment: "x".repeat(2001), ..Submission::of(&csr_for(&[&unique_host()])) };
    portal.submit(&long).await.problem(400, "bad_request");
}
