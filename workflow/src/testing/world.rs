//! Everything outside, in memory: a [`World`] implements every port.
//!
//! It keeps the promises that the real services keep (conditional writes, first writer wins) and can be told to fail:
//! [`World::fail_next`] makes the next calls of a port fail before they take effect, and [`World::fail_at`] makes one
//! call fail before it takes effect, or after it did. Every call is counted, so that [`super::faults`] finds them all.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::approval::{Approval, Link, LinkDigest};
use crate::audit::{By, Event};
use crate::issuance::{Issuer, LocalKey, Serial, Signer};
use crate::link::LinkSecret;
use crate::mail::Mail;
use crate::policy::Policy;
use crate::ports::{
    Approvals, Archive, CaKey, Clock, ExecutionState, Executions, Links, Mailer, Names, Nudges, Operators,
    Policies, PortError, Queue, Reported, Requests, Saved, TaskToken, Tasks,
};
use crate::request::{Email, Request, RequestId, Status};
use crate::step::Nudge;
use crate::testing::pki;

/// A mail that was sent.
pub type SentMail = Mail;

/// How a task ended: its output, or error name and cause.
pub type TaskResult = Result<serde_json::Value, (String, String)>;

/// Everything outside, in memory.
pub struct World {
    state: Mutex<State>,
    links: LinkSecret,
    policy: Mutex<Arc<Policy>>,
    signer: Arc<dyn Signer>,
    issuer: Issuer,
}

#[derive(Clone, Default)]
struct State {
    now: Option<OffsetDateTime>,
    failures: BTreeMap<&'static str, usize>,
    requests: BTreeMap<RequestId, Request>,
    names: BTreeSet<(String, RequestId)>,
    approvals: BTreeMap<RequestId, Approval>,
    links: BTreeMap<String, Link>,
    certificates: BTreeMap<String, String>,
    mails: Vec<Mail>,
    told: Vec<(String, String)>,
    results: Vec<(TaskToken, TaskResult)>,
    executions: BTreeMap<String, ExecutionState>,
    audit: Vec<Event>,
    nudges: Vec<Nudge>,
    postponed: Vec<(String, i32)>,
    backwards: Vec<(Status, Status)>,
    no_issuer: bool,
    rotated: Option<Authority>,
    calls: Vec<String>,
    planned: Option<(usize, Moment)>,
}

/// A certificate that issues, and its key.
#[derive(Clone)]
struct Authority {
    issuer: Issuer,
    signer: Arc<dyn Signer>,
}

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it takes effect.
    Before,
    /// After it took effect: it reports a time-out all the same.
    After,
}

impl World {
    /// An empty world with a CA, the default policy of infra/policy.toml, and the clock at 2026-01-01T12:00:00Z.
    pub fn new() -> Arc<Self> {
        let now = time::macros::datetime!(2026-01-01 12:00:00 UTC);
        let age = OffsetDateTime::now_utc() - now + time::Duration::days(30);
        let ca =
            pki::CaMaker::new(pki::TestKey::EcP256).lifetime(age, time::Duration::days(3650)).self_signed();
        let state = State { now: Some(now), ..State::default() };
        Arc::new(Self {
            state: Mutex::new(state),
            links: Self::link_secret(),
            policy: Mutex::new(Arc::new(
                Policy::parse(include_str!("../../../infra/policy.toml"))
                    .expect("the default policy is valid"),
            )),
            signer: Arc::new(LocalKey::from_pem(&ca.key_pem).expect("a key")),
            issuer: Issuer::from_pem(&ca.certificate_pem).expect("a CA"),
        })
    }

