//! Sign-ins: from the review to the identity provider, back, and to the decision.

use std::collections::BTreeMap;

use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use serde_json::{Value, json};
use time::Duration;
use url::Url;
use workflow::approval::sign_in::ProviderKey;
use workflow::decision::Outcome;
use workflow::ids::RequestId;
use workflow::ports::{Clock as _, PeopleWriter as _};
use workflow::testing::fixtures::approver;
use workflow::testing::sign_in::{ISSUER, TestProvider, asking_for_sign_ins};
use workflow::texts::Language;

use crate::site::{Answer, BROWSER, FORM, Site};

const POLICY: &str = include_str!("../../../../infra/policy.toml");

/// The shipped policy, which asks for sign-ins of approvers alone.
pub(crate) fn policy() -> String {
    asking_for_sign_ins(POLICY).replace("requesters = \"mail\"", "requesters = \"none\"")
}

/// A site whose policy asks for sign-ins, and the provider, whose key Sign has recorded.
pub(crate) async fn site() -> (Site, TestProvider) {
    site_at("https://pki.example.com/").await
}

async fn site_at(base_url: &str) -> (Site, TestProvider) {
    let (site, provider) = (Site::at(base_url), TestProvider::default());
    site.backend.set_policy(&policy());
    provider.record(&site.backend).await;
    (site, provider)
}

/// A sign-in that a browser began.
pub(crate) struct Begun {
    /// The parameters of the authentication request.
    pub(crate) asked: BTreeMap<String, String>,
    pub(crate) cookie: String,
    pub(crate) page: String,
}

pub(crate) async fn post_form(site: &Site, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [
        ("accept", BROWSER),
        ("content-type", FORM),
        ("cookie", cookie),
        ("origin", "https://pki.example.com"),
    ];
    site.call("POST", path, &headers, body).await
}

pub(crate) async fn begin(site: &Site, link: &str, id: RequestId, decision: &str, reason: &str) -> Begun {
    let digest = site.shown(id);
    let fields = [("decision", decision), ("digest", &digest), ("reason", reason)];
    Begun::of(&post_form(site, link, "", &fields).await)
}

impl Begun {
    /// The sign-in to which a page leads on.
    pub(crate) fn of(answer: &Answer) -> Self {
        let (page, set) = (answer.is_page(200), answer.header("set-cookie").to_owned());
        let href = page.split("url=").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let url = Url::parse(&href.replace("&#38;", "&").replace("&amp;", "&"))
            .unwrap_or_else(|_| panic!("{page}"));
        assert_eq!(url[..url::Position::AfterPath], format!("{ISSUER}/authorize"));
        let cookie = set.split(';').next().unwrap().to_owned();
        Self { asked: url.query_pairs().into_owned().collect(), cookie, page }
    }

    /// The way back, with these parameters in place of the right ones.
    pub(crate) async fn back(&self, site: &Site, changed: &[(&str, Option<&str>)]) -> Answer {
        self.back_with(site, &self.cookie, changed).await
    }

