//! Chaos runs with a chosen number of requests and seeds: `cargo run -p end-to-end --bin chaos [REQUESTS [SEED...]]`.
//!
//! Prints a table for each seed, as in docs/reliability.md, and fails if an invariant is violated.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>().expect("REQUESTS SEED..."));
    let requests = numbers.next().unwrap_or(200) as usize;
    let mut seeds: Vec<u64> = numbers.collect();
    if seeds.is_empty() {
        seeds.push(1);
    }
    let mut agreed = true;
    for seed in seeds {
        let outcome = end_to_end::chaos::run(requests, seed, true).await;
        println!("\n{outcome}");
        for disagreement in &outcome.violations {
            eprintln!("{disagreement}");
            agreed = false;
        }
    }
    if agreed { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
