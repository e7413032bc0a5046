//! Everything outside, in memory: a [`World`] implements every port.
//!
//! It keeps the promises that the real services keep (conditional writes, first writer wins) and can be told to fail:
//! [`World::fail_next`] makes the next calls of a port fail before they take effect.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::approval::{Approval, Link, LinkDigest};
use crate::issuance::{Issuer, LocalKey, Serial, Signer};
use crate::link::LinkSecret;
use crate::mail::Mail;
use crate::policy::Policy;
use crate::ports::{
    Approvals, Archive, CaKey, Clock, ExecutionState, Executions, Links, Mailer, Names, Nudges, Operators, Policies,
    PortError, Queue, Reported, Requests, Saved, TaskToken, Tasks,
};
use crate::request::{Request, RequestId, Status};
use crate::testing::pki;

/// A mail that was sent.
pub type SentMail = Mail;

/// Everything outside, in memory.
pub struct World {
    state: Mutex<State>,
    links: LinkSecret,
    policy: Mutex<Arc<Policy>>,
    signer: Arc<dyn Signer>,
    issuer: Issuer,
}

#[derive(Default)]
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
    results: Vec<(TaskToken, Result<serde_json::Value, (String, String)>)>,
    executions: BTreeMap<String, ExecutionState>,
    nudges: Vec<RequestId>,
    postponed: Vec<(String, i32)>,
    no_issuer: bool,
}

impl World {
    /// An empty world with a CA, the default policy of infra/policy.toml, and the clock at 2026-01-01T12:00:00Z.
    pub fn new() -> Arc<Self> {
        let ca = pki::root();
        let state = State { now: Some(time::macros::datetime!(2026-01-01 12:00:00 UTC)), ..State::default() };
        Arc::new(Self {
            state: Mutex::new(state),
            links: LinkSecret::new(&"test link secret ".repeat(4)).expect("long enough"),
            policy: Mutex::new(Arc::new(
                Policy::parse(include_str!("../../../infra/policy.toml")).expect("the default policy is valid"),
            )),
            signer: Arc::new(LocalKey::from_pem(&ca.key_pem).expect("a key")),
            issuer: Issuer::from_pem(&ca.certificate_pem).expect("a CA"),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked while holding the world")
    }

    /// The state, unless the port was told to fail.
    fn enter(&self, port: &'static str) -> Result<MutexGuard<'_, State>, PortError> {
        let mut state = self.state();
        match state.failures.get_mut(port) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(PortError { what: port, cause: "told to fail".into() })
            }
            _ => Ok(state),
        }
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
        *self.policy.lock().expect("no test panicked") = Arc::new(Policy::parse(text).expect("a valid policy"));
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.lock().expect("no test panicked"))
    }

    /// Takes the CA away from the archive.
    pub fn without_issuer(&self) {
        self.state().no_issuer = true;
    }

    /// The issuing CA.
    pub fn issuer_certificate(&self) -> &Issuer {
        &self.issuer
    }

