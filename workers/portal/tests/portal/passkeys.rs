//! Passkeys: setting one up, vouching for one, and decisions that one signs.

use pki::testing::SoftPasskey;
use serde_json::{Value, json};
use time::Duration;
use workflow::approval::passkey::VoteMeaning;
use workflow::decision::{ApprovalDigest, Decision, Outcome, PasskeyEvidence, ReviewDigest};
use workflow::enrolment::{Enrolment, EnrolmentCode, EnrolmentMessage};
use workflow::ids::RequestId;
use workflow::mail_kind::MailKind;
use workflow::ports::{Clock as _, EnrolmentCodes as _, LinkSecrets as _};
use workflow::testing::fixtures::approver;
use workflow::testing::passkeys::{PasskeyHolder, base_url};

use crate::site::{BROWSER, Site};

const POLICY: &str = include_str!("../../../../infra/policy.toml");

/// A site whose policy asks for passkeys, and an approver with an authenticator.
fn site() -> (Site, PasskeyHolder) {
    let site = Site::new();
    let approvers = "[\"approver@example.com\", \"bob@example.com\"]";
    site.backend.set_policy(&POLICY.replace("[\"approver@example.com\"]", approvers).replace(
        "[people]\nrequesters = \"mail\"",
        "[people]\nidentity = \"passkey\"\nrequesters = \"none\"",
    ));
    (site, PasskeyHolder::new(approver().as_str()))
}

/// What the page of a new passkey sends.
fn answer(holder: &PasskeyHolder) -> Value {
    let (client_data, attestation) = holder.answer(&base_url());
    json!({"clientDataJSON": client_data.to_string(), "attestationObject": attestation.to_string()})
}

/// Has notify's part done: a code of the enrolment.
async fn mailed_code(site: &Site, enrolment: &Enrolment) -> String {
    let (code, id) = (EnrolmentCode::random().unwrap(), enrolment.id(base_url().as_str()));
    site.backend.add_code(&id, &code.digest(&id), site.backend.now()).await.unwrap();
    code.expose()
}

fn signed(evidence: &PasskeyEvidence, mut body: Value) -> Value {
    body["credential"] = evidence.credential_id.to_string().into();
    body["nonce"] = evidence.nonce.clone().into();
    body["authenticatorData"] = evidence.authenticator_data.to_string().into();
    body["clientDataJSON"] = evidence.client_data_json.to_string().into();
    body["signature"] = evidence.signature.to_string().into();
    body
}

/// A decision with the signature of a passkey, as a program makes it from the review.
async fn vote(site: &Site, link: &str, id: RequestId, holder: &PasskeyHolder, decision: Decision) -> Value {
    let review = site.get(link).await.json();
    assert_eq!(review["identity"], "passkey");
    let digest = ReviewDigest::from_text(review["digest"].as_str().unwrap());
    let binds = ApprovalDigest::from_text(review["approvalDigest"].as_str().unwrap());
    let base_url = base_url();
    let meaning = VoteMeaning {
        base_url: &base_url,
        request_id: id,
        binds: &binds,
        decision,
        reason: Some("Because."),
    };
    let body = json!({"decision": decision.as_str(), "digest": digest, "reason": " Because.\r\n"});
    signed(&holder.evidence(&meaning, &digest), body)
}

