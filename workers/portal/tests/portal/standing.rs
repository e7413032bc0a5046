//! A standing approval on the page of its requester: credential, list and end.

use pki::testing as test_pki;
use serde_json::{Value, json};
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::approval::credential::BearerCredential;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::ports::Clock as _;
use workflow::request::audit::{Actor, EventKind, Origin};
use workflow::request::{Status, verify_request};
use workflow::store::{StandingEnding, end_standing};
use workflow::testing::fixtures::{TERMS, standing_policy};
use workflow::texts::Language;

use crate::site::{Answer, Site};

/// A site with a standing approval, and the path of its page by the mailed link.
pub(crate) async fn granted() -> (Site, RequestId, String) {
    let site = Site::with_confirmation();
    site.backend.set_policy(&standing_policy());
    let id = site.backend.granted(TERMS);
    let path = site.status_path(id, LinkGiven::ByMail).await;
    (site, id, path)
}

/// The path of an act on a standing approval.
pub(crate) fn act(path: &str, act: &str) -> String {
    path.replacen('?', &format!("/{act}?"), 1)
}

/// Sign ends the standing approval, as its requester ordered.
async fn sign_ends(site: &Site, id: RequestId) {
    let backend = &*site.backend;
    let row = backend.request(id).unwrap();
    let reason = row.end_asked().unwrap().reason.clone();
    let by = Origin::caller(Actor::requester(row.email()), None);
    let ports = StandingEnding { standing: backend, requests: backend, writer: backend };
    end_standing(ports, id, &by, &reason, backend.now()).await.unwrap();
}

fn made(site: &Site, id: RequestId) -> usize {
    site.backend.audit(id).iter().filter(|event| event.event == EventKind::CredentialMade).count()
}

