//! The page that tells how to trust the CA, and the file that it offers.

use pki::certificate::Certificate;
use pki::issuer::Issuer;
use pki::testing::{CaMaker, TestKey};
use time::{Duration, OffsetDateTime};
use workflow::mail::trust::{FINGERPRINT, MAKE_ROOT, STEPS};
use workflow::ports::Clock as _;
use workflow::request::Status;
use workflow::texts::Language;

use crate::site::Site;

/// A CA that is valid for some days from now on.
fn ca(site: &Site, name: &str, days: i64) -> pki::testing::TestCa {
    let now = site.backend.now();
    CaMaker::new(TestKey::EcP256)
        .named(name)
        .valid(now - Duration::DAY, now + Duration::days(days))
        .self_signed()
}

/// The SHA-256 of a root, as OpenSSL shows it.
fn fingerprint(pem: &str) -> String {
    let digits = Certificate::from_pem(pem).unwrap().fingerprint().to_ascii_uppercase();
    digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect::<Vec<_>>().join(":")
}

fn path_of_file(page: &str, at: usize) -> String {
    let rest =
        page.split("<a class=\"button primary\" href=\"").nth(at + 1).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().replace("&#38;", "&")
}

#[tokio::test]
async fn the_page_has_the_fingerprint_the_file_and_every_command() {
    let site = Site::new();
    let pem = site.backend.issuer_certificate().chain_pem().to_owned();
    for language in Language::ALL {
        let page = site.browse_in(language, "/trust").await.is_page(200);
        assert!(page.replace("<wbr>", "").contains(&format!(">{}</code>", fingerprint(&pem))), "{page}");
        let printed = Certificate::from_pem(&pem).unwrap().fingerprint();
        assert!(page.contains(&format!("<code class=\"digest\">{printed}</code>")), "{page}");
        let plain =
            page.replace("&#39;", "'").replace("&#34;", "\"").replace("&#62;", ">").replace("&#38;", "&");
        for command in STEPS.iter().filter_map(|step| step.command).chain([MAKE_ROOT, FINGERPRINT]) {
            assert!(plain.contains(&format!("<code>{command}</code>")), "{command}: {page}");
        }
        for step in &STEPS {
            assert!(page.contains(&format!("<h3>{}</h3>", step.systems)), "{}: {page}", step.systems);
        }
        let file = site.browse(&path_of_file(&page, 0)).await;
        assert_eq!(file.text(), pem);
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"ca.pem\"");
    }
}

#[tokio::test]
async fn the_navigation_and_the_page_of_a_certificate_lead_to_it() {
    let site = Site::new();
    let page = site.browse("/?lang=ja").await.is_page(200);
    assert!(page.contains("href=\"/trust?lang=ja\">CA証明書</a>"), "{page}");
    for (status, is_there) in [(Status::Delivered, 2), (Status::PendingApproval, 1)] {
        let (_, path) = site.request_at(status).await;
        let page = site.browse(&path).await.is_page(200);
        assert_eq!(page.matches("href=\"/trust\"").count(), is_there, "{status}: {page}");
    }
}

#[tokio::test]
async fn after_a_rotation_the_former_root_follows_with_a_file_of_its_own() {
    let site = Site::new();
    let former = site.backend.issuer_certificate().chain_pem().to_owned();
    site.backend.rotate_to(&ca(&site, "Brief", 5));
    site.backend.rotate_to(&ca(&site, "New", 900));
    let new = site.backend.latest_issuer().chain_pem().to_owned();
    site.backend.advance(Duration::days(6));
    let page = site.browse("/trust?lang=en").await.is_page(200);
    let cards: Vec<&str> = page.split("<section class=\"card\">\n<h2>CN=").skip(1).collect();
    assert_eq!(cards.len(), 2, "the one that has ended is not there: {page}");
    assert!(cards[0].starts_with("New") && !cards[0].contains("This is a former CA."), "{page}");
    assert!(cards[1].contains("This is a former CA."), "{page}");
    for (at, pem) in [&new, &former].into_iter().enumerate() {
        assert_eq!(&site.browse(&path_of_file(&page, at)).await.text(), pem, "{at}");
    }
    assert_eq!(site.get("/ca.pem").await.text(), new);
    site.get("/ca.pem?root=0a0b").await.is_problem(404, "not_found");
}

#[tokio::test]
async fn an_issuing_ca_is_named_below_its_root() {
    let site = Site::new();
    let now: OffsetDateTime = site.backend.now();
    let maker =
        |name| CaMaker::new(TestKey::EcP256).named(name).valid(now - Duration::DAY, now + Duration::days(99));
    let chain = maker("Root").issuing(maker("Issuing"));
    site.backend.rotate_to(&chain);
    let page = site.browse("/trust").await.is_page(200);
    let card = page.split("<section class=\"card\">").nth(1).unwrap();
    let root = Issuer::from_pem(&chain.certificate_pem).unwrap().root_der().unwrap();
    let root = Certificate::from_der(root).unwrap();
    assert!(
        card.contains("<h2>CN=Root</h2>") && card.contains("<dt>Issuing CA</dt><dd>CN=Issuing</dd>"),
        "{card}"
    );
    assert!(card.replace("<wbr>", "").contains(&fingerprint(&root.pem())), "{card}");
    assert!(card.contains("with 2 certificates, the root last"), "{card}");
}

#[tokio::test]
async fn the_bucket_is_listed_once_a_minute_at_most() {
    let site = Site::new();
    let lists = || site.backend.calls().iter().filter(|call| *call == "issuers: all").count();
    for (after, listed) in [(Duration::ZERO, 1), (Duration::seconds(59), 1), (Duration::seconds(1), 2)] {
        site.backend.advance(after);
        site.browse("/trust").await.is_page(200);
        site.browse("/ca.pem?root=0").await.is_page(404);
        assert_eq!(lists(), listed, "{after}");
    }
}

#[tokio::test]
async fn without_a_ca_there_is_no_page_until_there_is_one() {
    let site = Site::new();
    let other = site.copy();
    other.backend.without_issuer();
    other.get("/trust").await.is_problem(404, "not_found");
    assert!(other.browse("/trust").await.is_page(404).contains("<h1>"));
    site.backend.fail_next("issuers", 1);
    site.get("/trust").await.is_problem(503, "try_again");
    site.browse("/trust").await.is_page(200);
}
