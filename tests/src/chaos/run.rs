//! One run: starts a stack, submits requests under faults, waits until the stack is idle, checks the invariants.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};

use super::aws_proxy::AwsProxy;
use super::clients::{AcceptedRequest, Clients, Scenario};
use super::fault_injector::FaultInjector;
use super::invariants::{Invariants, all_rows, under_way};
use super::machines::{FinishedMachines, Machines};
use super::mail_watcher::MailWatcher;
use super::root::Root;
use super::seeded_rng::SeededRng;
use super::smtp_proxy::SmtpProxy;
use crate::{Stack, eventually, policy};

/// Concurrent HTTP calls of the clients. All requests are in flight at once.
const CONCURRENCY: usize = 24;
/// Time-out until the stack is idle after the faults. The last of eight receives may be minutes away.
const IDLE_TIMEOUT: Duration = Duration::from_secs(900);
/// Requests of people for each ACME client.
const REQUESTS_A_MACHINE: usize = 10;
/// Seconds; less than the 180 s of a deployed stack, to shorten the wait for messages of killed workers.
const VISIBILITY_TIMEOUT: &str = "30";

/// Result of a run.
pub struct Outcome {
    requests: usize,
    seed: u64,
    took: Duration,
    observed: Invariants,
    retried: usize,
    calls: u64,
    faults: String,
    mails: (u64, String),
    killed: u64,
    stopped: u64,
    repeated: u64,
    stale: u64,
    housekeeping: u64,
    /// Violated invariants; empty on success.
    pub violations: Vec<String>,
}

