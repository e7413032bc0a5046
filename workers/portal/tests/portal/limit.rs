//! The limit of undecided requests of one address.

use http::StatusCode;
use pki::testing as test_pki;
use serde_json::{Value, json};
use time::Duration;
use workflow::request::Status;
use workflow::testing::trusting_policy;

use crate::site::{JSON, Site, good, with};

const LIMIT: usize = 3;

fn site() -> Site {
    let site = Site::new();
    let policy = trusting_policy();
    site.backend.set_policy(&policy.replace("pending_limit = 200", &format!("pending_limit = {LIMIT}")));
    site
}

/// Sends a submission with an Idempotency-Key.
async fn post(site: &Site, key: &str, body: &Value) -> crate::site::Answer {
    site.call("POST", "/requests", &[JSON, ("idempotency-key", key)], body.to_string()).await
}

#[tokio::test]
async fn of_one_address_so_many_may_wait_and_no_more() {
    let site = site();
    let body = good();
    for key in ["1", "2", "3"] {
        assert_eq!(post(&site, key, &body).await.status, StatusCode::ACCEPTED);
    }
    let answer = post(&site, "4", &body).await;
    let problem = answer.is_problem(429, "try_again");
    assert_eq!(answer.header("retry-after"), "3600");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("3 requests from this e-mail address are already waiting"),
        "{problem}"
    );
    assert_eq!(site.backend.requests().len(), LIMIT, "nothing was stored");

    // Repeating an earlier submission still gets its answer.
    let again = post(&site, "2", &body).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
    assert_eq!(site.backend.requests().len(), LIMIT);
    let mut other = body.clone();
    other["comment"] = json!("Another.");
    post(&site, "2", &other).await.is_problem(422, "bad_request");

    // Other requesters are not affected.
    let other_requester = with("email", "other@example.com");
    assert_eq!(post(&site, "4", &other_requester).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_was_decided_or_is_long_past_does_not_count() {
    let site = site();
    for _ in 0..LIMIT {
        assert_eq!(site.post("/requests", &good()).await.status, StatusCode::ACCEPTED);
    }
    site.post("/requests", &good()).await.is_problem(429, "try_again");
    let rejected = site.backend.requests()[0].id();
    site.backend.alter(rejected, |row| row.status = Status::Rejected);
    assert_eq!(site.post("/requests", &good()).await.status, StatusCode::ACCEPTED);
    site.post("/requests", &good()).await.is_problem(429, "try_again");
    site.backend.advance(Duration::days(32));
    assert_eq!(site.post("/requests", &good()).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_person_gets_the_form_back_and_a_preview_is_always_shown() {
    let site = site();
    for _ in 0..LIMIT {
        site.post("/requests", &good()).await;
    }
    let csr = test_pki::csr(&["www.example.com"]);
    let fields = [("email", "requester@example.com"), ("csrContent", csr.as_str()), ("comment", "Kept")];
    let page = site.submit("/requests", &fields).await.is_page(429);
    assert!(page.contains("until some of them are decided") && page.contains("Kept"), "{page}");
    site.submit("/requests/preview", &fields).await.is_page(200);
}
