//! A certificate that its requester renews in a browser, with the command of the page and without JavaScript too.

use std::process::Command;

use end_to_end::{Asked, Browser, Stack, Submission, csr_for, needed, unique_host};
use pki::certificate::Certificate;

use super::browser::PROGRAMS;
use crate::APPROVER;

#[tokio::test]
async fn a_certificate_is_renewed_in_a_browser() {
    renewed(true).await;
}

#[tokio::test]
async fn a_certificate_is_renewed_without_javascript() {
    renewed(false).await;
}

async fn renewed(with_scripts: bool) {
    let Some(programs) = needed(PROGRAMS) else { return };
    let (stack, host) = (Stack::shared().await, unique_host());
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let submission = Submission { comment: "The shop.".into(), ..Submission::of(&csr_for(&[&host])) };
    let first = portal.ask(&submission).await;
    approve(stack, &first).await;
    let before = certificate(stack, &first).await;

    let browser = Browser::start(&programs, with_scripts).await;
    browser.page.goto(&first.status_url).await.unwrap();
    browser.leave("a[href*='?renew=']").await;
    let page = browser.element("main").await.text().await.unwrap();
    assert!(page.contains(&host), "{page}");
    assert_eq!(browser.element("#comment").await.prop("value").await.unwrap().as_deref(), Some("The shop."));
    assert_eq!(browser.element("#csrContent").await.prop("value").await.unwrap().as_deref(), Some(""));
    let command = browser.element("#replaces pre code").await.text().await.unwrap();
    browser.fill("#csrContent", &run(&command)).await;
    browser.leave("form button.primary").await;
    browser.element("[data-status]").await;
    let answered = browser.page.current_url().await.unwrap();
    let id = answered.path_segments().unwrap().next_back().unwrap().to_owned();
    let answered = Asked { id, email: submission.email.clone(), status_url: answered.to_string() };
    let second = portal.confirm(answered).await;
    assert_eq!(portal.status(&second).await["replaces"], first.id.as_str());

    let asks = mailbox.mail(&second.id, APPROVER, "Approve certificate").await;
    assert!(asks.text.contains("Only the key and the dates are new."), "{}", asks.text);
    browser.page.goto(&mailbox.approval_link(&second, APPROVER).await).await.unwrap();
    let review = browser.element("main").await.text().await.unwrap();
    assert!(review.contains("Only the key and the dates are new."), "{review}");
    browser.leave("button[value=approve]").await;
    portal.until(&second, "delivered").await;
    browser.close().await;

    let after = certificate(stack, &second).await;
    assert_ne!(after.public_key_digest(), before.public_key_digest());
    assert_ne!(after.serial(), before.serial());
    assert_eq!(portal.status(&second).await["names"], serde_json::json!([host]));
    let mail = mailbox.mail(&second.id, &second.email, "Your certificate").await;
    assert!(mail.links().iter().any(|link| link.contains(&format!("?renew={}", second.id))), "{}", mail.text);
    let shown = stack.countersign(&["requests", "renew", &second.id]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(mail.links().iter().any(|link| shown.contains(link.as_str())), "{shown}");
}

/// Runs the command of the page in a folder of its own, and returns the CSR that it writes.
fn run(command: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("bash").args(["-c", command]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("new-key.pem").is_file());
    std::fs::read_to_string(folder.path().join("request.csr")).unwrap()
}

async fn approve(stack: &Stack, asked: &Asked) {
    let link = stack.mailbox().approval_link(asked, APPROVER).await;
    stack.portal().decide(&link, "approve", "").await.expect(200);
    stack.portal().until(asked, "delivered").await;
}

async fn certificate(stack: &Stack, asked: &Asked) -> Certificate {
    let url = asked.status_url.replace("?key=", "/certificate.pem?key=");
    Certificate::from_pem(&stack.portal().get(&url, "*/*").await.expect(200).text()).unwrap()
}
