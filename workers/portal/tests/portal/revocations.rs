//! Revocations: by the requester, by an approver, and by whoever holds the private key.

use pki::certificate::Certificate;
use pki::crl::RevocationReason;
use pki::testing::{CsrMaker, TestKey, TestKeyPair};
use serde_json::{Value, json};
use workflow::approval::LinkGiven;
use workflow::ids::RequestId;
use workflow::request::audit::{Actor, EventKind};
use workflow::request::{HistoryEntry, Request as Row, Status};
use workflow::testing::fixtures::approver;
use workflow::testing::{jws, trusting_policy};

use crate::site::Site;

/// A site with a delivered request, and the path of its revocation by the requester.
async fn delivered(given: LinkGiven) -> (Site, RequestId, String) {
    let site = Site::new();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let path = site.status_path(id, given).await.replacen('?', "/revoke?", 1);
    (site, id, path)
}

fn row(site: &Site, id: RequestId) -> Row {
    site.backend.request(id).unwrap()
}

#[tokio::test]
async fn the_requester_revokes_once_and_sees_what_becomes_of_it() {
    let (site, id, path) = delivered(LinkGiven::InAnswer).await;
    let body = json!({ "reason": "keyCompromise", "comment": "Lost a laptop." });
    let answer = site.post(&path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let first = answer.json();
    assert_eq!(first["status"], "delivered");
    assert_eq!(first["revocation"]["reason"], "keyCompromise");
    assert_eq!(
        site.post(&path, &json!({ "reason": "superseded" })).await.json(),
        first,
        "the first reason stays"
    );
    let row = row(&site, id);
    let revocation = row.revocation().unwrap();
    assert_eq!(
        (revocation.comment.as_deref(), &revocation.by),
        (Some("Lost a laptop."), &Actor::requester(row.email()))
    );
    let events = site.backend.audit(id);
    assert_eq!(events.iter().filter(|event| event.event == EventKind::RevocationAccepted).count(), 1);
    assert_eq!(site.backend.executions().len(), 1);
    let view = site.get(&path.replacen("/revoke", "", 1)).await.json();
    assert_eq!(view["revocation"], first["revocation"]);
}

#[tokio::test]
async fn a_page_asks_why_and_shows_the_revocation() {
    let (site, id, path) = delivered(LinkGiven::ByMail).await;
    let page_path = path.replacen("/revoke", "", 1);
    let page = site.browse(&page_path).await.text();
    assert!(page.contains("Revoke the certificate") && page.contains("value=\"keyCompromise\""), "{page}");
    assert!(!page.contains("certificateHold") && !page.contains("privilegeWithdrawn"));
    let answer = site.submit(&path, &[("reason", "superseded"), ("comment", "<b>New one.</b>")]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, page_path.as_str()));
    let page = site.browse(&page_path).await.text();
    assert!(
        page.contains("The certificate is being revoked") && page.contains("data-refresh=\"1\""),
        "{page}"
    );
    assert!(!page.contains("Revoke the certificate"));
    // The flow records it.
    let mut revoked = row(&site, id);
    revoked.revoked("00ff", revoked.registration_date()).unwrap();
    site.backend.put(revoked);
    let page = site.browse(&page_path).await.text();
    for shown in [
        "The certificate was revoked",
        "Another certificate has replaced it",
        "&#60;b&#62;New one.",
        "certificate.zip?key=",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("data-refresh"));
}