    /// A world of its own that is as this one is now, with the same CA and policy.
    pub fn copy(&self) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(self.state().clone()),
            links: Self::link_secret(),
            policy: Mutex::new(self.policy()),
            signer: Arc::clone(&self.signer),
            issuer: self.issuer.clone(),
        })
    }

    fn link_secret() -> LinkSecret {
        LinkSecret::new(&"test link secret ".repeat(4)).expect("long enough")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked while holding the world")
    }

    /// One call of a port: counted, and failing as told.
    fn call<T>(
        &self,
        port: &'static str,
        what: &str,
        act: impl FnOnce(&mut State) -> T,
    ) -> Result<T, PortError> {
        let mut state = self.state();
        let number = state.calls.len();
        state.calls.push(format!("{port}: {what}"));
        let planned = state.planned.filter(|(at, _)| *at == number).map(|(_, moment)| moment);
        if planned == Some(Moment::Before) {
            return Err(PortError { what: port, cause: "told to fail".into() });
        }
        if let Some(left) = state.failures.get_mut(port).filter(|left| **left > 0) {
            *left -= 1;
            return Err(PortError { what: port, cause: "told to fail".into() });
        }
        let result = act(&mut state);
        match planned {
            Some(Moment::After) => Err(PortError { what: port, cause: "told to time out".into() }),
            _ => Ok(result),
        }
    }

    /// Every call so far: port and what was asked.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Makes call number `number` fail, counted from 0.
    pub fn fail_at(&self, number: usize, moment: Moment) {
        self.state().planned = Some((number, moment));
    }

    /// Makes the next `times` calls of a port fail: `requests`, `names`, `approvals`, `archive`, `mailer`, `operators`,
    /// `policies`, `links`, `ca key`, `tasks`, `executions`, `nudges` or `queue`.
    pub fn fail_next(&self, port: &'static str, times: usize) {
        self.state().failures.insert(port, times);
    }

    /// Puts the clock at an instant.
    pub fn set_now(&self, now: OffsetDateTime) {
        self.state().now = Some(now);
    }

    /// Lets time pass.
    pub fn advance(&self, by: time::Duration) {
        let mut state = self.state();
        state.now = state.now.map(|now| now + by);
    }

    /// Replaces the policy in force.
    pub fn set_policy(&self, text: &str) {
        *self.policy.lock().expect("no test panicked") =
            Arc::new(Policy::parse(text).expect("a valid policy"));
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.lock().expect("no test panicked"))
    }

    /// Takes the CA away from the archive.
    pub fn without_issuer(&self) {
        self.state().no_issuer = true;
    }

    /// Puts another CA in force.
    pub fn rotate_to(&self, ca: &pki::TestCa) {
        let signer = Arc::new(LocalKey::from_pem(&ca.key_pem).expect("a key"));
        let issuer = Issuer::from_pem(&ca.certificate_pem).expect("a CA");
        self.state().rotated = Some(Authority { issuer, signer });
    }

    /// The issuing CA that the world began with.
    pub fn issuer_certificate(&self) -> &Issuer {
        &self.issuer
    }

    /// Puts a request into the table; what happened on its way there enters the audit trail.
    pub fn put(&self, mut request: Request) {
        let events = request.seal(&By::worker("test"));
        let mut state = self.state();
        state.audit.extend(events);
        state.requests.insert(request.id, request);
    }

    /// The request, if there is one.
    pub fn request(&self, id: RequestId) -> Option<Request> {
        self.state().requests.get(&id).cloned()
    }

    /// Every request.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.values().cloned().collect()
    }

    /// The approval of a request, if there is one.
    pub fn approval(&self, id: RequestId) -> Option<Approval> {
        self.state().approvals.get(&id).cloned()
    }

    /// Puts an approval and its links into the table as they are.
    pub fn put_approval(&self, approval: Approval, links: impl IntoIterator<Item = Link>) {
        let mut state = self.state();
        for link in links {
            state.links.insert(link.digest.as_str().to_owned(), link);
        }
        state.approvals.insert(approval.request_id, approval);
    }

    /// Takes the approval of a request away.
    pub fn forget_approval(&self, id: RequestId) {
        self.state().approvals.remove(&id);
    }

    /// Puts a certificate (PEM) into the archive.
    pub fn put_certificate(&self, serial: &Serial, pem: &str) {
        self.state().certificates.insert(serial.to_string(), pem.to_owned());
    }

    /// Every stored certificate (PEM), by serial.
    pub fn certificates(&self) -> BTreeMap<String, String> {
        self.state().certificates.clone()
    }

    /// The audit trail of a request.
    pub fn audit(&self, id: RequestId) -> Vec<Event> {
        self.state().audit.iter().filter(|event| event.request_id == id).cloned().collect()
    }

    /// Every mail sent, oldest first.
    pub fn mails(&self) -> Vec<SentMail> {
        self.state().mails.clone()
    }

    /// What the operators were told: subject and text, oldest first.
    pub fn told(&self) -> Vec<(String, String)> {
        self.state().told.clone()
    }

    /// Every reported task: the output, or error name and cause.
    pub fn results(&self) -> Vec<(TaskToken, TaskResult)> {
        self.state().results.clone()
    }

    /// The executions by ARN.
    pub fn executions(&self) -> BTreeMap<String, ExecutionState> {
        self.state().executions.clone()
    }

    /// Sets the state of an execution.
    pub fn put_execution(&self, arn: &str, execution: ExecutionState) {
        self.state().executions.insert(arn.to_owned(), execution);
    }

    /// Every nudge, oldest first.
    pub fn nudges(&self) -> Vec<Nudge> {
        self.state().nudges.clone()
    }

    /// Every write that took a request back to an earlier status, or out of an ending. There should be none.
    pub fn steps_backwards(&self) -> Vec<(Status, Status)> {
        self.state().backwards.clone()
    }

    /// Every postponed message: receipt handle and seconds.
    pub fn postponed(&self) -> Vec<(String, i32)> {
        self.state().postponed.clone()
    }
}

