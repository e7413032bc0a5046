//! Latency of the stack and memory of its workers: `cargo run -p benches --bin figures [REQUESTS] [AT_ONCE]`.
//!
//! Sends requests through a new local stack with optimised workers, approves them, and prints Markdown. Not a test:
//! no threshold. Times end at the file times of the mails, so polling adds nothing; memory is the peak (VmHWM) of
//! each worker's processes.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use benches::percentile;
use end_to_end::{Automated, Stack, repository};
use tokio::task::{JoinSet, LocalSet};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    LocalSet::new().run_until(measure()).await;
}

async fn measure() {
    let mut numbers =
        std::env::args().skip(1).map(|number| number.parse::<usize>().expect("REQUESTS AT_ONCE are numbers"));
    let (requests, at_once) = (numbers.next().unwrap_or(100), numbers.next().unwrap_or(1).max(1));
    eprintln!("Starting a stack with optimised workers; building them takes minutes the first time.");
    let stack: &'static Stack = Box::leak(Box::new(Stack::start_optimised("figures").await));
    // The first request starts every worker and is reported separately.
    let cold = Automated::parts_of_one_request(stack).await;
    let (mut warm, mut running, mut peaks) = (Vec::new(), JoinSet::new(), BTreeMap::new());
    for started in 0..requests {
        if running.len() == at_once {
            warm.push(running.join_next().await.unwrap().unwrap());
        }
        running.spawn_local(Automated::parts_of_one_request(stack));
        eprint!("\r{} of {requests}", started + 1);
        note_peaks(stack.path(), &mut peaks);
    }
    warm.extend(running.join_all().await);
    note_peaks(stack.path(), &mut peaks);
    eprintln!();
    print(&cold, &warm, at_once, &peaks);
}

/// Peak memory in KiB by worker, over all processes of this stack's functions.
fn note_peaks(stack: &Path, peaks: &mut BTreeMap<String, u64>) {
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).into_owned();
        if !command.contains(&stack.display().to_string()) || !command.contains("bootstrap") {
            continue;
        }
        let environment = read("environ");
        let function = environment.split(|byte| *byte == 0).find_map(|variable| {
            std::str::from_utf8(variable).ok()?.strip_prefix("AWS_LAMBDA_FUNCTION_NAME=")
        });
        let status = String::from_utf8_lossy(&read("status")).into_owned();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
        if let (Some(function), Some(peak)) = (function, peak) {
            let worker = function.split_once('-').map_or(function, |(_, worker)| worker).to_owned();
            peaks.entry(worker).and_modify(|known| *known = peak.max(*known)).or_insert(peak);
        }
    }
}

fn print(cold: &Automated, warm: &[Automated], at_once: usize, peaks: &BTreeMap<String, u64>) {
    println!("{} requests, {at_once} at a time, on the local stack with optimised workers:\n", warm.len());
    println!("| from | to | first request | p50 | p99 | most |\n| --- | --- | ---: | ---: | ---: | ---: |");
    let row = |from: &str, to: &str, of: fn(&Automated) -> Duration| {
        let all: Vec<Duration> = warm.iter().map(of).collect();
        let text = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        println!(
            "| {from} | {to} | {} | {} | {} | {} |",
            text(of(cold)),
            text(percentile(&all, 50)),
            text(percentile(&all, 99)),
            text(percentile(&all, 100))
        );
    };
    row("submit", "approval mail", |took| took.to_approval_mail);
    row("approve", "certificate mail", |took| took.to_certificate_mail);
    println!("\n| worker | release binary | peak RSS |\n| --- | ---: | ---: |");
    for name in infra_tests::workers() {
        let binary = std::fs::metadata(repository().join("target/release").join(&name));
        let binary = binary.map_or("not built".to_owned(), |file| format!("{:.1} MiB", mebi(file.len())));
        let peak =
            peaks.get(&name).map_or("did not run".to_owned(), |peak| format!("{:.1} MiB", mebi(peak * 1024)));
        println!("| {name} | {binary} | {peak} |");
    }
}

fn mebi(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
