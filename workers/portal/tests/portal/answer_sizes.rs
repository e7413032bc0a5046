//! The largest answers to callers without a link: a flood of calls is paid for by the byte (docs/costs.md).

use portal::MAX_BODY_BYTES;

use crate::site::{BROWSER, FORM, Site};

/// Most bytes of a page for a caller without a link. benches/src/bin/costs/flood.rs has the same number.
const LARGEST_PAGE: usize = 40_000;
/// Most bytes of a page of commands, which has a throttle of its own. benches/src/bin/costs/flood.rs has the same number.
const LARGEST_COMMANDS: usize = 110_000;
/// Most bytes of the form that the portal sends back with its entries. benches/src/bin/costs/flood.rs has the same number.
const LARGEST_FORM: usize = 665_000;

#[tokio::test]
#[allow(clippy::print_stdout)] // Prints the measured sizes for the constants above.
async fn the_largest_answers_are_those_that_the_costs_of_a_flood_assume() {
    let site = Site::with_confirmation();
    // API Gateway takes request lines and headers of 10,240 bytes in all.
    let long = "%22".repeat(3_300);
    let mut largest = (0, String::new());
    for path in [
        "/".to_owned(),
        "/mine".into(),
        format!("/{long}"),
        format!("/?x={}", "'".repeat(9_900)),
        format!("/mine?x={}", "'".repeat(9_900)),
        format!("/new?x={}", "'".repeat(9_900)),
        format!("/trust?x={}", "'".repeat(9_900)),
        format!("/?x={long}"),
        format!("/requests/{long}"),
        format!("/approvals/{long}"),
        "/ca.pem".into(),
        format!("/ca.pem?root={}", "'".repeat(9_900)),
    ] {
        for language in ["en", "ja"] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let answer = site.browse(&format!("{path}{mark}lang={language}")).await;
            largest = largest.max((answer.bytes.len(), path[..path.len().min(30)].to_owned()));
        }
    }
    println!("the largest page: {largest:?}");
    assert!((LARGEST_PAGE / 2..=LARGEST_PAGE).contains(&largest.0), "{largest:?}");

    // As many texts as fit, each another one, of characters that become six bytes in HTML and are not encoded in a URL.
    let marks = ["'", "!", "*", "(", ")", "$", "~", "_"];
    let pairs = marks.iter().flat_map(|one| marks.iter().map(move |other| format!("'{one}{other}")));
    let refused: Vec<String> = pairs.flat_map(|pair| (0..40).map(move |n| format!("{pair}{n}"))).collect();
    let label = "a".repeat(60);
    let names: Vec<String> = (0..70).map(|n| format!("{n}.{label}.{label}.example.com")).collect();
    let hosts: Vec<String> = (0..1_100).map(|n| format!("{n:x}.test")).collect();
    let mut largest = (0, String::new());
    for typed in [refused.join(","), names.join(","), hosts.join(","), "'".repeat(9_900), long] {
        let typed = &typed[..typed.len().min(9_900)];
        let answer = site.browse(&format!("/commands?names={typed}&lang=ja")).await;
        largest = largest.max((answer.bytes.len(), typed[..10].to_owned()));
    }
    println!("the largest page of commands: {largest:?}");
    assert!((LARGEST_COMMANDS / 2..=LARGEST_COMMANDS).contains(&largest.0), "{largest:?}");

    let mut largest = (0, "");
    for field in ["email", "comment", "csrContent", "profile"] {
        // The characters that become the most bytes in HTML, in a body as large as the portal takes.
        let body = format!("{field}={}", "\"".repeat(MAX_BODY_BYTES - field.len() - 1));
        let headers = [("content-type", FORM), ("accept", BROWSER)];
        let answer = site.call("POST", "/requests/preview", &headers, body).await;
        largest = largest.max((answer.bytes.len(), field));
    }
    println!("the largest form: {largest:?}");
    assert!((LARGEST_FORM / 2..=LARGEST_FORM).contains(&largest.0), "{largest:?}");
}

/// The bytes of a page with all that it loads, as a browser without a cache gets them. A page that makes keys or files of keys loads
/// the modules for it, too.
#[tokio::test]
#[allow(clippy::print_stdout)] // Prints the measured sizes.
async fn a_page_weighs_little_with_all_that_it_loads() {
    const MOST: usize = 40_000;
    const MOST_WITH_KEYS: usize = 60_000;
    let site = crate::console::site();
    let (_, waiting) = site.request_at(workflow::request::Status::PendingApproval).await;
    let (_, review) = site.pending();
    let id = site.backend.request_with_certificate(workflow::request::Status::Delivered);
    let delivered = site.status_path(id, workflow::approval::LinkGiven::ByMail).await;
    let (cookie, _) = crate::console::session(&site, "olivia@example.com").await;
    let console = format!("/console/requests/{id}");
    for (path, most) in [
        ("/", MOST),
        ("/mine", MOST),
        ("/commands", MOST),
        ("/trust", MOST),
        (review.as_str(), MOST),
        ("/console", MOST),
        ("/console/certificates", MOST),
        (console.as_str(), MOST),
        ("/new", MOST_WITH_KEYS),
        (waiting.as_str(), MOST_WITH_KEYS),
        (delivered.as_str(), MOST_WITH_KEYS),
    ] {
        let page = crate::console::open(&site, &cookie, path, workflow::texts::Language::Japanese).await;
        let html = page.is_page(200);
        let mut files: Vec<String> = Vec::new();
        for attribute in ["href=\"/assets/", "src=\"/assets/"] {
            files.extend(
                html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
            );
        }
        let (mut loaded, mut bytes) = (std::collections::BTreeSet::new(), page.bytes.len());
        while let Some(file) = files.pop() {
            if loaded.insert(file.clone()) {
                let path = format!("/assets/{file}");
                let packed = site.call("GET", &path, &[("accept-encoding", "gzip, br")], Vec::new()).await;
                assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
                bytes += packed.bytes.len();
                let text = site.get(&path).await.text();
                let unpacked = std::io::read_to_string(flate2::read::GzDecoder::new(&packed.bytes[..]));
                assert_eq!(unpacked.unwrap(), text, "{path}");
                let imported = text.split(" from \"./").skip(1).filter_map(|rest| rest.split('"').next());
                files.extend(imported.map(str::to_owned));
            }
        }
        let shown = path.split('?').next().unwrap_or(path);
        println!("{shown}: {bytes} bytes, {} of them the page, {} files", page.bytes.len(), loaded.len());
        assert!(bytes <= most, "{shown}: {bytes}");
    }
}
