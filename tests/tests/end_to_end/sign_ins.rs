//! Sign-ins at a real OpenID provider: in a browser, by a program, and with keys that change.

use std::collections::BTreeMap;

use end_to_end::{
    Asked, Axe, Browser, ExclusiveStack, OpenIdProvider, PATIENCE, Stack, Submission, csr_for, eventually,
    needed, policy, unique_host,
};
use reqwest::Method;
use serde_json::Value;

use crate::looked_at::looked_at;

const SIGNER: &str = "signer@example.com";
const UNVERIFIED: &str = "unverified@example.com";
/// What a local stack keeps in a SecureString; of this test alone.
const SECRET: &str = "only-in-this-test";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// The policy of test stacks, with a profile whose approvers sign in.
pub(crate) fn with_sign_ins(issuer: &str, more: &str) -> String {
    let oidc = format!("[people]\noidc = {{ issuer = \"{issuer}\", client_id = \"countersign\"{more} }}");
    let profile = format!(
        "\n[profiles.signed-in]\ndescription = \"Needs sign-ins\"\nextended_key_usage = [\"serverAuth\"]\n\
         identity = \"oidc\"\napprovers = [\"{SIGNER}\", \"{UNVERIFIED}\"]\n"
    );
    policy().replacen("[people]", &oidc, 1) + &profile
}

async fn ask(stack: &Stack, approver: &str) -> (Asked, String) {
    let submission = Submission::of(&csr_for(&[&unique_host()])).with_profile("signed-in");
    let asked = stack.portal().ask(&submission).await;
    let link = stack.mailbox().approval_link(&asked, approver).await;
    (asked, link)
}

pub(crate) fn redirect_uri(stack: &Stack) -> String {
    format!("{}signed-in", stack.portal().base)
}

/// A browser without a screen: the cookies of each origin.
#[derive(Default)]
pub(crate) struct Walker(BTreeMap<String, BTreeMap<String, String>>);

/// An answer, and the address that it is from.
pub(crate) struct Page {
    pub(crate) url: url::Url,
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Walker {
    pub(crate) async fn call(
        &mut self,
        stack: &Stack,
        method: Method,
        url: &url::Url,
        body: &[(&str, &str)],
    ) -> Page {
        let mut url = url.clone();
        let (mut method, mut body) = (method, body.to_vec());
        loop {
            let origin = url.origin().ascii_serialization();
            let jar = self.0.entry(origin).or_default();
            let cookie: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let cookie = cookie.join("; ");
            let headers = [
                ("accept", BROWSER),
                ("content-type", "application/x-www-form-urlencoded"),
                ("cookie", &cookie),
            ];
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&body).finish();
            let answer = stack.portal().send(method.clone(), url.as_str(), &headers, form.into_bytes()).await;
            for set in answer.headers.get_all("set-cookie") {
                let (name, value) = set.to_str().unwrap().split_once('=').unwrap();
                jar.insert(name.to_owned(), value.split(';').next().unwrap().to_owned());
            }
            let Some(location) = answer.headers.get("location") else {
                return Page { url, status: answer.status, text: answer.text() };
            };
            url = url.join(location.to_str().unwrap()).unwrap();
            (method, body) = (Method::GET, Vec::new());
        }
    }
}

/// The text between two others.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.split_once(before).unwrap_or_else(|| panic!("{before}: {text}")).1;
    start.split_once(after).unwrap().0
}

/// Signs in for a decision, up to the page that asks for it once more.
async fn sign_in(stack: &Stack, walker: &mut Walker, link: &str, login: &str) -> Page {
    let link = url::Url::parse(link).unwrap();
    let review = stack.portal().json(link.as_str()).await.expect(200).json();
    assert_eq!(review["identity"], "oidc");
    let fields = [("decision", "approve"), ("digest", review["digest"].as_str().unwrap())];
    let page = walker.call(stack, Method::POST, &link, &fields).await;
    at_provider(stack, walker, &leads_to(&page), login).await
}

/// The address of the provider to which a page leads on.
pub(crate) fn leads_to(page: &Page) -> url::Url {
    assert_eq!(page.status, 200, "{}", page.text);
    url::Url::parse(&between(&page.text, "url=", "\"").replace("&#38;", "&")).unwrap()
}

/// Signs in at the provider, and comes back.
pub(crate) async fn at_provider(stack: &Stack, walker: &mut Walker, url: &url::Url, login: &str) -> Page {
    let mut page = walker.call(stack, Method::GET, url, &[]).await;
    // The pages of the provider: the login and the consent, unless it knows both already.
    while page.text.contains("name=\"prompt\"") {
        let url = url::Url::parse(between(&page.text, "action=\"", "\"")).unwrap();
        let fields = match between(&page.text, "name=\"prompt\" value=\"", "\"") {
            "login" => vec![("prompt", "login"), ("login", login), ("password", "any")],
            prompt => vec![("prompt", prompt)],
        };
        page = walker.call(stack, Method::POST, &url, &fields.clone()).await;
    }
    page
}

