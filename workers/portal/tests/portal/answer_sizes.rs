//! The largest answers to callers without a link: a flood of calls is paid for by the byte (docs/costs.md).

use portal::MAX_BODY_BYTES;

use crate::site::{BROWSER, FORM, Site};

/// Most bytes of a page that is got without a link. benches/src/bin/costs/flood.rs has the same number.
const LARGEST_PAGE: usize = 45_000;
/// Most bytes of the form that is sent back with what was entered. benches/src/bin/costs/flood.rs has the same number.
const LARGEST_FORM: usize = 665_000;

#[tokio::test]
#[allow(clippy::print_stdout)] // The sizes are what the test is read for.
async fn the_largest_answers_are_those_that_the_costs_of_a_flood_assume() {
    let site = Site::with_confirmation();
    // API Gateway takes request lines and headers of 10,240 bytes in all.
    let long = "%22".repeat(3_300);
    let refused: Vec<String> = (0..20).map(|n| format!("{n}{}.example.com", "%3C".repeat(160))).collect();
    let label = "a".repeat(60);
    let names: Vec<String> = (0..20).map(|n| format!("{n}.{label}.{label}.example.com")).collect();
    let mut largest = (0, String::new());
    for path in [
        "/".to_owned(),
        "/mine".into(),
        format!("/{long}"),
        format!("/commands?names={long}"),
        format!("/commands?names={}", refused.join(",")),
        format!("/commands?names={}", names.join(",")),
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
