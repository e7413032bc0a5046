//! A page is looked at in a browser, on every screen.

use end_to_end::{Axe, Browser, Look, repository};

/// Takes a picture of the open page on every screen. Returns what is wrong with the page.
pub(crate) async fn looked_at(axe: &Axe, browser: &Browser, name: &str, language: &str) -> Vec<String> {
    let pictures = repository().join("target/screenshots");
    std::fs::create_dir_all(&pictures).unwrap();
    let mut wrong = Vec::new();
    for look in Look::ALL {
        browser.look(look).await;
        browser.picture(look, &pictures.join(format!("{name}-{}-{language}.png", look.name))).await;
        wrong.extend(axe.violations(browser).await.iter().map(|one| format!("{name} ({language}): {one}")));
        let (content, seen) = browser.widths().await;
        if content > seen {
            wrong.push(format!("{name} ({language}): scrolls sideways, {content} px in {seen}"));
        }
    }
    browser.look(Look::ALL[0]).await;
    wrong
}

/// Does the same in Japanese, and opens the page in English again.
pub(crate) async fn looked_at_in_japanese(axe: &Axe, browser: &Browser, name: &str) -> Vec<String> {
    let read = browser.page.current_url().await.unwrap();
    let open = async |language: &str| {
        let pairs = read.query_pairs().filter(|(name, _)| name != "lang");
        let mut url = read.clone();
        url.query_pairs_mut().clear().extend_pairs(pairs).append_pair("lang", language);
        browser.page.goto(url.as_str()).await.unwrap();
        browser.element(&format!("html[lang={language}] main h1")).await;
    };
    open("ja").await;
    let wrong = looked_at(axe, browser, name, "ja").await;
    open("en").await;
    wrong
}
