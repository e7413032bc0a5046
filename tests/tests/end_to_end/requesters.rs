//! Requesters who sign in at a real OpenID provider: in a browser, by a program, and as somebody else.

use end_to_end::{
    Asked, Axe, Browser, ExclusiveStack, OpenIdProvider, PATIENCE, Stack, Submission, csr_for, eventually,
    needed, policy, unique_host,
};
use reqwest::Method;
use serde_json::json;
use workflow::approval::sign_in::code_challenge;

use crate::APPROVER;
use crate::looked_at::looked_at;
use crate::sign_ins::{Walker, at_provider, between, confirm, leads_to, redirect_uri, sign_in_in_browser};

/// The policy of test stacks, with requesters who sign in.
fn with_sign_ins(issuer: &str) -> String {
    let oidc = format!("[people]\noidc = {{ issuer = \"{issuer}\", client_id = \"countersign\" }}");
    let policy = policy().replace("requesters = \"mail\"", "requesters = \"oidc\"");
    policy.replacen("[people]", &oidc, 1)
}

/// Sends a request, which then waits for its requester to sign in.
async fn ask(stack: &Stack) -> Asked {
    let submission =
        Submission { comment: "For the shop.".into(), ..Submission::of(&csr_for(&[&unique_host()])) };
    let answer = stack.portal().submit(&submission).await.expect(202).json();
    assert_eq!(answer["status"], "unconfirmed");
    Asked::of(&answer, &submission)
}

async fn approve(stack: &Stack, asked: &Asked) {
    let link = stack.mailbox().approval_link(asked, APPROVER).await;
    stack.portal().decide(&link, "approve", "").await.expect(200);
}

#[tokio::test]
async fn a_requester_signs_in_with_a_browser_and_confirms() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let Some(axe) = Axe::installed() else { return };
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    stack.set_policy("requesters.toml", &with_sign_ins(&provider.issuer));
    let mut wrong = Vec::new();
    for with_scripts in [true, false] {
        let (email, host) = (Submission::of("").email, unique_host());
        let browser = Browser::start(&programs, with_scripts).await;
        browser.page.goto(&stack.portal().base).await.unwrap();
        browser.fill("#email", &email).await;
        browser.fill("#csrContent", &csr_for(&[&host])).await;
        browser.fill("#comment", "From a browser.").await;
        browser.leave("form button.primary").await;
        browser.element("[data-status=unconfirmed]").await;
        let status_url = browser.page.current_url().await.unwrap();
        let id = status_url.path_segments().unwrap().next_back().unwrap().to_owned();
        let asked = Asked { id, email: email.clone(), status_url: status_url.to_string() };
        if with_scripts {
            wrong.extend(looked_at(&axe, &browser, "sign-in-to-confirm", "en").await);
        } else {
            // Whoever closed the page comes back by the mail.
            browser.page.goto(&stack.mailbox().confirmation_link(&asked).await).await.unwrap();
        }
        browser.leave("form[action*='/confirm'] button").await;
        sign_in_in_browser(&browser, &provider, Some(&email)).await;
        browser.element("input[name=idToken]").await;
        let text = browser.element("main").await.text().await.unwrap();
        assert!(text.contains(&host) && text.contains("From a browser."), "{text}");
        if with_scripts {
            wrong.extend(looked_at(&axe, &browser, "signed-in-to-confirm", "en").await);
        }
        assert_eq!(stack.row(&asked.id)["status"], "unconfirmed", "nothing is confirmed by reading");
        eventually("the request to be confirmed", PATIENCE, async || {
            browser.leave("main form button[type=submit]").await;
            let html = browser.page.source().await.unwrap();
            html.contains("data-status=").then_some(())
        })
        .await;
        browser.close().await;
        approve(&stack, &asked).await;
        stack.portal().until(&asked, "delivered").await;
        let verified = stack.countersign(&["approvals", "verify", &asked.id]);
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{told}{}", String::from_utf8_lossy(&verified.stderr));
        assert!(told.contains(&format!("{email} signed in at the identity provider")), "{told}");
        let audited = stack.countersign(&["audit", "verify", &asked.id]);
        assert!(audited.status.success(), "{}", String::from_utf8_lossy(&audited.stdout));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    stack.set_policy("usual.toml", &policy());
}

