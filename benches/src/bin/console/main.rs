//! The pages of the console with many rows: `cargo run -p benches --bin console [ROWS [ROUNDS]]`.
//!
//! Two portals, each over a dynalite of its own: one with a hundred requests, one with a hundred thousand. Each page is opened at both in
//! turn, so that only ratios count. Prints Markdown, with the calls to AWS of each page, and fails if a page takes more than one and a
//! half times as long with many rows. Not a test.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod counting;
mod dynalite;
mod seed;
mod site;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use benches::{machine, percentile};
use seed::{Seeded, host, requester, seed};
use site::{Console, Opened};
use url::form_urlencoded::Serializer;
use workflow::ids::RequestId;
use workflow::ports::{Clock as _, ListedCertificate};

const FEW: usize = 100;
const MANY: usize = 100_000;
const ROUNDS: usize = 200;
/// The most that a page may take with many rows, in times of the same page with few.
const MAX_RATIO: f64 = 1.5;
/// A difference that is not looked at: two processes of Node.js on a machine with other work differ by as much.
const FLOOR: Duration = Duration::from_millis(3);

/// A page: its path at the portal with few rows, and at that with many.
struct Measured {
    name: &'static str,
    paths: [String; 2],
    /// Why the page may take longer with many rows, if it may.
    excused: Option<&'static str>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let (many, rounds) = (arguments.next().unwrap_or(MANY), arguments.next().unwrap_or(ROUNDS));
    let consoles = [Console::start().await, Console::start().await];
    let seeded = [seed(&consoles[0], FEW).await, seed(&consoles[1], many).await];
    println!("{}; {rounds} rounds\n", machine::description());
    for Seeded { requests, certificates, approvals, names, .. } in &seeded {
        println!(
            "- {requests} requests, {certificates} of them certificates; {approvals} approvals; {names} entries of names and lists"
        );
    }
    println!(
        "\n| page | rows shown | p50 ms, {FEW} rows | {many} rows | p95 ms, {FEW} rows | {many} rows | ratio | calls to AWS, {FEW} rows | {many} rows |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |");
    let (mut worst, mut is_met) = (0.0_f64, true);
    for page in pages(&consoles, &seeded, many) {
        let mut times = [Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
        let mut last: [Option<Opened>; 2] = [None, None];
        // The first opening reads what the process keeps.
        for round in 0..=rounds {
            for (at, console) in consoles.iter().enumerate() {
                let opened = console.open(&page.paths[at]).await;
                if round > 0 {
                    times[at].push(opened.took);
                }
                last[at] = Some(opened);
            }
        }
        let last = last.map(Option::unwrap);
        let of = |percentage| [percentile(&times[0], percentage), percentile(&times[1], percentage)];
        let (p50, p95) = (of(50), of(95));
        let ratio = p95[1].as_secs_f64() / p95[0].as_secs_f64();
        let is_slow = ratio > MAX_RATIO && p95[1] > p95[0] + FLOOR;
        if page.excused.is_none() {
            worst = worst.max(ratio);
            is_met &= !is_slow;
        }
        let rows = last.each_ref().map(|opened| opened.page.matches("<li><strong>").count());
        let note = page.excused.map(|why| format!(" ({why})")).unwrap_or_default();
        println!(
            "| {}{note} | {}, {} | {} | {} | {} | {} | {ratio:.2} | {} | {} |",
            page.name,
            rows[0],
            rows[1],
            ms(p50[0]),
            ms(p50[1]),
            ms(p95[0]),
            ms(p95[1]),
            counted(&last[0].calls),
            counted(&last[1].calls)
        );
    }
    let said = if is_met { "met" } else { "missed" };
    println!(
        "\nTarget: at most {MAX_RATIO} times the p95 with {FEW} rows, where the difference is more than {} ms; the most is {worst:.2}: {said}.",
        FLOOR.as_millis()
    );
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// The calls by operation: `2 Query, 1 BatchGetItem`.
fn counted(calls: &[String]) -> String {
    let mut by_operation = BTreeMap::<&str, usize>::new();
    for call in calls {
        *by_operation.entry(call).or_default() += 1;
    }
    let each: Vec<String> =
        by_operation.iter().map(|(operation, count)| format!("{count} {operation}")).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

/// Every page.
fn pages(consoles: &[Console; 2], seeded: &[Seeded; 2], many: usize) -> Vec<Measured> {
    let mut all = Vec::new();
    let mut add = |name, excused, paths: [String; 2]| all.push(Measured { name, paths, excused });
    let same = |path: &str| [path.to_owned(), path.to_owned()];
    let search = |pairs: &[(&str, &str)]| {
        let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/console/certificates?{query}")
    };
    let by = |by: &str, text: &str| search(&[("by", by), ("q", text)]);
    let issuer = consoles.each_ref().map(|console| console.backend.issuer_certificate().key_identifier());
    let whole = seeded.each_ref().map(|seeded| seeded.whole.clone().expect("a request"));
    let now = consoles[0].backend.now();
    // A place in the list need not be an entry of it: before all with few rows, in the middle with many.
    let place = |under: &str, end| {
        ListedCertificate { under: under.to_owned(), not_after: end, id: RequestId::random() }.to_string()
    };
    let after_name = [place("h", now), place(&host(many / 2), now)];

    add("overview", None, same("/console"));
    for (name, status) in [("requests that wait", "pending_approval"), ("failed requests", "failed")] {
        add(name, None, same(&format!("/console/requests?status={status}")));
    }
    let waiting = seeded.each_ref().map(|seeded| seeded.waiting.expect("a request"));
    add(
        "requests that wait, a next page",
        None,
        waiting.map(|id| format!("/console/requests?status=pending_approval&after={id}")),
    );
    add("certificates by name", None, same(&by("name", "h")));
    add(
        "certificates by name, a next page",
        None,
        after_name.map(|after| search(&[("by", "name"), ("q", "h"), ("after", &after)])),
    );
    add("certificates by domain", None, same(&by("domain", "example.com")));
    add("certificates by requester", None, same(&by("requester", &requester(0))));
    add("certificates by profile", None, same(&by("profile", "server")));
    add(
        "valid certificates by profile",
        None,
        same(&search(&[("by", "profile"), ("q", "server"), ("state", "valid")])),
    );
    add("certificates by issuer", None, issuer.map(|issuer| by("issuer", &issuer)));
    add(
        "certificates by serial",
        None,
        whole.each_ref().map(|(_, serial)| by("serial", &serial.to_string())),
    );
    add("certificates that end within a year", None, same(&search(&[("within", "366")])));
    add(
        "revoked certificates by profile",
        Some("looks through 500 entries at most"),
        same(&search(&[("by", "profile"), ("q", "server"), ("state", "revoked")])),
    );
    add("one request", None, whole.map(|(id, _)| format!("/console/requests/{id}")));
    add("standing approvals", None, same("/console/grants"));
    add("issuers", None, same("/console/issuers"));
    add("policy", None, same("/console/policy"));
    all
}
