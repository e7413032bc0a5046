//! The console: who gets in, what they see, and what operators do.

use serde_json::json;
use time::Duration;
use workflow::approver_set::Identity;
use workflow::console::{ConsoleInvitation, ConsoleSession, ConsoleVisitor};
use workflow::email::Email;
use workflow::ids::RequestId;
use workflow::ports::{CertificateListing, Clock as _, LinkSecrets as _, NameIndex as _, NameRow};
use workflow::request::audit::EventKind;
use workflow::request::{Status, verify_request};
use workflow::testing::passkeys::{PasskeyHolder, base_url, user_handle};
use workflow::texts::Language;

use crate::site::{Answer, BROWSER, FORM, Site};

const POLICY: &str = include_str!("../../../../infra/policy.toml");
pub(crate) const OLIVIA: &str = "olivia@example.com";
pub(crate) const EVE: &str = "eve@example.com";

/// The shipped policy with a console: an operator and an auditor.
pub(crate) fn with_console(policy: &str) -> String {
    format!(
        "{policy}\n[console]\nidentity = \"passkey\"\noperators = [\"{OLIVIA}\"]\nauditors = [\"{EVE}\"]\n"
    )
}

pub(crate) fn site() -> Site {
    let site = Site::new();
    let policy = POLICY.replace("requesters = \"mail\"", "requesters = \"none\"");
    site.backend.set_policy(&with_console(&policy));
    site
}

/// The cookie and the form key of a session that begins now.
pub(crate) async fn session(site: &Site, person: &str) -> (String, String) {
    let person: Email = person.parse().unwrap();
    let visitor = ConsoleVisitor { listed: Some(person.clone()), person, groups: Vec::new() };
    let identity = Identity::Passkey;
    let session = ConsoleSession::begin(visitor, identity, site.backend.now()).unwrap();
    let secret = site.backend.secret().await.unwrap();
    (format!("__Host-console={}", session.seal(secret)), session.form_key(secret))
}

pub(crate) async fn open(site: &Site, cookie: &str, path: &str, language: Language) -> Answer {
    let headers = [("accept", BROWSER), ("accept-language", language.code()), ("cookie", cookie)];
    site.call("GET", path, &headers, "").await
}

pub(crate) async fn read(site: &Site, cookie: &str, path: &str) -> String {
    open(site, cookie, path, Language::English).await.is_page(200)
}

pub(crate) async fn post(site: &Site, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers =
        [("accept", BROWSER), ("content-type", FORM), ("cookie", cookie), ("sec-fetch-site", "same-origin")];
    site.call("POST", path, &headers, body).await
}

pub(crate) fn path_of(id: RequestId) -> String {
    format!("/console/requests/{id}")
}

const PAGES: [&str; 6] = [
    "/console",
    "/console/certificates",
    "/console/requests?status=pending_approval",
    "/console/grants",
    "/console/issuers",
    "/console/policy",
];

#[tokio::test]
async fn without_a_console_in_the_policy_there_is_none() {
    let site = Site::new();
    for path in PAGES.into_iter().chain(["/console/sign-in", "/console/requests/x"]) {
        site.get(path).await.is_problem(404, "not_found");
    }
    post(&site, "", "/console/sign-in", &[]).await.is_page(404);
}

#[tokio::test]
async fn a_stranger_sees_how_to_sign_in_and_nothing_else() {
    let site = site();
    let (request, _) = site.request_at(Status::PendingApproval).await;
    let strange = session(&site, "mallory@example.com").await.0;
    for path in PAGES.into_iter().map(str::to_owned).chain([path_of(request.id())]) {
        for cookie in ["", "__Host-console=x", "console=x", strange.as_str()] {
            let answer = open(&site, cookie, &path, Language::English).await;
            let page = answer.is_page(403);
            assert!(
                page.contains("data-passkey=\"console\"") && page.contains("data-credentials=\"\""),
                "{page}"
            );
            for shown in ["www.example.com", OLIVIA, EVE, request.id().to_string().as_str()] {
                assert!(!page.contains(shown), "{path}: {shown}");
            }
        }
        site.get(&path).await.is_problem(403, "sign_in_needed");
    }
    let (_, key) = session(&site, OLIVIA).await;
    let fields = [("form", key.as_str()), ("action", "resend"), ("reason", "x")];
    post(&site, &strange, &path_of(request.id()), &fields).await.is_page(403);
    assert!(site.backend.rechecks().is_empty());
}

