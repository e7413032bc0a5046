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
        format!("/?x={long}"),
        format!("/requests/{long}"),
        format!("/approvals/{long}"),
        "/ca.pem".into(),
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
