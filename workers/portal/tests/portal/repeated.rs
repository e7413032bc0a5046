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

/// A stranger may know all of a submission: address, key, CSR and comment.
#[tokio::test]
async fn a_repetition_gets_no_link_that_confirms_or_opens_the_certificate() {
    let site = Site::with_confirmation();
    let headers = [JSON, ("idempotency-key", "ticket-4712")];
    let body = good().to_string();
    let first = site.call("POST", "/requests", &headers, body.clone()).await.json();
    let again = site.call("POST", "/requests", &headers, body).await.json();
    assert_eq!(again, first);
    let path = again["statusUrl"].as_str().unwrap().strip_prefix("https://pki.example.com").unwrap();
    let confirmed = site.call("POST", &path.replace("?key=", "/confirm?key="), &[], "").await;
    assert_eq!(confirmed.status, StatusCode::NOT_FOUND);
    let id = site.backend.requests()[0].id();
    assert_eq!(site.backend.request(id).unwrap().status(), Status::Unconfirmed);
    // As if the request had been confirmed, approved and delivered since.
    let delivered = site.backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Delivered);
    site.backend.alter(id, |row| {
        let columns = workflow::request::Columns::from(delivered);
        row.history.extend(columns.history);
        (row.status, row.serial, row.not_before, row.not_after) =
            (columns.status, columns.serial, columns.not_before, columns.not_after);
    });
    let file = site.get(&path.replace("?key=", "/certificate.zip?key=")).await;
    assert_eq!(file.status, StatusCode::FORBIDDEN, "{}", file.text());
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