    pub(crate) async fn back_with(
        &self,
        site: &Site,
        cookie: &str,
        changed: &[(&str, Option<&str>)],
    ) -> Answer {
        let mut query = BTreeMap::from([("code", "c1"), ("state", &self.asked["state"]), ("iss", ISSUER)]);
        for (name, value) in changed {
            match value {
                Some(value) => query.insert(name, value),
                None => query.remove(name),
            };
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let headers = [("accept", BROWSER), ("cookie", cookie)];
        site.call("GET", &format!("/signed-in?{query}"), &headers, "").await
    }

    /// The claims that the provider gives for this sign-in.
    fn claims(&self, site: &Site) -> Value {
        TestProvider::claims(approver().as_str(), &self.asked["nonce"], site.backend.now())
    }

    /// Has the provider give this token for the code.
    pub(crate) fn finish(
        &self,
        site: &Site,
        provider: &TestProvider,
        change: impl FnOnce(&mut Value),
    ) -> String {
        let mut claims = self.claims(site);
        change(&mut claims);
        let token = provider.key.token(&claims);
        site.backend.give_token_for("c1", token.clone());
        token
    }
}

/// The problem on a page: the title and the text.
pub(crate) fn says(answer: &Answer, status: u16, text: &str) {
    let page = answer.is_page(status);
    assert!(page.contains(text), "{text}\n{page}");
}

#[tokio::test]
async fn an_approver_signs_in_and_then_decides() {
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    let review = site.browse(&link).await.is_page(200);
    assert!(review.contains("Sign in to approve") && review.contains("Sign in to reject"), "{review}");

    let begun = begin(&site, &link, id, "approve", " Checked.\r\n").await;
    let key = link.rsplit('/').next().unwrap();
    assert!(!begun.page.contains(key), "the link stays here");
    let asked = |name: &str| begun.asked[name].as_str();
    assert_eq!((asked("response_type"), asked("scope")), ("code", "openid email"));
    assert_eq!((asked("client_id"), asked("code_challenge_method")), ("countersign", "S256"));
    assert_eq!(asked("redirect_uri"), "https://pki.example.com/signed-in");
    assert_eq!(asked("login_hint"), approver().as_str());
    assert_eq!((asked("nonce").len(), asked("code_challenge").len()), (43, 43));
    assert!(begun.cookie.starts_with("__Host-sign_in="), "{}", begun.cookie);

    let token = begun.finish(&site, &provider, |_| {});
    let page = begun.back(&site, &[]).await.is_page(200);
    assert!(page.contains("Confirm: approve") && page.contains(approver().as_str()), "{page}");
    assert!(page.contains("Nothing is decided yet") && !page.contains(key), "{page}");
    assert!(site.backend.approval(id).unwrap().votes.is_empty(), "GET decides nothing");

    let decided = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
    says(&decided, 200, "Approved");
    assert!(decided.header("set-cookie").contains("Max-Age=0"), "{}", decided.header("set-cookie"));
    let approval = site.backend.approval(id).unwrap();
    assert_eq!((approval.outcome, approval.votes.len()), (Some(Outcome::Approved), 1));
    let vote = &approval.votes[0];
    assert_eq!(vote.reason.as_deref(), Some("Checked."));
    assert_eq!(vote.evidence.as_ref().unwrap().id_token().unwrap().id_token, token);
    // Once more: the same vote.
    let again = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
    says(&again, 200, "Approved");
    assert_eq!(site.backend.approval(id).unwrap().votes.len(), 1);
}

#[tokio::test]
async fn the_pages_are_in_the_language_of_the_review() {
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    let digest = site.shown(id);
    let fields = [("decision", "reject"), ("digest", &*digest), ("reason", "誤った名前です。")];
    let answer = post_form(&site, &format!("{link}?lang=ja"), "", &fields).await;
    let page = answer.is_page(200);
    assert!(page.contains("<html lang=\"ja\">") && page.contains("ui_locales=ja"), "{page}");
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let href = page.split("url=").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let asked = Url::parse(&href).unwrap().query_pairs().into_owned().collect();
    let begun = Begun { asked, cookie, page };
    let token = begun.finish(&site, &provider, |_| {});
    let page = begun.back(&site, &[]).await.is_page(200);
    assert!(page.contains("<html lang=\"ja\">") && page.contains("誤った名前です。"), "{page}");
    let decided = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await.is_page(200);
    assert!(decided.contains("<html lang=\"ja\">"), "{decided}");
    assert_eq!(site.backend.approval(id).unwrap().outcome, Some(Outcome::Rejected));
}

#[tokio::test]
async fn each_wrong_way_back_has_its_sentence_and_decides_nothing() {
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    let begun = begin(&site, &link, id, "approve", "").await;
    let other = begin(&site, &link, id, "reject", "Other.").await;
    let token = begun.finish(&site, &provider, |_| {});
    says(&begun.back_with(&site, "", &[]).await, 403, "begin in this browser");
    says(&begun.back_with(&site, "__Host-sign_in=x", &[]).await, 403, "begin in this browser");
    says(&begun.back_with(&site, &other.cookie, &[]).await, 403, "belong to the sign-in");
    for (changed, status, text) in [
        (("state", Some("x")), 403, "belong to the sign-in"),
        (("state", None), 403, "belong to the sign-in"),
        (("iss", Some("https://id.example.org")), 403, "another sign-in service"),
        (("iss", None), 403, "another sign-in service"),
        (("error", Some("access_denied")), 403, "ended without success (access_denied)"),
        (("error", Some("<b>x</b>")), 403, "ended without success (bxb)"),
        (("code", None), 403, "belong to the sign-in"),
        (("code", Some("c2")), 403, "was used already"),
    ] {
        says(&begun.back(&site, &[changed]).await, status, text);
    }
    site.backend.fail_next("identity provider", 1);
    says(&begun.back(&site, &[]).await, 503, "answer. Nothing was decided");
    begun.back(&site, &[]).await.is_page(200);
    says(&begun.back(&site, &[]).await, 403, "was used already");
    says(&post_form(&site, "/signed-in", "", &[("idToken", &token)]).await, 403, "begin in this browser");
    says(&post_form(&site, "/signed-in", &begun.cookie, &[]).await, 400, "ID token");
    // The token is about another decision than the cookie.
    let swapped = post_form(&site, "/signed-in", &other.cookie, &[("idToken", &token)]).await;
    says(&swapped, 403, "about another decision");
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
}

#[tokio::test]
async fn each_wrong_token_has_its_sentence_and_decides_nothing() {
    type Change = fn(&mut Value);
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    let begun = begin(&site, &link, id, "approve", "").await;
    let wrong: [(Change, &str); 10] = [
        (|claims| claims["aud"] = "other".into(), "for another client"),
        (|claims| claims["iss"] = "https://id.example.org".into(), "from another issuer"),
        (|claims| claims["nonce"] = "other".into(), "about another decision"),
        (|claims| claims["email_verified"] = false.into(), "verified your address"),
        (|claims| claims["email"] = "other@example.com".into(), "somebody else"),
        (|claims| claims["email"] = "аpprover@example.com".into(), "which address is yours"),
        (|claims| claims["email"] = Value::Null, "which address is yours"),
        (|claims| claims["iat"] = 4_000_000_000_i64.into(), "from the future"),
        (|claims| claims["exp"] = 1_000_000_000_i64.into(), "has expired"),
        (|claims| claims["padding"] = "x".repeat(9_000).into(), "too long"),
    ];
    for (change, text) in wrong {
        begun.finish(&site, &provider, change);
        says(&begun.back(&site, &[]).await, 403, text);
    }
    let unsigned = provider.key.token_with(&json!({"alg": "none"}), &begun.claims(&site));
    site.backend.give_token_for("c1", unsigned);
    says(&begun.back(&site, &[]).await, 403, "not accepted");
    assert!(site.backend.approval(id).unwrap().votes.is_empty());
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_fetched_and_the_button_tries_again() {
    let (site, _) = site().await;
    let (id, link) = site.pending();
    let begun = begin(&site, &link, id, "approve", "").await;
    let asked = |site: &Site| site.backend.rechecks().iter().filter(|one| one.provider_keys).count();
    assert_eq!(asked(&site), 0, "the known keys are fresh");
    let rotated = TestProvider { key: ProviderKeyPair::new(JwsAlgorithm::Rs256, "k2") };
    let token = begun.finish(&site, &rotated, |_| {});
    says(&begun.back(&site, &[]).await, 200, "Press the button again");
    assert_eq!(asked(&site), 1);
    let early = post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await;
    says(&early, 503, "Press the button again");
    assert!(early.text().contains(&token), "nothing is lost");
    rotated.record(&site.backend).await;
    says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 200, "Approved");

    // Keys that were seen long ago are fetched when a sign-in begins.
    let (other, link) = site.pending();
    site.backend.advance(ProviderKey::REFRESH + Duration::SECOND);
    begin(&site, &link, other, "approve", "").await;
    assert_eq!(asked(&site), 3);
}

#[tokio::test]
async fn a_key_that_the_provider_removed_is_not_taken() {
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    site.backend.advance(ProviderKey::GRACE + Duration::SECOND);
    let begun = begin(&site, &link, id, "approve", "").await;
    let token = begun.finish(&site, &provider, |_| {});
    says(&begun.back(&site, &[]).await, 200, "Press the button again");
    says(
        &post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await,
        503,
        "Press the button",
    );
    let now = site.backend.now();
    site.backend.record_key(&provider.row(now, now)).await.unwrap();
    says(&post_form(&site, "/signed-in", &begun.cookie, &[("idToken", &token)]).await, 200, "Approved");
}

#[tokio::test]
async fn a_sign_in_does_not_begin_for_what_cannot_be_decided() {
    let (site, _) = site().await;
    let (id, link) = site.pending();
    let digest = site.shown(id);
    let post = async |fields: &[(&str, &str)]| post_form(&site, &link, "", fields).await;
    let old = "0".repeat(64);
    says(&post(&[("decision", "approve"), ("digest", &old)]).await, 409, "changed");
    says(&post(&[("decision", "reject"), ("digest", &digest)]).await, 400, "reason");
    let long = "理".repeat(1_500);
    says(&post(&[("decision", "reject"), ("digest", &digest), ("reason", &long)]).await, 400, "too long");
    site.backend.fail_next("identity provider", 1);
    says(&post(&[("decision", "approve"), ("digest", &digest)]).await, 503, "answer. Nothing was decided");
    site.backend.fail_next("identity provider", 1);
    let in_japanese =
        [("accept", BROWSER), ("content-type", FORM), ("accept-language", Language::Japanese.code())];
    let body = format!("decision=approve&digest={digest}");
    let answer = site.call("POST", &link, &in_japanese, body).await;
    says(&answer, 503, "サインインサービスが応答しません");
    site.post(&link, &json!({"decision": "approve", "digest": digest}))
        .await
        .is_problem(403, "sign_in_needed");
}

#[tokio::test]
async fn a_program_decides_with_an_id_token() {
    let (site, provider) = site().await;
    let (id, link) = site.pending();
    let review = site.get(&link).await.json();
    assert_eq!(review["identity"], "oidc");
    let begun = begin(&site, &link, id, "approve", "").await;
    let token = begun.finish(&site, &provider, |_| {});
    // The random text of the nonce is in the cookie of the browser, and so not known here.
    let body = json!({"decision": "approve", "digest": review["digest"], "idToken": token, "nonce": "x"});
    site.post(&link, &body).await.is_problem(403, "sign_in_refused");
    let meaning = workflow::approval::passkey::VoteMeaning {
        base_url: &workflow::testing::passkeys::base_url(),
        request_id: id,
        binds: &workflow::decision::ApprovalDigest::from_text(review["approvalDigest"].as_str().unwrap()),
        decision: workflow::decision::Decision::Approve,
        reason: None,
    };
    let shown = workflow::decision::ReviewDigest::from_text(review["digest"].as_str().unwrap());
    let evidence = provider.evidence(&meaning, &shown, approver().as_str(), site.backend.now());
    let body = json!({
        "decision": "approve", "digest": review["digest"], "idToken": evidence.id_token, "nonce": evidence.nonce,
    });
    let decided = site.post(&link, &body).await;
    assert_eq!(decided.status, 200, "{}", decided.text());
    assert!(!decided.text().contains("idToken"), "{}", decided.text());
}

#[tokio::test]
async fn whoever_asks_for_headers_uses_no_code_and_a_local_stack_has_a_cookie_too() {
    let (site, provider) = site_at("http://localhost:8080/").await;
    let (id, link) = site.pending();
    let digest = site.shown(id);
    let fields = [("decision", "approve"), ("digest", &*digest)];
    let headers = [("accept", BROWSER), ("content-type", FORM)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let answer = site.call("POST", &link, &headers, body).await;
    let set = answer.header("set-cookie").to_owned();
    assert!(set.starts_with("sign_in=") && set.ends_with("; HttpOnly; SameSite=Lax"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    let page = answer.text();
    let href = page.split("url=").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let asked = Url::parse(&href).unwrap().query_pairs().into_owned().collect();
    let begun = Begun { asked, cookie, page };
    let mut claims = begun.claims(&site);
    claims["nonce"] = begun.asked["nonce"].as_str().into();
    site.backend.give_token_for("c1", provider.key.token(&claims));
    let query = format!("/signed-in?code=c1&iss={ISSUER}&state={}", begun.asked["state"]);
    let head = site.call("HEAD", &query, &[("cookie", &begun.cookie)], "").await;
    assert_eq!(head.status, 200);
    begun.back(&site, &[]).await.is_page(200);
}
