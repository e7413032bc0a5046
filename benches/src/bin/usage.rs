//! Usage of AWS by a request, for docs/costs.md: `cargo run -p benches --bin usage [REQUESTS]`.
//!
//! Sends requests through a new local stack, approves them with one approver, and prints the section `[usage]` of
//! benches/prices.toml: the chargeable usage of one certificate and of one run of housekeeping. Not a test: no
//! threshold.

// A command prints.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::collections::BTreeMap;

use benches::meter::{Meter, Used};
use end_to_end::{
    Asked, PATIENCE, Stack, Submission, TestAcmeClient, credential, csr_for, eventually, standing_approval,
    unique_host,
};
use serde_json::Value;
use tokio::task::LocalSet;

const APPROVER: &str = "approver@example.com";
#[tokio::main]
async fn main() {
    LocalSet::new().run_until(measure()).await;
}

async fn measure() {
    let requests = std::env::args().nth(1).map_or(50, |number| number.parse::<u32>().expect("a number"));
    let folder = Stack::folder("usage");
    let meter = Meter::start(&folder).await;
    let stack = Stack::start_in(folder, &["--aws-by-way-of", &meter.url()]).await;
    tell_nobody(&stack);
    // The first request starts the workers, which read their secrets and the policy.
    let (mut last, _) = one(&stack).await;
    let mut bytes_out = 0;
    let (cold, logged, worked) = (meter.used(), logged(&stack), worked(&stack));
    for number in 1..=requests {
        let (id, bytes) = one(&stack).await;
        last = id;
        bytes_out += bytes;
        eprint!("\r{number} of {requests}");
    }
    eprintln!();
    let warm = meter.used();
    let (log_bytes, work) = (self::logged(&stack) - logged, self::worked(&stack));
    let mails = stack.mailbox().about(&last).len();
    let transitions = transitions(&stack, &last);
    let each = f64::from(requests);
    let calls = |used: &Used, wanted: &str| -> f64 {
        let counts = used.calls.iter().filter(|(operation, _)| operation.starts_with(wanted));
        counts.map(|(_, count)| *count as f64).sum()
    };
    let per_request = |wanted: &str| (calls(&warm, wanted) - calls(&cold, wanted)) / each;
    let per = |of: fn(&Used) -> f64| (of(&warm) - of(&cold)) / each;
    for (operation, count) in &warm.calls {
        let before = cold.calls.get(operation).copied().unwrap_or_default();
        eprintln!("{operation}: {:.2} a request, {before} for the first", (count - before) as f64 / each);
    }
    println!("[usage]");
    println!("measured = \"cargo run -p benches --bin usage {requests}\"");
    let line = |name: &str, value: f64| println!("{name} = {}", (value * 100.0).round() / 100.0);
    // The start of an execution counts as one transition.
    line("state_transitions", transitions as f64 + 1.0);
    line("tasks", per_request("AWSStepFunctions SendTask"));
    line("nudges", per_request("SQS SendMessage"));
    line("mails", mails as f64);
    line("dynamodb_table_write_units", per(|used| used.table_writes));
    line("dynamodb_index_write_units", per(|used| used.index_writes));
    line("dynamodb_read_units", per(|used| used.reads));
    line("s3_puts", per_request("S3 PUT"));
    line("s3_gets", per_request("S3 GET"));
    line("log_bytes", (log_bytes as f64 / each).round());
    line("stored_bytes", per(|used| used.stored).round());
    // The key of these indexes has few values, so that many requests share a partition.
    let shared =
        warm.partitions.iter().filter(|((index, _), _)| ["byStatus", "byExpiry"].contains(&&**index));
    let since = |(partition, units): (&(String, String), &f64)| {
        (units - cold.partitions.get(partition).copied().unwrap_or_default()) / each
    };
    line("index_partition_write_units", shared.map(since).fold(0.0, f64::max));
    line("listed_bytes", warm.listed_bytes);
    line("bytes_out", bytes_out as f64 / each);
    println!("\n[usage.workers]");
    for worker in work.keys() {
        let since = |(count, milliseconds): (u64, u64), before: (u64, u64)| {
            (count - before.0, milliseconds - before.1)
        };
        let (count, milliseconds) = since(work[worker], worked[worker]);
        if count > 0 {
            println!(
                "{worker} = {{ invocations = {:.2}, milliseconds = {:.0} }}",
                count as f64 / each,
                milliseconds as f64 / count as f64
            );
        }
    }
    acme(&stack, &meter).await;
    // Runs of housekeeping without waiting requests, and then the same number with some.
    let idle = housekeeping(&stack, &meter).await;
    println!("\n[usage.housekeeping_run]");
    line("dynamodb_read_units", idle.reads / f64::from(RUNS));
    // The emulator counts methods, and a LIST is a GET.
    line("s3_gets", idle.s3_gets / f64::from(RUNS) - LISTS_A_RUN);
    line("s3_lists", LISTS_A_RUN);
    line("milliseconds", (idle.milliseconds / f64::from(RUNS)).round());
    for _ in 0..WAITING {
        let asked = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
        stack.mailbox().approval_link(&asked, APPROVER).await;
    }
    let busy = housekeeping(&stack, &meter).await;
    let looks = f64::from(RUNS * WAITING);
    println!("\n[usage.waiting]");
    line("dynamodb_read_units", (busy.reads - idle.reads) / looks);
    line("s3_gets", (busy.s3_gets - idle.s3_gets) / looks);
    line("messages", (busy.messages - idle.messages) / looks);
    line("milliseconds", (busy.nudged_milliseconds - idle.nudged_milliseconds) / looks);
    line("log_bytes", ((busy.log_bytes - idle.log_bytes) / looks).round());
}

