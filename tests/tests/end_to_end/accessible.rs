//! Accessibility of every page, in both languages and on every screen: no violation of WCAG 2.2 AA and no horizontal
//! scrolling; every control has a name, and links of the same name lead to the same place. Screenshots of all pages are written to
//! `target/screenshots`.

use std::path::PathBuf;

use end_to_end::{
    Asked, Axe, Browser, Look, Mailbox, PATIENCE, Portal, Stack, Submission, ask_for_standing, csr_for,
    eventually, misleading, needed, repository, unique_host,
};
use serde_json::json;

use crate::APPROVER;

const LANGUAGES: [&str; 2] = ["en", "ja"];
/// The approver of the profile `questioned`.
const ASKER: &str = "asker@example.com";
/// Pages without preparation: name of the screenshot, and path.
const PATHS: [(&str, &str); 10] = [
    ("form", ""),
    ("new", "new"),
    ("form-terms", "?kind=grant"),
    ("mine-ask", "mine"),
    ("inbox-ask", "approvals"),
    ("commands", "commands?names=www.example.com"),
    ("commands-wrong", "commands?names=not%20a%20name!"),
    ("commands-some", "commands?names=www.example.com%20a%26b@example.com%20localhost"),
    ("trust", "trust"),
    ("not-found", "approvals/nothing"),
];

/// Pages with forms that are collapsed: there are pictures of both.
const UNFOLDED: [&str; 3] = ["status-delivered", "review-decided", "review-question"];

/// Opens collapsed content, so that it is checked too.
const UNFOLD: &str = "for (const part of document.querySelectorAll('details')) part.open = true";

/// A page to check.
struct Page {
    name: &'static str,
    url: String,
    /// Action on the page at `url` that leads to it.
    then: Option<Then>,
}

/// Fills the form for these DNS names and presses a button of it.
struct Then {
    names: Vec<String>,
    button: &'static str,
    /// Selector of an element of the resulting page.
    shows: &'static str,
}

#[tokio::test]
async fn every_page_is_accessible_in_every_language_and_on_every_screen() {
    let Some(programs) = needed([("chromium", "chromium"), ("chromedriver", "chromium-driver")]) else {
        return;
    };
    let Some(axe) = Axe::installed() else { return };
    let stack = Stack::shared().await;
    let pages = pages(stack).await;
    let pictures = pictures();
    let browser = Browser::start(&programs, true).await;
    checks_find_errors(&axe, &browser).await;
    let mut wrong = Vec::new();
    for page in &pages {
        for language in LANGUAGES {
            browser.look(Look::ALL[0]).await;
            open(&browser, page, language).await;
            let what = |look: Look| format!("{}-{}-{language}", page.name, look.name);
            for look in Look::ALL {
                browser.look(look).await;
                browser.picture(look, &pictures.join(format!("{}.png", what(look)))).await;
            }
            browser.page.execute(UNFOLD, vec![]).await.unwrap();
            let named = controls(&axe, &browser, page).await;
            wrong.extend(named.into_iter().map(|one| format!("{}-{language}: {one}", page.name)));
            // Zoom and colours are the same in both languages: once is enough.
            let more = if language == LANGUAGES[0] { &Look::CHECKED[..] } else { &[] };
            for look in Look::ALL.iter().chain(more).copied() {
                browser.look(look).await;
                if UNFOLDED.contains(&page.name) {
                    browser.picture(look, &pictures.join(format!("{}-unfolded.png", what(look)))).await;
                }
                for violation in axe.violations(&browser).await {
                    wrong.push(format!("{}: {violation}", what(look)));
                }
                let (content, seen) = browser.widths().await;
                if content > seen {
                    wrong.push(format!("{}: scrolls sideways, {content} px in {seen}", what(look)));
                }
            }
        }
    }
    browser.close().await;
    println!("{} pages; pictures of them are in {}", pages.len(), pictures.display());
    assert!(wrong.is_empty(), "{} in all:\n{}", wrong.len(), wrong.join("\n"));
}

/// The controls without a name, and the links of the same name that lead to different places.
async fn controls(axe: &Axe, browser: &Browser, page: &Page) -> Vec<String> {
    let controls = axe.controls(browser).await;
    assert!(controls.iter().any(|one| one.role == "link"), "{}: no link: {controls:#?}", page.name);
    let nameless = controls.iter().filter(|one| one.name.is_empty());
    let mut wrong: Vec<String> =
        nameless.map(|one| format!("{} without a name: {}", one.role, one.element)).collect();
    // The mailbox lists mails by their subjects, and two mails may have the same.
    if page.name != "mailbox" {
        let differing = misleading(&controls);
        wrong.extend(differing.iter().map(|(name, targets)| format!("{name:?} leads to {targets:?}")));
    }
    wrong
}

