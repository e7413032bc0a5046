//! Fault sweep: runs a step once for each of its port calls and each [`FaultPoint`].
//!
//! Invariant: after a fault, the step is repeated until it succeeds, like by SQS. It then leaves the same [`Summary`]
//! as an undisturbed run, and no status moved backwards. A mail sent twice counts once: both have the same Message-ID.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use crate::certificate::{Revocation, Shard};
use crate::ids::RequestId;
use crate::request::audit::{self, EventKind};
use crate::request::verify_request;
use crate::testing::InMemoryBackend;
use crate::testing::backend::FaultPoint;

/// Maximum number of runs until a step must succeed.
const MAX_RUNS: usize = 6;

/// Comparable state of a backend, without random values and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Status, history, CSR summary and mails of each request.
    pub requests: BTreeMap<RequestId, String>,
    /// Number of certificates, and of requests with a serial.
    pub certificates: (usize, usize),
    /// Issuers, serials and reasons of the revoked certificates, and the serials in the lists.
    pub revocations: Vec<String>,
    /// The lists that other services have.
    pub relayed: Vec<String>,
    /// Notices to receivers, without the times of signatures.
    pub notices: BTreeSet<String>,
    /// Passkeys, and proofs of enrolments.
    pub people: BTreeSet<String>,
    /// Standing approvals with their numbers and ends, and their uses.
    pub standing: Vec<String>,
    /// The requests of the leaves in the log, and the number of receipts.
    pub log: (Vec<RequestId>, usize),
    /// The index of names.
    pub names: BTreeSet<(String, String)>,
    /// Recipients and kinds of the mails.
    pub mails: BTreeSet<(String, String)>,
    /// Notifications to the operators.
    pub told: BTreeSet<(String, String)>,
    /// The outcome of each approval.
    pub approvals: Vec<String>,
    /// Events of the verified audit trails.
    pub audit: BTreeMap<RequestId, Vec<String>>,
    /// The results of the tasks.
    pub results: Vec<String>,
    /// State of the executions.
    pub executions: Vec<String>,
}

impl InMemoryBackend {
    /// Comparable state of this backend.
    pub fn summary(&self) -> Summary {
        let rows = self.requests();
        let describe = |row: &crate::request::Request| {
            let history: Vec<_> = row.history().iter().map(|entry| entry.status.as_str()).collect();
            let mails: Vec<_> = row.mails().keys().collect();
            format!(
                "{} {history:?} {:?} {:?} {mails:?} {:?} {:?} {:?} {} {:?}",
                row.status(),
                row.csr().map(|csr| &csr.csr_digest),
                row.names(),
                row.reason(),
                row.findings(),
                row.decision().map(|decision| decision.outcome),
                row.execution().attempt,
                row.revocation().map(|it| (
                    it.reason,
                    it.revoked_at,
                    it.listed_at.is_some(),
                    it.execution_attempt
                )),
            )
        };
        Summary {
            requests: rows.iter().map(|row| (row.id(), describe(row))).collect(),
            certificates: (
                self.certificates().len(),
                rows.iter().filter(|row| row.serial().is_some()).count(),
            ),
            revocations: self.revocation_summary(),
            relayed: self.relayed(),
            notices: self.notices(),
            people: self.people(),
            standing: self.standing_summary(),
            log: (self.leaves(), self.receipts().len()),
            names: self.names(),
            mails: self.mails().iter().map(|mail| (mail.to.to_string(), mail.kind.to_string())).collect(),
            told: self.told().into_iter().collect(),
            approvals: rows
                .iter()
                .filter_map(|row| self.approval(row.id()))
                .map(|approval| {
                    let voters = approval.approver_set.voters(approval.escalated_at.is_some());
                    format!("{:?} {voters:?} {}", approval.outcome, approval.votes.len())
                })
                .collect(),
            audit: rows.iter().map(|row| (row.id(), self.trail(row))).collect(),
            results: self.results().iter().map(|result| format!("{result:?}")).collect(),
            executions: self.executions().iter().map(|execution| format!("{execution:?}")).collect(),
        }
    }
}

