//! Requesters who sign in: from the page after the form to the identity provider, back, and to the confirmation.

use http::StatusCode;
use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use serde_json::{Value, json};
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::ports::Clock as _;
use workflow::request::{CONFIRMATION_PERIOD, Request, Status};
use workflow::testing::passkeys::base_url;
use workflow::testing::sign_in::{ISSUER, TestProvider, asking_for_sign_ins, asking_requesters_to_sign_in};

use crate::sign_ins::{Begun, post_form, says};
use crate::site::{JSON, Site, good};

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const REQUESTER: &str = "requester@example.com";

/// A site whose policy has requesters sign in, the provider, and an unconfirmed request.
async fn waiting() -> (Site, TestProvider, Request) {
    let (site, provider) = (Site::new(), TestProvider::default());
    site.backend.set_policy(&asking_requesters_to_sign_in(POLICY));
    provider.record(&site.backend).await;
    let answer = site.post("/requests", &good()).await;
    assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::ACCEPTED, &json!("unconfirmed")));
    let [row] = site.backend.requests().try_into().unwrap();
    assert_eq!(site.backend.rechecks(), [RecheckMessage::mail(row.id(), MailKind::Confirm)], "the way back");
    (site, provider, row)
}

async fn confirm_path(site: &Site, row: &Request, given: LinkGiven) -> String {
    site.status_path(row.id(), given).await.replace("?key=", "/confirm?key=")
}

async fn begin(site: &Site, row: &Request, given: LinkGiven) -> Begun {
    Begun::of(&post_form(site, &confirm_path(site, row, given).await, "", &[]).await)
}

fn finish(begun: &Begun, site: &Site, provider: &TestProvider, change: impl FnOnce(&mut Value)) -> String {
    begun.finish(site, provider, |claims| {
        claims["email"] = REQUESTER.into();
        change(claims);
    })
}

fn row(site: &Site, row: &Request) -> Request {
    site.backend.request(row.id()).unwrap()
}

#[tokio::test]
async fn a_requester_signs_in_and_then_confirms() {
    for given in [LinkGiven::InAnswer, LinkGiven::ByMail] {
        let (site, provider, asked) = waiting().await;
        let status = site.status_path(asked.id(), given).await;
        let page = site.browse(&status).await.is_page(200);
        assert!(page.contains("Sign in to confirm") && page.contains(REQUESTER), "{page}");
        assert!(!page.contains("http-equiv=\"refresh\""), "a reload takes nobody away from the button");

        let begun = begin(&site, &asked, given).await;
        let key = status.split("key=").nth(1).unwrap();
        assert!(!begun.page.contains(key) && begun.page.contains("Sign in to confirm"), "{}", begun.page);
        assert_eq!((&*begun.asked["login_hint"], begun.asked["nonce"].len()), (REQUESTER, 43));
        let token = finish(&begun, &site, &provider, |_| {});
        let page = begun.back(&site, &[]).await.is_page(200);
        assert!(page.contains("Confirm: this is my request") && page.contains("www.example.com"), "{page}");
        assert!(page.contains("Nothing is confirmed yet") && !page.contains(key), "{page}");
        assert_eq!(row(&site, &asked).status(), Status::Unconfirmed, "GET confirms nothing");

        let confirmed = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
        assert_eq!((confirmed.status, confirmed.header("location")), (StatusCode::SEE_OTHER, &*status));
        assert!(confirmed.header("set-cookie").contains("Max-Age=0"));
        let kept = row(&site, &asked);
        assert_eq!(kept.status(), Status::Submitted);
        assert_eq!(kept.requester_evidence().unwrap().id_token, token);
        // Once more: the same.
        let again = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER);
        assert_eq!(row(&site, &asked), kept);
        assert_eq!((site.backend.executions().len(), site.backend.audit(asked.id()).len()), (1, 2));
        let shown = site.get(&status).await.text();
        assert!(!shown.contains(&token), "{shown}");
    }
}