/// Signs in at the provider in a browser, from the page that leads on to it up to the way back. Types the login, unless it is to be there.
pub(crate) async fn sign_in_in_browser(browser: &Browser, provider: &OpenIdProvider, login: Option<&str>) {
    // The page that leads on leads on by itself.
    let field = browser.element("input[name=login]").await;
    let at = browser.page.current_url().await.unwrap();
    assert!(at.as_str().starts_with(&provider.issuer), "{at}");
    if let Some(login) = login {
        field.clear().await.unwrap();
        browser.fill("input[name=login]", login).await;
    }
    browser.fill("input[name=password]", "any").await;
    browser.leave("button[type=submit]").await;
    // The consent, then the way back.
    browser.leave("form button[type=submit]").await;
}

/// Presses the button of the last page, until the keys of the provider are known.
pub(crate) async fn confirm(stack: &Stack, walker: &mut Walker, page: &Page) {
    assert_eq!(page.status, 200, "{}", page.text);
    let token = between(&page.text, "name=\"idToken\" value=\"", "\"").to_owned();
    let url = page.url.join(redirect_uri(stack).as_str()).unwrap();
    let walker = tokio::sync::Mutex::new(walker);
    eventually("the decision to be taken", PATIENCE, async || {
        let answer = walker.lock().await.call(stack, Method::POST, &url, &[("idToken", &token)]).await;
        assert!([200, 503].contains(&answer.status), "{}", answer.text);
        (answer.status == 200).then_some(())
    })
    .await;
}

/// Puts the client secret where the portal reads it.
fn keep_secret(stack: &Stack) {
    let parameter = format!("/countersign/{}/oidc-client-secret", stack.endpoint("stack"));
    let put = ["ssm", "put-parameter", "--overwrite", "--type", "SecureString", "--name", &parameter];
    stack.aws(&[&put[..], &["--value", SECRET]].concat());
}

/// A certificate whose approver signs in, at a provider that demands a client secret.
pub(crate) async fn by_program(stack: &Stack) {
    let Some(provider) = OpenIdProvider::start(&redirect_uri(stack), SECRET).await else { return };
    keep_secret(stack);
    stack.set_policy("sign-ins.toml", &with_sign_ins(&provider.issuer, ", confidential = true"));
    let (asked, link) = ask(stack, SIGNER).await;
    let mut walker = Walker::default();
    let page = sign_in(stack, &mut walker, &link, SIGNER).await;
    confirm(stack, &mut walker, &page).await;
    stack.portal().until(&asked, "delivered").await;
    stack.set_policy("usual.toml", &policy());
}

#[tokio::test]
async fn a_provider_may_demand_a_client_secret() {
    let stack = ExclusiveStack::take().await;
    by_program(&stack).await;
}

#[tokio::test]
async fn an_approver_signs_in_with_a_browser_and_decides() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let Some(axe) = Axe::installed() else { return };
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    stack.set_policy("sign-ins.toml", &with_sign_ins(&provider.issuer, ", max_age = \"5m\""));
    let mut wrong = Vec::new();
    for with_scripts in [true, false] {
        let (asked, link) = ask(&stack, SIGNER).await;
        let browser = Browser::start(&programs, with_scripts).await;
        browser.page.goto(&link).await.unwrap();
        browser.element("button[value=approve]").await;
        if with_scripts {
            wrong.extend(looked_at(&axe, &browser, "review-with-sign-in", "en").await);
        }
        browser.fill("#reason", "Checked with the team.").await;
        browser.leave("button[value=approve]").await;
        // The provider is told who is asked: the name is there already.
        sign_in_in_browser(&browser, &provider, None).await;
        browser.element("input[name=idToken]").await;
        if with_scripts {
            wrong.extend(looked_at(&axe, &browser, "signed-in", "en").await);
        }
        let row = stack.row(&asked.id);
        assert_eq!(row["decision"], Value::Null, "nothing is decided by reading");
        eventually("the decision to be taken", PATIENCE, async || {
            browser.leave("main form button[type=submit]").await;
            let html = browser.page.source().await.unwrap();
            html.contains("banner good").then_some(())
        })
        .await;
        browser.close().await;
        stack.portal().until(&asked, "delivered").await;

        let verified = stack.countersign(&["approvals", "verify", &asked.id]);
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{told}{}", String::from_utf8_lossy(&verified.stderr));
        assert!(told.contains("signed in at the identity provider"), "{told}");
        assert_eq!(stack.row(&asked.id)["decision"]["votes"][0]["reason"], "Checked with the team.");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    stack.set_policy("usual.toml", &policy());
}