impl InMemoryBackend {
    /// The revoked certificates, and for each the lists of its issuer that have it: the whole list, and a shard of each
    /// number.
    fn revocation_summary(&self) -> Vec<String> {
        let lists = self.published_lists();
        let listed = |one: &Revocation| {
            let of_issuer = lists.iter().filter(|(name, _)| name.key_identifier == one.issuer);
            let having = of_issuer.filter_map(|(name, crl)| {
                let reason = crl.reason_of(&one.serial).expect("a list that can be read");
                reason.map(|reason| (name.shard.map(Shard::of), reason))
            });
            having.collect::<Vec<_>>()
        };
        let revocations = self.revocations().into_values().map(|one| format!("{one:?} {:?}", listed(&one)));
        revocations.chain(self.compromised_keys()).collect()
    }

    /// The requests of the leaves of the log, in the order of their ids. Asserts that there is one checkpoint of each size.
    fn leaves(&self) -> Vec<RequestId> {
        let notes = self.checkpoints();
        let sizes: BTreeSet<_> = notes.iter().map(|note| note.lines().nth(1)).collect();
        assert_eq!(sizes.len(), notes.len(), "one checkpoint of each size: {notes:?}");
        let mut leaves: Vec<RequestId> = self.log_entries().iter().map(|entry| entry.request).collect();
        assert_eq!(leaves.len(), notes.len(), "each leaf is covered by a checkpoint");
        leaves.sort();
        leaves
    }

    /// Events of a request's audit trail, without random values and times.
    fn trail(&self, row: &crate::request::Request) -> Vec<String> {
        let events = self.audit(row.id());
        assert_eq!(audit::verify(row.id(), &events, row.audit()), [], "the audit trail is whole");
        // A fixture may have altered columns; a fault must not add a difference.
        let differences = verify_request(row, &events).into_iter().map(|difference| difference.to_string());
        let mut trail: Vec<String> = events
            .iter()
            .map(|event| match event.event {
                // Serials are random.
                EventKind::Reserved | EventKind::Signed => format!("{:?} {}", event.event, event.actor),
                // The name of a log is random.
                EventKind::Logged => {
                    let index = event.detail.as_deref().and_then(|detail| detail.split(' ').next());
                    format!("{:?} {} {index:?}", event.event, event.actor)
                }
                _ => format!("{:?} {} {:?}", event.event, event.actor, event.detail),
            })
            .collect();
        trail.extend(differences);
        // The order of one step's events may differ between runs.
        trail.sort();
        trail
    }
}

/// Runs `step` on backends made by `prepare`, with every fault, and prints the failed calls.
///
/// # Panics
/// If a run does not end like the undisturbed run.
pub async fn fault_sweep<E, F>(
    name: &str,
    prepare: impl Fn(&Arc<InMemoryBackend>),
    step: impl Fn(Arc<InMemoryBackend>) -> F,
) where
    E: std::fmt::Debug,
    F: Future<Output = Result<(), E>>,
{
    let backend = InMemoryBackend::new();
    prepare(&backend);
    let made = backend.copy();
    let first = made.calls().len();
    step(made.clone()).await.expect("an undisturbed run succeeds");
    let undisturbed = made.summary();
    let calls = made.calls();
    assert!(calls.len() > first, "{name} calls no port");
    for (number, call) in calls.iter().enumerate().skip(first) {
        for point in [FaultPoint::Before, FaultPoint::After] {
            let backend = backend.copy();
            backend.fail_at(number, point);
            let mut runs = 1;
            while let Err(error) = step(backend.clone()).await {
                assert!(runs < MAX_RUNS, "{name}: never recovers from a fault {point:?} {call}: {error:?}");
                runs += 1;
            }
            assert_eq!(backend.summary(), undisturbed, "{name}: a fault {point:?} {call}");
            assert_eq!(backend.steps_backwards(), [], "{name}: a fault {point:?} {call}");
        }
    }
    #[allow(clippy::print_stdout)] // The list of calls is the test's report.
    {
        println!("{name}: {} faults in {}", 2 * (calls.len() - first), calls[first..].join(", "));
    }
}
