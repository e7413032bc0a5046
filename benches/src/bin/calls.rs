//! Calls to AWS of one request: `cargo run -p benches --bin calls [REQUESTS]`.
//!
//! Sends requests through a local stack and counts the calls of its workers in a proxy, by the access key of each role.
//! Prints Markdown: calls of the first request, and the mean of the later ones if it differs, since a process makes some
//! calls once.

// A command prints.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;

use end_to_end::chaos::{AwsProxy, Call, access_keys};
use end_to_end::{Automated, PATIENCE, Stack, eventually};

#[tokio::main]
async fn main() {
    let requests: u64 =
        std::env::args().nth(1).map_or(10, |number| number.parse().expect("REQUESTS is a number"));
    let folder = Stack::folder("calls");
    let proxy = AwsProxy::quiet(&folder).await;
    let stack = Stack::start_in(folder, &["--aws-by-way-of", &proxy.url()]).await;
    let started = proxy.by_caller();
    one(&stack).await;
    let first = proxy.by_caller();
    for _ in 0..requests {
        one(&stack).await;
    }
    let last = proxy.by_caller();
    let names = access_keys(&stack);
    println!(
        "Calls of the first request, then the mean of {requests} more if it differs:\n\n| worker | call | calls |\n| --- | --- | --- |"
    );
    let mut rows: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for (call, total) in &last {
        let before = |counts: &BTreeMap<Call, u64>| counts.get(call).copied().unwrap_or_default();
        let name = names.get(&call.access_key).map_or("an earlier process", String::as_str);
        let row = rows.entry((name, &call.operation)).or_default();
        row.0 += before(&first) - before(&started);
        row.1 += total - before(&first);
    }
    let mut sum = (0, 0);
    for ((name, operation), (first, further)) in rows {
        if first + further > 0 {
            println!("| {name} | {operation} | {} |", calls(first, further, requests));
            sum = (sum.0 + first, sum.1 + further);
        }
    }
    println!("| all | | {} |", calls(sum.0, sum.1, requests));
}

/// Calls of the first request, and the mean of the later ones if it differs.
fn calls(first: u64, further: u64, requests: u64) -> String {
    let mean = further as f64 / requests as f64;
    if further == first * requests { first.to_string() } else { format!("{first}, then {mean:.1}") }
}

async fn one(stack: &Stack) {
    let request = Automated::parts_of_one_request(stack).await;
    // The mail is sent before the row is updated. This read bypasses the proxy.
    eventually("the row to be marked", PATIENCE, async || {
        (stack.row(&request.id)["status"] == "delivered").then_some(())
    })
    .await;
}
