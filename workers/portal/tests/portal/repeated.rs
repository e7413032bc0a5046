//! Repeated submissions: the same idempotency key gives the same request, once.

use http::StatusCode;
use pki::testing as test_pki;
use serde_json::{Value, json};
use workflow::request::Status;
use workflow::request::metric::Measure;

use crate::site::{JSON, Site, good};

#[tokio::test]
async fn the_same_key_gives_the_same_request_once() {
    let site = Site::new();
    let body = good();
    let post = |key: &'static str, body: Value| {
        let site = &site;
        async move { site.call("POST", "/requests", &[JSON, ("idempotency-key", key)], body.to_string()).await }
    };
    let first = post("abc", body.clone()).await.json();
    assert_eq!(post("abc", body.clone()).await.json(), first);
    assert_eq!(post("\"abc\"", body.clone()).await.json(), first);
    assert_eq!(site.backend.requests().len(), 1);
    assert_eq!(site.backend.executions().len(), 1);
    assert_eq!(site.backend.measures(), [Measure::Submitted], "a replay is not counted");

    let mut other = body.clone();
    other["comment"] = json!("Another.");
    let refused = post("abc", other).await.is_problem(422, "bad_request");
    assert!(refused["detail"].as_str().unwrap().contains("Idempotency-Key"));
    assert_ne!(post("def", body.clone()).await.json()["id"], first["id"]);
    let mut other_requester = body.clone();
    other_requester["email"] = json!("other@example.com");
    assert_ne!(post("abc", other_requester).await.json()["id"], first["id"], "a key is the requester's own");
    assert_eq!(site.backend.requests().len(), 3);

    for key in ["a b", &"x".repeat(256)] {
        site.call("POST", "/requests", &[JSON, ("idempotency-key", key)], body.to_string())
            .await
            .is_problem(400, "bad_request");
    }
    assert_eq!(site.backend.requests().len(), 3);
}

#[tokio::test]
async fn a_form_sent_twice_is_one_request_and_each_form_is_another() {
    let site = Site::new();
    let hidden = |page: &str| {
        page.split("name=\"idempotencyKey\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (one, two) = (hidden(&site.browse("/").await.text()), hidden(&site.browse("/").await.text()));
    assert_ne!(one, two);
    let csr = test_pki::csr(&["www.example.com"]);
    for (key, count) in [(&one, 1), (&one, 1), (&two, 2)] {
        let sent = site
            .submit("/requests", &[("email", "a@example.com"), ("csrContent", &csr), ("idempotencyKey", key)])
            .await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        assert_eq!(site.backend.requests().len(), count);
    }
}

#[tokio::test]
async fn sending_again_starts_a_flow_that_did_not_start_but_none_that_has_ended() {
    let site = Site::new();
    let headers = [JSON, ("idempotency-key", "abc")];
    let body = good().to_string();
    site.backend.fail_next("executions", 1);
    let first = site.call("POST", "/requests", &headers, body.clone()).await.json();
    assert_eq!(site.call("POST", "/requests", &headers, body.clone()).await.json(), first);
    assert_eq!(site.backend.executions().len(), 1);

    let id = site.backend.requests()[0].id();
    site.backend.alter(id, |row| row.status = Status::Rejected);
    site.backend.fail_next("executions", 1);
    assert_eq!(site.call("POST", "/requests", &headers, body).await.json()["status"], "rejected");
    site.backend.fail_next("executions", 0);
}
