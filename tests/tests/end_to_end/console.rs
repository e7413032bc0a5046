//! The console: opened in a browser with a passkey and at an identity provider by people who approve nothing, and by a program for the
//! permissions it needs.

use end_to_end::{
    Axe, Browser, ExclusiveStack, OpenIdProvider, PATIENCE, Stack, Submission, csr_for, eventually, needed,
    policy, unique_host,
};
use reqwest::Method;
use serde_json::json;
use time::OffsetDateTime;
use workflow::approval::LinkSecret;
use workflow::approver_set::Identity;
use workflow::console::{ConsoleSession, ConsoleVisitor};

use crate::APPROVER;
use crate::looked_at::{looked_at, looked_at_in_japanese};
use crate::passkeys::{code, codes};
use crate::sign_ins::{redirect_uri, sign_in_in_browser, with_sign_ins};

/// The operator of the policy of test stacks.
const OPERATOR: &str = "olivia@example.com";
/// The auditor of that policy.
const AUDITOR: &str = "eve@example.com";

/// The cookie of a session, made with the link secret as the portal makes it.
fn cookie(stack: &Stack) -> String {
    let get = ["secretsmanager", "get-secret-value", "--secret-id", stack.endpoint("linkSecret")];
    let secret = stack.aws_json(&get)["SecretString"].as_str().unwrap().to_owned();
    let person: workflow::email::Email = OPERATOR.parse().unwrap();
    let visitor = ConsoleVisitor { listed: Some(person.clone()), person, groups: Vec::new() };
    let session = ConsoleSession::begin(visitor, Identity::Passkey, OffsetDateTime::now_utc()).unwrap();
    format!("console={}", session.seal(&LinkSecret::new(&secret).unwrap()))
}

/// Opens a page of the console.
pub(crate) async fn open(stack: &Stack, page: &str) {
    let cookie = cookie(stack);
    let headers = [("accept", "text/html"), ("cookie", cookie.as_str())];
    stack.portal().send(Method::GET, page, &headers, Vec::new()).await.expect(200);
}

/// Every page of the console, and that of a request.
pub(crate) async fn read(stack: &Stack) {
    let asked = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let request = format!("console/requests/{}", asked.id);
    let after = format!("console/requests?status=submitted&after={}", asked.id);
    let pages = [
        "console",
        "console/certificates",
        "console/grants",
        "console/issuers",
        "console/policy",
        &request,
        &after,
    ];
    for page in pages {
        open(stack, page).await;
    }
}

#[tokio::test]
async fn somebody_who_approves_nothing_opens_the_console_with_a_passkey_and_acts() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let Some(axe) = Axe::installed() else { return };
    let stack = Stack::shared().await;
    let asked = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    stack.mailbox().approval_link(&asked, APPROVER).await;
    stack.portal().until(&asked, "pending_approval").await;
    let browser = Browser::start(&programs, true).await;
    browser.add_authenticator().await;
    let mut wrong = Vec::new();
    let mut check = async |name: &str, is_read: bool| {
        wrong.extend(looked_at(&axe, &browser, name, "en").await);
        if is_read {
            wrong.extend(looked_at_in_japanese(&axe, &browser, name).await);
        }
    };
    let portal = stack.endpoint("portal").to_owned();

    browser.page.goto(&format!("{portal}console")).await.unwrap();
    browser.element("form[data-passkey=console]").await;
    check("console-sign-in", true).await;
    // Without a passkey, the browser says so itself, and nothing is sent.
    let invited = stack.countersign(&["people", "invite", OPERATOR]);
    assert!(invited.status.success(), "{}", String::from_utf8_lossy(&invited.stderr));
    let link = String::from_utf8(invited.stdout).unwrap().trim().to_owned();
    let before = codes(stack, OPERATOR);
    browser.page.goto(&link).await.unwrap();
    browser.leave("form[data-passkey=new] button").await;
    browser.element("#code").await;
    browser.fill("#code", &code(stack, OPERATOR, &before).await).await;
    browser.leave("main form button").await;
    browser.element(".banner.good").await;
    // Once Sign has added the passkey, it opens the console.
    eventually("the console to open", PATIENCE, async || {
        browser.page.goto(&format!("{portal}console/sign-in")).await.unwrap();
        browser.element("form[data-passkey=console]").await;
        browser.leave("form[data-passkey=console] button").await;
        browser.element("main h1").await;
        let is_open = "return document.querySelector('form.session') !== null";
        (browser.page.execute(is_open, vec![]).await.unwrap() == json!(true)).then_some(())
    })
    .await;
    check("console-overview", true).await;
    for page in ["certificates", "grants", "issuers", "policy"] {
        browser.page.goto(&format!("{portal}console/{page}")).await.unwrap();
        browser.element("form.session").await;
        check(&format!("console-{page}"), true).await;
    }
    let request = format!("{portal}console/requests/{}", asked.id);
    browser.page.goto(&request).await.unwrap();
    browser.press("details.act summary").await;
    check("console-request", true).await;

    // New links, for a reason that the row keeps.
    browser.page.goto(&request).await.unwrap();
    browser.press("details.act summary").await;
    browser.fill("#reason-resend", "The mail was deleted.").await;
    browser.leave("details.act form button").await;
    browser.element("form.session").await;
    let said = browser.element("main").await.text().await.unwrap();
    assert!(
        said.contains("The mail was deleted.") && said.contains(&format!("operator:{OPERATOR}")),
        "{said}"
    );
    check("console-acted", false).await;
    eventually("the new link", PATIENCE, async || {
        let events = stack.countersign(&["audit", "export", &asked.id]);
        let trail = String::from_utf8_lossy(&events.stdout).into_owned();
        (trail.contains("\"operated\"") && trail.contains("\"links_renewed\"")).then_some(())
    })
    .await;
    assert!(stack.countersign(&["audit", "verify", &asked.id]).status.success());
    // Nothing of it approves.
    let approves = "return [...document.querySelectorAll('button')].some((one) => one.value === 'approve')";
    assert_eq!(browser.page.execute(approves, vec![]).await.unwrap(), json!(false));

    browser.leave("form.session button").await;
    browser.element("form[data-passkey=console]").await;
    browser.page.goto(&request).await.unwrap();
    browser.element("form[data-passkey=console]").await;
    browser.close().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(stack.row(&asked.id)["operations"][0]["reason"], "The mail was deleted.");
}