#[tokio::test]
async fn a_program_gets_a_credential_that_takes_the_place_of_the_one_before() {
    let (site, id, path) = granted().await;
    let answer = site.post(&act(&path, "credential"), &json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let first = answer.json();
    assert_eq!((&first["number"], &first["id"]), (&json!(1), &json!(id.to_string())));
    assert_eq!(first["eabKeyId"], format!("{id}.1"));
    assert_eq!(first["acmeDirectory"], "https://pki.example.com/acme/directory");
    let opens = |answer: &Value| {
        let bearer = BearerCredential::parse(answer["credential"].as_str().unwrap()).unwrap();
        bearer.is_latest_of(&site.backend.request(id).unwrap())
    };
    assert!(opens(&first));
    // Neither a body nor its type is needed.
    let second = site.call("POST", &act(&path, "credential"), &[], "").await.json();
    assert_eq!((&second["number"], opens(&second), opens(&first)), (&json!(2), true, false));
    assert_ne!(first["eabHmacKey"], second["eabHmacKey"]);
    let view = site.get(&path).await.json();
    assert_eq!(view["standing"]["credential"]["number"], 2);
    let row = site.backend.request(id).unwrap();
    let event = site.backend.audit(id).pop().unwrap();
    assert_eq!((event.event, event.actor), (EventKind::CredentialMade, Actor::requester(row.email())));
    assert_eq!(verify_request(&row, &site.backend.audit(id)), []);
}

#[tokio::test]
async fn a_browser_is_told_first_and_shown_the_credential_once() {
    let (site, id, path) = granted().await;
    for language in Language::ALL {
        let page = site.browse_in(language, &path).await.is_page(200);
        assert!(page.contains(&language.text("credential-make")), "{page}");
    }
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("name=\"number\" value=\"0\"") && !page.contains("There is one already"), "{page}");
    let answer = site.submit(&act(&path, "credential"), &[("number", "0")]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let shown = answer.is_page(200);
    let key_id = format!("{id}.1");
    for text in [
        "shown once",
        "--eab-kid",
        &key_id,
        "--eab --kid",
        "--hmac",
        "Authorization: Bearer",
        "acme/directory",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(shown.contains("-d &#39;www.example.com&#39;"), "the example is a name that is covered: {shown}");
    // A reload sends the form again, and makes no second one in secret.
    site.submit(&act(&path, "credential"), &[("number", "0")]).await.is_page(409);
    site.post(&act(&path, "credential"), &json!({ "number": 0 })).await.is_problem(409, "already_decided");
    let page = site.browse(&path).await.is_page(200);
    assert!(
        page.contains("No. 1, made on") && page.contains("programs that send the old one are refused"),
        "{page}"
    );
    assert!(page.contains("name=\"number\" value=\"1\"") && !page.contains(&key_id), "{page}");
    assert_eq!(made(&site, id), 1);
    site.submit(&act(&path, "credential"), &[("number", "1")]).await.is_page(200);
    assert_eq!(made(&site, id), 2);
}

#[tokio::test]
async fn reading_makes_no_credential() {
    let (site, id, path) = granted().await;
    for method in ["GET", "HEAD"] {
        for act_name in ["credential", "end"] {
            assert_eq!(site.call(method, &act(&path, act_name), &[], "").await.status, 405);
        }
        assert_eq!(site.call(method, &path, &[], "").await.status, 200);
    }
    let row = site.backend.request(id).unwrap();
    assert!(row.credential().is_none() && row.end_asked().is_none());
}

#[tokio::test]
async fn only_the_mailed_link_and_our_own_page_make_or_end() {
    let (site, id, path) = granted().await;
    let body = json!({ "reason": "Over." });
    for trusting in [false, true] {
        if trusting {
            // Where requesters need not confirm, whoever sent the form opens certificates, and still makes no credential.
            site.backend.trust_requesters();
            site.backend
                .set_policy(&standing_policy().replace("requesters = \"mail\"", "requesters = \"none\""));
        }
        let answered = site.status_path(id, LinkGiven::InAnswer).await;
        for one in ["credential", "end"] {
            site.post(&act(&answered, one), &body).await.is_problem(403, "bad_request");
            site.post(&format!("/requests/{id}/{one}?key=x"), &body).await.is_problem(404, "not_found");
            let cross = [("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
            site.call("POST", &act(&path, one), &cross, body.to_string())
                .await
                .is_problem(403, "bad_request");
        }
        let page = site.browse(&answered).await.is_page(200);
        assert!(!page.contains("/credential?") && !page.contains("/end?"), "{page}");
        assert!(page.contains("It makes no credentials"), "{page}");
        assert!(site.get(&answered).await.json()["standing"]["certificates"].is_null());
    }
    let row = site.backend.request(id).unwrap();
    assert!(row.credential().is_none() && row.end_asked().is_none() && site.backend.rechecks().is_empty());
}

#[tokio::test]
async fn what_has_no_living_standing_approval_gets_no_credential() {
    let (site, id, path) = granted().await;
    for other in [site.backend.grant_at(Status::PendingApproval), site.backend.request_at(Status::Delivered)]
    {
        let other = site.status_path(other, LinkGiven::ByMail).await;
        site.post(&act(&other, "credential"), &json!({})).await.is_problem(404, "not_found");
        site.post(&act(&other, "end"), &json!({ "reason": "Over." })).await.is_problem(404, "not_found");
        assert!(!site.browse(&other).await.is_page(200).contains("/credential?"));
    }
    site.post(&act(&path, "credential"), &json!({ "number": "one" })).await.is_problem(400, "bad_request");
    site.post(&act(&path, "credential"), &json!({ "number": -1 })).await.is_problem(400, "bad_request");
    site.backend.advance(Duration::days(30));
    site.post(&act(&path, "credential"), &json!({})).await.is_problem(409, "grant_over");
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("The standing approval is over") && !page.contains("/credential?"), "{page}");
    assert_eq!(made(&site, id), 0);
}

#[tokio::test]
async fn a_service_that_does_not_answer_leaves_the_credential_before() {
    let (site, id, path) = granted().await;
    site.post(&act(&path, "credential"), &json!({})).await;
    let before = site.backend.request(id).unwrap().credential().cloned();
    for port in ["standing", "policies", "requests"] {
        site.backend.fail_next(port, 1);
        site.post(&act(&path, "credential"), &json!({})).await.is_problem(503, "try_again");
    }
    assert_eq!(site.backend.request(id).unwrap().credential().cloned(), before);
}

#[tokio::test]
async fn secrets_are_in_the_one_answer_and_in_no_log_row_or_trail() {
    let (site, id, path) = granted().await;
    let made = site.post(&act(&path, "credential"), &json!({})).await.json();
    let secret = |name: &str| made[name].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let row = serde_json::to_string(&site.backend.request(id).unwrap()).unwrap();
    let trail = serde_json::to_string(&site.backend.audit(id)).unwrap();
    let (page, view) = (site.browse(&path).await.text(), site.get(&path).await.text());
    for secret in [secret("credential"), secret("eabHmacKey")] {
        for place in [&row, &trail, &page, &view] {
            assert!(!place.contains(&secret), "{place}");
        }
    }
}

#[tokio::test]
async fn the_page_lists_what_was_issued_with_links_to_it() {
    let (site, id, path) = granted().await;
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("None so far.") && page.contains("0 of 20"), "{page}");
    let under: Vec<RequestId> = (0..7)
        .map(|number| {
            site.backend.advance(Duration::MINUTE);
            site.backend.issued_under(id, &test_pki::csr(&[&format!("h{number}.web.example.com")]))
        })
        .collect();
    site.backend.alter(under[6], |row| row.status = Status::Revoked);
    site.backend.alter(under[5], |row| (row.status, row.signed_date) = (Status::Failed, None));
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("7 of 20") && page.contains("2 more</summary>"), "{page}");
    let place = |host: &str| page.find(host).unwrap_or_else(|| panic!("{host}: {page}"));
    assert!(place("h6.web") < place("h5.web") && place("h1.web") > place("2 more"), "newest first");
    for (number, request) in under.iter().enumerate() {
        let row = site.backend.request(*request).unwrap();
        let link = site.status_path(*request, LinkGiven::ByMail).await;
        assert!(page.contains(&link), "{link}: {page}");
        site.get(&link).await.json();
        let is_signed = number != 5;
        assert_eq!(page.contains(&row.serial().unwrap().to_string()), is_signed, "{number}: {page}");
    }
    let standing = site.get(&path).await.json()["standing"].clone();
    assert_eq!((&standing["used"], &standing["most"]), (&json!(7), &json!(20)));
    let certificates = standing["certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), 7);
    assert_eq!((&certificates[0]["number"], &certificates[0]["status"]), (&json!(7), &json!("revoked")));
    assert_eq!(certificates[1]["serial"], Value::Null);
    assert_eq!(certificates[6]["names"], json!(["h0.web.example.com"]));
}

#[tokio::test]
async fn a_use_alone_shows_no_certificate_of_another() {
    let (site, id, path) = granted().await;
    let other = site.backend.issued_under(id, &test_pki::csr(&["www.example.com"]));
    site.backend.alter(other, |row| row.grant = None);
    let standing = site.get(&path).await.json()["standing"].clone();
    let certificate = &standing["certificates"][0];
    assert_eq!((&certificate["names"], &certificate["serial"]), (&json!([]), &Value::Null));
    assert!(site.browse(&path).await.is_page(200).contains("without a certificate"));
}

async fn end(site: &Site, path: &str, reason: &str) -> Answer {
    site.submit(&act(path, "end"), &[("reason", reason)]).await
}

#[tokio::test]
async fn the_requester_ends_it_and_the_page_says_so_until_it_is_done() {
    let (site, id, path) = granted().await;
    let answer = end(&site, &path, "The <b>shop</b> closes.").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, path.as_str()));
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("Ending the standing approval") && page.contains("data-refresh=\"2\""), "{page}");
    assert!(!page.contains("/credential?") && !page.contains("/end?"), "{page}");
    let view = site.get(&path).await.json()["standing"].clone();
    assert!(view["endingSince"].is_string() && view["over"].is_null(), "{view}");
    assert!(site.backend.standing(id).unwrap().ended().is_none(), "the portal writes no standing approval");
    // Repeating it keeps the first reason, and tells sign again.
    let again = site.post(&act(&path, "end"), &json!({ "reason": "Another reason." })).await;
    assert_eq!((again.status.as_u16(), &again.json()["ended"]), (202, &json!(false)));
    assert_eq!(site.backend.rechecks(), [RecheckMessage::end_standing(id), RecheckMessage::end_standing(id)]);

    sign_ends(&site, id).await;
    let page = site.browse(&path).await.is_page(200);
    for text in
        ["The standing approval is over", "was ended before its time", "The requester<", "&#60;b&#62;shop"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(
        !page.contains("data-refresh") && !page.contains("/end?") && !page.contains("/credential?"),
        "{page}"
    );
    let answered = site.status_path(id, LinkGiven::InAnswer).await;
    assert!(
        !site.browse(&answered).await.is_page(200).contains("shop&#60;/b"),
        "the reason is for the requester"
    );
    assert!(site.get(&answered).await.json()["standing"]["ended"]["reason"].is_null());
    let view = site.get(&path).await.json()["standing"].clone();
    assert_eq!((&view["over"]["code"], &view["ended"]["by"]), (&json!("grant_over"), &json!("requester")));
    assert!(view["endingSince"].is_null());
    site.post(&act(&path, "credential"), &json!({})).await.is_problem(409, "grant_over");
    let late = site.post(&act(&path, "end"), &json!({ "reason": "Again." })).await.json();
    assert_eq!((&late["ended"], &late["endingSince"]), (&json!(true), &Value::Null));
    assert_eq!(verify_request(&site.backend.request(id).unwrap(), &site.backend.audit(id)), []);
}

#[tokio::test]
async fn an_end_needs_a_harmless_reason() {
    let (site, id, path) = granted().await;
    let key = test_pki::root().key_pem;
    for (reason, status, code) in [
        (json!({}), 400, "missing_field"),
        (json!({ "reason": "  " }), 400, "missing_field"),
        (json!({ "reason": 7 }), 400, "bad_request"),
        (json!({ "reason": "x".repeat(2_001) }), 400, "bad_request"),
        (json!({ "reason": "a\u{1b}[2J" }), 400, "bad_request"),
        (json!({ "reason": key }), 422, "private_key_submitted"),
    ] {
        site.post(&act(&path, "end"), &reason).await.is_problem(status, code);
    }
    assert!(site.backend.request(id).unwrap().end_asked().is_none() && site.backend.rechecks().is_empty());
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_no_failure_of_the_order() {
    let (site, id, path) = granted().await;
    site.backend.fail_next("worker queue", 1);
    assert_eq!(end(&site, &path, "Over.").await.status, 303);
    assert!(site.backend.request(id).unwrap().end_asked().is_some(), "housekeeping tells sign");
}
