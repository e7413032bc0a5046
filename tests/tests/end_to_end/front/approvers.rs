//! Approvers in headless Chromium: everything that waits, a rejection without a reason, a question and its answer.

use end_to_end::{Asked, Browser, PATIENCE, Stack, Submission, csr_for, eventually, needed, unique_host};

use super::browser::PROGRAMS;
use crate::APPROVER;

#[tokio::test]
async fn a_question_is_asked_and_answered_and_the_request_rejected_in_a_browser() {
    asked_answered_and_rejected(true).await;
}

#[tokio::test]
async fn a_question_is_asked_and_answered_and_the_request_rejected_without_javascript() {
    asked_answered_and_rejected(false).await;
}

async fn asked_answered_and_rejected(with_scripts: bool) {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;

    let browser = Browser::start(&programs, with_scripts).await;
    browser.page.goto(&mailbox.approval_link(&asked, APPROVER).await).await.unwrap();
    browser.element("#questions summary").await.click().await.unwrap();
    browser.fill("#question", "Which <b>shop</b> is it for?").await;
    browser.leave("button[value=ask]").await;
    let thanks = browser.element(".banner.good h1").await.text().await.unwrap();
    assert_eq!(thanks, "Your question is on its way");

    let mail = mailbox.mail(&asked.id, &asked.email, "A question about your request").await;
    assert!(mail.text.contains("> Which <b>shop</b> is it for?"), "{}", mail.text);
    let link = mail.links().into_iter().find(|link| link.contains("/requests/")).unwrap();
    browser.page.goto(&link).await.unwrap();
    let question = browser.element("#questions blockquote").await.text().await.unwrap();
    assert_eq!(question, "Which <b>shop</b> is it for?");
    browser.fill("#answer-1", "The new one.").await;
    browser.leave("form[action*='/answer'] button").await;
    browser.element("#questions blockquote:nth-of-type(2)").await;

    let mail = mailbox.mail(&asked.id, APPROVER, "answered your question").await;
    assert!(mail.text.contains("> The new one."), "{}", mail.text);
    let link = mail.links().into_iter().find(|link| link.contains("/approvals/")).unwrap();
    browser.page.goto(&link).await.unwrap();
    // The browser asks for the reason at the field; without its check the page does.
    browser.element("button[value=reject]").await.click().await.unwrap();
    let focused = async || browser.page.active_element().await.unwrap().attr("id").await.unwrap();
    assert_eq!(focused().await.as_deref(), Some("reason"));
    if with_scripts {
        let unchecked = "document.getElementById('reason').required = false";
        browser.page.execute(unchecked, vec![]).await.unwrap();
        browser.leave("button[value=reject]").await;
        browser.element("#reason-error").await;
        assert_eq!(browser.element("h1").await.text().await.unwrap(), "Issue this certificate?");
        eventually("the focus at the reason", PATIENCE, async || {
            (focused().await.as_deref() == Some("reason")).then_some(())
        })
        .await;
    }
    browser.fill("#reason", "Not for the new shop.").await;
    browser.leave("button[value=reject]").await;
    browser.element(".banner.bad").await;
    portal.until(&asked, "rejected").await;
    let receipt = mailbox.mail(&asked.id, APPROVER, "You rejected the certificate").await;
    assert!(receipt.text.contains("> Not for the new shop."), "{}", receipt.text);
    assert!(receipt.links().is_empty(), "whoever reads it can do nothing with it");
    browser.close().await;
}

#[tokio::test]
async fn an_approver_gets_everything_that_waits_and_approves_from_there() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let submission = Submission::of(&csr_for(&[&unique_host()])).with_profile("listed");
    let asked: Asked = portal.ask(&submission).await;
    let approver = "list@example.com";
    mailbox.approval_link(&asked, approver).await;
    portal.until(&asked, "pending_approval").await;

    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&format!("{}approvals", portal.base)).await.unwrap();
    browser.fill("#email", approver).await;
    browser.leave("form button.primary").await;
    browser.element(".banner.good").await;
    let mail = mailbox.mail(&asked.id, approver, "waiting for your approval").await;
    let list = mail.links().into_iter().find(|link| link.contains("/approvals/mine/")).unwrap();
    browser.page.goto(&list).await.unwrap();
    browser.leave(&format!("a[href^='{}']", asked.id)).await;
    browser.leave("button[value=approve]").await;
    browser.element(".banner.good").await;
    browser.leave(".banner a").await;
    let heading = browser.element("h1").await.text().await.unwrap();
    assert_eq!(heading, "Nothing is waiting for you");
    portal.until(&asked, "delivered").await;
    let receipt = mailbox.mail(&asked.id, approver, "You approved the certificate").await;
    assert!(receipt.text.contains("Wasn't it you?"), "{}", receipt.text);
    browser.close().await;
}
