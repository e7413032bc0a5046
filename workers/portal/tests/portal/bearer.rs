//! Submissions by programs with the credential of a standing approval: nobody is asked.

use pki::testing as test_pki;
use serde_json::{Value, json};
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::ids::RequestId;
use workflow::ports::Clock as _;
use workflow::request::Status;
use workflow::request::audit::Actor;
use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};

use crate::site::{Answer, FORM, JSON, Site};
use crate::standing::{act, granted};

/// A site with a standing approval, its id, the path of its page, and its credential.
async fn with_credential() -> (Site, RequestId, String, String) {
    let (site, id, path) = granted().await;
    let credential = make(&site, &path).await;
    (site, id, path, credential)
}

async fn make(site: &Site, path: &str) -> String {
    let made = site.post(&act(path, "credential"), &json!({})).await.json();
    made["credential"].as_str().unwrap().to_owned()
}

async fn send(site: &Site, credential: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {credential}");
    let headers = [JSON, ("authorization", authorization.as_str())];
    site.call("POST", "/requests", &headers, body.to_string()).await
}

fn csr() -> Value {
    json!({ "csrContent": test_pki::csr(&["www.example.com"]) })
}

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = csr();
    body[field] = value.into();
    body
}

#[tokio::test]
async fn a_csr_is_enough_and_nobody_is_asked() {
    let (site, id, _, credential) = with_credential().await;
    let answer = send(&site, &credential, &csr()).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["status"], "submitted", "nothing is confirmed by mail");
    let row = site.backend.request(body["id"].as_str().unwrap().parse().unwrap()).unwrap();
    let approval = site.backend.standing(id).unwrap();
    assert_eq!(row.standing(), Some(id));
    assert_eq!((row.email(), row.profile()), (approval.requester(), approval.profile()));
    assert_eq!(row.language(), site.backend.request(id).unwrap().language());
    assert_eq!(site.backend.executions().len(), 1);
    assert!(site.backend.rechecks().is_empty(), "nobody gets a mail");
    let event = site.backend.audit(row.id()).remove(0);
    assert_eq!(event.actor, Actor::requester(approval.requester()));
    // The same link opens the certificate.
    let issued = site.backend.issued_under(id, csr()["csrContent"].as_str().unwrap());
    let status = site.status_path(issued, LinkGiven::InAnswer).await;
    assert!(body["statusUrl"].as_str().unwrap().starts_with("https://pki.example.com/requests/"));
    let pem = site.get(&status.replacen('?', "/certificate.pem?", 1)).await;
    assert!(pem.text().starts_with("-----BEGIN CERTIFICATE-----"), "{}", pem.text());
}

#[tokio::test]
async fn a_form_and_any_letter_case_of_the_scheme_are_taken() {
    let (site, _, _, credential) = with_credential().await;
    let csr = test_pki::csr(&["h1.web.example.com"]);
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("csrContent", &csr).finish();
    let authorization = format!("bearer  {credential}");
    let headers =
        [("content-type", FORM), ("authorization", authorization.as_str()), ("accept", "application/json")];
    let answer = site.call("POST", "/requests", &headers, body.clone()).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    // As for every form, a page is the default.
    let answer = site.call("POST", "/requests", &headers[..2], body).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = site.browse(answer.header("location")).await.is_page(200);
    assert!(page.contains("no approver is asked"), "{page}");
}

#[tokio::test]
async fn a_repetition_with_an_idempotency_key_is_the_same_request() {
    let (site, id, path, credential) = with_credential().await;
    let authorization = format!("Bearer {credential}");
    let headers = [JSON, ("authorization", authorization.as_str()), ("idempotency-key", "k1")];
    let body = csr();
    let first = site.call("POST", "/requests", &headers, body.to_string()).await.json();
    let again = site.call("POST", "/requests", &headers, body.to_string()).await.json();
    assert_eq!(first["id"], again["id"]);
    let other = csr().to_string();
    site.call("POST", "/requests", &headers, other).await.is_problem(422, "bad_request");
    assert_eq!(site.backend.executions().len(), 1);
    // Also after the end: it is the answer that was lost.
    let mut ended = site.backend.standing(id).unwrap();
    ended.end(&Actor::operator("olivia"), "Over.", site.backend.now());
    site.backend.put_standing(ended);
    let late = site.call("POST", "/requests", &headers, body.to_string()).await.json();
    assert_eq!(late["id"], first["id"]);
    assert!(site.get(&path).await.json()["standing"]["ended"].is_object());
}

#[tokio::test]
async fn what_opens_nothing_gets_one_answer_and_stores_nothing() {
    let (site, id, path, former) = with_credential().await;
    let credential = make(&site, &path).await;
    let secret = credential.split_once('.').unwrap().1.to_owned();
    let last = credential.len() - 1;
    let altered = format!("{}{}", &credential[..last], if credential.ends_with('A') { "Q" } else { "A" });
    let before = site.backend.requests().len();
    let mut said = Vec::new();
    for wrong in [
        "",
        "x",
        &former,
        &altered,
        &secret,
        &id.to_string(),
        &format!("{id}.1"),
        &format!("{}.{secret}", RequestId::random()),
        &credential.to_uppercase(),
        &format!("{credential}, {credential}"),
        &"a".repeat(5_000),
    ] {
        let answer = send(&site, wrong, &csr()).await;
        let problem = answer.is_problem(401, "credential_refused");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{wrong}");
        said.push(problem);
    }
    assert!(said.iter().all(|one| *one == said[0]), "one answer: {said:#?}");
    let twice = format!("Bearer {credential}");
    let headers = [JSON, ("authorization", twice.as_str()), ("authorization", twice.as_str())];
    site.call("POST", "/requests", &headers, csr().to_string()).await.is_problem(401, "credential_refused");
    // A person sees a page, with what to do.
    let headers = [("content-type", FORM), ("authorization", "Bearer x"), ("accept", "text/html")];
    let page = site.call("POST", "/requests", &headers, "csrContent=x").await.is_page(401);
    assert!(page.contains("Make a new one"), "{page}");
    assert_eq!(site.backend.requests().len(), before);
    assert_eq!(send(&site, &credential, &csr()).await.status, 202);
}

