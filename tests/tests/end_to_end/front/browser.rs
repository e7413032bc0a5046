//! The pages in headless Chromium, with JavaScript and without.

use end_to_end::{Asked, Browser, PATIENCE, Stack, Submission, csr_for, eventually, needed, unique_host};

use crate::APPROVER;

#[tokio::test]
async fn a_request_is_asked_for_and_approved_in_a_browser() {
    asked_for_and_approved(true).await;
}

#[tokio::test]
async fn a_request_is_asked_for_and_approved_without_javascript() {
    asked_for_and_approved(false).await;
}

pub(super) const PROGRAMS: [(&str, &str); 2] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

async fn asked_for_and_approved(with_scripts: bool) {
    let Some(programs) = needed(PROGRAMS) else { return };
    let (stack, host) = (Stack::shared().await, unique_host());
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let email = Submission::of("").email;

    let requester = Browser::start(&programs, with_scripts).await;
    assert_eq!(scripts_run(&requester).await, with_scripts);
    requester.page.goto(&portal.base).await.unwrap();
    requester.fill("#email", &email).await;
    requester.fill("#csrContent", &csr_for(&[&host])).await;
    requester.fill("#comment", "From a browser.").await;
    requester.leave("form button.primary").await;
    requester.element("[data-status]").await;
    let answered = requester.page.current_url().await.unwrap();
    let id = answered.path_segments().unwrap().next_back().unwrap().to_owned();
    let asked = Asked { id, email, status_url: answered.to_string() };
    requester.page.goto(&mailbox.confirmation_link(&asked).await).await.unwrap();
    assert_eq!(portal.status(&asked).await["status"], "unconfirmed", "looking confirms nothing");
    requester.leave("form[action*='/confirm'] button").await;
    requester.element("[data-status=submitted], [data-status=pending_approval]").await;
    let status_url = requester.page.current_url().await.unwrap();
    assert_ne!(status_url, answered, "the mail has a link of its own");
    assert!(requester.page.source().await.unwrap().contains(&host));

    let approver = Browser::start(&programs, with_scripts).await;
    approver.page.goto(&mailbox.approval_link(&asked, APPROVER).await).await.unwrap();
    let review = approver.element("main").await.text().await.unwrap();
    assert!(review.contains(&host), "{review}");
    assert!(review.contains("From a browser."), "{review}");
    assert!(review.contains(&asked.email), "{review}");
    assert_eq!(portal.status(&asked).await["status"], "pending_approval", "looking decides nothing");
    approver.leave("button[value=approve]").await;
    let banner = approver.element(".banner[role=status]").await.text().await.unwrap();
    assert!(banner.to_lowercase().contains("approved"), "{banner}");
    approver.close().await;

    // The open status page updates itself without a reload.
    eventually("the status page to show the certificate", PATIENCE, async || {
        let banner = requester.element(".banner[data-status]").await.attr("data-status").await.ok()??;
        matches!(banner.as_str(), "issued" | "delivered").then_some(())
    })
    .await;
    portal.until(&asked, "delivered").await;
    let download = requester.element("a[href*='certificate.zip']").await.attr("href").await.unwrap().unwrap();
    let download = status_url.join(&download).unwrap();
    assert!(portal.get(download.as_str(), "*/*").await.expect(200).body.starts_with(b"PK"));
    requester.close().await;
}

/// True if scripts of a page run. (Scripts of the driver always run.)
async fn scripts_run(browser: &Browser) -> bool {
    let page = "data:text/html,<title>no</title><script>document.title = 'yes'</script>";
    browser.page.goto(page).await.unwrap();
    browser.page.title().await.unwrap() == "yes"
}

#[tokio::test]
async fn what_was_wrong_is_said_and_the_form_is_still_filled_in() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let email = Submission::of("").email;
    let browser = Browser::start(&programs, false).await;
    browser.page.goto(&stack.portal().base).await.unwrap();
    browser.fill("#email", &email).await;
    browser.fill("#csrContent", &csr_for(&["www.example.edu"])).await;
    browser.fill("#comment", "Once more.").await;
    browser.leave("form button.primary").await;
    let said = browser.element("#problems").await.text().await.unwrap();
    assert!(said.contains("www.example.edu"), "{said}");
    for (field, typed) in [("#email", email.as_str()), ("#comment", "Once more.")] {
        let value = browser.element(field).await.prop("value").await.unwrap();
        assert_eq!(value.as_deref(), Some(typed), "{field}");
    }
    let csr = browser.element("#csrContent").await.prop("value").await.unwrap();
    assert!(csr.unwrap().contains("BEGIN CERTIFICATE REQUEST"));
    assert!(stack.rows_of(&email).is_empty());
    browser.close().await;
}

#[tokio::test]
async fn a_rejection_is_made_and_read_in_a_browser() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&mailbox.approval_link(&asked, APPROVER).await).await.unwrap();
    browser.fill("#reason", "Not this quarter.").await;
    browser.leave("button[value=reject]").await;
    browser.element(".banner[role=status]").await;
    portal.until(&asked, "rejected").await;
    browser.page.goto(&asked.status_url).await.unwrap();
    let page = browser.element("main").await.text().await.unwrap();
    assert!(page.contains("Not this quarter."), "{page}");
    browser.close().await;
}

/// The window is as large as that of a phone.
#[tokio::test]
async fn the_decision_is_in_reach_above_forty_names_and_a_long_comment() {
    const IN_SIGHT: &str = "
        const box = document.querySelector(arguments[0]).getBoundingClientRect();
        const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return box.top >= 0 && box.bottom <= innerHeight && top.matches(arguments[0]);";
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let names: Vec<String> = (0..40).map(|_| unique_host()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let comment = "One line of many.\n".repeat(30);
    let asked = stack.portal().ask(&Submission { comment, ..Submission::of(&csr_for(&names)) }).await;
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&stack.mailbox().approval_link(&asked, APPROVER).await).await.unwrap();
    for button in ["button[value=approve]", "button[value=reject]"] {
        browser.element(button).await;
        let is_in_sight = browser.page.execute(IN_SIGHT, vec![button.into()]).await.unwrap();
        assert_eq!(is_in_sight, true, "{button}");
    }
    let headline = browser.element(".counted").await.text().await.unwrap();
    assert_eq!(headline, "40 names, all in example.com, all new");
    // A rejection needs a reason: the field gets the focus, and nothing is sent.
    browser.press("button[value=reject]").await;
    let focused = browser.page.active_element().await.unwrap().attr("id").await.unwrap();
    assert_eq!(focused.as_deref(), Some("reason"));
    assert_eq!(stack.portal().status(&asked).await["status"], "pending_approval");
    browser.leave("button[value=approve]").await;
    browser.element(".banner[role=status]").await;
    stack.portal().until(&asked, "delivered").await;
    browser.close().await;
}
