//! Renewals by their requester: the page, the submission, and the review.

use pki::testing as test_pki;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::decision::Outcome;
use workflow::ids::RequestId;
use workflow::ports::{Clock, LinkSecrets};
use workflow::request::Status;
use workflow::testing::trusting_policy;
use workflow::texts::Language;

use crate::site::{Site, with};

async fn key(site: &Site, id: RequestId, given: LinkGiven) -> String {
    site.backend.secret().await.unwrap().status_key(id, given).expose().to_owned()
}

/// A submission that renews this request, with the key of its link.
async fn renewing(site: &Site, old: RequestId) -> Value {
    let mut body = with("replaces", old.to_string());
    body["replacesKey"] = key(site, old, LinkGiven::ByMail).await.into();
    body
}

#[tokio::test]
async fn a_certificate_is_renewed_from_its_page() {
    let site = Site::new();
    let (old, path) = site.request_at(Status::Delivered).await;
    let status = site.browse(&path).await.is_page(200);
    let link = format!("?renew={}", old.id());
    assert!(status.contains(&link), "{status}");
    assert!(!status.contains("?again="), "{status}");

    let key = key(&site, old.id(), LinkGiven::ByMail).await;
    let form = site.browse(&format!("/{link}&key={key}")).await.is_page(200);
    for shown in [
        "Renew a certificate",
        "-subj &#39;/CN=www.example.com&#39;",
        "subjectAltName=DNS:www.example.com",
        "For the web shop.",
        "value=\"requester@example.com\"",
        &format!("name=\"replaces\" value=\"{}\"", old.id()),
        &format!("name=\"replacesKey\" value=\"{key}\""),
    ] {
        assert!(form.contains(shown), "{shown}: {form}");
    }
    assert!(!form.contains(&old.csr_content().unwrap()[..60]), "the key is to be a new one");

    let csr = test_pki::csr(&["www.example.com"]);
    let old_id = old.id().to_string();
    let fields = [
        ("email", "requester@example.com"),
        ("csrContent", csr.as_str()),
        ("profile", "server"),
        ("comment", "For the web shop."),
        ("replaces", old_id.as_str()),
        ("replacesKey", key.as_str()),
    ];
    let answer = site.submit("/requests", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let renewal = site.backend.requests().into_iter().find(|row| row.id() != old.id()).unwrap();
    assert_eq!(renewal.replaces(), Some(old.id()));
    let status = site.get(&site.status_path(renewal.id(), LinkGiven::InAnswer).await).await.json();
    assert_eq!(status["replaces"], old_id);
    assert!(site.get(&path).await.json().get("replaces").is_none());
}

#[tokio::test]
async fn my_certificates_have_the_link_while_a_certificate_can_be_renewed() {
    let site = Site::new();
    let (old, path) = site.request_at(Status::Delivered).await;
    let link = format!("?renew={}", old.id());
    for (days, is_there) in [(0, true), (370, true), (30, false)] {
        site.backend.advance(Duration::days(days));
        let until = site.backend.now() + Duration::HOUR;
        let key = site.backend.secret().await.unwrap().overview_key(old.id(), until);
        let mine = site.browse(&format!("/mine/{}", key.expose())).await.is_page(200);
        assert_eq!(mine.contains(&link), is_there, "after {days} days more: {mine}");
        let status = site.browse(&path).await.is_page(200);
        assert_eq!((status.contains(&link), status.contains("?again=")), (is_there, !is_there));
    }
    let key = key(&site, old.id(), LinkGiven::InAnswer).await;
    let late = site.browse(&format!("/{link}&key={key}")).await.is_page(400);
    assert!(late.contains("The certificate ended on"), "{late}");
    for status in [Status::PendingApproval, Status::Rejected, Status::Withdrawn, Status::Failed] {
        let (_, path) = site.request_at(status).await;
        assert!(!site.browse(&path).await.is_page(200).contains("?renew="), "{status}");
    }
}

#[tokio::test]
async fn a_renewal_needs_the_link_of_the_certificate_and_its_requester() {
    let site = Site::new();
    let (old, _) = site.request_at(Status::Delivered).await;
    let (pending, _) = site.request_at(Status::PendingApproval).await;
    let good = renewing(&site, old.id()).await;
    let altered = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let of_pending = key(&site, pending.id(), LinkGiven::ByMail).await;
    let mut not_issued = altered("replaces", pending.id().to_string().into());
    not_issued["replacesKey"] = of_pending.clone().into();
    let cases = [
        ("no key", altered("replacesKey", Value::Null), "missing_field"),
        ("no id", altered("replaces", Value::Null), "missing_field"),
        ("a wrong key", altered("replacesKey", "wrong".into()), "bad_request"),
        ("the key of another request", altered("replacesKey", of_pending.into()), "bad_request"),
        ("no id of a request", altered("replaces", "42".into()), "bad_request"),
        ("an unknown request", altered("replaces", RequestId::random().to_string().into()), "bad_request"),
        ("another address", altered("email", "mallory@example.com".into()), "bad_request"),
        ("a request without a certificate", not_issued, "bad_request"),
    ];
    let stored = site.backend.requests().len();
    let mut details = Vec::new();
    for (what, body, code) in cases {
        let problem = site.post("/requests", &body).await.is_problem(400, code);
        details.push((what, problem["detail"].as_str().unwrap().to_owned()));
    }
    assert_eq!(site.backend.requests().len(), stored);
    let unknown: Vec<&String> = details[2..6].iter().map(|(_, detail)| detail).collect();
    assert!(unknown.windows(2).all(|two| two[0] == two[1]), "they tell nothing: {unknown:?}");
    assert!(details[0].1.contains("Send the key of the link"), "{details:?}");
    assert!(details[6].1.contains("belongs to another e-mail address"), "{details:?}");
    assert!(details[7].1.contains("waiting for approval"), "{details:?}");
    let answer = site.post("/requests", &altered("email", "Requester+ca@example.com".into())).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
}

#[tokio::test]
async fn the_answered_link_of_a_confirmed_request_renews_nothing() {
    let site = Site::with_confirmation();
    let (old, _) = site.request_at(Status::Delivered).await;
    site.backend.alter(old.id(), |row| {
        let mut first = row.history[0].clone();
        first.status = Status::Unconfirmed;
        row.history.insert(0, first);
    });
    let answered = key(&site, old.id(), LinkGiven::InAnswer).await;
    let mut body = renewing(&site, old.id()).await;
    body["replacesKey"] = answered.clone().into();
    site.post("/requests", &body).await.is_problem(400, "bad_request");
    let page = format!("/?renew={}&key={answered}", old.id());
    site.get(&page).await.is_problem(403, "bad_request");
    let body = renewing(&site, old.id()).await;
    assert_eq!(site.post("/requests", &body).await.status, 202);
}

#[tokio::test]
async fn the_old_key_is_refused_and_the_form_comes_back_with_the_command() {
    let site = Site::new();
    let (old, _) = site.request_at(Status::Delivered).await;
    let mut body = renewing(&site, old.id()).await;
    body["csrContent"] = old.csr_content().into();
    for path in ["/requests", "/requests/preview"] {
        site.post(path, &body).await.is_problem(422, "same_key");
    }
    let fields: Vec<(&str, &str)> = body
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let page = site.submit("/requests", &fields).await.is_page(422);
    for shown in
        ["This is the key of the certificate to renew.", "openssl req -new", "name=\"replacesKey\" value=\""]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let page = site.submit_in(Language::Japanese, "/requests", &fields).await.is_page(422);
    assert!(page.contains("これは更新する証明書と同じ鍵です。"), "{page}");

    site.backend
        .set_policy(&trusting_policy().replace("[lifecycle]", "[lifecycle]\nrenewal.same_key = \"warn\""));
    let preview = site.post("/requests/preview", &body).await.json();
    assert_eq!(preview["findings"][0]["code"], "same_key");
    assert_eq!(preview["findings"][0]["severity"], "warning");
    assert_eq!(site.post("/requests", &body).await.status, 202);
}

#[tokio::test]
async fn the_review_of_a_renewal_says_what_changed_and_one_approval_is_enough() {
    let site = Site::new();
    let two = trusting_policy()
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]")
        .replace("quorum = 1 ", "quorum = 2 ");
    let (old, _) = site.request_at(Status::Delivered).await;
    let (other, mut reviews) = ("other@example.com", Vec::new());
    for names in [&["www.example.com"][..], &["www.example.com", "new.example.com"]] {
        let renewal = site.backend.renewal_at(&test_pki::csr(names), Status::PendingApproval, old.id());
        reviews.push((renewal.id(), site.link(renewal.id())));
    }
    site.backend.set_policy(&two.replace("[lifecycle]", "[lifecycle]\nrenewal.approvals = 1"));

    let (same, link) = &reviews[0];
    let review = site.get(link).await.json();
    assert_eq!(review["renews"]["replaces"], old.id().to_string());
    assert_eq!(review["renews"]["serial"], old.serial().unwrap().to_string());
    assert_eq!((review["renews"]["namesAdded"].clone(), review["quorum"].clone()), (json!([]), json!(1)));
    let page = site.browse(link).await.is_page(200);
    assert!(page.contains("Only the key and the dates are new."), "{page}");
    let (more, link_of_more) = &reviews[1];
    let review_of_more = site.get(link_of_more).await.json();
    assert_eq!(review_of_more["renews"]["namesAdded"], json!(["new.example.com"]));
    assert_eq!(review_of_more["quorum"], 2);
    let page = site.browse(link_of_more).await.is_page(200);
    assert!(page.contains("Changed since the last one: 1 name added"), "{page}");
    let page = site.browse_in(Language::Japanese, link_of_more).await.is_page(200);
    assert!(page.contains("前回からの変更: 名前を1件追加"), "{page}");

    let vote = |review: &Value| json!({"decision": "approve", "digest": review["digest"]});
    assert_eq!(site.post(link, &vote(&review)).await.status, 200);
    assert_eq!(site.backend.approval(*same).unwrap().outcome, Some(Outcome::Approved));
    assert_eq!(site.post(link_of_more, &vote(&review_of_more)).await.status, 200);
    assert_eq!(site.backend.approval(*more).unwrap().outcome, None, "{other} has not voted");
}

