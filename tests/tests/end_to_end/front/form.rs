//! The form in headless Chromium: what is read out, what may be dropped, what is copied, and the entries that a change of the
//! language keeps.

use end_to_end::{Browser, Look, PATIENCE, Stack, Submission, csr_for, eventually, needed, unique_host};
use fantoccini::Locator;
use serde_json::Value;

use super::browser::PROGRAMS;
use super::settled;

const ENTER: char = '\u{e007}';
const CONTROL: char = '\u{e009}';

/// Counts the changes of the preview and of the sentence about it.
const OBSERVE: &str = "
    window.changes = { panel: 0, said: 0 };
    const count = (id, name) => new MutationObserver((all) => { window.changes[name] += all.length; })
        .observe(document.getElementById(id), { childList: true, subtree: true, characterData: true });
    count('preview', 'panel');
    count('checked', 'said');";
const SAID: &str = "return document.getElementById('checked').textContent";
/// True for each text that ties the field to an element which is there.
const TIED: &str = "
    const field = document.getElementById(arguments[0]);
    const ids = field.getAttribute('aria-describedby').split(' ');
    return [field.getAttribute('aria-invalid'), ids.map((id) => document.getElementById(id)?.textContent ?? null)];";
/// Drags and drops a text, or a file of it, onto the comment. Returns whether the page took each event from the browser.
const DROP: &str = "
    const [kind, text] = arguments;
    return ['dragover', 'drop'].map((name) => {
        const dataTransfer = new DataTransfer();
        if (kind === 'file') dataTransfer.items.add(new File([text], 'request.csr'));
        else dataTransfer.setData('text/plain', text);
        const event = new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true });
        document.getElementById('comment').dispatchEvent(event);
        return event.defaultPrevented;
    });";

async fn run(browser: &Browser, script: &str, arguments: &[&str]) -> Value {
    let arguments = arguments.iter().map(|one| Value::from(*one)).collect();
    browser.page.execute(script, arguments).await.unwrap()
}

async fn value(browser: &Browser, css: &str) -> String {
    browser.element(css).await.prop("value").await.unwrap().unwrap_or_default()
}

/// Puts a text into a field as one entry, not letter by letter: every entry is previewed.
async fn enter(browser: &Browser, id: &str, text: &str) {
    const ENTER_TEXT: &str = "
        const field = document.getElementById(arguments[0]);
        field.value = arguments[1];
        field.dispatchEvent(new Event('input', { bubbles: true }));";
    run(browser, ENTER_TEXT, &[id, text]).await;
    settled::settle(browser).await;
}

/// The sentence that is read out, once there is one.
async fn said(browser: &Browser) -> String {
    eventually("a sentence about the preview", PATIENCE, async || {
        let said = browser.page.execute(SAID, vec![]).await.ok()?;
        said.as_str().filter(|said| !said.is_empty()).map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn a_preview_is_read_out_in_one_sentence_and_only_when_it_changes() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&Stack::shared().await.portal().base).await.unwrap();
    settled::instrument(&browser).await;
    run(&browser, OBSERVE, &[]).await;
    let hosts: Vec<String> = (0..30).map(|_| unique_host()).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    enter(&browser, "csrContent", &csr_for(&hosts)).await;
    let first = said(&browser).await;
    assert!(first.contains("30 names") && first.len() < 120, "{first}");
    assert_eq!(browser.element("#preview").await.attr("aria-live").await.unwrap(), None);
    let before = run(&browser, "return window.changes", &[]).await;
    assert!(before["panel"].as_u64() > Some(0) && before["said"].as_u64() > Some(0), "{before}");

    // The address is sent along, and the answer is the same.
    browser.fill("#email", &Submission::of("").email).await;
    browser.press("#comment").await;
    settled::settle(&browser).await;
    assert_eq!(run(&browser, "return window.changes", &[]).await, before);

    browser.press("#profile input[value=pair]").await;
    settled::settle(&browser).await;
    let second = said(&browser).await;
    assert!(second.contains("pair") && second != first, "{second}");
    browser.close().await;
}

#[tokio::test]
async fn an_error_of_the_preview_is_tied_to_its_field_until_it_is_mended() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&Stack::shared().await.portal().base).await.unwrap();
    settled::instrument(&browser).await;
    enter(&browser, "csrContent", "hello").await;
    let heading = said(&browser).await;
    let tied = run(&browser, TIED, &["csrContent"]).await;
    assert_eq!(tied[0], "true", "{heading}");
    let texts = tied[1].as_array().unwrap();
    assert!(texts.len() == 2 && texts.iter().all(Value::is_string), "{tied}");
    assert_eq!(browser.element("#csr-help").await.attr("open").await.unwrap().as_deref(), Some("true"));
    browser.element("#preview pre + .copy button").await;

    enter(&browser, "csrContent", &csr_for(&[&unique_host()])).await;
    browser.element("#preview section:not(.bad)").await;
    let tied = run(&browser, TIED, &["csrContent"]).await;
    assert!(tied[0].is_null() && tied[1].as_array().unwrap().len() == 1, "{tied}");
    browser.close().await;
}