#[tokio::test]
async fn operators_and_auditors_sign_in_at_the_provider_and_nobody_else_does() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let Some(axe) = Axe::installed() else { return };
    let stack = ExclusiveStack::take().await;
    let Some(provider) = OpenIdProvider::start(&redirect_uri(&stack), "").await else { return };
    let by_passkey = "[console]\nidentity = \"passkey\"";
    let usual = with_sign_ins(&provider.issuer, ", max_age = \"5m\"");
    assert!(usual.contains(by_passkey), "{usual}");
    stack.set_policy("console.toml", &usual.replace(by_passkey, "[console]\nidentity = \"oidc\""));
    let asked = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    stack.portal().until(&asked, "pending_approval").await;
    let portal = stack.endpoint("portal").to_owned();
    let mut wrong = Vec::new();

    for (person, with_scripts, acts) in [(OPERATOR, true, true), (AUDITOR, false, false)] {
        let browser = Browser::start(&programs, with_scripts).await;
        browser.page.goto(&format!("{portal}console")).await.unwrap();
        browser.element("main form button").await;
        if with_scripts {
            wrong.extend(looked_at(&axe, &browser, "console-sign-in-provider", "en").await);
        }
        browser.leave("main form button").await;
        sign_in_in_browser(&browser, &provider, Some(person)).await;
        browser.element("input[name=idToken]").await;
        if with_scripts {
            wrong.extend(looked_at(&axe, &browser, "console-signed-in", "en").await);
        }
        // Sign fetches the keys of the provider, which are new to it: the same button tries again.
        eventually("the console to open", PATIENCE, async || {
            browser.leave("main form button[type=submit]").await;
            browser.element("main h1").await;
            browser.page.source().await.unwrap().contains("plain session\"").then_some(())
        })
        .await;
        assert!(browser.page.source().await.unwrap().contains(person), "the page says who is signed in");
        browser.page.goto(&format!("{portal}console/requests/{}", asked.id)).await.unwrap();
        browser.element("form.session").await;
        let html = browser.page.source().await.unwrap();
        assert_eq!(html.contains("card act\""), acts, "{person} acts: {acts}");
        browser.leave("form.session button").await;
        browser.element("main form button").await;
        browser.page.goto(&format!("{portal}console/requests/{}", asked.id)).await.unwrap();
        let html = browser.page.source().await.unwrap();
        assert!(!html.contains("plain session\""), "the session goes on after the sign-out");
        browser.close().await;
    }

    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&format!("{portal}console")).await.unwrap();
    browser.leave("main form button").await;
    sign_in_in_browser(&browser, &provider, Some("stranger@example.com")).await;
    browser.element("main h1").await;
    let said = browser.element("main").await.text().await.unwrap();
    assert!(said.contains("neither as an operator nor as an auditor"), "{said}");
    browser.page.goto(&format!("{portal}console")).await.unwrap();
    browser.element("main form button").await;
    assert!(!browser.page.source().await.unwrap().contains("plain session\""));
    browser.close().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    stack.set_policy("usual.toml", &policy());
}