#[tokio::test]
async fn each_wrong_sign_in_has_its_sentence_and_confirms_nothing() {
    type Change = fn(&mut Value);
    let (site, provider, asked) = waiting().await;
    let begun = begin(&site, &asked, LinkGiven::InAnswer).await;
    let wrong: [(Change, &str); 7] = [
        (|claims| claims["email"] = "other@example.com".into(), "somebody else than requester@example.com"),
        (|claims| claims["email"] = "requester+x@example.com".into(), "somebody else than"),
        (|claims| claims["email_verified"] = false.into(), "verified your address"),
        (|claims| claims["email"] = Value::Null, "which address is yours"),
        (|claims| claims["nonce"] = "other".into(), "used"),
        (|claims| claims["iss"] = "https://id.example.org".into(), "from another issuer"),
        (|claims| claims["exp"] = 1_000_000_000_i64.into(), "has expired"),
    ];
    for (change, text) in wrong {
        let token = finish(&begun, &site, &provider, change);
        says(&begun.back(&site, &[]).await, 403, text);
        says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 403, text);
    }
    let token = finish(&begun, &site, &provider, |_| {});
    says(&begun.back_with(&site, "", &[]).await, 403, "begin in this browser");
    says(&begun.back(&site, &[("state", Some("x"))]).await, 403, "belong to the sign-in");
    says(
        &begun.back(&site, &[("iss", Some("https://id.example.org"))]).await,
        403,
        "another sign-in service",
    );
    // The token of a sign-in for another request of the same person.
    site.post("/requests", &good()).await;
    let other = site.backend.requests().into_iter().find(|one| one.id() != asked.id()).unwrap();
    let elsewhere = begin(&site, &other, LinkGiven::ByMail).await;
    says(&post_form(&site, "/signed-in", &elsewhere.cookie, &[("idToken", &token)]).await, 403, "used");
    let headers = [JSON, ("cookie", &*begun.cookie), ("sec-fetch-site", "cross-site")];
    let crossed = site.call("POST", "/signed-in", &headers, json!({"idToken": token}).to_string()).await;
    assert_eq!(crossed.status, StatusCode::FORBIDDEN);
    assert_eq!(row(&site, &asked).status(), Status::Unconfirmed);
    assert!(site.backend.executions().is_empty());
}

#[tokio::test]
async fn a_link_confirms_nothing_by_itself() {
    let (site, _, asked) = waiting().await;
    for given in [LinkGiven::InAnswer, LinkGiven::ByMail] {
        let path = confirm_path(&site, &asked, given).await;
        for body in [String::new(), json!({}).to_string()] {
            let headers = [("content-type", "application/json")];
            site.call("POST", &path, &headers, body).await.is_problem(403, "sign_in_needed");
        }
        site.call("POST", &path, &[("content-type", "application/json")], "{")
            .await
            .is_problem(400, "bad_request");
        for method in ["GET", "HEAD"] {
            assert_eq!(site.call(method, &path, &[], "").await.status, StatusCode::OK);
        }
    }
    assert_eq!(row(&site, &asked), asked);
}

#[tokio::test]
async fn a_program_confirms_with_an_id_token() {
    let (site, provider, asked) = waiting().await;
    let status = site.status_path(asked.id(), LinkGiven::InAnswer).await;
    let view = site.get(&status).await.json();
    assert_eq!(view["confirmation"]["identity"], "oidc");
    assert_eq!(view["confirmation"]["digest"], workflow::request::RequestDigest::of(&asked).as_str());
    let path = status.replace("?key=", "/confirm?key=");
    let evidence = provider.requester_evidence(&base_url(), &asked, REQUESTER, site.backend.now());
    let wrong = json!({"idToken": evidence.id_token, "nonce": "other"});
    site.post(&path, &wrong).await.is_problem(403, "sign_in_refused");
    let body = json!({"idToken": evidence.id_token, "nonce": evidence.nonce});
    for _ in 0..2 {
        let answer = site.post(&path, &body).await;
        assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::OK, &json!("submitted")));
    }
    assert_eq!(site.backend.executions().len(), 1);
    assert_eq!(site.get(&status).await.json()["confirmation"], Value::Null);
}