/// Asserts that all checks find errors in a faulty page.
async fn checks_find_errors(axe: &Axe, browser: &Browser) {
    let page = "data:text/html,<title>wrong</title><img src=x><p style='width:9999px;color:%23ccc'>Pale and wide\
                <a href='http://a.example/'>More</a><a href='http://b.example/'>More</a><a href='http://c.example/'>C</a>\
                <button></button><button hidden></button>";
    browser.look(Look::ALL[0]).await;
    browser.page.goto(page).await.unwrap();
    let found: Vec<String> = axe.violations(browser).await.iter().map(ToString::to_string).collect();
    for rule in ["image-alt", "html-has-lang", "color-contrast"] {
        assert!(found.iter().any(|violation| violation.starts_with(rule)), "{rule}: {found:#?}");
    }
    let (content, seen) = browser.widths().await;
    assert!(content > seen, "{content} px in {seen}");
    let controls = axe.controls(browser).await;
    let names: Vec<(&str, &str)> =
        controls.iter().map(|one| (one.role.as_str(), one.name.as_str())).collect();
    assert_eq!(names, [("link", "More"), ("link", "More"), ("link", "C"), ("button", "")]);
    let differing = misleading(&controls);
    assert_eq!(differing.keys().collect::<Vec<_>>(), [&"More"]);
    assert_eq!(differing["More"], ["http://a.example/", "http://b.example/"]);
    browser.look(Look::CHECKED[1]).await;
    let forced = "return [matchMedia('(forced-colors: active)').matches, devicePixelRatio]";
    assert_eq!(browser.page.execute(forced, vec![]).await.unwrap(), json!([true, 1]));
    browser.look(Look::CHECKED[0]).await;
    assert_eq!(browser.page.execute(forced, vec![]).await.unwrap(), json!([false, 2]));
}