/// Whether the flow may take a request from one status to the other (DESIGN.md section 3).
fn leads_to(from: Status, to: Status) -> bool {
    let rank = |status| Status::ALL.iter().position(|one| *one == status);
    from == to || (!from.is_terminal() && rank(from) < rank(to))
}

impl Clock for World {
    fn now(&self) -> OffsetDateTime {
        self.state().now.expect("the clock is set")
    }
}

#[async_trait]
impl Requests for World {
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError> {
        self.call("requests", "find", |state| state.requests.get(&id).cloned())
    }

    async fn create(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError> {
        self.call("requests", "create", |state| match state.requests.entry(request.id) {
            Entry::Occupied(_) => Saved::Conflict,
            Entry::Vacant(row) => {
                row.insert(request.clone());
                state.audit.extend_from_slice(events);
                Saved::Yes
            }
        })
    }

    async fn save(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError> {
        self.call("requests", "save", |state| state.save(request, events))
    }

    async fn find_all(&self, ids: &[RequestId]) -> Result<Vec<Request>, PortError> {
        self.call("requests", "find all", |state| {
            ids.iter().filter_map(|id| state.requests.get(id).cloned()).collect()
        })
    }

    async fn of_requester(&self, email: &Email, limit: usize) -> Result<Vec<Request>, PortError> {
        self.call("requests", "of requester", |state| {
            newest(state.requests.values().filter(|row| row.email == *email), limit)
        })
    }

    async fn list(&self, status: Status, limit: usize) -> Result<Vec<Request>, PortError> {
        self.call("requests", "list", |state| {
            let mut found: Vec<_> =
                state.requests.values().filter(|row| row.status == status).cloned().collect();
            found.sort_by_key(|row| row.registration_date);
            found.truncate(limit);
            found
        })
    }

    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError> {
        self.call("requests", "with key", |state| {
            let same = |row: &&Request| row.public_key_digest.as_deref() == Some(public_key_digest);
            newest(state.requests.values().filter(same), limit)
        })
    }
}

#[async_trait]
impl Names for World {
    async fn enter(&self, names: &[String], id: RequestId) -> Result<(), PortError> {
        self.call("names", "enter", |state| state.names.extend(names.iter().map(|name| (name.clone(), id))))
    }

    async fn of(&self, name: &str, limit: usize) -> Result<Vec<RequestId>, PortError> {
        self.call("names", "of", |state| {
            state.names.iter().filter(|(one, _)| one == name).map(|(_, id)| *id).take(limit).collect()
        })
    }
}

#[async_trait]
impl Approvals for World {
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError> {
        self.call("approvals", "find", |state| state.approvals.get(&id).cloned())
    }

    async fn create(&self, approval: &Approval) -> Result<Saved, PortError> {
        self.call("approvals", "create", |state| match state.approvals.entry(approval.request_id) {
            Entry::Occupied(_) => Saved::Conflict,
            Entry::Vacant(row) => {
                row.insert(approval.clone());
                Saved::Yes
            }
        })
    }

    async fn save(&self, approval: &Approval) -> Result<Saved, PortError> {
        self.call("approvals", "save", |state| match state.approvals.get_mut(&approval.request_id) {
            Some(row) if row.version == approval.version => {
                *row = Approval { version: approval.version + 1, ..approval.clone() };
                Saved::Yes
            }
            _ => Saved::Conflict,
        })
    }

    async fn save_with(
        &self,
        approval: &Approval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        self.call("approvals", "save with request", |state| {
            let unchanged =
                state.approvals.get(&approval.request_id).is_some_and(|row| row.version == approval.version);
            if !unchanged || state.save(request, events) == Saved::Conflict {
                return Saved::Conflict;
            }
            let row = Approval { version: approval.version + 1, ..approval.clone() };
            state.approvals.insert(row.request_id, row);
            Saved::Yes
        })
    }

    async fn add_link(&self, link: &Link) -> Result<(), PortError> {
        self.call("approvals", "add link", |state| {
            state.links.insert(link.digest.as_str().to_owned(), link.clone());
        })
    }

    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError> {
        self.call("approvals", "find link", |state| state.links.get(digest.as_str()).cloned())
    }
}

#[async_trait]
impl Archive for World {
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError> {
        self.call("archive", "store", |state| {
            state.certificates.entry(serial.to_string()).or_insert_with(|| certificate_pem.to_owned()).clone()
        })
    }

    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        self.call("archive", "certificate", |state| state.certificates.get(&serial.to_string()).cloned())
    }

    async fn issuer(&self) -> Result<Option<String>, PortError> {
        self.call("archive", "issuer", |state| {
            let issuer = state.rotated.as_ref().map_or(&self.issuer, |authority| &authority.issuer);
            (!state.no_issuer).then(|| issuer.chain_pem().to_owned())
        })
    }

    async fn issuer_of(&self, key_identifier: &str) -> Result<Option<String>, PortError> {
        self.call("archive", "issuer of", |state| {
            let rotated = state.rotated.as_ref().map(|authority| &authority.issuer);
            let mut all = rotated.into_iter().chain([&self.issuer]).filter(|_| !state.no_issuer);
            all.find(|issuer| issuer.key_identifier() == key_identifier)
                .map(|issuer| issuer.chain_pem().to_owned())
        })
    }
}

#[async_trait]
impl Mailer for World {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        self.call("mailer", "send", |state| state.mails.push(mail.clone()))
    }
}