#[tokio::test]
async fn a_token_for_a_vote_confirms_nothing() {
    let (site, provider, asked) = waiting().await;
    let begun = begin(&site, &asked, LinkGiven::InAnswer).await;
    site.backend.set_policy(POLICY);
    let (pending, link) = site.pending();
    site.backend.set_policy(&asking_for_sign_ins(&asking_requesters_to_sign_in(POLICY)).replacen(
        &format!("oidc = {{ issuer = \"{ISSUER}\", client_id = \"countersign\" }}\n"),
        "",
        1,
    ));
    let digest = site.shown(pending);
    let fields = [("decision", "approve"), ("digest", &*digest)];
    let vote = Begun::of(&post_form(&site, &link, "", &fields).await);
    let token = finish(&vote, &site, &provider, |_| {});
    says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 403, "used");
    let token = begun.finish(&site, &provider, |_| {});
    says(
        &post_form(&site, "/signed-in", &vote.cookie, &[("idToken", &token)]).await,
        403,
        "another decision",
    );
    assert_eq!(row(&site, &asked).status(), Status::Unconfirmed);
    assert!(site.backend.approval(pending).unwrap().votes.is_empty());
}

/// The policy in force decides: a sign-in that began before the change confirms nothing by the link of the answer.
#[tokio::test]
async fn a_policy_that_changes_meanwhile_opens_no_way_around_the_mail() {
    let (site, provider, asked) = waiting().await;
    let begun = begin(&site, &asked, LinkGiven::InAnswer).await;
    let token = finish(&begun, &site, &provider, |_| {});
    let settings = format!("[people]\noidc = {{ issuer = \"{ISSUER}\", client_id = \"countersign\" }}");
    site.backend.set_policy(&POLICY.replace("[people]", &settings));
    says(&begun.back(&site, &[]).await, 404, "link");
    says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 404, "link");
    assert_eq!(row(&site, &asked).status(), Status::Unconfirmed);
    let mailed = confirm_path(&site, &asked, LinkGiven::ByMail).await;
    assert_eq!(site.submit(&mailed, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(row(&site, &asked).requester_evidence(), None);
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_fetched_and_the_button_tries_again() {
    let (site, _, asked) = waiting().await;
    let begun = begin(&site, &asked, LinkGiven::InAnswer).await;
    let rotated = TestProvider { key: ProviderKeyPair::new(JwsAlgorithm::Rs256, "k2") };
    let token = finish(&begun, &site, &rotated, |_| {});
    says(&begun.back(&site, &[]).await, 200, "Press the button again");
    let early = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
    says(&early, 503, "Press the button again");
    assert!(early.text().contains(&token), "nothing is lost");
    assert_eq!(site.backend.rechecks().iter().filter(|one| one.provider_keys).count(), 2);
    rotated.record(&site.backend).await;
    let confirmed = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_does_not_sign_in_in_time_is_told() {
    let (site, provider, asked) = waiting().await;
    site.backend.advance(CONFIRMATION_PERIOD - Duration::minutes(5));
    let begun = begin(&site, &asked, LinkGiven::InAnswer).await;
    site.backend.advance(Duration::minutes(5));
    let token = finish(&begun, &site, &provider, |_| {});
    let late = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
    says(&late, 410, "time to confirm");
    let path = confirm_path(&site, &asked, LinkGiven::InAnswer).await;
    says(&post_form(&site, &path, "", &[]).await, 410, "time to confirm");
    let page = site.browse(&site.status_path(asked.id(), LinkGiven::InAnswer).await).await.is_page(200);
    assert!(page.contains("confirmed in time") && !page.contains("Sign in to confirm"), "{page}");
    assert_eq!(row(&site, &asked), asked);
}

#[tokio::test]
async fn a_sign_in_that_would_be_in_vain_does_not_begin() {
    let (site, _, asked) = waiting().await;
    site.backend.set_policy(POLICY);
    site.backend.request_at(Status::PendingApproval);
    let policy = asking_requesters_to_sign_in(POLICY).replace("pending_limit = 200", "pending_limit = 1");
    site.backend.set_policy(&policy);
    let path = confirm_path(&site, &asked, LinkGiven::InAnswer).await;
    assert_eq!(post_form(&site, &path, "", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    site.backend.set_policy(&asking_requesters_to_sign_in(POLICY));
    site.backend.fail_next("identity provider", 1);
    says(&post_form(&site, &path, "", &[]).await, 503, "answer. Nothing was decided");
}