/// Runs `requests` requests through a new stack, with the faults of `seed`; also stops executions if
/// `stops_executions`.
pub async fn run(requests: usize, seed: u64, stops_executions: bool) -> Outcome {
    let begun = Instant::now();
    let folder = Stack::folder(&format!("chaos-{seed}"));
    let rng = SeededRng(seed);
    let (aws, mail) = (AwsProxy::start(rng, &folder).await, SmtpProxy::start(rng, &folder).await);
    let (aws_url, mail_url) = (aws.url(), mail.url());
    let options = [
        ["--aws-by-way-of", &aws_url],
        ["--smtp-by-way-of", &mail_url],
        ["--visibility-timeout", VISIBILITY_TIMEOUT],
    ];
    let stack: &'static Stack = Box::leak(Box::new(Stack::start_in(folder, &options.concat()).await));
    let shards = policy().replace("[publication]", "[publication]\nlist_shards = 3");
    stack.set_policy("shards.toml", &shards);
    let mails = MailWatcher::of(stack);
    let watching = mails.clone();
    let watch = tokio::spawn(async move {
        loop {
            watching.look();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let injector = FaultInjector::of(stack, rng, stops_executions);
    let house = injector.clone();
    let house = tokio::spawn(async move { house.run_housekeeping().await });
    let machines = Machines::granted(stack, rng).await;

    aws.activate(true);
    mail.activate(true);
    let worker = injector.clone();
    let sabotage = tokio::spawn(async move { worker.work().await });
    let clients = Clients {
        portal: stack.portal(),
        mails: mails.clone(),
        at_once: Semaphore::new(CONCURRENCY),
        holder: OnceCell::new(),
    };
    let people = join_all((0..requests).map(|number| clients.run(number)));
    let (promised, finished) = tokio::join!(people, machines.play(requests / REQUESTS_A_MACHINE));
    injector.stop();
    sabotage.await.unwrap();
    // Most intercepted messages now belong to ended tasks.
    injector.deliver_stale().await;
    eventually("the late messages to be processed", IDLE_TIMEOUT, async || {
        let depth = messages(stack, Queues::Steps).await;
        (depth < 5 + requests as u64 / 20).then_some(())
    })
    .await;
    aws.activate(false);
    mail.activate(false);
    eprintln!(
        "{:.0} s: {requests} requests sent; faults end, waiting until the stack is idle",
        begun.elapsed().as_secs_f64()
    );

    let mut retried = 0;
    let observed = loop {
        let observed = at_rest(stack, &mails, &promised, &finished).await;
        let failed: Vec<_> = observed.rows.iter().filter(|(_, row)| row["status"] == "failed").collect();
        if failed.is_empty() {
            break observed;
        }
        // The cause is gone: calls do not fail any more.
        for (id, row) in failed {
            retried += 1;
            assert!(row["executionAttempt"].as_u64() < Some(10), "{id} fails again and again: {row:#}");
            let output = stack.countersign(&["requests", "retry", id]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    };
    house.abort();
    watch.abort();
    let (calls, faults) = aws.counts();
    let (connections, mail_faults) = mail.counts();
    let mut violations = observed.violations();
    violations.extend(unproven(stack, &promised));
    let left = messages(stack, Queues::All).await;
    if left > 0 {
        violations.push(format!("queues: {left} messages are left"));
    }
    for needed in [faults.len() == 6, mail_faults.len() == 4 || requests < 100] {
        if !needed {
            violations.push(format!("not every fault was put in: {faults:?} {mail_faults:?}"));
        }
    }
    let counters = &injector.counters;
    let load = |number: &std::sync::atomic::AtomicU64| number.load(Ordering::SeqCst);
    let outcome = Outcome {
        requests,
        seed,
        took: begun.elapsed(),
        retried,
        calls,
        faults: listed(&faults),
        mails: (connections, listed(&mail_faults)),
        killed: load(&counters.killed),
        stopped: load(&counters.stopped),
        repeated: load(&counters.repeated),
        stale: load(&counters.stale),
        housekeeping: load(&counters.housekeeping),
        violations,
        observed,
    };
    stack.end();
    outcome
}

/// Requests of the profile `proven` whose approval has no signature that `approvals verify` accepts.
fn unproven(stack: &Stack, promised: &[AcceptedRequest]) -> Vec<String> {
    let proven = promised.iter().filter(|one| one.scenario == Scenario::Proven);
    let verify = |one: &AcceptedRequest| {
        let output = stack.countersign(&["approvals", "verify", &one.asked.id]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_proven = output.status.success() && said.contains("signed by passkey");
        (!is_proven).then(|| format!("{}: not proven: {said}", one.asked.id))
    };
    proven.filter_map(verify).collect()
}

/// The state of the stack once it is idle; after [`IDLE_TIMEOUT`] the state as it is then.
async fn at_rest(
    stack: &Stack,
    mails: &MailWatcher,
    promised: &[AcceptedRequest],
    finished: &FinishedMachines,
) -> Invariants {
    let begun = Instant::now();
    eventually("the stack to be idle", 2 * IDLE_TIMEOUT, async || {
        let is_over = begun.elapsed() > IDLE_TIMEOUT;
        if !is_over && (under_way(promised, &all_rows(stack)) > 0 || messages(stack, Queues::Steps).await > 0)
        {
            return None;
        }
        Some(Invariants::read(stack, mails, promised.to_vec(), finished.clone()))
            .filter(|observed| is_over || observed.at_rest())
    })
    .await
}

#[derive(PartialEq)]
enum Queues {
    Steps,
    All,
}

/// Number of messages in the queues of the steps, or in all queues, dead letters included.
async fn messages(stack: &Stack, queues: Queues) -> u64 {
    let root = Root::of(stack);
    let mut depth = 0;
    for queue in stack.endpoints()["queues"].as_object().unwrap().values().filter_map(Value::as_str) {
        depth += root.depth(queue).await;
    }
    if queues == Queues::All {
        for queue in root.dead_letter_queues().await {
            depth += root.depth(&queue).await;
        }
    }
    depth
}

fn listed<K: fmt::Debug>(counts: &std::collections::BTreeMap<K, u64>) -> String {
    counts.iter().map(|(what, count)| format!("{what:?} {count}")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self
            .faults
            .split(", ")
            .filter_map(|one| one.rsplit(' ').next()?.parse::<u64>().ok())
            .sum::<u64>();
        let observed = &self.observed;
        let outcomes = ["delivered", "revoked", "rejected", "expired", "pending_approval"];
        let outcomes = outcomes.map(|status| format!("{status} {}", observed.count(status))).join(", ");
        let mails: usize = observed.mails.values().map(Vec::len).sum();
        let kinds: usize = observed
            .mails
            .values()
            .map(|mails| {
                mails.iter().map(|mail| &mail.message_id).collect::<std::collections::HashSet<_>>().len()
            })
            .sum();
        let restarts = observed.executions.len().saturating_sub(observed.rows.len());
        let asked_again: usize = observed.promised.iter().map(|one| one.tried_again).sum();
        writeln!(f, "| {} requests, seed {} | {:.0} s |", self.requests, self.seed, self.took.as_secs_f64())?;
        writeln!(f, "| --- | --- |")?;
        writeln!(f, "| calls to AWS; faults put in | {}; {faults}: {} |", self.calls, self.faults)?;
        writeln!(f, "| connections to the mail server; faults | {}; {} |", self.mails.0, self.mails.1)?;
        writeln!(f, "| workers killed; executions stopped | {}; {} |", self.killed, self.stopped)?;
        writeln!(
            f,
            "| messages delivered again or late; when their task was over | {}; {} |",
            self.repeated, self.stale
        )?;
        writeln!(f, "| calls repeated on request | {asked_again} |")?;
        writeln!(
            f,
            "| executions started beyond the first; runs of housekeeping | {restarts}; {} |",
            self.housekeeping
        )?;
        writeln!(f, "| failed, and retried by an operator | {} |", self.retried)?;
        writeln!(f, "| outcomes in the table | {outcomes} |")?;
        let revocations = &observed.revocations;
        let (files, lists) =
            (revocations.numbers.len(), revocations.numbers.values().map(Vec::len).sum::<usize>());
        writeln!(
            f,
            "| revoked in the table; on the list; on shards; lists published, in files | {}; {}; {}; {lists}, {files} |",
            revocations.table.len(),
            revocations.list.len(),
            revocations.shards.len()
        )?;
        writeln!(f, "| certificates in the bucket | {} |", observed.certificates.len())?;
        let granted = &observed.granted;
        let orders: usize = granted.finished.machines.iter().map(|machine| machine.orders.len()).sum();
        writeln!(
            f,
            "| ACME clients; orders finalized; certificates counted | {}; {orders}; {} |",
            granted.finished.machines.len(),
            granted.numbers.len()
        )?;
        writeln!(f, "| mails; different ones | {mails}; {kinds} |")?;
        write!(f, "| violations | {} |", self.violations.len())
    }
}
