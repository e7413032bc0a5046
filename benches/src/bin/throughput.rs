//! Time of the flow beyond its infrastructure: `cargo run -p benches --bin throughput [REQUESTS [BURST]]`, after
//! `cargo build --release -p idle` (benches/idle).
//!
//! Sends requests through a local stack with optimised workers, approves them, and measures the automated parts:
//! submission to approval mail, and approval to certificate mail. Then replaces each worker with one that does
//! nothing, and measures executions of the same state machine: one at a time, and in bursts with batches of ten
//! messages and of one. An execution invokes six functions, a request nine: submission, vote, and the message after
//! the vote are added. Measures these three with the idle worker, too. Prints Markdown.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use benches::cold::queue_workers;
use benches::percentile;
use end_to_end::chaos::Root;
use end_to_end::{Automated, PATIENCE, Portal, Stack, eventually, repository};
use serde_json::{Value, json};

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<usize>().expect("REQUESTS BURST"));
    let (requests, burst) = (numbers.next().unwrap_or(30), numbers.next().unwrap_or(100));
    let stack = Stack::start_optimised("throughput").await;
    let root = Root::of(&stack);
    // The first request starts every worker.
    Automated::parts_of_one_request(&stack).await;
    let mut whole = Vec::new();
    for _ in 0..requests {
        whole.push(Automated::parts_of_one_request(&stack).await.whole());
    }
    make_idle(&stack);
    execution(&stack, &root).await;
    let (portal, mut six, mut nine) = (stack.portal(), Vec::new(), Vec::new());
    for _ in 0..requests {
        let execution = execution(&stack, &root).await;
        let front = answer(&portal).await + answer(&portal).await;
        six.push(execution);
        nine.push(execution + front + execution / queue_workers().len() as u32);
    }
    let seconds = |times: &[Duration], part| percentile(times, part).as_secs_f64();
    println!("{requests} requests, one at a time:\n");
    println!(
        "| automated part of a request | p50 | p99 | ratio of the medians |\n| --- | ---: | ---: | ---: |"
    );
    for (what, times) in [
        ("with our workers", &whole),
        ("the same state machine with workers that do nothing: six invocations (target: at most 1.5)", &six),
        ("the nine invocations of a request, doing nothing", &nine),
    ] {
        println!(
            "| {what} | {:.3} s | {:.3} s | {:.2} |",
            seconds(times, 50),
            seconds(times, 99),
            seconds(&whole, 50) / seconds(times, 50)
        );
    }
    println!("\n{burst} executions at once, with workers that do nothing:\n");
    println!("| messages a batch | all done in | executions a second |\n| ---: | ---: | ---: |");
    for size in [1, 10] {
        for source in event_sources(&stack) {
            root.batch(&source, size).await;
        }
        let took = at_once(&stack, &root, burst).await.as_secs_f64();
        println!("| {size} | {took:.1} s | {:.1} |", burst as f64 / took);
    }
}

/// Replaces the worker of every step with the idle worker.
fn make_idle(stack: &Stack) {
    let binary =
        std::fs::read(repository().join("target/release/idle")).expect("cargo build --release -p idle");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(&binary).unwrap();
    let file: PathBuf = stack.path().join("idle.zip");
    std::fs::write(&file, zip.finish().unwrap().into_inner()).unwrap();
    let code = format!("fileb://{}", file.display());
    for step in &queue_workers() {
        let function = stack.endpoints()["functions"][step].as_str().unwrap();
        stack.aws(&["lambda", "update-function-code", "--function-name", function, "--zip-file", &code]);
    }
}

/// Duration of one execution, by the clock of the emulator.
async fn execution(stack: &Stack, root: &Root) -> Duration {
    let execution = root.execute(stack.endpoint("stateMachineArn"), &input()).await;
    let ended = ended(root, &execution).await;
    let at = |name: &str| ended[name].as_f64().unwrap();
    Duration::from_secs_f64(at("stopDate") - at("startDate"))
}

/// Duration of an answer of the portal without any work.
async fn answer(portal: &Portal) -> Duration {
    let begun = Instant::now();
    portal.get("healthz", "application/json").await.expect(200);
    begun.elapsed()
}

/// Time from the first start to the last end.
async fn at_once(stack: &Stack, root: &Root, count: usize) -> Duration {
    let mut executions = Vec::new();
    for _ in 0..count {
        executions.push(root.execute(stack.endpoint("stateMachineArn"), &input()).await);
    }
    let (mut first, mut last) = (f64::MAX, 0.0_f64);
    for execution in &executions {
        let ended = ended(root, execution).await;
        first = first.min(ended["startDate"].as_f64().unwrap());
        last = last.max(ended["stopDate"].as_f64().unwrap());
    }
    Duration::from_secs_f64(last - first)
}

async fn ended(root: &Root, execution: &str) -> Value {
    let ended = eventually("the execution to end", PATIENCE, async || {
        Some(root.describe(execution).await).filter(|execution| execution["status"] != "RUNNING")
    })
    .await;
    assert_eq!(ended["status"], "SUCCEEDED", "{ended:#}");
    ended
}

fn input() -> Value {
    json!({ "requestId": uuid::Uuid::new_v4() })
}

/// The event sources of all functions.
fn event_sources(stack: &Stack) -> Vec<String> {
    let answer: Value =
        serde_json::from_slice(&stack.aws(&["lambda", "list-event-source-mappings"])).unwrap();
    let all = answer["EventSourceMappings"].as_array().unwrap();
    all.iter().map(|one| one["UUID"].as_str().unwrap().to_owned()).collect()
}
