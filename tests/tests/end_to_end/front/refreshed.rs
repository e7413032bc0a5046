//! The open status page: news are shown in place and read out, and times name their zone.

use end_to_end::{Browser, PATIENCE, Stack, Submission, csr_for, eventually, needed, unique_host};
use serde_json::{Value, json};

use super::browser::PROGRAMS;
use crate::APPROVER;

/// Marks the page, so that a reload is seen; opens a panel, sets focus and place. Looks every second instead of every twenty.
const SETTLE: &str = "
    window.isTheSame = true;
    const panel = document.querySelector('details.cancel');
    panel.open = true;
    panel.querySelector('summary').focus();
    scrollTo(0, 100);
    document.querySelector('[data-refresh]').dataset.refresh = 1;
";
const STATE: &str = "
    const focused = document.activeElement;
    return {
        same: window.isTheSame === true,
        said: document.querySelector('body > [role=status]').textContent,
        open: document.querySelector('details.cancel')?.open ?? null,
        focus: focused.matches('details.cancel > summary') ? 'panel' : focused.id,
        place: Math.round(scrollY),
        title: document.title,
        status: document.querySelector('[data-status]').dataset.status,
        zoned: [...document.querySelectorAll('main time')].every((time) => time.title.endsWith('UTC')),
    };
";
const HURRY: &str = "document.querySelector('[data-refresh]').dataset.refresh = 1";

async fn state(browser: &Browser) -> Value {
    browser.page.execute(STATE, vec![]).await.unwrap()
}

async fn state_with(browser: &Browser, said: &str) -> Value {
    eventually("the news to be read out", PATIENCE, async || {
        let state = state(browser).await;
        state["said"].as_str()?.contains(said).then_some(state)
    })
    .await
}

#[tokio::test]
async fn news_are_shown_in_place_and_read_out() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let host = unique_host();
    let asked = portal.ask(&Submission::of(&csr_for(&[&host])).with_profile("pair")).await;
    let (first, second) = tokio::join!(
        mailbox.approval_link(&asked, APPROVER),
        mailbox.approval_link(&asked, "second@example.com")
    );
    portal.until(&asked, "pending_approval").await;
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&asked.status_url).await.unwrap();
    browser.element("[data-status=pending_approval]").await;
    browser.page.execute(SETTLE, vec![]).await.unwrap();
    let before = state(&browser).await;
    assert_eq!(before["said"], "", "nothing is news: {before}");
    assert_eq!(before["title"], format!("Waiting for approval: {host} · Countersign"));

    portal.decide(&first, "approve", "").await.expect(200);
    let state = state_with(&browser, "1 of 2 approvals so far").await;
    let kept =
        json!({ "same": true, "open": true, "focus": "panel", "place": before["place"], "zoned": true });
    for (what, value) in kept.as_object().unwrap() {
        assert_eq!(&state[what], value, "{what}: {state}");
    }

    browser.page.execute(HURRY, vec![]).await.unwrap();
    portal.decide(&second, "approve", "").await.expect(200);
    let state = state_with(&browser, "Your certificate is ready").await;
    assert_eq!(state["same"], true, "{state}");
    assert_eq!(state["focus"], "main", "the panel is gone, and its focus goes to the news: {state}");
    assert_eq!(state["title"], format!("Your certificate is ready: {host} · Countersign"));
    portal.until(&asked, "delivered").await;
    eventually("the last news", PATIENCE, async || {
        (self::state(&browser).await["status"] == "delivered").then_some(())
    })
    .await;
    browser.close().await;
}

#[tokio::test]
async fn times_name_the_zone_of_their_reader_and_how_far_they_are_away() {
    const TIME: &str =
        "const time = document.querySelector('.banner time'); return [time.textContent, time.title]";
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let portal = stack.portal();
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    portal.until(&asked, "pending_approval").await;
    let browser = Browser::start(&programs, true).await;
    for (zone, language, name, distance) in [
        ("Asia/Tokyo", "en", "GMT+9", " (in 6 days)"),
        ("Asia/Tokyo", "ja", "JST", "、6 日後"),
        ("America/New_York", "en", "E", " (in 6 days)"),
        ("Etc/UTC", "en", "UTC", " (in 6 days)"),
    ] {
        browser.time_zone(zone).await;
        browser.page.goto(&format!("{}&lang={language}", asked.status_url)).await.unwrap();
        browser.element(".banner time[title]").await;
        let time = browser.page.execute(TIME, vec![]).await.unwrap();
        let (shown, title) = (time[0].as_str().unwrap(), time[1].as_str().unwrap());
        let moment = shown.strip_suffix(distance).unwrap_or_else(|| panic!("{zone}, {language}: {shown}"));
        let (_, zone_name) = moment.rsplit_once(' ').unwrap();
        assert!(zone_name.starts_with(name), "{zone}, {language}: {shown}");
        assert!(title.ends_with(" UTC"), "{title}");
    }
    browser.close().await;
}
