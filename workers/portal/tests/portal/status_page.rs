//! The status page: its title, the certificate on top, and what is said to readers who see no colours.

use time::Duration;
use workflow::approval::LinkGiven;
use workflow::ports::CertificateStore as _;
use workflow::request::Status;
use workflow::texts::Language;

use crate::site::Site;

#[tokio::test]
async fn the_title_names_what_the_request_is_for() {
    let site = Site::new();
    let names = ["www.example.com", "shop.example.com", "10.1.2.3"];
    let row = site.backend.unsaved_request(&pki::testing::csr(&names), Status::PendingApproval);
    site.backend.put(row.clone());
    let path = site.status_path(row.id(), LinkGiven::ByMail).await;
    for (language, title) in [
        (Language::English, "<title>Waiting for approval: www.example.com and 2 more · Countersign</title>"),
        (Language::Japanese, "<title>承認を待っています: www.example.com ほか2件 · Countersign</title>"),
    ] {
        let page = site.browse_in(language, &path).await.is_page(200);
        assert!(page.contains(title), "{page}");
    }
}

#[tokio::test]
async fn a_certificate_shows_its_end_and_its_fingerprint_and_every_file() {
    let site = Site::new();
    let id = site.backend.request_with_certificate(Status::Delivered);
    let row = site.backend.request(id).unwrap();
    let pem = site.backend.certificate(row.serial().unwrap()).await.unwrap().unwrap();
    let fingerprint = pki::certificate::Certificate::from_pem(&pem).unwrap().fingerprint();
    let path = site.status_path(id, LinkGiven::ByMail).await;
    let page = site.browse(&path).await.is_page(200);
    let (banner, rest) = page.split_once("</section>").unwrap();
    assert!(banner.contains("Valid until <time") && banner.contains("ends in 36"), "{banner}");
    for file in ["certificate.zip", "certificate.pem", "fullchain.pem", "ca.pem", "certificate.der"] {
        assert!(banner.contains(&format!("/requests/{id}/{file}?key=")), "{file}: {banner}");
    }
    assert!(rest.replace(' ', "").contains(&fingerprint), "{fingerprint}: {rest}");
    // Without the file in the archive, the page lacks the fingerprint only.
    let lost = site.backend.request_at(Status::Delivered);
    let path = site.status_path(lost, LinkGiven::ByMail).await;
    let page = site.browse(&path).await.is_page(200);
    assert!(page.contains("Valid until <time") && !page.contains("Certificate (SHA-256)"), "{page}");
    site.backend.set_now(row.not_after().unwrap() + Duration::DAY);
    let page = site.browse(&path).await.is_page(200);
    let (banner, _) = page.split_once("</section>").unwrap();
    assert!(!banner.contains("ends in"), "{banner}");
}

#[tokio::test]
async fn a_link_that_does_not_open_the_certificate_shows_no_fingerprint() {
    let site = Site::with_confirmation();
    let id = site.backend.request_with_certificate(Status::Delivered);
    site.backend.alter(id, |row| row.history[0].status = Status::Unconfirmed);
    for (given, shown) in [(LinkGiven::InAnswer, false), (LinkGiven::ByMail, true)] {
        let path = site.status_path(id, given).await;
        let page = site.browse(&path).await.is_page(200);
        assert_eq!(page.contains("Certificate (SHA-256)"), shown, "{page}");
        assert_eq!(page.contains("fullchain.pem"), shown, "{page}");
    }
}

/// The dots of the timeline are colours.
#[tokio::test]
async fn each_step_says_in_words_whether_it_is_done() {
    let site = Site::new();
    let (_, waiting) = site.request_at(Status::PendingApproval).await;
    for (language, done, now, next) in [
        (Language::English, "Received<span class=\"unseen\"> done</span>", "in progress", "not yet"),
        (Language::Japanese, "受付<span class=\"unseen\"> 完了</span>", "進行中", "未完了"),
    ] {
        let page = site.browse_in(language, &waiting).await.is_page(200);
        let (_, timeline) = page.split_once("<ol class=\"timeline\">").unwrap();
        let (timeline, _) = timeline.split_once("</ol>").unwrap();
        assert!(timeline.contains(done), "{timeline}");
        let current = format!("<span class=\"unseen\"> {now}</span>");
        assert_eq!(timeline.matches(&current).count(), 1, "{timeline}");
        assert!(timeline.contains(&format!("<span class=\"quiet\">{next}</span>")), "{timeline}");
    }
    let (_, ended) = site.request_at(Status::Delivered).await;
    let page = site.browse(&ended).await.is_page(200);
    assert!(!page.contains("<span class=\"unseen\"> in progress</span>"), "{page}");
}

/// The script compares what it is served: the same request, the same page.
#[tokio::test]
async fn a_page_without_news_is_the_same_page() {
    let site = Site::new();
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued] {
        let (_, path) = site.request_at(status).await;
        let first = site.browse(&path).await.is_page(200);
        assert_eq!(first, site.browse(&path).await.is_page(200), "{status}");
        assert!(first.contains("<h1>"), "{first}");
    }
}