#[tokio::test]
async fn a_passkey_is_set_up_with_the_code_from_the_mail() {
    let (site, holder) = site();
    let (id, link) = site.pending();
    let page =
        site.call("GET", &format!("{link}?passkey=set-up"), &[("accept", BROWSER)], "").await.is_page(200);
    assert!(page.contains("Set up a passkey") && !page.contains(&link[1..]), "{page}");

    assert!(!page.contains("no domain of its own"), "{page}");
    let borrowed = Site::at("https://abcde12345.execute-api.eu-central-1.amazonaws.com/live/");
    let (_, there) = borrowed.pending();
    let path = format!("/live{there}?passkey=set-up");
    let page = borrowed.call("GET", &path, &[("accept", BROWSER)], "").await.is_page(200);
    assert!(page.contains("no domain of its own"), "{page}");

    let begun = site.post(&link, &answer(&holder)).await;
    assert_eq!(begun.status, 202, "{}", begun.text());
    let begun = begun.json();
    assert_eq!(begun["needs"], "code");
    let message = site.backend.rechecks().pop().unwrap();
    assert_eq!((message.mail, message.request_id), (Some(MailKind::Enrolment), id));
    let enrolment = message.enrolment.unwrap().enrolment;
    assert_eq!(enrolment, holder.enrolment());
    assert_eq!(begun["id"], enrolment.id(base_url().as_str()).as_str());

    let code = mailed_code(&site, &enrolment).await;
    let with = |code: &str| json!({"enrolment": begun["enrolment"], "code": code});
    for wrong in ["0000-0000-0000-0000", "x"] {
        site.post(&link, &with(wrong)).await.is_problem(403, "passkey_refused");
    }
    let other = PasskeyHolder::new(approver().as_str()).enrolment().to_link_text();
    site.post(&link, &json!({"enrolment": other, "code": code})).await.is_problem(403, "passkey_refused");
    let confirmed = site.post(&link, &with(&code.to_lowercase())).await;
    assert_eq!((confirmed.status.as_u16(), &confirmed.json()["needs"]), (202, &json!("nothing")));
    let message = *site.backend.rechecks().pop().unwrap().enrolment.unwrap();
    let code = EnrolmentCode::parse(&code);
    assert_eq!(message, EnrolmentMessage { enrolment, code: code.clone(), vouch: None });

    site.backend.advance(Duration::HOUR);
    site.post(&link, &with(&code.unwrap().expose())).await.is_problem(403, "passkey_refused");
}

#[tokio::test]
async fn a_wrong_answer_of_an_authenticator_is_refused_and_no_mail_is_sent() {
    let (site, holder) = site();
    let (_, link) = site.pending();
    let with = |change: &dyn Fn(SoftPasskey) -> SoftPasskey| {
        answer(&PasskeyHolder { authenticator: change(holder.authenticator.clone()), ..holder.clone() })
    };
    let other = PasskeyHolder::new("other@example.com");
    for wrong in [
        with(&|one| one.with_flags(SoftPasskey::USER_PRESENT)),
        with(&|one| one.with_origin("https://pki.example.org")),
        with(&|one| one.with_cross_origin()),
        with(&|one| one.with_relying_party_id("example.com")),
        with(&|one| one.with_type("webauthn.get")),
        answer(&other),
        json!({"clientDataJSON": "e30", "attestationObject": "oA"}),
        json!({"clientDataJSON": "=", "attestationObject": "="}),
    ] {
        site.post(&link, &wrong).await.is_problem(403, "passkey_refused");
    }
    site.post(&link, &json!({"attestationObject": "oA"})).await.is_problem(400, "missing_field");
    assert!(site.backend.rechecks().is_empty());
    let at_an_address = Site::at("https://192.0.2.1/");
    let (_, link) = at_an_address.pending();
    at_an_address.post(&link, &answer(&holder)).await.is_problem(403, "passkey_refused");
}

#[tokio::test]
async fn a_decision_needs_the_signature_of_the_passkey() {
    let (site, holder) = site();
    let (id, link) = site.pending();
    let unsigned = json!({"decision": "approve", "digest": site.shown(id)});
    site.post(&link, &unsigned).await.is_problem(403, "passkey_needed");
    let early = vote(&site, &link, id, &holder, Decision::Approve).await;
    site.post(&link, &early).await.is_problem(403, "passkey_refused");

    holder.enrol(&site.backend).await;
    let right = vote(&site, &link, id, &holder, Decision::Approve).await;
    for (field, value) in [
        ("decision", "reject"),
        ("reason", "Another."),
        ("nonce", "another"),
        ("signature", "AAAA"),
        ("credential", "AAAA"),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value.into();
        site.post(&link, &wrong).await.is_problem(403, "passkey_refused");
    }
    let mut stale = right.clone();
    stale["digest"] = "0".repeat(64).into();
    site.post(&link, &stale).await.is_problem(403, "passkey_refused");
    let other = PasskeyHolder::new("bob@example.com");
    other.enrol(&site.backend).await;
    let of_another = vote(&site, &link, id, &other, Decision::Approve).await;
    site.post(&link, &of_another).await.is_problem(403, "passkey_refused");
    assert!(site.backend.approval(id).unwrap().votes.is_empty());

    let voted = site.post(&link, &right).await;
    assert_eq!(voted.status, 200, "{}", voted.text());
    assert!(!voted.text().contains("evidence"), "{}", voted.text());
    assert_eq!(site.post(&link, &right).await.status, 200, "a repeated vote is harmless");
    let approval = site.backend.approval(id).unwrap();
    assert_eq!((approval.outcome, approval.votes.len()), (Some(Outcome::Approved), 1));
    assert!(approval.votes[0].evidence.is_some());
}