/// What the browser posts to sign in.
async fn sign_in_with(
    site: &Site,
    holder: &PasskeyHolder,
    address: &str,
    tamper: impl Fn(&mut Vec<(&'static str, String)>),
) -> Answer {
    let begun = site.browse("/console/sign-in").await;
    let page = begun.is_page(200);
    let nonce = page.split("name=\"nonce\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
    let evidence = holder.opens_console(&base_url(), &nonce);
    let mut fields = vec![
        ("nonce", evidence.nonce.clone()),
        ("credential", evidence.credential_id.to_string()),
        ("authenticatorData", evidence.authenticator_data.to_string()),
        ("clientDataJSON", evidence.client_data_json.to_string()),
        ("signature", evidence.signature.to_string()),
        ("userHandle", user_handle(address).to_string()),
        ("cookie", cookie),
    ];
    tamper(&mut fields);
    let cookie = fields.pop().unwrap().1;
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    post(site, &cookie, "/console/sign-in", &fields).await
}

#[tokio::test]
async fn a_passkey_of_a_listed_person_opens_the_console_and_no_other_does() {
    let site = site();
    let (olivia, mallory) = (PasskeyHolder::new(OLIVIA), PasskeyHolder::new("mallory@example.com"));
    olivia.enrol(&site.backend).await;
    mallory.enrol(&site.backend).await;
    let good = sign_in_with(&site, &olivia, OLIVIA, |_| {}).await;
    assert_eq!((good.status.as_u16(), good.header("location")), (303, "/console"), "{}", good.text());
    let set: Vec<&str> = good.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
    assert!(set[0].contains("; HttpOnly; SameSite=Strict; Secure") && !set[0].contains("Max-Age"), "{set:?}");
    let cookie = set[0].split(';').next().unwrap();
    let page = read(&site, cookie, "/console").await;
    assert!(page.contains("olivia@example.com · operator"), "{page}");
    for (holder, address) in
        [(&mallory, "mallory@example.com"), (&mallory, OLIVIA), (&olivia, "mallory@example.com")]
    {
        let refused = sign_in_with(&site, holder, address, |_| {}).await;
        let page = refused.is_page(403);
        assert!(page.contains("This passkey opens no console here"), "{address}: {page}");
        assert!(
            !refused
                .headers
                .get_all("set-cookie")
                .iter()
                .any(|one| one.to_str().unwrap().starts_with("__Host-console="))
        );
    }
    let nonce = sign_in_with(&site, &olivia, OLIVIA, |fields| fields[0].1 = "n".repeat(32)).await;
    assert!(nonce.is_page(403).contains("began in another browser"));
    let cookie = sign_in_with(&site, &olivia, OLIVIA, |fields| fields[6].1 = String::new()).await;
    assert!(cookie.is_page(403).contains("began in another browser"));
    let signature = sign_in_with(&site, &olivia, OLIVIA, |fields| fields[4].1 = "AAAA".into()).await;
    signature.is_page(403);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_its_cookie_is_renewed_while_it_is_used() {
    let site = site();
    let (mut cookie, key) = session(&site, EVE).await;
    for _ in 0..3 {
        site.backend.advance(Duration::minutes(14));
        let answer = open(&site, &cookie, "/console", Language::English).await;
        answer.is_page(200);
        cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    }
    let answer = open(&site, &cookie, "/console", Language::English).await;
    assert_eq!(answer.header("set-cookie"), "", "not with each call");
    let out = post(&site, &cookie, "/console/sign-out", &[("form", &key)]).await;
    assert_eq!(out.status.as_u16(), 303);
    assert!(
        out.header("set-cookie").contains("__Host-console=; Path=/; Max-Age=0"),
        "{out:?}",
        out = out.headers
    );
    site.backend.advance(Duration::minutes(15));
    open(&site, &cookie, "/console", Language::English).await.is_page(403);
}

#[tokio::test]
async fn whoever_leaves_the_policy_is_out_at_once() {
    let site = site();
    let (cookie, _) = session(&site, EVE).await;
    read(&site, &cookie, "/console").await;
    site.backend.set_policy(&with_console(POLICY).replace(EVE, "other@example.com"));
    open(&site, &cookie, "/console", Language::English).await.is_page(403);
}

#[tokio::test]
async fn the_overview_says_what_waits_and_for_whom_and_what_ends_soon() {
    let site = site();
    site.backend.request_at(Status::PendingApproval);
    let failed = site.backend.request_at(Status::Failed);
    let delivered = site.backend.request_with_certificate(Status::Delivered);
    let (cookie, _) = session(&site, EVE).await;
    let page = read(&site, &cookie, "/console").await;
    assert!(page.contains("Still needed: 1 approval (approver@example.com)"), "{page}");
    assert!(page.contains(&path_of(failed)), "{page}");
    assert!(page.contains(">0 certificates<"), "{page}");
    let end = site.backend.request(delivered).unwrap().not_after().unwrap();
    site.backend.set_now(end - Duration::days(20));
    let (cookie, _) = session(&site, EVE).await;
    let page = read(&site, &cookie, "/console").await;
    let counts: Vec<&str> = page
        .split("console/certificates?within=")
        .skip(1)
        .map(|rest| rest.split('>').nth(1).unwrap().split('<').next().unwrap())
        .collect();
    assert_eq!(counts, ["0 certificates", "1 certificate", "1 certificate"], "{page}");
    let listed = read(&site, &cookie, "/console/certificates?within=30").await;
    assert!(listed.contains(&path_of(delivered)), "{listed}");
    let listed = read(&site, &cookie, "/console/certificates?within=7").await;
    assert!(!listed.contains(&path_of(delivered)), "{listed}");
}

#[tokio::test]
async fn certificates_are_found_by_each_property_and_a_mistake_is_said() {
    let site = site();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let row = site.backend.request(id).unwrap();
    let issuer = site.backend.issuer_certificate().key_identifier();
    let listing = CertificateListing {
        names: row.names(),
        not_after: row.not_after().unwrap(),
        id,
        requester: row.email(),
        profile: row.profile(),
        issuer: Some(&issuer),
    };
    site.backend.enter(&NameRow::of_lists(&listing)).await.unwrap();
    let (cookie, _) = session(&site, EVE).await;
    let serial = row.serial().unwrap().to_string();
    let found = [
        ("name", "www.exam"),
        ("name", ""),
        ("domain", "example.com"),
        ("requester", row.email().as_str()),
        ("profile", "server"),
        ("issuer", &issuer[..6]),
        ("serial", serial.as_str()),
    ];
    for (by, text) in found {
        let page = read(&site, &cookie, &format!("/console/certificates?by={by}&q={text}")).await;
        assert!(page.contains(&path_of(id)), "{by} {text}: {page}");
        let query = format!("/console/certificates?by={by}&q={text}&state=revoked");
        if by != "serial" {
            assert!(!read(&site, &cookie, &query).await.contains(&path_of(id)), "{by}");
        }
    }
    for (by, text) in [
        ("name", "zzz"),
        ("domain", "example.org"),
        ("requester", "nobody@example.com"),
        ("profile", "client"),
        ("serial", "00ff"),
    ] {
        let page = read(&site, &cookie, &format!("/console/certificates?by={by}&q={text}")).await;
        assert!(!page.contains(&path_of(id)) && page.contains("There are none."), "{by}: {page}");
    }
    for (query, said) in [
        ("by=requester&q=x", "no e-mail address"),
        ("by=profile&q=x", "no profile of this name"),
        ("by=issuer&q=zz", "No issuer"),
        ("by=issuer&q=", "No issuer"),
        ("by=serial&q=xyz", "no serial number"),
        ("by=name&q=a&after=%00", "was changed"),
    ] {
        let answer = open(&site, &cookie, &format!("/console/certificates?{query}"), Language::English).await;
        let page = answer.is_page(422);
        assert!(page.contains(said), "{query}: {page}");
    }
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let page = read(&site, &cookie, &format!("/console/certificates?by=name&q={hostile}")).await;
    assert!(!page.contains("<script>alert"), "{page}");
}

#[tokio::test]
async fn a_request_is_shown_with_its_votes_its_proofs_and_a_live_check_of_its_trail() {
    let site = site();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let (cookie, _) = session(&site, EVE).await;
    let page = read(&site, &cookie, &path_of(id)).await;
    for shown in
        ["approver@example.com", "By a link in an e-mail.", "complete and unaltered", "<code>signed</code>"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("name=\"action\""), "an auditor has no actions: {page}");
    site.backend.alter(id, |row| row.email = "mallory@example.com".parse().unwrap());
    let page = read(&site, &cookie, &path_of(id)).await;
    assert!(page.contains("trail and row do not agree"), "{page}");
    open(&site, &cookie, &path_of(RequestId::random()), Language::English).await.is_page(404);
    open(&site, &cookie, "/console/requests/x", Language::English).await.is_page(404);
}

#[tokio::test]
async fn only_an_operator_with_the_form_of_the_session_and_a_reason_acts() {
    let site = site();
    let id = site.backend.request_at(Status::Failed);
    let (olivia, key) = session(&site, OLIVIA).await;
    let (eve, eves) = session(&site, EVE).await;
    let other = session(&site, OLIVIA).await.1;
    let path = path_of(id);
    let fields =
        |form: &'static str| vec![("form", form), ("action", "retry"), ("reason", "It answers again.")];
    let key: &'static str = key.leak();
    let (eves, other): (&'static str, &'static str) = (eves.leak(), other.leak());
    assert!(post(&site, &eve, &path, &fields(eves)).await.is_page(403).contains("Auditors read"));
    for form in ["", "x", other, eves] {
        assert!(post(&site, &olivia, &path, &fields(form)).await.is_page(403).contains("another session"));
    }
    let body = "form=x&action=retry&reason=x";
    let headers = [
        ("accept", BROWSER),
        ("content-type", FORM),
        ("cookie", olivia.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    site.call("POST", &path, &headers, body).await.is_page(403);
    let long = "x".repeat(501).leak() as &'static str;
    for (reason, said) in [("", "Say why"), (long, "500"), ("a\u{1b}[2J", "control")] {
        let fields = [("form", key), ("action", "retry"), ("reason", reason)];
        let answer = post(&site, &olivia, &path, &fields).await;
        assert!(
            answer.status.is_client_error() && answer.text().contains(said),
            "{reason}: {}",
            answer.text()
        );
    }
    post(&site, &olivia, &path, &[("form", key), ("action", "approve"), ("reason", "x")]).await.is_page(400);
    assert_eq!(site.backend.request(id).unwrap().status(), Status::Failed);
    let done = post(&site, &olivia, &path, &fields(key)).await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, path.as_str()), "{}", done.text());
    let row = site.backend.request(id).unwrap();
    assert!(row.status() != Status::Failed);
    let page = read(&site, &olivia, &path).await;
    assert!(page.contains("Continued after a failure") && page.contains("It answers again."), "{page}");
    assert!(
        page.contains("operator:olivia@example.com") && page.contains("complete and unaltered"),
        "{page}"
    );
    assert!(post(&site, &olivia, &path, &fields(key)).await.status.as_u16() == 303, "twice is once");
    assert_eq!(site.backend.audit(id).iter().filter(|event| event.event == EventKind::Operated).count(), 1);
}

#[tokio::test]
async fn new_links_a_revocation_and_an_end_go_their_usual_ways() {
    let site = site();
    let (cookie, key) = session(&site, OLIVIA).await;
    let act = async |id: RequestId, more: &[(&str, &str)]| {
        let fields = [&[("form", key.as_str()), ("reason", "Because.")], more].concat();
        post(&site, &cookie, &path_of(id), &fields).await
    };
    let pending = site.backend.request_at(Status::PendingApproval);
    assert_eq!(act(pending, &[("action", "resend")]).await.status.as_u16(), 303);
    assert_eq!(site.backend.rechecks().iter().filter(|message| message.links == Some(2)).count(), 1);
    let row = site.backend.request(pending).unwrap();
    assert_eq!(row.operations().len(), 1);
    assert_eq!(verify_request(&row, &site.backend.audit(pending)), []);
    let delivered = site.backend.request_with_certificate(Status::Delivered);
    assert!(act(delivered, &[("action", "resend")]).await.is_page(409).contains("Nobody is asked"));
    assert!(
        act(delivered, &[("action", "revoke"), ("revocationReason", "certificateHold")])
            .await
            .status
            .is_client_error()
    );
    let revoked = act(delivered, &[("action", "revoke"), ("revocationReason", "keyCompromise")]).await;
    assert_eq!(revoked.status.as_u16(), 303, "{}", revoked.text());
    let record = site.backend.request(delivered).unwrap().revocation().unwrap().clone();
    assert_eq!(
        (record.by.as_str(), record.comment.as_deref()),
        ("operator:olivia@example.com", Some("Because."))
    );
    assert!(act(delivered, &[("action", "end")]).await.is_page(409).contains("no standing approval"));
}

#[tokio::test]
async fn an_invited_person_sets_a_passkey_up_and_nobody_else_does() {
    let site = site();
    let invitation = ConsoleInvitation::of(OLIVIA.parse().unwrap(), site.backend.now());
    let key = invitation.seal(site.backend.secret().await.unwrap());
    let page = site.browse(&format!("/console/passkey?key={key}")).await.is_page(200);
    assert!(
        page.contains("data-passkey=\"new\"") && page.contains("olivia@example.com has no passkey yet"),
        "{page}"
    );
    for wrong in ["", "x", &key[..key.len() - 1]] {
        site.browse(&format!("/console/passkey?key={wrong}")).await.is_page(404);
    }
    let olivia = PasskeyHolder::new(OLIVIA);
    let (client_data, attestation) = olivia.answer(&base_url());
    let body =
        json!({"clientDataJSON": client_data.to_string(), "attestationObject": attestation.to_string()});
    let begun = site.post(&format!("/console/passkey?key={key}"), &body).await;
    assert_eq!(
        (begun.status.as_u16(), begun.json()["needs"].as_str()),
        (202, Some("code")),
        "{}",
        begun.text()
    );
    site.backend.advance(ConsoleInvitation::LIFETIME);
    site.browse(&format!("/console/passkey?key={key}")).await.is_page(404);
}
