//! 100 requests under injected faults: none is lost, none is processed twice. See `end_to_end::chaos`.
//! `cargo run -p end-to-end --bin chaos` does it with more requests and other seeds, and also stops executions.

// The table is the test's report.
#![allow(clippy::print_stdout)]

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice() {
    let outcome = end_to_end::chaos::run(100, 1, false).await;
    println!("{outcome}");
    assert!(outcome.violations.is_empty(), "{}", outcome.violations.join("\n"));
}
