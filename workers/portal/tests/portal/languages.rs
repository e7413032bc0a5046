//! The language of the pages, its choice by the reader, and answers to programs, which stay English.

use http::Method;
use pki::testing as test_pki;
use workflow::request::Status;
use workflow::texts::{Language, Message, Wording};
use workflow::time_zone::TimeZone;
use workflow::timestamp::rfc3339;

use crate::site::{Answer, BROWSER, FORM, JSON, Site, good, with};

/// The target of the link with this text.
fn href<'a>(page: &'a str, words: &str) -> &'a str {
    let (before, _) =
        page.split_once(&format!(">{words}</a>")).unwrap_or_else(|| panic!("no {words}: {page}"));
    let (_, tag) = before.rsplit_once("<a ").unwrap();
    tag.split_once("href=\"").unwrap().1.split('"').next().unwrap()
}

#[track_caller]
fn is_in(answer: &Answer, language: Language) {
    assert_eq!(answer.header("content-language"), language.code());
    let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(vary.join(", "), "accept, accept-language");
    assert!(answer.text().contains(&format!("<html lang=\"{language}\">")), "{}", answer.text());
}

async fn ask(site: &Site, path: &str, accept_language: &str) -> Answer {
    site.call("GET", path, &[("accept", BROWSER), ("accept-language", accept_language)], "").await
}

#[tokio::test]
async fn a_page_is_in_the_language_chosen_then_in_the_browsers_then_in_english() {
    let site = Site::new();
    for (path, accept_language, language) in [
        ("/", "", Language::English),
        ("/", "ja-JP,ja;q=0.9,en-US;q=0.8", Language::Japanese),
        ("/", "en-GB,en;q=0.9,ja;q=0.8", Language::English),
        ("/", "fr", Language::English),
        ("/?lang=en", "ja", Language::English),
        ("/?lang=ja", "en", Language::Japanese),
        ("/?lang=tlh", "ja", Language::Japanese),
        ("/?lang=tlh", "en", Language::English),
        ("/nowhere?lang=ja", "en", Language::Japanese),
        ("/approvals/nothing", "ja", Language::Japanese),
    ] {
        is_in(&ask(&site, path, accept_language).await, language);
    }
    let page = site.call("GET", "/", &[("accept", BROWSER)], "").await;
    is_in(&page, Language::English);
}

#[tokio::test]
async fn the_other_language_is_offered_in_its_own_name_and_is_the_same_page() {
    let site = Site::new();
    let (_, status) = site.request_at(Status::Delivered).await;
    let (_, link) = site.pending();
    for path in ["/commands", "/trust", &status, &link, "/nowhere", "/nowhere?x=%22%3E%3Cb%3E"] {
        let english = site.browse(path).await;
        let page = english.text();
        let offered = href(&page, "日本語").replace("&#38;", "&");
        assert!(!offered.contains(['<', '>', ' ']), "{offered}");
        assert!(page.contains("lang=\"ja\" hreflang=\"ja\">日本語</a>"), "{page}");
        let resolved =
            url::Url::parse("http://a.example/").unwrap().join(path).unwrap().join(&offered).unwrap();
        let japanese = site.browse(&resolved.as_str()["http://a.example".len()..]).await;
        assert_eq!(japanese.status, english.status, "{path}");
        is_in(&japanese, Language::Japanese);
        assert!(href(&japanese.text(), "English").ends_with("lang=en"));
    }
}

