//! Every fault at every effect: runs a step with each of its port calls failing before, and after, it took effect.
//!
//! The harness finds the calls by itself: it counts those of an undisturbed run. After each fault the step is run again
//! until it succeeds, as SQS does, and the world must be as the undisturbed run left it ([`Summary`]), without any status
//! having been taken back on the way. A mail sent twice counts as one: both carry the same Message-ID. A fault after the
//! effect is a call that timed out although it was carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use crate::ids::RequestId;
use crate::request::audit::EventKind;
use crate::testing::World;
use crate::testing::world::Moment;

/// How often a step may be run until it must have succeeded.
const MAX_RUNS: usize = 6;

/// What counts of a world, without what is random or a matter of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Status, history, facts and marks of each request.
    pub requests: BTreeMap<RequestId, String>,
    /// How many certificates there are, and how many requests have a serial.
    pub certificates: (usize, usize),
    /// Recipients and occasions of the mails.
    pub mails: BTreeSet<(String, String)>,
    /// What the operators were told.
    pub told: BTreeSet<(String, String)>,
    /// The outcome of each approval.
    pub approvals: Vec<String>,
    /// What the audit trails say; each of them is whole.
    pub audit: BTreeMap<RequestId, Vec<String>>,
    /// The results of the tasks.
    pub results: Vec<String>,
    /// The executions that run.
    pub executions: Vec<String>,
}

impl World {
    /// What counts of this world.
    pub fn summary(&self) -> Summary {
        let rows = self.requests();
        let describe = |row: &crate::request::Request| {
            let history: Vec<_> = row.history().iter().map(|entry| entry.status.as_str()).collect();
            let mails: Vec<_> = row.mails().keys().collect();
            format!(
                "{} {history:?} {:?} {:?} {mails:?} {:?} {:?} {:?} {}",
                row.status(),
                row.csr().map(|csr| &csr.csr_digest),
                row.names(),
                row.reason(),
                row.findings(),
                row.decision().map(|decision| decision.outcome),
                row.execution().attempt,
            )
        };
        Summary {
            requests: rows.iter().map(|row| (row.id(), describe(row))).collect(),
            certificates: (
                self.certificates().len(),
                rows.iter().filter(|row| row.serial().is_some()).count(),
            ),
            mails: self.mails().iter().map(|mail| (mail.to.to_string(), mail.kind.to_string())).collect(),
            told: self.told().into_iter().collect(),
            approvals: rows
                .iter()
                .filter_map(|row| self.approval(row.id()))
                .map(|approval| {
                    let voters = approval.electorate.voters(approval.escalated_at.is_some());
                    format!("{:?} {voters:?} {}", approval.outcome, approval.votes.len())
                })
                .collect(),
            audit: rows.iter().map(|row| (row.id(), self.trail(row))).collect(),
            results: self.results().iter().map(|result| format!("{result:?}")).collect(),
            executions: self.executions().iter().map(|execution| format!("{execution:?}")).collect(),
        }
    }
}

impl World {
    /// What the audit trail of a request says, without what is random or a matter of time.
    fn trail(&self, row: &crate::request::Request) -> Vec<String> {
        let events = self.audit(row.id());
        assert_eq!(
            crate::request::audit::verify(row.id(), &events, row.audit()),
            [],
            "the audit trail is whole"
        );
        let mut trail: Vec<String> = events
            .iter()
            .map(|event| match event.event {
                // Serials are random.
                EventKind::Reserved | EventKind::Signed => format!("{:?} {}", event.event, event.actor),
                _ => format!("{:?} {} {:?}", event.event, event.actor, event.detail),
            })
            .collect();
        // The order of the events of one step may differ between a run and its repetition.
        trail.sort();
        trail
    }
}

/// Runs `step` on worlds that `prepare` made, with every fault, and prints the calls that were failed.
///
/// # Panics
/// Where a run does not converge to what the undisturbed run left.
pub async fn survive<E, F>(name: &str, prepare: impl Fn(&Arc<World>), step: impl Fn(Arc<World>) -> F)
where
    E: std::fmt::Debug,
    F: Future<Output = Result<(), E>>,
{
    let world = World::new();
    prepare(&world);
    let made = world.copy();
    let first = made.calls().len();
    step(made.clone()).await.expect("an undisturbed run succeeds");
    let undisturbed = made.summary();
    let calls = made.calls();
    assert!(calls.len() > first, "{name} asks no port at all");
    for (number, call) in calls.iter().enumerate().skip(first) {
        for moment in [Moment::Before, Moment::After] {
            let world = world.copy();
            world.fail_at(number, moment);
            let mut runs = 1;
            while let Err(error) = step(world.clone()).await {
                assert!(runs < MAX_RUNS, "{name}: never recovers from a fault {moment:?} {call}: {error:?}");
                runs += 1;
            }
            assert_eq!(world.summary(), undisturbed, "{name}: a fault {moment:?} {call}");
            assert_eq!(world.steps_backwards(), [], "{name}: a fault {moment:?} {call}");
        }
    }
    #[allow(clippy::print_stdout)] // The list is what the test is read for.
    {
        println!("{name}: {} faults in {}", 2 * (calls.len() - first), calls[first..].join(", "));
    }
}
