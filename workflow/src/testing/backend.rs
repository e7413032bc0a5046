//! [`InMemoryBackend`]: every port, in memory.
//!
//! Invariant: it has the guarantees of the real services (conditional writes, first writer wins).
//! [`InMemoryBackend::fail_next`] injects faults before the effect, [`InMemoryBackend::fail_at`] before or after it.
//! Every call is recorded, so that [`super::faults`] covers all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use time::OffsetDateTime;

use crate::approval::LinkSecret;
use crate::approval::{Approval, InboxLink, Link};
use crate::certificate::{ListName, Revocation};
use crate::ids::RequestId;
use crate::mail::Mail;
use crate::message::RecheckMessage;
use crate::message::TaskToken;
use crate::policy::Policy;
use crate::policy::key_list::KeyList;
use crate::ports::{ExecutionState, PortError, PublishedList, StateVisit};
use crate::request::audit::{Actor, Event, EventKind, Origin};
use crate::request::metric::Measure;
use crate::request::{Columns, Request, Status};
use pki::certificate::Serial;
use pki::issuer::Issuer;
use pki::signer::{LocalKey, Signer};
use pki::testing as test_pki;

mod acme;
mod lists;
mod log;
mod notices;
mod people;
mod ports;
mod provider;
mod relay;
mod responders;
mod revocations;
mod standing;

pub use notices::WebhookCall;

/// A sent mail.
pub type SentMail = Mail;

/// Result of a task: output, or error name and cause.
pub type TaskResult = Result<serde_json::Value, (String, String)>;

/// All ports, in memory.
pub struct InMemoryBackend {
    state: Mutex<State>,
    links: LinkSecret,
    policy: Mutex<Arc<Policy>>,
    /// The initial CA.
    ca: Authority,
}

#[derive(Clone, Default)]
struct State {
    now: Option<OffsetDateTime>,
    failures: BTreeMap<&'static str, usize>,
    requests: BTreeMap<RequestId, Request>,
    /// Names and the texts of their entries.
    names: BTreeSet<(String, String)>,
    approvals: BTreeMap<RequestId, Approval>,
    links: BTreeMap<String, Link>,
    inboxes: BTreeMap<String, InboxLink>,
    certificates: BTreeMap<String, String>,
    revocations: BTreeMap<(String, String), Revocation>,
    /// With the time of the publication.
    lists: BTreeMap<ListName, (PublishedList, OffsetDateTime)>,
    consumers: relay::Consumers,
    people: people::PeopleRows,
    standing: standing::StandingRows,
    acme: acme::AcmeRows,
    provider: provider::ProviderAnswers,
    log: log::StoredLog,
    notices: notices::Told,
    /// By key identifier, as PEM.
    responders: BTreeMap<String, String>,
    mails: Vec<Mail>,
    told: Vec<(String, String)>,
    measures: Vec<Measure>,
    results: Vec<(TaskToken, TaskResult)>,
    executions: BTreeMap<String, ExecutionState>,
    /// By the ARN of the execution.
    histories: BTreeMap<String, Vec<StateVisit>>,
    audit: Vec<Event>,
    rechecks: Vec<RecheckMessage>,
    postponed: Vec<(String, i32)>,
    backwards: Vec<(Status, Status)>,
    no_issuer: bool,
    key_lists: Vec<KeyList>,
    compromised: BTreeSet<String>,
    /// Oldest first.
    rotated: Vec<Authority>,
    calls: Vec<String>,
    planned: Option<(usize, FaultPoint)>,
    upcoming: Option<(usize, Box<State>)>,
}

/// A CA certificate and its key.
#[derive(Clone)]
struct Authority {
    issuer: Issuer,
    signer: Arc<dyn Signer>,
}

impl Authority {
    fn of(ca: &test_pki::TestCa) -> Self {
        let signer = Arc::new(LocalKey::from_pem(&ca.key_pem).expect("a key"));
        Self { issuer: Issuer::from_pem(&ca.certificate_pem).expect("a CA"), signer }
    }
}

/// Point of a call at which it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// Before it takes effect.
    Before,
    /// After it took effect, like a time-out.
    After,
}

impl InMemoryBackend {
    /// An empty backend with a CA, the default policy of infra/policy.toml, and the clock at 2026-01-01T12:00:00Z.
    pub fn new() -> Arc<Self> {
        let now = time::macros::datetime!(2026-01-01 12:00:00 UTC);
        let age = OffsetDateTime::now_utc() - now + time::Duration::days(30);
        let ca = test_pki::CaMaker::new(test_pki::TestKey::EcP256)
            .lifetime(age, time::Duration::days(3650))
            .self_signed();
        let state = State { now: Some(now), ..State::default() };
        Arc::new(Self {
            state: Mutex::new(state),
            links: Self::link_secret(),
            policy: Mutex::new(Arc::new(
                Policy::parse(include_str!("../../../infra/policy.toml"))
                    .expect("the default policy is valid"),
            )),
            ca: Authority::of(&ca),
        })
    }