#[tokio::test]
async fn a_page_of_an_approver_never_holds_the_key_of_its_link_in_any_language() {
    let site = Site::new();
    let (id, link) = site.pending();
    let key = link.rsplit('/').next().unwrap();
    let digest = site.shown(id);
    for path in [link.clone(), format!("{link}?lang=ja"), format!("{link}?lang=en")] {
        assert!(!site.browse(&path).await.is_page(200).contains(key));
    }
    let there = format!("{link}?lang=ja");
    let stale = [("decision", "approve"), ("digest", "0")];
    let vote = [("decision", "approve"), ("digest", digest.as_str())];
    for (fields, status) in [(&stale, 409), (&vote, 200)] {
        let answer = site.submit(&there, fields).await;
        is_in(&answer, Language::Japanese);
        let page = answer.is_page(status);
        assert!(!page.contains(key));
        assert_eq!(href(&page, "English"), "?lang=en");
    }
}

#[tokio::test]
async fn a_choice_goes_along_through_the_form_its_refusal_and_the_submission() {
    let site = Site::at("https://pki.example.com/live/");
    let form = site.browse("/live/?lang=ja").await.is_page(200);
    assert!(form.contains("action=\"/live/requests?lang=ja\""), "{form}");
    assert!(form.contains("data-preview=\"/live/requests/preview?lang=ja\""));
    assert!(form.contains("formaction=\"/live/requests/preview?lang=ja#preview\""));
    assert_eq!(href(&form, "新規申請"), "/live/?lang=ja");

    let refused = site.submit("/live/requests?lang=ja", &[("email", "sam")]).await;
    is_in(&refused, Language::Japanese);
    // The path of the submission has no page: the other language is the form with its entries, or an empty one.
    let page = refused.text();
    assert!(
        page.contains("formaction=\"/live/requests/preview?lang=en\" formnovalidate lang=\"en\""),
        "{page}"
    );
    let broken = site.call("POST", "/live/requests?lang=ja", &[("accept", BROWSER)], "x").await;
    assert_eq!(broken.status, 415);
    is_in(&broken, Language::Japanese);
    assert_eq!(href(&broken.text(), "English"), "/live/?lang=en");

    let csr = test_pki::csr(&["www.example.com"]);
    let fields = [("email", "sam@example.com"), ("csrContent", csr.as_str())];
    is_in(&site.submit("/live/requests/preview?lang=ja", &fields).await, Language::Japanese);
    let submitted = site.submit("/live/requests?lang=ja", &fields).await;
    assert_eq!(submitted.status, 303);
    let status = submitted.header("location");
    assert!(status.ends_with("&lang=ja"), "{status}");
    let page = site.browse(status).await;
    is_in(&page, Language::Japanese);
    assert_eq!(href(&page.text(), "新規申請"), "/live/?lang=ja");
}

#[tokio::test]
async fn nothing_is_carried_along_where_nothing_was_chosen() {
    let site = Site::new();
    let form = site.browse_in(Language::Japanese, "/").await.is_page(200);
    assert!(form.contains("action=\"/requests\""), "{form}");
    let csr = test_pki::csr(&["www.example.com"]);
    let fields = [("email", "sam@example.com"), ("csrContent", csr.as_str())];
    let submitted = site.submit_in(Language::Japanese, "/requests", &fields).await;
    assert!(!submitted.header("location").contains("lang"));
}

#[tokio::test]
async fn the_downloads_of_a_chosen_language_are_downloads() {
    let site = Site::new();
    let (row, status) = site.request_at(Status::Delivered).await;
    site.backend
        .put_certificate(row.serial().as_ref().unwrap(), site.backend.issuer_certificate().chain_pem());
    let page = site.browse(&format!("{status}&lang=ja")).await.is_page(200);
    let pem = href(&page, "certificate.pem").replace("&#38;", "&");
    assert!(pem.ends_with("&lang=ja"), "{pem}");
    assert!(site.browse(&pem).await.text().starts_with("-----BEGIN CERTIFICATE"));
}