#[async_trait]
impl Operators for World {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError> {
        self.call("operators", "tell", |state| state.told.push((subject.to_owned(), text.to_owned())))
    }
}

#[async_trait]
impl Policies for World {
    async fn current(&self) -> Result<Arc<Policy>, PortError> {
        self.call("policies", "current", |_| self.policy())
    }
}

#[async_trait]
impl Links for World {
    async fn secret(&self) -> Result<&LinkSecret, PortError> {
        self.call("links", "secret", |_| &self.links)
    }
}

#[async_trait]
impl CaKey for World {
    async fn signer(&self, _issuer_spki: &[u8]) -> Result<Arc<dyn Signer>, PortError> {
        self.call("ca key", "signer", |state| {
            Arc::clone(state.rotated.as_ref().map_or(&self.signer, |authority| &authority.signer))
        })
    }
}

fn newest<'a>(rows: impl Iterator<Item = &'a Request>, limit: usize) -> Vec<Request> {
    let mut found: Vec<_> = rows.cloned().collect();
    found.sort_by_key(|row| std::cmp::Reverse(row.registration_date));
    found.truncate(limit);
    found
}

impl State {
    fn save(&mut self, request: &Request, events: &[Event]) -> Saved {
        match self.requests.get_mut(&request.id) {
            Some(row) if row.version == request.version => {
                if !leads_to(row.status, request.status) {
                    self.backwards.push((row.status, request.status));
                }
                *row = Request { version: request.version + 1, ..request.clone() };
                self.audit.extend_from_slice(events);
                Saved::Yes
            }
            _ => Saved::Conflict,
        }
    }

    fn report(&mut self, token: &TaskToken, result: TaskResult) -> Reported {
        if self.results.iter().any(|(one, _)| one == token) {
            return Reported::TooLate;
        }
        self.results.push((token.clone(), result));
        Reported::Taken
    }
}

#[async_trait]
impl Tasks for World {
    async fn succeed(&self, token: &TaskToken, output: &serde_json::Value) -> Result<Reported, PortError> {
        self.call("tasks", "succeed", |state| state.report(token, Ok(output.clone())))
    }

    async fn fail(&self, token: &TaskToken, error: &str, cause: &str) -> Result<Reported, PortError> {
        self.call("tasks", "fail", |state| state.report(token, Err((error.to_owned(), cause.to_owned()))))
    }
}

#[async_trait]
impl Executions for World {
    fn arn(&self, name: &str) -> String {
        format!("arn:aws:states:eu-central-1:000000000000:execution:countersign:{name}")
    }

    async fn start(&self, name: &str, _id: RequestId) -> Result<(), PortError> {
        let arn = self.arn(name);
        self.call("executions", "start", |state| {
            state.executions.entry(arn).or_insert(ExecutionState::Running);
        })
    }

    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError> {
        self.call("executions", "state", |state| {
            state.executions.get(arn).copied().unwrap_or(ExecutionState::Missing)
        })
    }
}

#[async_trait]
impl Nudges for World {
    async fn nudge(&self, nudge: &Nudge) -> Result<(), PortError> {
        self.call("nudges", "nudge", |state| state.nudges.push(nudge.clone()))
    }
}

#[async_trait]
impl Queue for World {
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError> {
        self.call("queue", "postpone", |state| state.postponed.push((receipt_handle.to_owned(), seconds)))
    }
}