    /// An independent copy with the same CA and policy.
    pub fn copy(&self) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(self.state().clone()),
            links: Self::link_secret(),
            policy: Mutex::new(self.policy()),
            ca: self.ca.clone(),
        })
    }

    fn link_secret() -> LinkSecret {
        LinkSecret::new(&"test link secret ".repeat(4)).expect("long enough")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked while holding the backend")
    }

    /// Records one call of a port, and fails it if a fault is planned.
    fn call<T>(
        &self,
        port: &'static str,
        what: &str,
        act: impl FnOnce(&mut State) -> T,
    ) -> Result<T, PortError> {
        let mut state = self.state();
        let number = state.calls.len();
        if let Some((_, then)) = state.upcoming.take_if(|(at, _)| *at == number) {
            let calls = std::mem::take(&mut state.calls);
            *state = State { calls, ..*then };
        }
        state.calls.push(format!("{port}: {what}"));
        let planned = state.planned.filter(|(at, _)| *at == number).map(|(_, point)| point);
        if planned == Some(FaultPoint::Before) {
            return Err(PortError { what: port, cause: "injected fault".into() });
        }
        if let Some(left) = state.failures.get_mut(port).filter(|left| **left > 0) {
            *left -= 1;
            return Err(PortError { what: port, cause: "injected fault".into() });
        }
        let result = act(&mut state);
        match planned {
            Some(FaultPoint::After) => Err(PortError { what: port, cause: "injected time-out".into() }),
            _ => Ok(result),
        }
    }

    /// Every call so far: port and operation.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Makes call number `number` fail, counted from 0.
    pub fn fail_at(&self, number: usize, point: FaultPoint) {
        self.state().planned = Some((number, point));
    }

    /// Simulates concurrent writers: takes over the state of `other` just before call number `number`, counted from 0.
    pub fn become_at(&self, number: usize, other: &InMemoryBackend) {
        let then = Box::new(other.state().clone());
        self.state().upcoming = Some((number, then));
    }

    /// Makes the next `times` calls of a port fail: `requests`, `names`, `approvals`, `certificates`, `issuers`,
    /// `mailer`, `operators`, `policies`, `links`, `ca key`, `tasks`, `executions`, `execution history`, `worker queue`,
    /// `queue`, `log`, `log key`, `receipts`, `list files`, `trust anchor`, `trust store`, `receivers`, `webhooks`, `event bus`,
    /// `standing` or `acme`.
    pub fn fail_next(&self, port: &'static str, times: usize) {
        self.state().failures.insert(port, times);
    }

    /// Sets the clock.
    pub fn set_now(&self, now: OffsetDateTime) {
        self.state().now = Some(now);
    }

    /// Advances the clock.
    pub fn advance(&self, by: time::Duration) {
        let mut state = self.state();
        state.now = state.now.map(|now| now + by);
    }

    /// Puts [`trusting_policy`] in force.
    pub fn trust_requesters(&self) {
        self.set_policy(&trusting_policy());
    }

    /// Replaces the policy in force.
    pub fn set_policy(&self, text: &str) {
        *self.policy.lock().expect("no test panicked") =
            Arc::new(Policy::parse(text).expect("a valid policy"));
    }

    /// Stores a list of keys that a policy may name.
    pub fn store_key_list(&self, list: KeyList) {
        self.state().key_lists.push(list);
    }

    /// Every compromised key.
    pub fn compromised_keys(&self) -> BTreeSet<String> {
        self.state().compromised.clone()
    }

    /// Puts the default policy in force, with a list of denied keys.
    pub fn deny_keys(&self, list: &KeyList) {
        let policy = include_str!("../../../infra/policy.toml");
        self.set_policy(&format!("denied_key_list = \"{}\"\n{policy}", list.digest()));
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.lock().expect("no test panicked"))
    }

    /// Removes the CA from the bucket.
    pub fn without_issuer(&self) {
        self.state().no_issuer = true;
    }

    /// Puts another CA in force.
    pub fn rotate_to(&self, ca: &test_pki::TestCa) {
        self.state().rotated.push(Authority::of(ca));
    }

    /// Every CA, the one in force first.
    fn authorities<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a Authority> {
        state.rotated.iter().rev().chain([&self.ca])
    }

    /// The initial issuing CA.
    pub fn issuer_certificate(&self) -> &Issuer {
        &self.ca.issuer
    }

    /// The issuing CA that was put in force last.
    pub fn latest_issuer(&self) -> Issuer {
        self.state().rotated.last().unwrap_or(&self.ca).issuer.clone()
    }

    /// Changes the columns of a stored row, without any check.
    pub fn alter(&self, id: RequestId, alter: impl FnOnce(&mut Columns)) {
        let row = self.request(id).expect("a row");
        self.put(row.altered(alter));
    }

    /// Stores a request and its pending audit events.
    pub fn put(&self, mut request: Request) {
        let requester = Actor::requester(request.email());
        let votes = request.decision().map(|decision| decision.votes.clone()).unwrap_or_default();
        let voter = votes.first().map_or(Actor::worker("test"), |vote| Actor::approver(&vote.approver));
        let events = request.take_events_by(|kind| match kind {
            EventKind::Submitted => Origin::caller(requester.clone(), None),
            EventKind::RevocationAccepted => Origin::caller(requester.clone(), None),
            EventKind::Voted => Origin::caller(voter.clone(), None),
            _ => Origin::worker("test"),
        });
        let mut state = self.state();
        state.audit.extend(events);
        state.requests.insert(request.id(), request);
    }

    /// The request, if there is one.
    pub fn request(&self, id: RequestId) -> Option<Request> {
        self.state().requests.get(&id).cloned()
    }

    /// Removes a request, as the time to live of the table does.
    pub fn forget_request(&self, id: RequestId) {
        self.state().requests.remove(&id);
    }

    /// Every request.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.values().cloned().collect()
    }

    /// The index of names: each name with the text of an entry.
    pub fn names(&self) -> BTreeSet<(String, String)> {
        self.state().names.clone()
    }

    /// The approval of a request, if there is one.
    pub fn approval(&self, id: RequestId) -> Option<Approval> {
        self.state().approvals.get(&id).cloned()
    }

    /// Stores an approval and its links.
    pub fn put_approval(&self, approval: Approval, links: impl IntoIterator<Item = Link>) {
        let mut state = self.state();
        for link in links {
            state.links.insert(link.digest.as_str().to_owned(), link);
        }
        state.approvals.insert(approval.request_id, approval);
    }

    /// Removes the approval of a request.
    pub fn forget_approval(&self, id: RequestId) {
        self.state().approvals.remove(&id);
    }

    /// Puts a certificate (PEM) into the bucket.
    pub fn put_certificate(&self, serial: &Serial, pem: &str) {
        self.state().certificates.insert(serial.to_string(), pem.to_owned());
    }

    /// Every stored certificate (PEM), by serial.
    pub fn certificates(&self) -> BTreeMap<String, String> {
        self.state().certificates.clone()
    }

    /// Every revoked certificate, by issuer and serial.
    pub fn revocations(&self) -> BTreeMap<(String, String), Revocation> {
        self.state().revocations.clone()
    }

    /// The audit trail of a request.
    pub fn audit(&self, id: RequestId) -> Vec<Event> {
        self.state().audit.iter().filter(|event| event.request_id == id).cloned().collect()
    }

    /// Every mail sent, oldest first.
    pub fn mails(&self) -> Vec<SentMail> {
        self.state().mails.clone()
    }

    /// Notifications to the operators: subject and text, oldest first.
    pub fn told(&self) -> Vec<(String, String)> {
        self.state().told.clone()
    }

    /// Every reported task: the output, or error name and cause.
    pub fn results(&self) -> Vec<(TaskToken, TaskResult)> {
        self.state().results.clone()
    }

    /// Every measurement, oldest first.
    pub fn measures(&self) -> Vec<Measure> {
        self.state().measures.clone()
    }

    /// The executions by ARN.
    pub fn executions(&self) -> BTreeMap<String, ExecutionState> {
        self.state().executions.clone()
    }

    /// Sets the state of an execution.
    pub fn put_execution(&self, arn: &str, execution: ExecutionState) {
        self.state().executions.insert(arn.to_owned(), execution);
    }

    /// Sets the history of an execution.
    pub fn put_history(&self, arn: &str, visits: Vec<StateVisit>) {
        self.state().histories.insert(arn.to_owned(), visits);
    }

    /// Every message to another worker, oldest first.
    pub fn rechecks(&self) -> Vec<RecheckMessage> {
        self.state().rechecks.clone()
    }

    /// Every write that moved a request to an earlier status, or out of a final one. None is allowed.
    pub fn steps_backwards(&self) -> Vec<(Status, Status)> {
        self.state().backwards.clone()
    }

    /// Every postponed message: receipt handle and seconds.
    pub fn postponed(&self) -> Vec<(String, i32)> {
        self.state().postponed.clone()
    }
}

/// The default policy of infra/policy.toml, but with requesters who prove nothing.
pub fn trusting_policy() -> String {
    include_str!("../../../infra/policy.toml").replace("requesters = \"mail\"", "requesters = \"none\"")
}

/// True if the flow, or a retry by an operator, may replace the first row by the second.
fn leads_to(before: &Request, after: &Request) -> bool {
    let (from, to) = (before.status(), after.status());
    let rank = |status| Status::ALL.iter().position(|one| *one == status);
    let may_be_revoked = from.has_certificate() || from == Status::Failed;
    let is_retry = from == Status::Failed
        && to.is_in_flow()
        && after.execution().attempt == before.execution().attempt + 1;
    from == to
        || is_retry
        || (to == Status::Revoked && may_be_revoked)
        || (!from.is_terminal() && rank(from) < rank(to))
}