#[tokio::test]
async fn a_dropped_file_is_taken_and_dragged_text_is_left_to_the_browser() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&Stack::shared().await.portal().base).await.unwrap();
    settled::instrument(&browser).await;
    assert_eq!(run(&browser, DROP, &["text", "For the shop."]).await, serde_json::json!([false, false]));
    let csr = csr_for(&[&unique_host()]);
    assert_eq!(run(&browser, DROP, &["file", &csr]).await, serde_json::json!([true, true]));
    browser.element("#preview section:not(.bad)").await;
    assert_eq!(value(&browser, "#csrContent").await.trim(), csr.trim());
    let label = browser.element("label[for=csrFile]").await.text().await.unwrap();
    assert!(label.contains("drop"), "{label}");
    browser.close().await;
}

#[tokio::test]
async fn the_language_changes_and_the_entries_stay() {
    keeps_entries(true).await;
}

#[tokio::test]
async fn the_language_changes_and_the_entries_stay_without_javascript() {
    keeps_entries(false).await;
}

async fn keeps_entries(with_scripts: bool) {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (email, csr) = (Submission::of("").email, csr_for(&[&unique_host()]));
    let browser = Browser::start(&programs, with_scripts).await;
    browser.page.goto(&stack.portal().base).await.unwrap();
    browser.fill("#email", &email).await;
    browser.press("#profile input[value=pair]").await;
    browser.fill("#comment", "From a browser.").await;
    // Nothing is said of what is not entered yet.
    browser.leave("nav button[lang=ja]").await;
    browser.element("html[lang=ja]").await;
    assert!(browser.page.find_all(Locator::Css("#problems")).await.unwrap().is_empty());
    browser.fill("#csrContent", &csr).await;
    for language in ["en", "ja"] {
        browser.leave(&format!("nav button[lang={language}]")).await;
        browser.element(&format!("html[lang={language}]")).await;
        browser.element("#preview section:not(.bad)").await;
        assert_eq!(value(&browser, "#email").await, email);
        assert_eq!(value(&browser, "#comment").await, "From a browser.");
        assert_eq!(value(&browser, "#profile input:checked").await, "pair");
        assert_eq!(value(&browser, "#csrContent").await.trim(), csr.trim());
    }
    assert!(stack.rows_of(&email).is_empty(), "a change of the language sends nothing");
    // The first button of the form is not the one that Enter presses.
    browser.leave_by("#email", &ENTER.to_string()).await;
    browser.element("[data-status]").await;
    assert_eq!(stack.rows_of(&email).len(), 1);
    browser.close().await;
}

#[tokio::test]
async fn a_command_is_copied_by_its_button() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let commands = format!("{}commands?names=www.example.com", Stack::shared().await.portal().base);
    let browser = Browser::start(&programs, true).await;
    browser.page.goto(&commands).await.unwrap();
    for tool in ["openssl", "PowerShell"] {
        let block = format!("pre[data-copy={tool}]");
        let button = browser.element(&format!("{block} + .copy button")).await;
        let name = button.prop("textContent").await.unwrap().unwrap();
        assert_eq!(name, format!("Copy {tool}"));
        button.click().await.unwrap();
        eventually("the button to say that it has copied", PATIENCE, async || {
            let said = browser.element(&format!("{block} + .copy [role=status]")).await;
            (said.text().await.ok()? == "Copied").then_some(())
        })
        .await;
        browser.fill("#names", &format!("{CONTROL}av")).await;
        let command = browser.element(&block).await.prop("textContent").await.unwrap().unwrap();
        assert_eq!(value(&browser, "#names").await.trim(), command.trim());
    }
    let said = browser.page.find_all(Locator::Css(".copy [role=status]:not(:empty)")).await.unwrap();
    assert_eq!(said.len(), 1, "only the last one is said");
    browser.close().await;

    let browser = Browser::start(&programs, false).await;
    browser.page.goto(&commands).await.unwrap();
    browser.element("pre[data-copy=openssl]").await;
    assert!(
        browser.page.find_all(Locator::Css(".copy")).await.unwrap().is_empty(),
        "no button without its script"
    );
    browser.close().await;
}

#[tokio::test]
async fn what_a_finger_presses_in_the_head_of_a_page_is_large_enough() {
    const HEIGHTS: &str = "
        const all = [...document.querySelectorAll('header.site a, header.site button')];
        return all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().height);";
    let Some(programs) = needed(PROGRAMS) else { return };
    let base = Stack::shared().await.portal().base;
    let browser = Browser::start(&programs, true).await;
    for path in ["", "commands"] {
        for look in Look::ALL {
            browser.look(look).await;
            browser.page.goto(&format!("{base}{path}")).await.unwrap();
            browser.element("main h1").await;
            let heights = run(&browser, HEIGHTS, &[]).await;
            let heights = heights.as_array().unwrap();
            assert!(heights.len() >= 6, "{path}: {heights:?}");
            assert!(heights.iter().all(|one| one.as_f64() >= Some(44.0)), "{path}: {heights:?}");
        }
    }
    browser.close().await;
}
