//! The pages of problems: calm where nothing is wrong, and with a next step for their reader.

use time::Duration;
use workflow::request::Status;
use workflow::texts::Language;

use crate::site::Site;

#[tokio::test]
async fn an_approver_of_an_expired_request_is_led_to_what_waits_and_not_to_the_form() {
    let site = Site::new();
    let (_, link) = site.pending();
    site.backend.advance(Duration::days(8));
    for (language, next) in [
        (Language::English, "Find what is waiting for your approval"),
        (Language::Japanese, "承認待ちの申請を探す"),
    ] {
        let page = site.browse_in(language, &link).await.is_page(410);
        assert!(page.contains(&format!("<a href=\"/approvals\">{next}</a>")), "{page}");
        assert!(page.contains("class=\"banner neutral\"") && !page.contains("role=\"alert\""), "{page}");
        for other in ["Error 410", "エラー 410", "Request a certificate</a>", "証明書を申請する</a>"]
        {
            assert!(!page.contains(other), "{other}: {page}");
        }
    }
    site.get(&link).await.is_problem(410, "expired");
}

#[tokio::test]
async fn every_reader_gets_a_next_step_of_their_own() {
    let site = Site::new();
    let (_, waiting) = site.request_at(Status::PendingApproval).await;
    let early = waiting.replacen('?', "/certificate.zip?", 1);
    for (path, status, next) in [
        ("/approvals/nothing", 404, "href=\"/approvals\""),
        ("/approvals/mine/nothing/", 404, "href=\"/approvals\""),
        ("/requests/nothing?key=x", 404, "href=\"/mine\""),
        ("/mine/nothing", 404, "href=\"/mine\""),
        (early.as_str(), 404, "href=\"/mine\""),
        ("/nothing", 404, "href=\"/\">Request a certificate"),
    ] {
        let page = site.browse(path).await.is_page(status);
        let (_, after) = page.split_once("</section>").unwrap();
        assert!(after.contains(next), "{path}: {page}");
        assert!(page.contains("banner neutral") && !page.contains("Error 404"), "{path}: {page}");
    }
    // What is wrong stays loud, with its number.
    let page = site.submit("/approvals/nothing?lang=ja", &[]).await.is_page(404);
    assert!(page.contains("href=\"/approvals?lang=ja\""), "{page}");
    let page = site.call("POST", "/mine", &[("accept", "text/html")], "x").await.is_page(415);
    assert!(page.contains("role=\"alert\"") && page.contains("Error 415."), "{page}");
}
