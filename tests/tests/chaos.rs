//! Never lost, never twice: 200 requests through a stack in which everything fails now and then, see
//! `end_to_end::chaos`. `cargo run -p end-to-end --bin chaos` does it with more requests and other seeds, and stops executions too.

// The table is what the test is read for.
#![allow(clippy::print_stdout)]

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_happens_twice() {
    let outcome = end_to_end::chaos::run(200, 1, false).await;
    println!("{outcome}");
    assert!(outcome.violations.is_empty(), "{}", outcome.violations.join("\n"));
}