#[tokio::test]
async fn a_review_that_was_opened_before_the_revocation_cannot_be_voted_on() {
    let site = Site::new();
    let (old, _) = site.request_at(Status::Delivered).await;
    let csr = test_pki::csr(&["www.example.com"]);
    let renewal = site.backend.renewal_at(&csr, Status::PendingApproval, old.id());
    let link = site.link(renewal.id());
    let review = site.get(&link).await.json();
    site.backend.alter(old.id(), |row| row.status = Status::Revoked);
    let vote = json!({"decision": "approve", "digest": review["digest"]});
    site.post(&link, &vote).await.is_problem(409, "already_decided");
    let page = site.browse(&link).await.is_page(200);
    assert!(page.contains("which has been revoked"), "{page}");
    let review = site.get(&link).await.json();
    assert_eq!(review["renews"]["revoked"], true);
}

#[tokio::test]
async fn a_requester_never_approves_their_own_renewal() {
    let site = Site::new();
    let policy = trusting_policy()
        .replace("[lifecycle]", "[lifecycle]\nrenewal.approvals = 1")
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"requester@example.com\"]");
    site.backend.set_policy(&policy);
    let (old, _) = site.request_at(Status::Delivered).await;
    let csr = test_pki::csr(&["www.example.com"]);
    let renewal = site.backend.renewal_at(&csr, Status::PendingApproval, old.id());
    let own = site.link_of(renewal.id(), "requester+ca@example.com");
    site.get(&own).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn the_same_submission_for_another_certificate_is_another_request() {
    let site = Site::new();
    let (old, _) = site.request_at(Status::Delivered).await;
    let mut body = renewing(&site, old.id()).await;
    body["idempotencyKey"] = "key-1".into();
    let first = site.post("/requests", &body).await.json();
    assert_eq!(site.post("/requests", &body).await.json()["id"], first["id"]);
    body.as_object_mut().unwrap().retain(|field, _| !field.starts_with("replaces"));
    site.post("/requests", &body).await.is_problem(422, "bad_request");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_proof_of_a_renewal_but_the_right_one_is_refused(id in "\\PC{0,50}", proof in "[ -~]{0,60}", is_real in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let site = Site::new();
        let old = site.backend.request_at(Status::Delivered);
        let mut body = with("replaces", if is_real { old.to_string() } else { id.clone() });
        body["replacesKey"] = proof.clone().into();
        let answer = runtime.block_on(site.post("/requests", &body));
        // Blank fields are absent ones.
        let is_plain = !is_real && id.trim().is_empty() && proof.trim().is_empty();
        prop_assert_eq!(answer.status.as_u16(), if is_plain { 202 } else { 400 }, "{}", answer.text());
        prop_assert!(site.backend.requests().iter().all(|row| row.replaces().is_none()));
        let page = runtime.block_on(site.browse(&format!("/?renew={old}&key=x")));
        prop_assert_eq!(page.status.as_u16(), 404);
    }
}
