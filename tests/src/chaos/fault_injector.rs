//! Kills workers, stops executions, delivers messages twice, late and after the end of their task; runs housekeeping.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::root::{InterceptedMessage, Root};
use super::seeded_rng::SeededRng;
use super::workers::{kill, workers};
use crate::Stack;

/// Pause between two kills.
const KILL_EVERY: Duration = Duration::from_secs(3);
/// Pause between two interceptions of a queue.
const INTERCEPT_EVERY: Duration = Duration::from_secs(3);
/// Pause between two stopped executions.
const STOP_EVERY: Duration = Duration::from_secs(12);
/// Pause between two runs of housekeeping.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(25);

/// Number of faults by kind.
#[derive(Default)]
pub(super) struct Counters {
    /// Workers killed.
    pub(super) killed: AtomicU64,
    /// Executions stopped.
    pub(super) stopped: AtomicU64,
    /// Messages delivered again or late.
    pub(super) repeated: AtomicU64,
    /// Messages delivered after the end of their task.
    pub(super) stale: AtomicU64,
    /// Runs of housekeeping.
    pub(super) housekeeping: AtomicU64,
    stash: Mutex<Vec<InterceptedMessage>>,
}

/// A queue and its event source mapping.
struct Source {
    queue: String,
    event_source: String,
}

/// Fault injector of one stack.
#[derive(Clone)]
pub(super) struct FaultInjector {
    stack: &'static Stack,
    root: Root,
    rng: SeededRng,
    sources: Arc<Vec<Source>>,
    /// Number of faults by kind.
    pub(super) counters: Arc<Counters>,
    running: Arc<AtomicBool>,
    stops_executions: bool,
}

impl FaultInjector {
    /// Injector that has not started.
    pub(super) fn of(stack: &'static Stack, rng: SeededRng, stops_executions: bool) -> Self {
        let mappings: Value =
            serde_json::from_slice(&stack.aws(&["lambda", "list-event-source-mappings"])).unwrap();
        let queues = stack.endpoints()["queues"].as_object().unwrap();
        let sources: Vec<Source> = queues
            .values()
            .filter_map(Value::as_str)
            .filter_map(|queue| {
                let name = queue.rsplit('/').next()?;
                let mapping = mappings["EventSourceMappings"].as_array()?.iter().find(|mapping| {
                    mapping["EventSourceArn"].as_str().is_some_and(|arn| arn.ends_with(&format!(":{name}")))
                })?;
                Some(Source { queue: queue.to_owned(), event_source: mapping["UUID"].as_str()?.to_owned() })
            })
            .collect();
        assert_eq!(sources.len(), queues.len(), "every queue has its event source: {mappings:#}");
        Self {
            stack,
            root: Root::of(stack),
            rng,
            sources: Arc::new(sources),
            counters: Arc::default(),
            running: Arc::new(AtomicBool::new(true)),
            stops_executions,
        }
    }

    /// Injects faults until [`FaultInjector::stop`].
    pub(super) async fn work(&self) {
        tokio::join!(self.kill(), self.intercept(), self.stop_executions());
    }

    /// Ends [`FaultInjector::work`], which returns with all event sources enabled.
    pub(super) fn stop(&self) {
        self.running.store(false, Ordering::SeqCst);
    }

    fn is_running(&self) -> bool {
        self.running.load(Ordering::SeqCst)
    }

    async fn kill(&self) {
        let mut number = 0;
        while self.is_running() {
            number += 1;
            let candidates = workers(self.stack);
            let victim = candidates.get(self.rng.draw("victim", number, candidates.len() as u64) as usize);
            if victim.is_some_and(|worker| kill(self.stack, worker)) {
                self.counters.killed.fetch_add(1, Ordering::SeqCst);
            }
            tokio::time::sleep(KILL_EVERY).await;
        }
    }

    /// Stops first executions only: restarts back off from a minute upwards.
    async fn stop_executions(&self) {
        let machine = self.stack.endpoint("stateMachineArn");
        let mut number = 0;
        while self.is_running() && self.stops_executions {
            number += 1;
            let mut running = self.root.running(machine).await;
            running.retain(|arn| !arn.rsplit(':').next().unwrap_or_default().contains("-r"));
            let victim = running.get(self.rng.draw("execution", number, running.len() as u64) as usize);
            if let Some(victim) = victim
                && self.root.stop(victim).await
            {
                self.counters.stopped.fetch_add(1, Ordering::SeqCst);
            }
            tokio::time::sleep(STOP_EVERY).await;
        }
    }

    /// Disables one event source, receives from its queue, and sends each message once or twice, at once or delayed.
    async fn intercept(&self) {
        let mut number = 0;
        while self.is_running() {
            number += 1;
            let source = &self.sources[self.rng.draw("queue", number, self.sources.len() as u64) as usize];
            self.root.enable(&source.event_source, false).await;
            // Without deletion, the original is delivered again after the visibility time-out.
            let delete = self.rng.draw("delete", number, 2) == 0;
            let intercepted = self.root.intercept(&source.queue, delete).await;
            for (index, message) in intercepted.iter().enumerate() {
                let case = number * 10 + index as u64;
                for copy in 0..=self.rng.draw("copies", case, 2) {
                    let delay = self.rng.draw("delay", case * 2 + copy, 15);
                    while !self.root.send(message, delay).await {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    self.counters.repeated.fetch_add(1, Ordering::SeqCst);
                }
            }
            self.counters.stash.lock().unwrap().extend(intercepted);
            self.root.enable(&source.event_source, true).await;
            tokio::time::sleep(INTERCEPT_EVERY).await;
        }
    }

    /// Sends every intercepted message again, after its task has ended.
    pub(super) async fn deliver_stale(&self) {
        let stash = std::mem::take(&mut *self.counters.stash.lock().unwrap());
        for message in stash {
            assert!(self.root.send(&message, 0).await, "the queue takes the message");
            self.counters.stale.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Runs housekeeping on a faster schedule.
    pub(super) async fn run_housekeeping(&self) {
        let function = self.stack.endpoints()["functions"]["housekeeping"].as_str().unwrap();
        loop {
            if self.root.invoke(function).await.is_some() {
                self.counters.housekeeping.fetch_add(1, Ordering::SeqCst);
            }
            tokio::time::sleep(HOUSEKEEPING_EVERY).await;
        }
    }
}
