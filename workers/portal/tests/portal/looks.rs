//! All pages in every language: compared with snapshots, and written to a folder on request, for a look in a browser.
//!
//! `PORTAL_PAGES=/tmp/pages cargo test -p portal --test portal looks` writes them; serve the folder with
//! `python3 -m http.server -d /tmp/pages --bind 127.0.0.1`.

use std::path::Path;

use pki::testing as test_pki;
use pki::testing::TestKey;
use time::Duration;
use workflow::approval::LinkGiven;
use workflow::ports::{Clock as _, LinkSecrets as _};
use workflow::request::Status;
use workflow::testing::fixtures::{TERMS, standing_policy};
use workflow::texts::{Language, Wording};
use workflow::timestamp::rfc3339;

use crate::site::Site;

/// The length of the key of a link as text.
const KEY_LENGTH: usize = 43;

/// Replaces the values that differ from run to run: ids, keys, digests, serials, fingerprints of assets.
fn redacted(page: &str) -> String {
    let page = without_csr(&without_digests(page));
    let mut out = String::new();
    let mut word = String::new();
    for c in page.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            word.push(c);
            continue;
        }
        // The key of a link, 256 bits in base64url, may have no digit at all.
        let is_random = word.len() == KEY_LENGTH
            || word.len() >= 20 && word.bytes().filter(u8::is_ascii_digit).count() >= 2;
        out.push_str(if is_random { "…" } else { &word });
        word.clear();
        out.push(c);
    }
    out
}

fn without_csr(page: &str) -> String {
    const BEGIN: &str = "-----BEGIN CERTIFICATE REQUEST-----\n";
    const END: &str = "\n-----END CERTIFICATE REQUEST-----";
    let Some((before, rest)) = page.split_once(BEGIN) else {
        return page.to_owned();
    };
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{BEGIN}…{END}{after}")
}

fn without_digests(page: &str) -> String {
    // The CA of the tests is made anew in each run.
    let mut parts = page.split("<code class=\"digest\"");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        page += &format!("<code class=\"digest\">…</code>{}", part.split_once("</code>").unwrap().1);
    }
    let mut parts = page.split("<code>");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, after) = part.split_once("</code>").unwrap();
        let is_hex = inside.bytes().all(|b| b.is_ascii_hexdigit() || b == b' ' || b == b'-');
        out.push_str(&format!("<code>{}</code>{after}", if is_hex { "…" } else { inside }));
    }
    out
}