/// Creates an empty folder for the screenshots.
fn pictures() -> PathBuf {
    let folder = repository().join("target").join("screenshots");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn open(browser: &Browser, page: &Page, language: &str) {
    let separator = if page.url.contains('?') { '&' } else { '?' };
    browser.page.goto(&format!("{}{separator}lang={language}", page.url)).await.unwrap();
    browser.element("main h1").await;
    if let Some(then) = &page.then {
        browser.fill("#email", &Submission::of("").email).await;
        let names: Vec<&str> = then.names.iter().map(String::as_str).collect();
        browser.fill("#csrContent", &csr_for(&names)).await;
        browser.press(then.button).await;
        // Waits for the page behind the button, not for the preview that scripts insert.
        eventually("the answer to the form", PATIENCE, async || {
            let url = browser.page.current_url().await.ok()?;
            url.path().contains("requests").then_some(())
        })
        .await;
        browser.element(then.shows).await;
    }
}

/// Creates requests of every status, and lists all pages.
async fn pages(stack: &Stack) -> Vec<Page> {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let page = |name, url: String| Page { name, url, then: None };
    let mut pages: Vec<Page> =
        PATHS.iter().map(|(name, path)| page(*name, format!("{}{path}", portal.base))).collect();
    let after = |name, names: Vec<String>, button, shows| Page {
        name,
        url: portal.base.clone(),
        then: Some(Then { names, button, shows }),
    };
    pages.push(page("mailbox", stack.endpoint("mailboxUrl").to_owned()));
    let other_host = unique_host();
    pages.push(after(
        "form-preview",
        vec![unique_host(), other_host],
        "form button[formaction]",
        "#preview section",
    ));
    pages.push(after("form-wrong", vec!["www.example.edu".into()], "form button.primary", "#problems"));

    // One host for all, so that reviews show earlier certificates for the name.
    let (host, comment) = (unique_host(), "The shop's new front.\nIt replaces the old one in June.");
    let submission = |profile| {
        let submission = Submission { comment: comment.into(), ..Submission::of(&csr_for(&[&host])) };
        submission.with_profile(profile)
    };
    let delivered = portal.ask(&submission("server")).await;
    let approved = mailbox.approval_link(&delivered, APPROVER).await;
    portal.decide(&approved, "approve", "").await.expect(200);
    portal.until(&delivered, "delivered").await;
    pages.push(page("status-delivered", delivered.status_url.clone()));
    pages.push(page("review-decided", approved));
    let newest = format!("{}newest/{APPROVER}", stack.endpoint("mailboxUrl"));
    pages.push(page("mailbox-mail", newest));

    let revoked = portal.ask(&submission("server")).await;
    let link = mailbox.approval_link(&revoked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&revoked, "delivered").await;
    let order = [
        ("decision", "revoke"),
        ("reason", "superseded"),
        ("comment", "The shop has moved.\nSee the new one."),
    ];
    portal.post_form(&link, &order).await.expect(200);
    ended(&portal, &mut pages, "status-revoked", &revoked, "revoked").await;
    pages.push(page("review-revoked", link));

    let unconfirmed = submission("server");
    let answered = Asked::of(&portal.submit(&unconfirmed).await.expect(202).json(), &unconfirmed);
    pages.push(page("status-confirm", mailbox.confirmation_link(&answered).await));
    pages.push(page("status-unconfirmed", answered.status_url));

    // Submitted together, so that they are processed while the test waits for each.
    let mut asked = Vec::new();
    for profile in ["server", "pair", "server", "server", "brief", "narrowing-pages"] {
        asked.push(portal.ask(&submission(profile)).await);
    }
    let [waiting, half, rejected, withdrawn, expired, refused] = asked.try_into().unwrap();
    pages.push(page("status-waiting", waiting.status_url.clone()));
    pages.push(page("review-open", mailbox.approval_link(&waiting, APPROVER).await));

    // A question that is answered, and one that is not.
    let questioned = portal.ask(&submission("questioned")).await;
    let link = mailbox.approval_link(&questioned, ASKER).await;
    let mailed = questioned.status_url.clone();
    for question in ["Which shop is it for?", "Who runs it?"] {
        portal.post_form(&link, &[("decision", "ask"), ("question", question)]).await.expect(200);
    }
    let answer = [("number", "1"), ("answer", "The one in Osaka.\nIt opens in June.")];
    portal.post_form(&mailed.replace("?key=", "/answer?key="), &answer).await.expect(303);
    pages.push(page("review-question", link));
    pages.push(page("status-question", mailed));
    portal.post_form("approvals", &[("email", ASKER)]).await.expect(202);
    let list = eventually("the mail with the list of what waits", PATIENCE, async || {
        let links = mailbox.to(ASKER).into_iter().flat_map(|mail| mail.links());
        links.into_iter().find(|link| link.contains("/approvals/mine/"))
    })
    .await;
    pages.push(page("inbox", list));

    let names: Vec<String> = (0..40).map(|_| unique_host()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let comment = "One line of many.\n".repeat(30);
    let many = portal.ask(&Submission { comment, ..Submission::of(&csr_for(&names)) }).await;
    pages.push(page("review-many", mailbox.approval_link(&many, APPROVER).await));
    pages.push(page("status-many", many.status_url));

    let (first, second) = tokio::join!(
        mailbox.approval_link(&half, APPROVER),
        mailbox.approval_link(&half, "second@example.com")
    );
    portal.decide(&first, "approve", "It is on the list.").await.expect(200);
    pages.push(page("review-voted", first));
    pages.push(page("review-second", second));

    let away = portal.ask(&submission("away")).await;
    pages.push(page("review-stand-in", mailbox.approval_link(&away, "stands-in@example.com").await));

    let link = mailbox.approval_link(&rejected, APPROVER).await;
    portal.decide(&link, "reject", "Not this quarter.").await.expect(200);
    pages.push(page("review-rejected", link));
    ended(&portal, &mut pages, "status-rejected", &rejected, "rejected").await;

    portal.until(&withdrawn, "pending_approval").await;
    portal.post_form(&withdrawn.status_url.replace("?key=", "/cancel?key="), &[]).await;
    ended(&portal, &mut pages, "status-withdrawn", &withdrawn, "withdrawn").await;

    pages.push(page("review-expired", mailbox.approval_link(&expired, APPROVER).await));
    pages.push(page("status-expired", expired.status_url.clone()));
    eventually("the request to expire", PATIENCE, async || {
        stack.housekeeping();
        (portal.status(&expired).await["status"] == "expired").then_some(())
    })
    .await;

    let link = mailbox.approval_link(&refused, APPROVER).await;
    stack.narrow("narrowing-pages");
    portal.decide(&link, "approve", "").await;
    ended(&portal, &mut pages, "status-refused", &refused, "refused").await;

    terms(&portal, &mailbox, &mut pages).await;

    // The overview, by the mailed link.
    portal.post_form("mine", &[("email", &delivered.email)]).await.expect(202);
    let mine = eventually("the mail with the link to my certificates", PATIENCE, async || {
        let links = mailbox.to(&delivered.email).into_iter().flat_map(|mail| mail.links());
        links.into_iter().find(|link| link.contains("/mine/"))
    })
    .await;
    pages.push(page("mine", mine));
    pages
}

/// The pages of a standing approval: asked for, reviewed, and in force.
async fn terms(portal: &Portal, mailbox: &Mailbox, pages: &mut Vec<Page>) {
    let page = |name, url: &str| Page { name, url: url.to_owned(), then: None };
    let host = unique_host();
    let names = [format!(".{host}"), host];
    let asked = ask_for_standing(portal, "server", &[&names[0], &names[1]], 20).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    pages.push(page("review-terms", &link));
    pages.push(page("status-terms", &asked.status_url));
    let granted = ask_for_standing(portal, "server", &[&names[1]], 3).await;
    let link = mailbox.approval_link(&granted, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&granted, "delivered").await;
    pages.push(page("review-granted", &link));
    pages.push(page("status-granted", &granted.status_url));
}

async fn ended(portal: &Portal, pages: &mut Vec<Page>, name: &'static str, asked: &Asked, status: &str) {
    portal.until(asked, status).await;
    pages.push(Page { name, url: asked.status_url.clone(), then: None });
}