#[tokio::test]
async fn a_request_is_confirmed_by_its_requester_alone() {
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    // Confirmed by mail, before the policy asks for a sign-in: refused when it is to be signed.
    let early = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = stack.mailbox().approval_link(&early, APPROVER).await;
    stack.set_policy("requesters.toml", &with_sign_ins(&provider.issuer));
    stack.portal().decide(&link, "approve", "").await.expect(200);
    let refused = eventually("the request to be refused", PATIENCE, async || {
        let now = stack.portal().status(&early).await;
        (now["status"] == "refused").then_some(now)
    })
    .await;
    assert_eq!(refused["code"], "sign_in_needed");

    let asked = ask(&stack).await;
    let confirm_url = url::Url::parse(&asked.status_url.replace("?key=", "/confirm?key=")).unwrap();
    let begin =
        async |walker: &mut Walker| leads_to(&walker.call(&stack, Method::POST, &confirm_url, &[]).await);
    let mut somebody = Walker::default();
    let url = begin(&mut somebody).await;
    let page = at_provider(&stack, &mut somebody, &url, "somebody@example.com").await;
    assert!(page.status == 403 && page.text.contains("somebody else than"), "{}", page.text);
    // The mailed link alone confirms nothing either.
    let mailed = stack.mailbox().confirmation_link(&asked).await;
    stack.portal().post(&mailed, &json!({})).await.problem(403, "sign_in_needed");
    assert_eq!(stack.row(&asked.id)["status"], "unconfirmed");

    let mut requester = Walker::default();
    let url = begin(&mut requester).await;
    let page = at_provider(&stack, &mut requester, &url, &asked.email).await;
    confirm(&stack, &mut requester, &page).await;
    approve(&stack, &asked).await;
    stack.portal().until(&asked, "delivered").await;
    stack.set_policy("usual.toml", &policy());
}

/// A program with a sign-in of its own: the hash is computed as docs/sign-in.md says.
#[tokio::test]
async fn a_program_signs_in_and_confirms() {
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    stack.set_policy("requesters.toml", &with_sign_ins(&provider.issuer));
    let asked = ask(&stack).await;
    let view = stack.portal().status(&asked).await;
    let digest = view["confirmation"]["digest"].as_str().unwrap();
    let (random, verifier) = ("a-random-text", "a-verifier-of-43-characters-or-more-0123456789");
    let fields =
        ["countersign confirmation 1", &stack.portal().base, &asked.id, digest, &asked.email, random];
    let framed = |field: &str| {
        let length = u8::try_from(field.len()).unwrap();
        assert!(length.is_ascii());
        format!("\0\0\0\0\0\0\0{}{field}", char::from(length))
    };
    // The challenge of PKCE is a SHA-256 as base64url too.
    let nonce = code_challenge(&fields.map(framed).concat());
    let mut url = url::Url::parse(&format!("{}/auth", provider.issuer)).unwrap();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", "countersign")
        .append_pair("redirect_uri", &redirect_uri(&stack))
        .append_pair("scope", "openid email")
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &code_challenge(verifier))
        .append_pair("code_challenge_method", "S256");
    let mut walker = Walker::default();
    let back = at_provider(&stack, &mut walker, &url, &asked.email).await;
    assert_eq!(back.status, 403, "no browser of the portal began this sign-in: {}", back.text);
    let code = back.url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let token = url::Url::parse(&format!("{}/token", provider.issuer)).unwrap();
    let redirect = redirect_uri(&stack);
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "countersign"),
        ("code", &*code),
        ("redirect_uri", &*redirect),
        ("code_verifier", verifier),
    ];
    let answer = walker.call(&stack, Method::POST, &token, &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id_token = between(&answer.text, "\"id_token\":\"", "\"").to_owned();

    let path = asked.status_url.replace("?key=", "/confirm?key=");
    stack.portal().post(&path, &json!({})).await.problem(403, "sign_in_needed");
    let body = json!({"idToken": id_token, "nonce": random});
    eventually("the request to be confirmed", PATIENCE, async || {
        let answer = stack.portal().post(&path, &body).await;
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        (answer.status == 200).then_some(())
    })
    .await;
    approve(&stack, &asked).await;
    stack.portal().until(&asked, "delivered").await;
    stack.set_policy("usual.toml", &policy());
}