pub(crate) async fn pages(language: Language) -> Vec<(&'static str, String)> {
    let site = Site::at("http://127.0.0.1:8000/");
    let mut pages = vec![("form", site.browse_in(language, "/").await.is_page(200))];
    let csr = test_pki::csr_with(
        TestKey::EcP256,
        "www.example.com",
        &["www.example.com", "shop.example.com", "10.1.2.3"],
    );
    pages.push((
        "preview",
        site.submit_in(language, "/requests/preview", &[("email", "sam@example.com"), ("csrContent", &csr)])
            .await
            .is_page(200),
    ));
    let broken = [
        ("email", "sam"),
        ("comment", "For the <b>shop</b>."),
        ("csrContent", "hello"),
        ("profile", "client"),
    ];
    pages.push(("form-refused", site.submit_in(language, "/requests", &broken).await.is_page(422)));
    let rich = crate::form_page::csr_with_ungranted_parts();
    let rich = [("email", "sam@example.com"), ("csrContent", rich.as_str())];
    pages.push(("preview-rich", site.submit_in(language, "/requests/preview", &rich).await.is_page(200)));
    let nameless = test_pki::csr(&[]);
    let nameless = [("email", "sam@example.com"), ("csrContent", nameless.as_str())];
    pages.push(("form-no-names", site.submit_in(language, "/requests", &nameless).await.is_page(422)));
    pages.push(("status-duplicate", duplicate(language).await));
    for (name, status) in [
        ("status-submitted", Status::Submitted),
        ("status-pending", Status::PendingApproval),
        ("status-delivered", Status::Delivered),
        ("status-refused", Status::Refused),
        ("status-rejected", Status::Rejected),
        ("status-withdrawn", Status::Withdrawn),
    ] {
        let (_, path) = site.request_at(status).await;
        pages.push((name, site.browse_in(language, &path).await.is_page(200)));
    }
    for (name, given) in [("status-unconfirmed", LinkGiven::InAnswer), ("status-confirm", LinkGiven::ByMail)]
    {
        let (row, _) = site.request_at(Status::Unconfirmed).await;
        let path = site.status_path(row.id(), given).await;
        pages.push((name, site.browse_in(language, &path).await.is_page(200)));
    }
    let earlier = site.backend.unsaved_request(&csr, Status::Delivered);
    site.backend.put(earlier);
    let request = site.backend.unsaved_request(&csr, Status::PendingApproval).altered(|row| {
        row.comment = "The shop moves to the new load balancer on Monday.\nTicket OPS-1234.".into();
    });
    site.backend.put(request.clone());
    let link = site.link(request.id());
    pages.push(("review", site.browse_in(language, &link).await.is_page(200)));
    let digest = site.shown(request.id());
    let vote = [("decision", "approve"), ("digest", digest.as_str()), ("reason", "")];
    pages.push(("review-approved", site.submit_in(language, &link, &vote).await.is_page(200)));
    let refused = [("decision", "reject"), ("digest", digest.as_str()), ("reason", "")];
    let (other, other_link) = site.pending();
    pages.push(("review-no-reason", site.submit_in(language, &other_link, &refused).await.is_page(400)));
    let question = [("decision", "ask"), ("question", "Which shop is it for?")];
    pages.push(("review-asked", site.submit_in(language, &other_link, &question).await.is_page(200)));
    let other_path = site.status_path(other, LinkGiven::ByMail).await;
    pages.push(("status-question", site.browse_in(language, &other_path).await.is_page(200)));
    let list = crate::approvers::inbox(&site, "approver@example.com").await;
    pages.push(("inbox", site.browse_in(language, &list).await.is_page(200)));
    pages.push(("inbox-ask", site.browse_in(language, "/approvals").await.is_page(200)));
    let names: Vec<String> = (0..30).map(|n| format!("host-{n:02}.shop.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let many = site.backend.unsaved_request(&test_pki::csr(&names), Status::PendingApproval);
    site.backend.put(many.clone());
    pages.push(("review-many", site.browse_in(language, &site.link(many.id())).await.is_page(200)));
    let old = site.backend.unsaved_request(&csr, Status::Delivered);
    site.backend.put(old.clone());
    let renew = site.status_path(old.id(), LinkGiven::ByMail).await.replacen("/requests/", "/?renew=", 1);
    let renew = renew.replacen("?key", "&key", 1);
    pages.push(("form-renew", site.browse_in(language, &renew).await.is_page(200)));
    for (name, key, names) in [
        ("review-renewal", TestKey::EcP256, ["www.example.com", "shop.example.com", "10.1.2.3"]),
        ("review-renewal-other", TestKey::EcP384, ["www.example.com", "new.example.com", "10.1.2.3"]),
    ] {
        let csr = test_pki::csr_with(key, "www.example.com", &names);
        let renewal = site.backend.renewal_at(&csr, Status::PendingApproval, old.id());
        pages.push((name, site.browse_in(language, &site.link(renewal.id())).await.is_page(200)));
    }
    let (_, path) = site.request_at(Status::PendingApproval).await;
    let withdrawn = site.submit_in(language, &path.replacen('?', "/cancel?", 1), &[]).await;
    assert_eq!(withdrawn.status, 303);
    pages.push(("status-withdrawing", site.browse_in(language, &path).await.is_page(200)));
    pages.push(("new", site.browse_in(language, "/new").await.is_page(200)));
    let typed = "/commands?names=www.example.com%20a%26b@example.com%20localhost";
    pages.push(("commands", site.browse_in(language, typed).await.is_page(400)));
    pages.push(("commands-example", site.browse_in(language, "/commands").await.is_page(200)));
    let until = site.backend.issuer_certificate().not_after();
    let trust = site.browse_in(language, "/trust").await.is_page(200);
    let trust = trust.replace(&rfc3339(until), "…").replace(&Wording::utc(language).instant(until), "…");
    pages.push(("trust", trust));
    pages.push(("not-found", site.browse_in(language, "/approvals/nothing").await.is_page(404)));
    site.backend.set_policy(&standing_policy());
    pages.push(("terms", site.browse_in(language, "/?kind=grant").await.is_page(200)));
    let empty = [("kind", "grant"), ("email", "sam@example.com"), ("names", "-.example.com localhost")];
    pages.push(("terms-refused", site.submit_in(language, "/requests", &empty).await.is_page(400)));
    let standing = site.backend.granted(TERMS);
    for host in ["www.example.com", "shop.web.example.com"] {
        site.backend.issued_under(standing, &test_pki::csr(&[host]));
    }
    let path = site.status_path(standing, LinkGiven::ByMail).await;
    let make = path.replacen('?', "/credential?", 1);
    pages.push(("credential", site.submit_in(language, &make, &[("number", "0")]).await.is_page(200)));
    pages.push(("status-standing", site.browse_in(language, &path).await.is_page(200)));
    let reason = [("reason", "The shop closes.")];
    assert_eq!(site.submit_in(language, &path.replacen('?', "/end?", 1), &reason).await.status, 303);
    pages.push(("status-standing-ending", site.browse_in(language, &path).await.is_page(200)));
    pages.extend(requesters_and_latecomers(language).await);
    if let Some(folder) = std::env::var_os("PORTAL_PAGES") {
        write(Path::new(&folder), language, &pages);
        let page = &pages[0].1;
        for rest in page.split("\"/assets/").skip(1) {
            let name = rest.split('"').next().unwrap();
            let asset = site.get(&format!("/assets/{name}")).await;
            std::fs::create_dir_all(Path::new(&folder).join("assets")).unwrap();
            std::fs::write(Path::new(&folder).join("assets").join(name), asset.bytes).unwrap();
        }
    }
    pages
}

/// The page that asks to confirm a request, with its duplicates. On a site of its own: they are in no list.
async fn duplicate(language: Language) -> String {
    let site = Site::at("http://127.0.0.1:8000/");
    for status in [Status::Delivered, Status::PendingApproval] {
        site.entered("www.example.com", status).await;
    }
    let own = site.backend.request_at(Status::Unconfirmed);
    let path = site.status_path(own, LinkGiven::ByMail).await;
    site.browse_in(language, &path).await.is_page(200)
}

/// My certificates, the page of one, and what an approver sees who comes too late.
async fn requesters_and_latecomers(language: Language) -> Vec<(&'static str, String)> {
    let site = Site::at("http://127.0.0.1:8000/");
    let mut ids = Vec::new();
    for (names, days) in
        [(&["shop.example.com", "www.example.com", "10.1.2.3"][..], 12), (&["db.example.com"][..], 300)]
    {
        let end = site.backend.now() + Duration::days(days) + Duration::HOUR;
        let row = site.backend.unsaved_request(&test_pki::csr(names), Status::Delivered);
        let row = row.altered(|row| {
            (row.not_before, row.not_after) = (Some(end - Duration::days(365)), Some(end));
        });
        ids.push(row.id());
        site.backend.put(row);
    }
    site.request_at(Status::Rejected).await;
    let (_, link) = site.pending();
    let key = site.backend.secret().await.unwrap().overview_key(ids[0], site.backend.now() + Duration::HOUR);
    let mine = format!("/mine/{}", key.expose());
    let mut pages = vec![("mine", site.browse_in(language, &mine).await.is_page(200))];
    let wrong = [("email", "sam@@example.com")];
    pages.push(("mine-wrong", site.submit_in(language, "/mine", &wrong).await.is_page(422)));
    let issued = site.backend.request_with_certificate(Status::Delivered);
    let path = site.status_path(issued, LinkGiven::ByMail).await;
    pages.push(("status-certificate", site.browse_in(language, &path).await.is_page(200)));
    site.backend.advance(Duration::days(8));
    pages.push(("review-expired", site.browse_in(language, &link).await.is_page(410)));
    pages
}

fn write(folder: &Path, language: Language, pages: &[(&str, String)]) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, page) in pages {
        std::fs::write(folder.join(format!("{name}.{language}.html")), page).unwrap();
    }
}

#[tokio::test]
async fn the_pages_look_as_they_should() {
    for language in Language::ALL {
        for (name, page) in pages(language).await {
            assert!(!page.contains("<b>shop"), "{name}: what comes from outside is escaped");
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{name}");
            let name = match language {
                Language::English => name.to_owned(),
                other => format!("{name}.{other}"),
            };
            insta::assert_snapshot!(name, redacted(&page));
        }
    }
}
