//! A request that its requester withdraws in a browser, with JavaScript and without.

use end_to_end::{Browser, PATIENCE, Stack, Submission, csr_for, eventually, needed, unique_host};
use serde_json::Value;

use super::browser::PROGRAMS;

#[tokio::test]
async fn a_request_is_withdrawn_in_a_browser() {
    withdrawn(true).await;
}

#[tokio::test]
async fn a_request_is_withdrawn_without_javascript() {
    withdrawn(false).await;
}

async fn withdrawn(with_scripts: bool) {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let portal = stack.portal();
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    portal.until(&asked, "pending_approval").await;
    let browser = Browser::start(&programs, with_scripts).await;
    browser.page.goto(&asked.status_url).await.unwrap();
    browser.press("details.cancel summary").await;
    browser.leave("details.cancel button").await;
    // The page renews itself, and never says that the request waits.
    eventually("the page to say that the request was withdrawn", PATIENCE, async || {
        let headline =
            browser.page.find(fantoccini::Locator::Css("main h1")).await.ok()?.text().await.ok()?;
        assert!(
            ["Withdrawing your request…", "You withdrew the request"].contains(&headline.as_str()),
            "{headline}"
        );
        (headline == "You withdrew the request").then_some(())
    })
    .await;
    browser.close().await;
    assert_eq!(portal.status(&asked).await["status"], "withdrawn");

    let said = |arguments: &[&str]| {
        let output = stack.countersign(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let list = said(&["requests", "list", "--status", "withdrawn"]);
    let line = list.lines().find(|line| line.contains(&asked.id)).unwrap();
    assert!(line.contains("withdrawn"), "{line}");
    assert!(!said(&["requests", "list", "--status", "rejected"]).contains(&asked.id));
    let shown = said(&["requests", "show", &asked.id]);
    assert!(shown.contains("The requester withdrew the request."), "{shown}");
    assert!(!shown.contains("rejected") && !shown.contains("You withdrew"), "{shown}");
    let row: Value = serde_json::from_str(&said(&["requests", "show", &asked.id, "--json"])).unwrap();
    assert_eq!(row["status"], "withdrawn");
    let audit = stack.countersign(&["audit", "verify", &asked.id]);
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
}
