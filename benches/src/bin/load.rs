//! Concurrent requests: `cargo run -p benches --bin load [--release] [REQUESTS [CONNECTIONS [ROUNDS]]]`.
//!
//! Sends REQUESTS submissions over CONNECTIONS connections to a new local stack, approves each by the link of its
//! mail, waits until all certificates are mailed, and prints Markdown; ROUNDS times, to compare the memory of the
//! workers from round to round. `--release` uses optimised workers, as deployed (the first build takes minutes).
//! Fails if a request is lost, or if an answer is a 5xx other than `try_again` with Retry-After.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use benches::percentile;
use end_to_end::chaos::{MailWatcher, resident};
use end_to_end::{Asked, Portal, Stack, Submission, csr_for, eventually, unique_host};
use futures_util::StreamExt as _;
use futures_util::stream;
use reqwest::Method;
use serde_json::{Value, json};

const JSON: [(&str, &str); 2] = [("accept", "application/json"), ("content-type", "application/json")];
/// Time-out from the last approval until the last certificate is mailed.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Counts of the answers.
#[derive(Default)]
struct Answers {
    took: Mutex<BTreeMap<&'static str, Vec<Duration>>>,
    try_again: Mutex<usize>,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let optimised = arguments.next_if(|argument| argument == "--release").is_some();
    let mut numbers = arguments.map(|number| number.parse::<usize>().expect("a number"));
    let requests = numbers.next().unwrap_or(1_000);
    let connections = numbers.next().unwrap_or(50).max(1);
    let rounds = numbers.next().unwrap_or(1);
    let stack = if optimised { Stack::start_optimised("load").await } else { Stack::start("load").await };
    let workers = if optimised { "optimised workers" } else { "workers of the dev profile" };
    let mails = MailWatcher::of(&stack);
    println!(
        "{requests} requests a round over {connections} connections, on the local stack with {workers}:\n"
    );
    println!("| round | submit p50 | p99 | approve p50 | p99 | submitted in | all delivered in |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let (mut memory, mut try_again) = (Vec::new(), 0);
    for round in 1..=rounds {
        try_again += one(&stack, &mails, round, requests, connections).await;
        memory.push(resident(&stack));
    }
    println!("\nAnswers `try_again`: {try_again}.");
    println!("\n| worker | processes | largest process over the rounds |\n| --- | ---: | --- |");
    for (name, last) in memory.last().unwrap() {
        let most =
            |memory: &BTreeMap<String, Vec<u64>>| memory.get(name).and_then(|all| all.iter().max().copied());
        let mut rounds: Vec<String> = memory
            .iter()
            .map(|round| most(round).map_or("-".into(), |kib| format!("{:.1}", kib as f64 / 1_024.0)))
            .collect();
        // A value is printed once for all rounds in which it stays.
        rounds.dedup();
        println!("| {name} | {} | {} MiB |", last.len(), rounds.join(", "));
    }
}

/// Runs a round and prints its row. Returns the number of answers `try_again`.
async fn one(stack: &Stack, mails: &MailWatcher, round: usize, requests: usize, connections: usize) -> usize {
    let (portal, answers) = (stack.portal(), Answers::default());
    let submissions: Vec<Submission> = (0..requests)
        .map(|_| Submission {
            idempotency_key: Some(uuid::Uuid::new_v4().to_string()),
            ..Submission::of(&csr_for(&[&unique_host()]))
        })
        .collect();
    let begun = Instant::now();
    let asked: Vec<Asked> = stream::iter(&submissions)
        .map(|submission| submit(&portal, &answers, submission))
        .buffer_unordered(connections)
        .collect()
        .await;
    let submitted = begun.elapsed();
    let asked: Vec<Asked> = stream::iter(asked)
        .map(|asked| confirm(&portal, &answers, mails, asked))
        .buffer_unordered(connections)
        .collect()
        .await;
    let approved: usize = stream::iter(&asked)
        .map(|asked| approve(&portal, &answers, mails, asked))
        .buffer_unordered(connections)
        .count()
        .await;
    assert_eq!(approved, requests);
    let delivered =
        |asked: &Asked| mails.about(&asked.id).iter().any(|mail| mail.subject.contains("Your certificate"));
    eventually("the certificate of every request", PATIENCE, async || {
        mails.look();
        asked.iter().all(delivered).then_some(())
    })
    .await;
    let all = begun.elapsed();
    let took = answers.took.into_inner().unwrap();
    let part = |what: &str, part: usize| format!("{:.2} s", percentile(&took[what], part).as_secs_f64());
    println!(
        "| {round} | {} | {} | {} | {} | {:.0} s | {:.0} s |",
        part("submit", 50),
        part("submit", 99),
        part("approve", 50),
        part("approve", 99),
        submitted.as_secs_f64(),
        all.as_secs_f64(),
    );
    answers.try_again.into_inner().unwrap()
}

/// Repeats a call until the answer is not "try again". Asserts that "try again" has a Retry-After.
async fn send(
    portal: &Portal,
    answers: &Answers,
    what: &'static str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, Value) {
    loop {
        let begun = Instant::now();
        let method = if body.is_null() { Method::GET } else { Method::POST };
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = portal.send(method, path, headers, bytes).await;
        answers.took.lock().unwrap().entry(what).or_default().push(begun.elapsed());
        if answer.status < 500 && answer.status != 429 {
            return (answer.status, answer.json());
        }
        if answer.status != 429 {
            answer.problem(503, "try_again");
        }
        *answers.try_again.lock().unwrap() += 1;
        // The portal sends no event when it takes calls again; its answer says when to come back.
        let seconds = answer.header("retry-after").parse().expect("Retry-After in seconds");
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

async fn submit(portal: &Portal, answers: &Answers, submission: &Submission) -> Asked {
    let key = submission.idempotency_key.as_deref().unwrap();
    let headers = [JSON[0], JSON[1], ("idempotency-key", key)];
    let (status, answer) = send(portal, answers, "submit", "requests", &headers, &submission.json()).await;
    assert_eq!(status, 202, "{answer:#}");
    Asked::of(&answer, submission)
}

/// Waits for the mail to the requester, and confirms by its link.
async fn confirm(portal: &Portal, answers: &Answers, mails: &MailWatcher, asked: Asked) -> Asked {
    let link = eventually(&format!("the mail that confirms {}", asked.id), PATIENCE, async || {
        mails.look();
        mails.about(&asked.id).into_iter().find_map(|mail| mail.confirmation_link())
    })
    .await;
    let (status, answer) = send(portal, answers, "confirm", &link, &JSON, &json!({})).await;
    assert_eq!(status, 200, "{answer:#}");
    asked.by_mail(&link)
}

async fn approve(portal: &Portal, answers: &Answers, mails: &MailWatcher, asked: &Asked) {
    let link = eventually(&format!("the mail that asks about {}", asked.id), PATIENCE, async || {
        mails.look();
        let mails = mails.about(&asked.id);
        mails.iter().flat_map(end_to_end::Mail::links).find(|link| link.contains("/approvals/"))
    })
    .await;
    let (status, review) = send(portal, answers, "review", &link, &JSON, &Value::Null).await;
    assert_eq!(status, 200, "{review:#}");
    let body = json!({ "decision": "approve", "digest": review["digest"], "reason": "" });
    let (status, answer) = send(portal, answers, "approve", &link, &JSON, &body).await;
    assert_eq!(status, 200, "{answer:#}");
}
