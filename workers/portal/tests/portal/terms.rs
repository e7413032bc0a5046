//! `kind=grant` at the paths of the form: every refusal has its code and its field and stores nothing; what is stored is what
//! was shown.

use proptest::prelude::*;
use serde_json::{Value, json};
use workflow::approval::LinkGiven;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::standing::RequestKind;
use workflow::testing::fixtures::{TERMS, standing_policy};
use workflow::testing::sign_in::{TestProvider, asking_requesters_to_sign_in};
use workflow::texts::Language;

use crate::approvers::inbox;
use crate::sign_ins::{self, Begun};
use crate::site::Site;

/// A site whose policy has standing approvals: at most 90 days and 500 certificates of the profile `server`.
fn site() -> Site {
    let site = Site::new();
    site.backend.set_policy(&standing_policy().replace("requesters = \"mail\"", "requesters = \"none\""));
    site
}

fn good() -> Value {
    json!({
        "kind": "grant",
        "email": "requester@example.com",
        "comment": "For the cluster.",
        "names": ["www.example.com", ".web.example.com"],
        "days": 30,
        "certificates": 20,
    })
}

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut body = good();
    body[field] = value.into();
    body
}

fn as_form(body: &Value) -> Vec<(&str, String)> {
    fn text(value: &Value) -> String {
        match value {
            Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join("\r\n"),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
    body.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), text(value))).collect()
}

#[tokio::test]
async fn a_program_and_a_browser_store_the_same_terms() {
    let browser = site();
    let body = good();
    let fields = as_form(&body);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.submit("/requests", &fields).await.status, 303);
    let program = site();
    let answer = program.post("/requests", &good()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (202, &json!("submitted")));
    for site in [&browser, &program] {
        let [request] = site.backend.requests().try_into().unwrap();
        let terms = request.terms().unwrap();
        assert_eq!(serde_json::to_value(terms).unwrap()["names"], good()["names"]);
        assert_eq!((terms.days(), terms.certificates()), (30, 20));
        assert_eq!((request.kind(), request.profile()), (RequestKind::Grant, "server"));
        assert_eq!(site.backend.executions().len(), 1);
        assert!(site.backend.standing(request.id()).is_none(), "asking allows nothing");
    }
}

#[tokio::test]
async fn a_preview_says_the_most_that_would_come_of_it_and_stores_nothing() {
    let site = site();
    let preview = site.post("/requests/preview", &good()).await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    let expected = json!({
        "kind": "grant", "profile": "server", "names": ["www.example.com", ".web.example.com"], "days": 30,
        "certificates": 20, "validityDays": 365,
    });
    assert_eq!(preview.json(), expected);
    let body = good();
    let fields = as_form(&body);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = site.submit("/requests/preview", &fields).await.is_page(200);
    assert!(page.contains("id=\"preview\"") && page.contains(".web.example.com"), "{page}");
    assert!(site.backend.requests().is_empty() && site.backend.executions().is_empty());
}