/// Orders of ACME in the measurement.
const ORDERS: u32 = 20;

/// Usage of a certificate that an ACME client orders with the account that it has, as a renewal is.
async fn acme(stack: &Stack, meter: &Meter) {
    let portal = stack.portal();
    let granted = standing_approval(stack, &portal, ".example.com", 2 * ORDERS).await;
    let client = TestAcmeClient::registered(&portal.base, &credential(&portal, &granted).await).await;
    let order = async || {
        portal.get("acme/directory", "*/*").await.expect(200);
        let host = unique_host();
        let order = client.order(&[&host]).await;
        let answer = client.finalize(&order, &csr_for(&[&host])).await.expect(200).json();
        assert_eq!(answer["status"], "valid", "one call has the certificate");
        client.certificate(&answer).await;
    };
    order().await;
    let (cold, logged_before, worked_before) = (meter.used(), logged(stack), worked(stack));
    for _ in 0..ORDERS {
        order().await;
    }
    let (warm, log_bytes, worked) = (meter.used(), logged(stack) - logged_before, worked(stack));
    let each = f64::from(ORDERS);
    let since = |of: fn(&Used) -> f64| (of(&warm) - of(&cold)) / each;
    let calls = |wanted: &str| {
        let count = |used: &Used| -> u64 {
            used.calls
                .iter()
                .filter(|(operation, _)| operation.starts_with(wanted))
                .map(|(_, count)| count)
                .sum()
        };
        (count(&warm) - count(&cold)) as f64 / each
    };
    let work = |of: fn(&(u64, u64)) -> u64| {
        let sum = |worked: &BTreeMap<String, (u64, u64)>| -> u64 { worked.values().map(of).sum() };
        (sum(&worked) - sum(&worked_before)) as f64 / each
    };
    println!("\n[usage.acme]");
    let line = |name: &str, value: f64| println!("{name} = {}", (value * 100.0).round() / 100.0);
    // Directory, order, CSR and certificate, and a nonce before each of the last three. A real client has the nonces of the answers
    // before, and reads order and authorization.
    line("calls", 7.0);
    let uses = stack.countersign_json(&["grants", "show", &granted.id, "--json"]);
    let id = uses["uses"][0]["requestId"].as_str().unwrap();
    line("state_transitions", transitions(stack, id) as f64 + 1.0);
    line("tasks", calls("AWSStepFunctions SendTask"));
    line("dynamodb_write_units", since(|used| used.table_writes + used.index_writes));
    line("dynamodb_read_units", since(|used| used.reads));
    line("s3_puts", calls("S3 PUT"));
    line("s3_gets", calls("S3 GET"));
    line("log_bytes", (log_bytes as f64 / each).round());
    line("stored_bytes", since(|used| used.stored).round());
    line("invocations", work(|(count, _)| *count));
    line("milliseconds", work(|(_, milliseconds)| *milliseconds));
}

/// Runs of housekeeping in one measurement.
const RUNS: u32 = 10;
/// LIST calls in one run of housekeeping: one, for the ages of the revocation lists.
const LISTS_A_RUN: f64 = 1.0;
/// Waiting requests during the second measurement.
const WAITING: u32 = 10;

/// Usage of some runs of housekeeping, including the work of their messages.
struct Kept {
    reads: f64,
    s3_gets: f64,
    messages: f64,
    milliseconds: f64,
    nudged_milliseconds: f64,
    log_bytes: f64,
}

async fn housekeeping(stack: &Stack, meter: &Meter) -> Kept {
    let spent = |worked: &BTreeMap<String, (u64, u64)>, worker: &str| worked[worker].1 as f64;
    let calls = |used: &Used, operation: &str| used.calls.get(operation).copied().unwrap_or_default() as f64;
    let (before, worked_before, logged_before) = (meter.used(), worked(stack), logged(stack));
    for _ in 0..RUNS {
        stack.housekeeping();
    }
    // Lambda deletes a message after it has logged the end of its invocation, so empty queues mean that all work has
    // ended.
    let queue = stack.endpoints()["queues"]["await-approval"].as_str().unwrap();
    let attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let ask = ["sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names"];
    eventually("the messages of await-approval to be gone", PATIENCE, async || {
        let answer: Value = serde_json::from_slice(&stack.aws(&[&ask[..], &attributes].concat())).unwrap();
        attributes.iter().all(|name| answer["Attributes"][*name] == "0").then_some(())
    })
    .await;
    let (after, worked) = (meter.used(), worked(stack));
    Kept {
        reads: after.reads - before.reads,
        s3_gets: calls(&after, "S3 GET") - calls(&before, "S3 GET"),
        messages: calls(&after, "SQS SendMessage") - calls(&before, "SQS SendMessage"),
        milliseconds: spent(&worked, "housekeeping") - spent(&worked_before, "housekeeping"),
        nudged_milliseconds: spent(&worked, "await-approval") - spent(&worked_before, "await-approval"),
        log_bytes: (logged(stack) - logged_before) as f64,
    }
}

