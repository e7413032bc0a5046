//! Latency of the pages: `cargo run -p benches --bin pages [REQUESTS]` opens each page REQUESTS times on a new local
//! stack, one at a time, and prints Markdown. Not a test: no threshold.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use benches::percentile;
use end_to_end::{Stack, Submission, csr_for, unique_host};

const APPROVER: &str = "approver@example.com";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let times = std::env::args().nth(1).map_or(1000, |number| number.parse().expect("REQUESTS is a number"));
    let stack = Stack::start("pages").await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let review = mailbox.approval_link(&asked, APPROVER).await;
    portal.until(&asked, "pending_approval").await;
    println!("| page, opened {times} times | p50 | p99 |\n| --- | ---: | ---: |");
    for (name, link) in [("form", ""), ("review", &review), ("status", &asked.status_url)] {
        let mut took = Vec::with_capacity(times);
        for _ in 0..times {
            let begun = Instant::now();
            portal.get(link, "text/html").await.expect(200);
            took.push(begun.elapsed());
        }
        let text = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        println!("| {name} | {} | {} |", text(percentile(&took, 50)), text(percentile(&took, 99)));
    }
}