#[tokio::test]
async fn the_page_says_how_to_decide_with_and_without_a_passkey() {
    let (site, holder) = site();
    let (_, link) = site.pending();
    let browse = async || site.call("GET", &link, &[("accept", BROWSER)], "").await.is_page(200);
    let page = browse().await;
    assert!(page.contains("you have none yet") && page.contains("?passkey=set-up"), "{page}");
    assert!(!page.contains("value=\"approve\""), "{page}");
    holder.enrol(&site.backend).await;
    let page = browse().await;
    assert!(page.contains("data-passkey=\"vote\"") && page.contains("value=\"approve\""), "{page}");
    assert!(page.contains("Passkeys need JavaScript"), "{page}");
}

#[tokio::test]
async fn an_approver_vouches_with_their_own_passkey() {
    let (site, holder) = site();
    let bob = PasskeyHolder::new("bob@example.com");
    let enrolment = holder.enrolment();
    let (text, id) = (enrolment.to_link_text(), enrolment.id(base_url().as_str()));
    let key = site.backend.secret().await.unwrap().vouch_key(&id).expose().to_owned();
    let vouch = |by: &PasskeyHolder| {
        let vouch = by.vouch(&base_url(), &id);
        signed(&vouch.evidence, json!({"enrolment": text, "address": vouch.voucher, "key": key}))
    };
    let path = format!("people/vouch?enrolment={text}&key={key}&address=bob@example.com");
    for wrong in [path.replace(&key, "x"), path.replace(&format!("&key={key}"), "")] {
        let answer = site.call("GET", &format!("/{wrong}"), &[("accept", "application/json")], "").await;
        answer.is_problem(404, "not_found");
    }
    let page = site.call("GET", &format!("/{path}"), &[("accept", BROWSER)], "").await.is_page(200);
    assert!(page.contains("No approver with this address has a passkey"), "{page}");
    site.post("/people/vouch", &vouch(&bob)).await.is_problem(403, "passkey_refused");
    bob.enrol(&site.backend).await;
    let page = site.call("GET", &format!("/{path}"), &[("accept", BROWSER)], "").await.is_page(200);
    assert!(page.contains("approver@example.com") && page.contains("data-passkey=\"vouch\""), "{page}");

    let mallory = PasskeyHolder::new("mallory@example.com");
    mallory.enrol(&site.backend).await;
    site.post("/people/vouch", &vouch(&mallory)).await.is_problem(403, "passkey_refused");
    let mut other = vouch(&bob);
    other["enrolment"] = PasskeyHolder::new("approver@example.com").enrolment().to_link_text().into();
    site.post("/people/vouch", &other).await.is_problem(404, "not_found");
    let without_key = json!({"enrolment": text, "address": "bob@example.com"});
    site.post("/people/vouch", &without_key).await.is_problem(404, "not_found");
    site.post("/people/vouch", &json!({"enrolment": text, "address": "bob@example.com", "key": key}))
        .await
        .is_problem(403, "passkey_needed");
    site.post("/people/vouch", &json!({"enrolment": "x", "address": "bob@example.com"}))
        .await
        .is_problem(404, "not_found");
    assert!(site.backend.rechecks().is_empty());

    let right = vouch(&bob);
    let vouched = site.post("/people/vouch", &right).await;
    assert_eq!((vouched.status.as_u16(), &vouched.json()["id"]), (202, &json!(id)));
    let message = site.backend.rechecks().pop().unwrap().enrolment.unwrap();
    let passkeys = [bob.passkey(site.backend.now())];
    assert_eq!(message.vouch.unwrap().check(&base_url(), &id, &passkeys), Ok(()));
}