#[tokio::test]
async fn a_header_of_another_scheme_changes_nothing() {
    let (site, _, _, credential) = with_credential().await;
    for other in ["Basic dXNlcjpwYXNz", &credential, ""] {
        let headers = [JSON, ("authorization", other)];
        let answer = site.call("POST", "/requests", &headers, csr().to_string()).await;
        answer.is_problem(400, "missing_field");
        let answer =
            site.call("POST", "/requests", &headers, with("email", "sam@example.com").to_string()).await;
        assert_eq!(answer.json()["status"], "unconfirmed", "approvers are asked");
    }
}

#[tokio::test]
async fn what_is_outside_is_refused_before_anything_is_stored() {
    let (site, _, _, credential) = with_credential().await;
    let before = site.backend.requests().len();
    let outside = json!({ "csrContent": test_pki::csr(&["www.example.com", "api.example.com"]) });
    for (body, status, code) in [
        (outside, 422, "outside_grant"),
        (with("email", "mallory@example.com"), 422, "outside_grant"),
        (with("profile", "client"), 422, "outside_grant"),
        (with("email", "no address"), 422, "bad_email"),
        (with("replaces", RequestId::random().to_string()), 400, "bad_request"),
        (with("replacesKey", "x"), 400, "bad_request"),
        (with("kind", "grant"), 400, "bad_request"),
        (with("csrContent", "x"), 422, "not_a_csr"),
        (json!({}), 400, "missing_field"),
        (with("comment", test_pki::root().key_pem), 422, "private_key_submitted"),
    ] {
        send(&site, &credential, &body).await.is_problem(status, code);
    }
    assert_eq!(site.backend.requests().len(), before);
    let named = with("email", "requester@example.com");
    assert_eq!(send(&site, &credential, &named).await.status, 202, "the requester may be named");
}

#[tokio::test]
async fn one_that_is_over_or_used_up_is_403_with_its_own_code() {
    let (site, id, _, credential) = with_credential().await;
    let shorter = standing_policy().replace("most = 500", "most = 1");
    assert_ne!(shorter, standing_policy());
    site.backend.set_policy(&shorter);
    site.backend.issued_under(id, csr()["csrContent"].as_str().unwrap());
    let used_up = send(&site, &credential, &csr()).await.is_problem(403, "grant_used_up");
    assert!(used_up["detail"].as_str().unwrap().contains("Request another standing approval"), "{used_up}");
    // Its page says so, too.
    site.backend.set_policy(&policy_after_approver_left());
    let left = send(&site, &credential, &csr()).await.is_problem(403, "grant_over");
    assert!(left["detail"].as_str().unwrap().contains("no longer enough"), "{left}");
    let path = site.status_path(id, LinkGiven::ByMail).await;
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("The standing approval is over") && page.contains("no longer enough"), "{page}");
    assert!(!page.contains("/credential?"), "{page}");
    assert_eq!(site.get(&path).await.json()["standing"]["over"]["code"], "grant_over");
    site.backend.set_policy(&standing_policy());
    let mut ended = site.backend.standing(id).unwrap();
    ended.end(&Actor::operator("olivia"), "Over.", site.backend.now());
    site.backend.put_standing(ended);
    send(&site, &credential, &csr()).await.is_problem(403, "grant_over");
    // Another one, whose time is over.
    let other = site.backend.granted(workflow::testing::fixtures::TERMS);
    let other_path = site.status_path(other, LinkGiven::ByMail).await;
    let other_credential = make(&site, &other_path).await;
    site.backend.advance(Duration::days(30));
    send(&site, &other_credential, &csr()).await.is_problem(403, "grant_over");
    assert!(site.backend.executions().is_empty());
}

#[tokio::test]
async fn undecided_requests_of_the_requester_do_not_hold_up_programs() {
    let (site, _, _, credential) = with_credential().await;
    let limited = standing_policy().replace("pending_limit = 200", "pending_limit = 1");
    assert_ne!(limited, standing_policy());
    site.backend.set_policy(&limited);
    for _ in 0..3 {
        assert_eq!(send(&site, &credential, &csr()).await.status, 202);
    }
    let waiting = site.backend.requests().into_iter().filter(|row| row.status() == Status::Submitted);
    assert!(waiting.count() >= 3);
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_503_and_stores_nothing() {
    let (site, _, _, credential) = with_credential().await;
    let before = site.backend.requests().len();
    for port in ["requests", "standing"] {
        site.backend.fail_next(port, 1);
        send(&site, &credential, &csr()).await.is_problem(503, "try_again");
    }
    assert_eq!(site.backend.requests().len(), before);
}