/// Canaille does not say that it verified an address, has times with fractions, and asks for the name before the password.
#[tokio::test]
async fn an_approver_signs_in_at_another_provider() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::canaille(&redirect_uri(&stack), SECRET).await else { return };
    keep_secret(&stack);
    let more = ", confidential = true, max_age = \"5m\"";
    stack.set_policy("sign-ins.toml", &with_sign_ins(&provider.issuer, more));
    let (refused, link) = ask(&stack, SIGNER).await;
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&link).await.unwrap();
    browser.leave("button[value=approve]").await;
    browser.fill("#login", SIGNER).await;
    browser.leave("main button[type=submit], form button[type=submit]").await;
    browser.fill("#password", "any-password-1").await;
    browser.leave("form button[type=submit]").await;
    let text = browser.element("main").await.text().await.unwrap();
    assert!(text.contains("verified your address"), "{text}");
    assert_eq!(stack.row(&refused.id)["decision"], Value::Null);

    let by_name = format!("{more}, claim = \"sub\"");
    stack.set_policy("sign-ins.toml", &with_sign_ins(&provider.issuer, &by_name));
    browser.page.goto(&link).await.unwrap();
    // The provider knows the person by now.
    browser.fill("#reason", "Not this one.").await;
    browser.leave("button[value=reject]").await;
    browser.element("input[name=idToken]").await;
    eventually("the decision to be taken", PATIENCE, async || {
        browser.leave("main form button[type=submit]").await;
        browser.page.source().await.unwrap().contains("banner bad").then_some(())
    })
    .await;
    stack.portal().until(&refused, "rejected").await;
    browser.close().await;
    stack.set_policy("usual.toml", &policy());
}

#[tokio::test]
async fn keys_that_change_and_wrong_people() {
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    stack.set_policy("sign-ins.toml", &with_sign_ins(&provider.issuer, ""));
    let (asked, link) = ask(&stack, SIGNER).await;

    let page = sign_in(&stack, &mut Walker::default(), &link, "other@example.com").await;
    assert!(page.status == 403 && page.text.contains("somebody else"), "{}", page.text);
    let (_, unverified) = ask(&stack, UNVERIFIED).await;
    let page = sign_in(&stack, &mut Walker::default(), &unverified, UNVERIFIED).await;
    assert!(page.status == 403 && page.text.contains("verified your address"), "{}", page.text);

    let mut walker = Walker::default();
    let page = sign_in(&stack, &mut walker, &link, SIGNER).await;
    // The code was used, and another browser did not begin.
    let again = walker.call(&stack, Method::GET, &page.url, &[]).await;
    assert!(again.status == 403 && again.text.contains("used already"), "{}", again.text);
    let elsewhere = Walker::default().call(&stack, Method::GET, &page.url, &[]).await;
    assert!(elsewhere.status == 403 && elsewhere.text.contains("in this browser"), "{}", elsewhere.text);
    confirm(&stack, &mut walker, &page).await;
    stack.portal().until(&asked, "delivered").await;

    // The provider has new keys, and no sessions: Sign fetches them, and the former ones stay.
    provider.rotate().await;
    let (later, link) = ask(&stack, SIGNER).await;
    let mut walker = Walker::default();
    let page = sign_in(&stack, &mut walker, &link, SIGNER).await;
    confirm(&stack, &mut walker, &page).await;
    stack.portal().until(&later, "delivered").await;
    for asked in [&asked, &later] {
        let verified = stack.countersign(&["approvals", "verify", &asked.id]);
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    }
    let listed = stack.countersign(&["people", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert_eq!(listed.matches(&provider.issuer).count(), 2, "{listed}");
    stack.set_policy("usual.toml", &policy());
}

/// Two of a group whose members only the provider knows, by one link to the mailbox that they share.
#[tokio::test]
async fn two_members_of_a_group_of_the_provider_approve() {
    const MAILBOX: &str = "pki@example.com";
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    // At the start of a line: in a comment of the policy, the section is commented out.
    let group = format!("\n[groups]\npki = {{ oidc_group = \"PKI approvers\", mail = \"{MAILBOX}\" }}");
    let members = "approval = [{ group = \"pki\", quorum = 2 }]";
    let usual = with_sign_ins(&provider.issuer, ", scope = \"groups\"");
    let listed = format!("approvers = [\"{SIGNER}\", \"{UNVERIFIED}\"]");
    stack.set_policy("groups.toml", &usual.replacen("\n[groups]", &group, 1).replace(&listed, members));
    let (asked, link) = ask(&stack, MAILBOX).await;
    let review = stack.portal().json(&link).await.expect(200).json();
    assert_eq!(review["oidcGroup"], "PKI approvers");

    let outsider = sign_in(&stack, &mut Walker::default(), &link, "other@example.com").await;
    assert!(outsider.status == 403 && outsider.text.contains("name you as a member"), "{}", outsider.text);
    for (member, approvals) in
        [("member1@example.com", 1), ("member1@example.com", 1), ("member2@example.com", 2)]
    {
        let mut walker = Walker::default();
        let page = sign_in(&stack, &mut walker, &link, member).await;
        assert!(page.text.contains(member), "who decides is shown: {}", page.text);
        confirm(&stack, &mut walker, &page).await;
        let review = stack.portal().json(&link).await.expect(200).json();
        assert_eq!(review["votes"].as_array().unwrap().len(), approvals, "{member}: {review}");
    }
    stack.portal().until(&asked, "delivered").await;
    let verified = stack.countersign(&["approvals", "verify", &asked.id]);
    let told = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{told}{}", String::from_utf8_lossy(&verified.stderr));
    assert!(told.contains("member1@example.com") && told.contains("member2@example.com"), "{told}");
    stack.set_policy("usual.toml", &policy());
}