#[tokio::test]
async fn a_link_that_opens_no_certificate_revokes_none() {
    let site = Site::with_confirmation();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let confirmed = HistoryEntry { status: Status::Unconfirmed, at: row(&site, id).registration_date() };
    site.backend.alter(id, |row| row.history.insert(0, confirmed));
    let path = |path: String| path.replacen('?', "/revoke?", 1);
    let answered = path(site.status_path(id, LinkGiven::InAnswer).await);
    let body = json!({ "reason": "superseded" });
    site.post(&answered, &body).await.is_problem(403, "bad_request");
    assert!(
        !site.browse(&answered.replacen("/revoke", "", 1)).await.text().contains("Revoke the certificate")
    );
    site.post(&format!("/requests/{id}/revoke?key=x"), &body).await.is_problem(404, "not_found");
    assert!(row(&site, id).revocation().is_none());
    let mailed = path(site.status_path(id, LinkGiven::ByMail).await);
    assert_eq!(site.post(&mailed, &body).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_revoked_gets_its_answer() {
    let (site, id, path) = delivered(LinkGiven::InAnswer).await;
    for (body, status, code) in [
        (json!({}), 400, "missing_field"),
        (json!({ "reason": "keycompromise" }), 400, "bad_request"),
        (json!({ "reason": 1 }), 400, "bad_request"),
        (json!({ "reason": "privilegeWithdrawn" }), 403, "revocation_not_allowed"),
        (json!({ "reason": "certificateHold" }), 403, "revocation_not_allowed"),
        (json!({ "reason": "superseded", "comment": "x".repeat(2_001) }), 400, "bad_request"),
        (
            json!({ "reason": "superseded", "comment": TestKeyPair::generate(TestKey::EcP256).pem() }),
            422,
            "private_key_submitted",
        ),
    ] {
        site.post(&path, &body).await.is_problem(status, code);
    }
    let cross = [("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
    site.call("POST", &path, &cross, json!({ "reason": "superseded" }).to_string())
        .await
        .is_problem(403, "bad_request");
    assert!(row(&site, id).revocation().is_none() && site.backend.executions().is_empty());
    for status in [Status::PendingApproval, Status::Approved, Status::Refused, Status::Withdrawn] {
        let (_, path) = site.request_at(status).await;
        let path = path.replacen('?', "/revoke?", 1);
        site.post(&path, &json!({ "reason": "superseded" })).await.is_problem(409, "not_revocable");
    }
    site.backend.set_now(row(&site, id).not_after().unwrap() + time::Duration::SECOND);
    site.post(&path, &json!({ "reason": "superseded" })).await.is_problem(409, "not_revocable");
    let page = site.browse(&path.replacen("/revoke", "", 1)).await.text();
    assert!(!page.contains("Revoke the certificate"));
}

#[tokio::test]
async fn an_approver_revokes_by_the_link_of_the_review() {
    let site = Site::new();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let link = site.link(id);
    let page = site.browse(&link).await.text();
    assert!(page.contains("value=\"revoke\"") && page.contains("value=\"privilegeWithdrawn\""), "{page}");
    assert!(!page.contains(link.rsplit('/').next().unwrap()), "the page has no key");
    let answer = site.submit(&link, &[("decision", "revoke"), ("reason", "privilegeWithdrawn")]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("The certificate is being revoked"), "{}", answer.text());
    let revocation = row(&site, id).revocation().cloned().unwrap();
    assert_eq!(
        (revocation.reason, revocation.by),
        (RevocationReason::PrivilegeWithdrawn, Actor::approver(&approver()))
    );
    let again = site.post(&link, &json!({ "decision": "revoke", "reason": "superseded" })).await;
    assert_eq!(again.json()["revocation"]["reason"], "privilegeWithdrawn");
}

#[tokio::test]
async fn a_link_of_somebody_who_is_no_approver_any_more_revokes_nothing() {
    let site = Site::new();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let link = site.link(id);
    site.backend.set_policy(&trusting_policy().replace("approver@example.com", "other@example.com"));
    assert!(!site.browse(&link).await.text().contains("value=\"revoke\""));
    let body = json!({ "decision": "revoke", "reason": "superseded" });
    site.post(&link, &body).await.is_problem(404, "not_found");
    assert!(row(&site, id).revocation().is_none());
}

const URL: &str = "https://pki.example.com/revocations";

/// A delivered certificate and its key.
fn certified(site: &Site, kind: TestKey) -> (RequestId, TestKeyPair, Certificate) {
    let maker = CsrMaker::new(kind).names(&["www.example.com"]);
    let id = site.backend.certificate_for(&maker.pem(), Status::Delivered);
    let serial = row(site, id).serial().unwrap().to_string();
    let certificate = Certificate::from_pem(&site.backend.certificates()[&serial]).unwrap();
    (id, maker.key().clone(), certificate)
}

async fn post_jws(site: &Site, body: &Value) -> crate::site::Answer {
    site.call("POST", "/revocations", &[("content-type", "application/jose+json")], body.to_string()).await
}

#[tokio::test]
async fn whoever_holds_the_key_revokes_with_it_and_may_send_it_again() {
    let site = Site::new();
    for kind in [TestKey::EcP256, TestKey::EcP521, TestKey::Rsa2048, TestKey::Ed25519] {
        let (id, key, certificate) = certified(&site, kind);
        let body = jws::revocation(&key, certificate.der(), json!(1), URL);
        let answer = post_jws(&site, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(post_jws(&site, &body).await.json(), answer.json());
        let revocation = row(&site, id).revocation().cloned().unwrap();
        assert_eq!(
            (revocation.reason, revocation.by),
            (RevocationReason::KeyCompromise, Actor::key_holder())
        );
    }
}

#[tokio::test]
async fn a_proven_key_compromise_is_accepted_whatever_the_policy_says() {
    let site = Site::new();
    site.backend.set_policy(&format!("{}\n[revocation]\nkey_holder = []", trusting_policy()));
    let (id, key, certificate) = certified(&site, TestKey::EcP256);
    let of = |reason: Value| jws::revocation(&key, certificate.der(), reason, URL);
    post_jws(&site, &of(json!("superseded"))).await.is_problem(403, "revocation_not_allowed");
    assert!(row(&site, id).revocation().is_none());
    assert_eq!(post_jws(&site, &of(json!("keyCompromise"))).await.status, 200);
}

#[tokio::test]
async fn a_forged_proof_revokes_nothing_and_tells_nothing() {
    let site = Site::new();
    let (id, key, certificate) = certified(&site, TestKey::EcP256);
    let other = TestKeyPair::generate(TestKey::EcP256);
    let forged = jws::revocation(&other, certificate.der(), json!(1), URL);
    post_jws(&site, &forged).await.is_problem(422, "bad_signature");
    let elsewhere =
        jws::revocation(&key, certificate.der(), json!(1), "https://other.example.com/revocations");
    post_jws(&site, &elsewhere).await.is_problem(400, "bad_request");
    post_jws(&site, &jws::revocation(&key, certificate.der(), json!(7), URL))
        .await
        .is_problem(400, "bad_request");
    for body in [
        json!({}),
        json!({ "protected": "a", "payload": "b" }),
        json!({ "protected": 1, "payload": "", "signature": "" }),
    ] {
        assert!(post_jws(&site, &body).await.status.is_client_error());
    }
    // A certificate of another CA with the same serial, proven by its own key.
    let maker = pki::testing::CaMaker::new(TestKey::EcP256).serial(certificate.serial().octets());
    let foreign = jws::revocation(maker.key_pair(), &maker.root_der(), json!(1), URL);
    let same_serial = post_jws(&site, &foreign).await.is_problem(404, "not_found");
    let maker = pki::testing::CaMaker::new(TestKey::EcP256);
    let unknown = jws::revocation(maker.key_pair(), &maker.root_der(), json!(1), URL);
    assert_eq!(post_jws(&site, &unknown).await.is_problem(404, "not_found"), same_serial);
    assert!(row(&site, id).revocation().is_none() && site.backend.executions().is_empty());
}