    /// Puts a request into the table as it is.
    pub fn put(&self, request: Request) {
        self.state().requests.insert(request.id, request);
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

    /// Every mail sent, oldest first.
    pub fn mails(&self) -> Vec<SentMail> {
        self.state().mails.clone()
    }

    /// What the operators were told: subject and text, oldest first.
    pub fn told(&self) -> Vec<(String, String)> {
        self.state().told.clone()
    }

    /// Every reported task: the output, or error name and cause.
    pub fn results(&self) -> Vec<(TaskToken, Result<serde_json::Value, (String, String)>)> {
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
    pub fn nudges(&self) -> Vec<RequestId> {
        self.state().nudges.clone()
    }

    /// Every postponed message: receipt handle and seconds.
    pub fn postponed(&self) -> Vec<(String, i32)> {
        self.state().postponed.clone()
    }
}

impl Clock for World {
    fn now(&self) -> OffsetDateTime {
        self.state().now.expect("the clock is set")
    }
}

#[async_trait]
impl Requests for World {
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError> {
        Ok(self.enter("requests")?.requests.get(&id).cloned())
    }

    async fn create(&self, request: &Request) -> Result<Saved, PortError> {
        let mut state = self.enter("requests")?;
        if state.requests.contains_key(&request.id) {
            return Ok(Saved::Conflict);
        }
        state.requests.insert(request.id, request.clone());
        Ok(Saved::Yes)
    }

    async fn save(&self, request: &Request) -> Result<Saved, PortError> {
        let mut state = self.enter("requests")?;
        match state.requests.get_mut(&request.id) {
            Some(row) if row.version == request.version => {
                *row = Request { version: request.version + 1, ..request.clone() };
                Ok(Saved::Yes)
            }
            _ => Ok(Saved::Conflict),
        }
    }

    async fn list(&self, status: Status, limit: usize) -> Result<Vec<Request>, PortError> {
        let state = self.enter("requests")?;
        let mut found: Vec<_> = state.requests.values().filter(|row| row.status == status).cloned().collect();
        found.sort_by_key(|row| row.registration_date);
        found.truncate(limit);
        Ok(found)
    }

    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError> {
        let state = self.enter("requests")?;
        let same = |row: &&Request| row.public_key_digest.as_deref() == Some(public_key_digest);
        let mut found: Vec<_> = state.requests.values().filter(same).cloned().collect();
        found.sort_by_key(|row| std::cmp::Reverse(row.registration_date));
        found.truncate(limit);
        Ok(found)
    }
}

#[async_trait]
impl Names for World {
    async fn enter(&self, names: &[String], id: RequestId) -> Result<(), PortError> {
        let mut state = self.enter("names")?;
        state.names.extend(names.iter().map(|name| (name.clone(), id)));
        Ok(())
    }

    async fn of(&self, name: &str, limit: usize) -> Result<Vec<RequestId>, PortError> {
        let state = self.enter("names")?;
        Ok(state.names.iter().filter(|(one, _)| one == name).map(|(_, id)| *id).take(limit).collect())
    }
}

#[async_trait]
impl Approvals for World {
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError> {
        Ok(self.enter("approvals")?.approvals.get(&id).cloned())
    }

    async fn create(&self, approval: &Approval) -> Result<Saved, PortError> {
        let mut state = self.enter("approvals")?;
        if state.approvals.contains_key(&approval.request_id) {
            return Ok(Saved::Conflict);
        }
        state.approvals.insert(approval.request_id, approval.clone());
        Ok(Saved::Yes)
    }

    async fn save(&self, approval: &Approval) -> Result<Saved, PortError> {
        let mut state = self.enter("approvals")?;
        match state.approvals.get_mut(&approval.request_id) {
            Some(row) if row.version == approval.version => {
                *row = Approval { version: approval.version + 1, ..approval.clone() };
                Ok(Saved::Yes)
            }
            _ => Ok(Saved::Conflict),
        }
    }

    async fn add_link(&self, link: &Link) -> Result<(), PortError> {
        self.enter("approvals")?.links.insert(link.digest.as_str().to_owned(), link.clone());
        Ok(())
    }

    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError> {
        Ok(self.enter("approvals")?.links.get(digest.as_str()).cloned())
    }
}

#[async_trait]
impl Archive for World {
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError> {
        let mut state = self.enter("archive")?;
        Ok(state.certificates.entry(serial.to_string()).or_insert_with(|| certificate_pem.to_owned()).clone())
    }

    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError> {
        Ok(self.enter("archive")?.certificates.get(&serial.to_string()).cloned())
    }

    async fn issuer(&self) -> Result<Option<String>, PortError> {
        let gone = self.enter("archive")?.no_issuer;
        Ok((!gone).then(|| self.issuer.chain_pem().to_owned()))
    }

    async fn issuer_of(&self, key_identifier: &str) -> Result<Option<String>, PortError> {
        let gone = self.enter("archive")?.no_issuer;
        Ok((!gone && key_identifier == self.issuer.key_identifier()).then(|| self.issuer.chain_pem().to_owned()))
    }
}

#[async_trait]
impl Mailer for World {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        self.enter("mailer")?.mails.push(mail.clone());
        Ok(())
    }
}

#[async_trait]
impl Operators for World {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError> {
        self.enter("operators")?.told.push((subject.to_owned(), text.to_owned()));
        Ok(())
    }
}

#[async_trait]
impl Policies for World {
    async fn current(&self) -> Result<Arc<Policy>, PortError> {
        drop(self.enter("policies")?);
        Ok(self.policy())
    }
}

#[async_trait]
impl Links for World {
    async fn secret(&self) -> Result<&LinkSecret, PortError> {
        drop(self.enter("links")?);
        Ok(&self.links)
    }
}

#[async_trait]
impl CaKey for World {
    async fn signer(&self) -> Result<Arc<dyn Signer>, PortError> {
        drop(self.enter("ca key")?);
        Ok(Arc::clone(&self.signer))
    }
}

#[async_trait]
impl Tasks for World {
    async fn succeed(&self, token: &TaskToken, output: &serde_json::Value) -> Result<Reported, PortError> {
        let mut state = self.enter("tasks")?;
        if state.results.iter().any(|(one, _)| one == token) {
            return Ok(Reported::TooLate);
        }
        state.results.push((token.clone(), Ok(output.clone())));
        Ok(Reported::Taken)
    }

    async fn fail(&self, token: &TaskToken, error: &str, cause: &str) -> Result<Reported, PortError> {
        let mut state = self.enter("tasks")?;
        if state.results.iter().any(|(one, _)| one == token) {
            return Ok(Reported::TooLate);
        }
        state.results.push((token.clone(), Err((error.to_owned(), cause.to_owned()))));
        Ok(Reported::Taken)
    }
}

#[async_trait]
impl Executions for World {
    fn arn(&self, name: &str) -> String {
        format!("arn:aws:states:eu-central-1:000000000000:execution:countersign:{name}")
    }

    async fn start(&self, name: &str, _id: RequestId) -> Result<(), PortError> {
        let arn = self.arn(name);
        self.enter("executions")?.executions.entry(arn).or_insert(ExecutionState::Running);
        Ok(())
    }

    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError> {
        Ok(self.enter("executions")?.executions.get(arn).copied().unwrap_or(ExecutionState::Missing))
    }
}

#[async_trait]
impl Nudges for World {
    async fn nudge(&self, id: RequestId) -> Result<(), PortError> {
        self.enter("nudges")?.nudges.push(id);
        Ok(())
    }
}

#[async_trait]
impl Queue for World {
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError> {
        self.enter("queue")?.postponed.push((receipt_handle.to_owned(), seconds));
        Ok(())
    }
}