#[tokio::test]
async fn programs_get_the_same_answer_in_any_language() {
    let site = Site::new();
    let (_, waiting) = site.request_at(Status::PendingApproval).await;
    let (before, query) = waiting.split_once('?').unwrap();
    let no_certificate = format!("{before}/certificate.pem?{query}");
    let (_, link) = site.pending();
    let calls = [
        (Method::GET, waiting.as_str(), String::new()),
        (Method::GET, &no_certificate, String::new()),
        (Method::GET, &link, String::new()),
        (Method::GET, "/nowhere", String::new()),
        (Method::DELETE, "/requests", String::new()),
        (Method::POST, "/requests", "[]".into()),
        (Method::POST, "/requests", "{".into()),
        (Method::POST, "/requests", with("email", 7).to_string()),
        (Method::POST, "/requests", with("csrContent", "").to_string()),
        (Method::POST, "/requests/preview", good().to_string()),
        (Method::POST, &link, r#"{"decision": "maybe"}"#.into()),
        (Method::POST, &link, r#"{"decision": "reject", "digest": "0"}"#.into()),
    ];
    for (method, path, body) in calls {
        let mut answers = Vec::new();
        for (lang, accept_language) in [("", "en"), ("", "ja"), ("lang=ja", "ja")] {
            let joint = if path.contains('?') { "&" } else { "?" };
            let path = if lang.is_empty() { path.to_owned() } else { format!("{path}{joint}{lang}") };
            let headers = [JSON, ("accept", "application/json"), ("accept-language", accept_language)];
            let answer = site.call(method.as_str(), &path, &headers, body.clone()).await;
            assert_eq!(answer.header("content-language"), "", "{method} {path}");
            assert!(answer.text().is_ascii(), "{method} {path}: {}", answer.text());
            answers.push((answer.status, answer.bytes));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{method} {path}");
    }
}

#[tokio::test]
async fn a_problem_as_a_page_is_in_the_readers_language() {
    let site = Site::new();
    let (_, waiting) = site.request_at(Status::PendingApproval).await;
    let (before, query) = waiting.split_once('?').unwrap();
    let page =
        site.browse_in(Language::Japanese, &format!("{before}/certificate.pem?{query}")).await.is_page(404);
    let message = Message::new("problem-no-certificate-yet").with("status", "pending_approval");
    assert!(page.contains(&Language::Japanese.say(&message)), "{page}");
    assert!(page.contains("承認待ち"), "{page}");

    let headers = [("accept", BROWSER), ("accept-language", "ja"), ("content-type", FORM)];
    let large = "a".repeat(portal::MAX_BODY_BYTES + 1);
    let page = site.call("POST", "/requests", &headers, large).await.is_page(413);
    assert!(page.contains("131072バイト"), "{page}");
}

#[tokio::test]
async fn times_on_pages_are_in_the_zone_of_the_policy_and_for_programs_in_utc() {
    let site = Site::new();
    let (request, path) = site.request_at(Status::Delivered).await;
    let (_, review) = site.pending();
    let utc = Wording::default().instant(request.registration_date());
    assert!(site.browse(&path).await.is_page(200).contains(&utc));
    let policy = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/policy.toml"));
    site.backend.set_policy(&policy.unwrap().replace("[people]", "[people]\ntime_zone = \"Asia/Tokyo\""));
    let time_zone = TimeZone::named("Asia/Tokyo").unwrap();
    for (page, language) in [(&path, Language::English), (&path, Language::Japanese)] {
        let local = Wording { language, time_zone }.instant(request.registration_date());
        let page = site.browse(&format!("{page}&lang={language}")).await.is_page(200);
        let element = format!("datetime=\"{}\">{local}</time>", rfc3339(request.registration_date()));
        assert!(page.contains(&element), "{element}: {page}");
        assert!(!page.contains(" UTC<"), "{page}");
    }
    let review = site.browse(&review).await.is_page(200);
    assert!(review.contains(" JST</time>") && !review.contains(" UTC<"), "{review}");
    let json = site.call("GET", &path, &[("accept", "application/json")], "").await.json().to_string();
    assert!(json.contains(&rfc3339(request.registration_date())) && !json.contains("JST"), "{json}");
}
