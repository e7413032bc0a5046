//! The pages with the keyboard alone: Tab reaches every control in page order, and the focus is visible.

use end_to_end::{Browser, Stack, Submission, csr_for, needed, unique_host};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

use crate::APPROVER;

const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];
/// Numbers all controls in page order; of a radio group, the checked one.
const USABLE: &str = "
    const all = [...document.querySelectorAll('a[href], button, input, textarea, select, summary, [tabindex=\"0\"]')];
    const usable = all.filter((one) => one.type !== 'hidden' && !one.disabled && one.checkVisibility()
        && (one.type !== 'radio' || one.checked));
    usable.forEach((one, number) => { one.dataset.number = number; });
    return usable.map((one) => one.outerHTML.slice(0, 120));
";
const FOCUSED: &str = "
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    return {
        number: one.dataset.number ?? null,
        element: one.outerHTML.slice(0, 120),
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
        inSight: box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth + 1
            && box.bottom > 0 && box.top < innerHeight,
    };
";

#[tokio::test]
async fn tab_reaches_everything_in_order_and_shows_where_it_is() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let review = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    let browser = Browser::start(&programs, true).await;
    let new = format!("{}new", portal.base);
    let pages = [("form", &portal.base), ("new", &new), ("review", &review), ("status", &asked.status_url)];
    for (what, url) in pages {
        browser.page.goto(url).await.unwrap();
        browser.element("main h1").await;
        let usable = browser.page.execute(USABLE, vec![]).await.unwrap();
        let usable = usable.as_array().unwrap();
        assert!(usable.len() > 4, "{what}: {usable:#?}");
        for (number, expected) in usable.iter().enumerate() {
            press(&browser, Key::Tab).await;
            let at = browser.page.execute(FOCUSED, vec![]).await.unwrap();
            assert_eq!(at["number"], number.to_string(), "{what}: {expected} is next, not {at:#}");
            assert_eq!(at["outlined"], true, "{what}: the focus cannot be seen: {at:#}");
            assert_eq!(at["inSight"], true, "{what}: the focus is out of sight: {at:#}");
        }
    }
    browser.close().await;
}

#[tokio::test]
async fn a_request_is_decided_with_the_keyboard_alone() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let browser = Browser::start(&programs, true).await;
    for (button, key, status) in [("approve", '\u{E007}', "delivered"), ("reject", ' ', "rejected")] {
        let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
        browser.page.goto(&mailbox.approval_link(&asked, APPROVER).await).await.unwrap();
        browser.element("#reason").await;
        tab_to(&browser, "id", "reason").await;
        for letter in "Read.".chars() {
            type_key(&browser, letter).await;
        }
        tab_to(&browser, "value", button).await;
        assert_eq!(portal.status(&asked).await["status"], "pending_approval", "the focus decides nothing");
        type_key(&browser, key).await;
        browser.element(".banner[role=status]").await;
        portal.until(&asked, status).await;
    }
    browser.close().await;
}

/// Presses Tab until the focus is on the element with this attribute.
async fn tab_to(browser: &Browser, attribute: &str, value: &str) {
    let read = format!("return document.activeElement.getAttribute('{attribute}')");
    for _ in 0..50 {
        press(browser, Key::Tab).await;
        if browser.page.execute(&read, vec![]).await.unwrap() == value {
            return;
        }
    }
    panic!("Tab does not reach {attribute}={value}");
}

async fn press(browser: &Browser, key: Key) {
    type_key(browser, char::from(key)).await;
}

async fn type_key(browser: &Browser, value: char) {
    let keys = KeyActions::new("keyboard".to_owned());
    let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
    browser.page.perform_actions(keys).await.unwrap();
}