#[tokio::test]
async fn every_refusal_has_its_code_and_field_and_stores_nothing() {
    let cases = [
        ("email", json!(""), 400, "missing_field"),
        ("email", json!("nobody"), 422, "bad_email"),
        ("names", json!([]), 400, "missing_field"),
        ("names", json!(["www.not-allowed.com"]), 422, "name_not_allowed"),
        ("names", json!([7]), 422, "bad_name"),
        ("days", json!(0), 400, "bad_request"),
        ("days", json!(91), 413, "too_large"),
        ("days", json!("a month"), 400, "bad_request"),
        ("days", json!(-1), 400, "bad_request"),
        ("days", json!(1.5), 400, "bad_request"),
        ("days", json!(null), 400, "bad_request"),
        ("certificates", json!(501), 413, "too_large"),
        ("certificates", json!(4_294_967_296_u64), 400, "bad_request"),
        ("profile", json!("client"), 400, "bad_request"),
        ("profile", json!("no-such"), 422, "unknown_profile"),
        ("kind", json!("licence"), 400, "bad_request"),
    ];
    let site = site();
    for (field, value, status, code) in cases {
        let body = with(field, value.clone());
        for path in ["/requests", "/requests/preview"] {
            let problem = site.post(path, &body).await.is_problem(status, code);
            assert!(!problem["findings"][0]["advice"].as_str().unwrap().is_empty(), "{problem}");
            if let ["days" | "certificates"] = [field] {
                assert_eq!(problem["findings"][0]["field"], field, "{problem}");
            }
            if field == "kind" {
                continue;
            }
            let fields = as_form(&body);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let page = site.submit(path, &fields).await.is_page(status);
            assert!(
                page.contains("id=\"problems\"") && page.contains(&format!("href=\"#{field}\"")),
                "{page}"
            );
            assert!(page.contains("value=\"grant\""), "the form is that of a standing approval: {page}");
        }
    }
    assert!(site.backend.requests().is_empty() && site.backend.executions().is_empty());
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let body = json!({ "kind": "grant", "email": "x", "names": ["a b"], "days": 0, "certificates": "many" });
    let problem = site().post("/requests", &body).await.json();
    let codes: Vec<_> = problem["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert!(codes.len() >= 4, "{problem:#}");
}

#[tokio::test]
async fn a_private_key_in_any_field_is_dropped_and_named() {
    let site = site();
    let key = pki::testing::root().key_pem;
    for field in ["email", "comment", "profile", "names", "days", "certificates"] {
        let body = with(field, key.as_str());
        let problem = site.post("/requests", &body).await.is_problem(422, "private_key_submitted");
        assert!(!problem.to_string().contains("PRIVATE KEY-----\\n"), "{problem}");
        let fields = as_form(&body);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = site.submit("/requests", &fields).await.is_page(422);
        assert!(!page.contains("BEGIN PRIVATE KEY"), "{field}: {page}");
    }
    assert!(site.backend.requests().is_empty());
}

#[tokio::test]
async fn a_policy_without_standing_approvals_has_no_form_and_refuses() {
    let site = Site::new();
    let page = site.browse("/?kind=grant").await.is_page(200);
    assert!(!page.contains("name=\"certificates\"") && !page.contains("<form"), "{page}");
    site.post("/requests", &good()).await.is_problem(400, "bad_request");
    assert!(site.backend.requests().is_empty());
}

#[tokio::test]
async fn the_form_is_offered_and_filled_in_again() {
    let site = site();
    let page = site.browse("/?kind=grant").await.is_page(200);
    assert!(page.contains("name=\"certificates\"") && page.contains("90") && page.contains("500"), "{page}");
    assert!(!page.contains("name=\"csrContent\""), "{page}");
    site.browse("/?kind=licence").await.is_page(400);
    let answer = site.post("/requests", &good()).await.json();
    let path =
        answer["statusUrl"].as_str().unwrap().strip_prefix("https://pki.example.com").unwrap().to_owned();
    let again = path.replacen("/requests/", "/?again=", 1).replacen("?key=", "&key=", 1);
    let page = site.browse(&again).await.is_page(200);
    assert!(page.contains("www.example.com\n.web.example.com"), "{page}");
    assert!(page.contains("value=\"30\"") && page.contains("value=\"20\""), "{page}");
}

#[tokio::test]
async fn repeating_is_harmless_and_a_key_is_for_one_request() {
    let site = site();
    let mut body = good();
    body["idempotencyKey"] = json!("once");
    let first = site.post("/requests", &body).await.json();
    assert_eq!(site.post("/requests", &body).await.json()["id"], first["id"]);
    body["days"] = json!(31);
    site.post("/requests", &body).await.is_problem(422, "bad_request");
    let certificate = json!({
        "email": "requester@example.com",
        "csrContent": pki::testing::csr(&["www.example.com"]),
        "idempotencyKey": "once",
    });
    site.post("/requests", &certificate).await.is_problem(422, "bad_request");
    assert_eq!(site.backend.requests().len(), 1);
}

#[tokio::test]
async fn a_delivered_one_says_so_on_its_status_page_and_has_no_certificate() {
    let site = site();
    let id: RequestId = site.backend.granted(TERMS);
    let path = site.status_path(id, LinkGiven::ByMail).await;
    assert_eq!(site.get(&path).await.json()["status"], Status::Delivered.as_str());
    for language in Language::ALL {
        let page = site.browse_in(language, &path).await.is_page(200);
        assert!(page.contains(".web.example.com") && !page.contains("certificate.zip"), "{page}");
    }
    site.get(&path.replacen('?', "/certificate?", 1)).await.is_problem(404, "not_found");
    site.post(&path.replacen('?', "/revoke?", 1), &json!({ "reason": "superseded" }))
        .await
        .is_problem(409, "not_revocable");
}

#[tokio::test]
async fn the_list_of_an_approver_has_the_names_of_the_terms() {
    let site = site();
    site.backend.grant_at(Status::PendingApproval);
    let list = inbox(&site, "approver@example.com").await;
    let json = site.get(&list).await.json();
    assert_eq!(json["approvals"][0]["names"], json!(["www.example.com", ".web.example.com"]), "{json}");
    for language in Language::ALL {
        let page = site.browse_in(language, &list).await.is_page(200);
        assert!(page.contains(".web.example.com"), "{page}");
    }
}

/// A sign-in is asked for by the same pages; they say what it confirms or decides.
#[tokio::test]
async fn whoever_signs_in_reads_the_terms_before_the_button() {
    let (site, provider) = sign_ins::site().await;
    let standing = "\n[profiles.server.standing]\nmax = \"90d\"\nmost = 500\n";
    site.backend.set_policy(&format!("{}{standing}", sign_ins::policy()));
    let id = site.backend.grant_at(Status::PendingApproval);
    let link = site.link(id);
    for (decision, title) in [
        ("approve", "Confirm: let these certificates be issued"),
        ("reject", "Confirm: reject this standing approval"),
    ] {
        let digest = site.get(&link).await.json()["digest"].as_str().unwrap().to_owned();
        let fields = [("decision", decision), ("digest", &*digest), ("reason", "As agreed.")];
        let begun = Begun::of(&sign_ins::post_form(&site, &link, "", &fields).await);
        begun.finish(&site, &provider, |_| {});
        let page = begun.back(&site, &[]).await.is_page(200);
        for text in [title, "asks for this standing approval", ".web.example.com", "20 certificates"] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}

#[tokio::test]
async fn a_requester_who_signs_in_reads_the_terms_before_the_button() {
    let (site, provider) = (Site::new(), TestProvider::default());
    site.backend.set_policy(&asking_requesters_to_sign_in(&standing_policy()));
    provider.record(&site.backend).await;
    assert_eq!(site.post("/requests", &good()).await.json()["status"], "unconfirmed");
    let id = site.backend.requests()[0].id();
    let path = site.status_path(id, LinkGiven::ByMail).await.replace("?key=", "/confirm?key=");
    let begun = Begun::of(&sign_ins::post_form(&site, &path, "", &[]).await);
    begun.finish(&site, &provider, |claims| claims["email"] = "requester@example.com".into());
    let page = begun.back(&site, &[]).await.is_page(200);
    for text in ["request this standing approval", ".web.example.com", "20 certificates"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("<code></code>"), "terms have no CSR: {page}");
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => (1..=90_u32).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => "[0-9 +.,-]{0,12}".prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!([1])),
    ]
}

fn names() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        20 => "\\.?[a-z]{1,8}\\.example\\.com",
        1 => "\\PC{0,30}",
        1 => "[a-z0-9.*:/@-]{0,40}",
    ];
    prop_oneof![
        8 => proptest::collection::vec(name.clone(), 0..5).prop_map(Value::from),
        1 => name.prop_map(Value::from),
        1 => Just(json!([{ "a": 1 }, null, "www.example.com"])),
    ]
}