/// One request as in a browser, from the form to the certificate: ten calls of the portal. Returns the id of the
/// request and the number of bytes of the answers. Does not poll the portal.
async fn one(stack: &Stack) -> (String, usize) {
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let form = portal.get("", "text/html").await.expect(200).body.len();
    let submission = Submission::of(&csr_for(&[&unique_host()]));
    let answered = Asked::of(&portal.submit(&submission).await.expect(202).json(), &submission);
    let status = portal.get(&answered.status_url, "text/html").await.expect(200).body.len();
    let confirmation = mailbox.confirmation_link(&answered).await;
    let confirming = portal.get(&confirmation, "text/html").await.expect(200).body.len();
    let asked = portal.confirm(answered).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    let page = portal.get(&link, "text/html").await.expect(200).body.len();
    let review = portal.json(&link).await.expect(200).json();
    portal.decide_about(&link, "approve", review["digest"].as_str().unwrap(), "").await.expect(200);
    mailbox.mail(&asked.id, &asked.email, "Your certificate").await;
    eventually("the certificate to be delivered", PATIENCE, async || {
        (stack.row(&asked.id)["status"] == "delivered").then_some(())
    })
    .await;
    let again = portal.get(&asked.status_url, "text/html").await.expect(200).body.len();
    let certificate = asked.status_url.replace("?key=", "/certificate.zip?key=");
    let zip = portal.get(&certificate, "*/*").await.expect(200).body.len();
    // The pages after a submission and a decision are about as large as the pages before.
    (asked.id, form + 3 * status + confirming + 2 * page + again + zip)
}

/// Number of states that the execution of a request entered.
fn transitions(stack: &Stack, id: &str) -> usize {
    let executions = stack.countersign_json(&["executions", id, "--json"]);
    executions[0]["states"].as_array().unwrap().len()
}

fn events(stack: &Stack, worker: &str, pattern: &[&str]) -> Vec<Value> {
    let group = format!("/aws/lambda/{}-{worker}", stack.endpoint("stack"));
    let arguments = [&["logs", "filter-log-events", "--log-group-name", &group][..], pattern].concat();
    let answer: Value = serde_json::from_slice(&stack.aws(&arguments)).unwrap_or_default();
    answer["events"].as_array().cloned().unwrap_or_default()
}

/// The workers of the stack: relay is left out of one that passes no lists on.
fn workers(stack: &Stack) -> Vec<String> {
    let listed = stack.aws_json(&["lambda", "list-functions", "--query", "Functions[].FunctionName"]);
    let deployed = |worker: &String| {
        let ending = format!("-{worker}");
        listed.as_array().unwrap().iter().any(|name| name.as_str().unwrap().ends_with(&ending))
    };
    infra_tests::workers().into_iter().filter(deployed).collect()
}

/// Stops the stream of the audit trail: a local stack tells receivers, a stack on AWS does so only if it is asked to.
fn tell_nobody(stack: &Stack) {
    let query = "EventSourceMappings[?contains(EventSourceArn, ':dynamodb:')].UUID";
    let streams = stack.aws_json(&["lambda", "list-event-source-mappings", "--query", query]);
    for stream in streams.as_array().unwrap() {
        let uuid = stream.as_str().unwrap();
        stack.aws(&["lambda", "update-event-source-mapping", "--uuid", uuid, "--no-enabled"]);
    }
}

/// Bytes in the logs of all workers. CloudWatch adds 26 to each event.
fn logged(stack: &Stack) -> usize {
    let all = workers(stack).into_iter().flat_map(|worker| events(stack, &worker, &[]));
    all.map(|event| event["message"].as_str().unwrap_or_default().len() + 26).sum()
}

/// Number of invocations and total milliseconds of each worker, from the log lines of Lambda.
fn worked(stack: &Stack) -> BTreeMap<String, (u64, u64)> {
    let mut worked = BTreeMap::new();
    for worker in workers(stack) {
        let billed = events(stack, &worker, &["--filter-pattern", "\"Billed Duration\""]);
        let billed = billed.iter().filter_map(|event| {
            let (_, after) = event["message"].as_str()?.split_once("Billed Duration: ")?;
            after.split(' ').next()?.parse::<f64>().ok()
        });
        let all: Vec<f64> = billed.collect();
        worked.insert(worker, (all.len() as u64, all.iter().sum::<f64>() as u64));
    }
    worked
}