/// Any terms are either stored as they were written, or refused with a known code; about how many are stored is checked, so
/// that the property is not about refusals only.
#[test]
fn any_terms_are_stored_as_written_or_refused_in_words() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut stored, mut refused) = (0, 0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..300 {
        let mut make =
            |strategy: &dyn Fn(&mut proptest::test_runner::TestRunner) -> Value| strategy(&mut runner);
        let new = |values: BoxedStrategy<Value>| {
            move |runner: &mut proptest::test_runner::TestRunner| values.new_tree(runner).unwrap().current()
        };
        let (names, days) = (make(&new(names().boxed())), make(&new(number().boxed())));
        let certificates = make(&new(number().boxed()));
        let site = site();
        let mut body = good();
        (body["names"], body["days"], body["certificates"]) = (names, days, certificates);
        let answer = runtime.block_on(site.post("/requests", &body));
        let requests = site.backend.requests();
        if answer.status == 202 {
            stored += 1;
            let terms = requests[0].terms().unwrap();
            let written =
                |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).unwrap();
            assert_eq!(u64::from(terms.days()), written(&body["days"]), "{body}");
            assert_eq!(u64::from(terms.certificates()), written(&body["certificates"]), "{body}");
            assert!((1..=90).contains(&terms.days()) && (1..=500).contains(&terms.certificates()));
        } else {
            refused += 1;
            assert!(answer.status.is_client_error() && requests.is_empty(), "{body} {}", answer.text());
            assert!(answer.json()["code"].as_str().unwrap().parse::<Code>().is_ok(), "{}", answer.text());
        }
    }
    assert!(stored >= 30 && refused >= 30, "{stored} stored, {refused} refused");
}
