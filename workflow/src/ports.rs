//! What a step may ask for. A step sees these traits and typed values, never an SDK type.
//!
//! Every call may fail with a [`PortError`], which is always worth a retry: final answers ("there is no such row",
//! "somebody else was first") are part of the results. A call that reports a failure may all the same have taken
//! effect; each user of a port is written so that asking again is harmless.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::approval::{Approval, Link, LinkDigest};
use crate::audit::{By, Entry, Event};
use crate::csr::Name;
use crate::issuance::{Serial, Signer};
use crate::link::LinkSecret;
use crate::mail::Mail;
use crate::metric::Measure;
use crate::policy::Policy;
use crate::request::{Email, Request, RequestId, Status};
use crate::step::Nudge;

mod error;

pub use error::PortError;

/// Whether a conditional write took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Saved {
    /// It did.
    Yes,
    /// The row is no longer the one that was read, or exists already.
    Conflict,
}

/// The table of requests.
#[async_trait]
pub trait Requests: Send + Sync {
    /// The row, read consistently.
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError>;
    /// Writes a new row where there is none, and its first events, in one transaction.
    async fn create(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError>;
    /// Writes the row where its version is still `request.version`, counts the version up, and adds the events of the
    /// change to the audit trail, in one transaction.
    async fn save(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError>;
    /// The requests of a status, oldest first, at most `limit`.
    async fn list(&self, status: Status, limit: usize) -> Result<Vec<Request>, PortError>;
    /// The requests that [are untold](Request::is_untold), oldest first, at most `limit`, as that was known a moment ago.
    async fn untold(&self, limit: usize) -> Result<Vec<Request>, PortError>;
    /// The rows, as they were a moment ago, in any order; ids that are unknown are left out.
    async fn find_all(&self, ids: &[RequestId]) -> Result<Vec<Request>, PortError>;
    /// The requests of an address (as it was written), newest first, at most `limit`.
    async fn of_requester(&self, email: &Email, limit: usize) -> Result<Vec<Request>, PortError>;
    /// How many requests of an address (as it was written) that were registered since then nobody has decided yet, as far as
    /// that was known a moment ago; counting may stop at `enough`.
    async fn undecided_of(
        &self,
        email: &Email,
        since: OffsetDateTime,
        enough: usize,
    ) -> Result<usize, PortError>;
    /// Other requests for the same public key (hex SHA-256 of the SPKI), newest first, at most `limit`.
    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError>;
}

/// Which requests ask for which names.
#[async_trait]
pub trait Names: Send + Sync {
    /// Enters a request under each of these, its names or keys of [`look_alike`]; repeating changes nothing.
    async fn enter(&self, names: &[String], id: RequestId) -> Result<(), PortError>;
    /// The requests entered under a name or key, at most `limit`.
    async fn of(&self, name: &str, limit: usize) -> Result<Vec<RequestId>, PortError>;
}

/// The entry under which [`Names`] keeps requests with a name that looks like this one, where the name is of a kind that is
/// read letter by letter; see [`Name::look_alike_key`]. No name begins with `~`.
pub fn look_alike(name: &str) -> Option<String> {
    Some(format!("~{}", name.parse::<Name>().ok()?.look_alike_key()?))
}

/// The table of approvals.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// The approval of a request, read consistently.
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError>;
    /// Writes a new approval where there is none.
    async fn create(&self, approval: &Approval) -> Result<Saved, PortError>;
    /// Writes the approval where its version is still `approval.version`, and counts the version up.
    async fn save(&self, approval: &Approval) -> Result<Saved, PortError>;
    /// Writes approval and request where both are still of the versions given, counts both up, and adds the events to the
    /// audit trail, in one transaction.
    async fn save_with(
        &self,
        approval: &Approval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError>;
    /// Adds a link.
    async fn add_link(&self, link: &Link) -> Result<(), PortError>;
    /// The link with this digest, read consistently.
    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError>;
}

/// The bucket of certificates.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Stores the certificate (PEM) of a serial where there is none, and gives back the one that is stored now.
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError>;
    /// The stored certificate (PEM) of a serial.
    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError>;
    /// The issuer in force and its chain (PEM, issuer first).
    async fn issuer(&self) -> Result<Option<String>, PortError>;
    /// The issuer with this subject key identifier (lower-case hex) and its chain (PEM, issuer first).
    async fn issuer_of(&self, key_identifier: &str) -> Result<Option<String>, PortError>;
}

/// The way mails go out.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the mail to the mail system.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// The secret that requesters' links derive from.
#[async_trait]
pub trait Links: Send + Sync {
    /// The secret, read when it is first needed.
    async fn secret(&self) -> Result<&LinkSecret, PortError>;
}

/// The key of the CA.
#[async_trait]
pub trait CaKey: Send + Sync {
    /// The signer that belongs to an issuer with this SubjectPublicKeyInfo (DER). It is loaded once per process, and
    /// again only where the issuer has another key than before.
    async fn signer(&self, issuer_spki: &[u8]) -> Result<std::sync::Arc<dyn Signer>, PortError>;
}

/// The topic that operators listen to.
#[async_trait]
pub trait Operators: Send + Sync {
    /// Tells the operators.
    async fn tell(&self, subject: &str, text: &str) -> Result<(), PortError>;
}

/// Where measurements go. They are written beside the work: they cannot fail, and nothing waits for them.
pub trait Metrics: Send + Sync {
    /// Writes one down.
    fn record(&self, measure: Measure);
}

/// The time, UTC.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> OffsetDateTime;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The policy in force.
#[async_trait]
pub trait Policies: Send + Sync {
    /// The policy, at most a minute old.
    async fn current(&self) -> Result<std::sync::Arc<Policy>, PortError>;
}

/// A Step Functions task token: a bearer secret, never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskToken(String);

impl TaskToken {
    /// Wraps the token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token, for the call to Step Functions and for its table.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskToken(redacted)")
    }
}

/// Whether the task was still waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It was, and has the result now.
    Taken,
    /// Somebody finished it before, or it timed out: nothing more to do.
    TooLate,
}

/// The tasks of the state machine that wait for a result.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Ends the task with a result.
    async fn succeed(&self, token: &TaskToken, output: &serde_json::Value) -> Result<Reported, PortError>;
    /// Ends the task with a stable error name and a cause in words.
    async fn fail(&self, token: &TaskToken, error: &str, cause: &str) -> Result<Reported, PortError>;
}

/// Whether an execution is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionState {
    /// It runs.
    Running,
    /// It ended, well or not.
    Ended,
    /// There is none of this name.
    Missing,
}

/// The executions of the state machine.
#[async_trait]
pub trait Executions: Send + Sync {
    /// The ARN that an execution of this name has.
    fn arn(&self, name: &str) -> String;
    /// Starts an execution for a request; one of the same name counts as this one.
    async fn start(&self, name: &str, id: RequestId) -> Result<(), PortError>;
    /// Whether the execution is at work.
    async fn state(&self, arn: &str) -> Result<ExecutionState, PortError>;
}

/// The queue of another worker.
#[async_trait]
pub trait Nudges: Send + Sync {
    /// Asks the worker to look at a request. It may be asked twice.
    async fn nudge(&self, nudge: &Nudge) -> Result<(), PortError>;
}

/// The own queue of a worker.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Lets a received message come back after `seconds`.
    async fn postpone(&self, receipt_handle: &str, seconds: i32) -> Result<(), PortError>;
}

/// How often a change that meets another writer is tried again.
const ATTEMPTS: usize = 8;

/// Why a row could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<E> {
    /// There is no such row.
    #[error("there is no request {0}")]
    Missing(RequestId),
    /// The rules do not allow it.
    #[error(transparent)]
    Refused(E),
    /// The table did not answer, or other writers were always first.
    #[error(transparent)]
    Port(PortError),
}

/// Reads the row, lets `edit` change it on behalf of `by`, and writes it where nobody else wrote meanwhile; repeats where
/// somebody did. A call that timed out although it took effect meets its own write: `edit` must be idempotent.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change<T, E>(
    requests: &dyn Requests,
    id: RequestId,
    by: &By,
    mut edit: impl FnMut(&mut Request) -> Result<T, E>,
) -> Result<(Request, T), ChangeError<E>> {
    for _ in 0..ATTEMPTS {
        let Some(read) = requests.find(id).await.map_err(ChangeError::Port)? else {
            return Err(ChangeError::Missing(id));
        };
        let mut request = read.clone();
        let result = edit(&mut request).map_err(ChangeError::Refused)?;
        if request == read {
            return Ok((request, result));
        }
        if write(requests, &mut request, by).await.map_err(ChangeError::Port)? == Saved::Yes {
            return Ok((request, result));
        }
    }
    Err(ChangeError::Port(contended("change the request")))
}

/// Writes a changed row and its events where it is still the one that was read, and counts its version up.
async fn write(requests: &dyn Requests, request: &mut Request, by: &By) -> Result<Saved, PortError> {
    let events = request.seal(by);
    let saved = requests.save(request, &events).await?;
    if saved == Saved::Yes {
        request.version += 1;
    }
    Ok(saved)
}

/// The same by who has just read the row: where it is still that one, it is not read once more. What `known` alone says
/// counts only where the row takes the change; where `edit` refuses or changes nothing, the row itself is asked.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change_known<T, E>(
    requests: &dyn Requests,
    known: &Request,
    by: &By,
    mut edit: impl FnMut(&mut Request) -> Result<T, E>,
) -> Result<(Request, T), ChangeError<E>> {
    let mut request = known.clone();
    if let Ok(result) = edit(&mut request)
        && request != *known
        && write(requests, &mut request, by).await.map_err(ChangeError::Port)? == Saved::Yes
    {
        return Ok((request, result));
    }
    change(requests, known.id, by, edit).await
}

/// The same for an approval alone, where nothing is changed that the audit trail records; `None` where there is none.
///
/// # Errors
/// [`PortError`] of the table, or where other writers were always first; the inner result is that of `edit`.
pub async fn change_approval<T, E>(
    approvals: &dyn Approvals,
    id: RequestId,
    mut edit: impl FnMut(&mut Approval) -> Result<T, E>,
) -> Result<Option<Result<(Approval, T), E>>, PortError> {
    for _ in 0..ATTEMPTS {
        let Some(read) = approvals.find(id).await? else {
            return Ok(None);
        };
        let mut approval = read.clone();
        let result = match edit(&mut approval) {
            Ok(result) => result,
            Err(error) => return Ok(Some(Err(error))),
        };
        if approval == read {
            return Ok(Some(Ok((approval, result))));
        }
        if approvals.save(&approval).await? == Saved::Yes {
            approval.version += 1;
            return Ok(Some(Ok((approval, result))));
        }
    }
    Err(contended("change the approval"))
}

/// Changes an approval and writes the event of the change into the request's audit trail, both or neither. `edit` gives
/// the event, or none where nothing is to be recorded; it must be idempotent. `None` where there is no such approval.
///
/// # Errors
/// [`PortError`] of the tables, or where other writers were always first; the inner result is that of `edit`.
pub async fn change_audited<T, E>(
    approvals: &dyn Approvals,
    requests: &dyn Requests,
    id: RequestId,
    by: &By,
    mut edit: impl FnMut(&mut Approval) -> Result<(T, Option<Entry>), E>,
) -> Result<Option<Result<(Approval, T), E>>, PortError> {
    for _ in 0..ATTEMPTS {
        let Some(read) = approvals.find(id).await? else {
            return Ok(None);
        };
        let mut approval = read.clone();
        let (result, entry) = match edit(&mut approval) {
            Ok(edited) => edited,
            Err(error) => return Ok(Some(Err(error))),
        };
        if approval == read && entry.is_none() {
            return Ok(Some(Ok((approval, result))));
        }
        let Some(mut request) = requests.find(id).await? else {
            return Ok(None);
        };
        entry.into_iter().for_each(|entry| request.note(entry));
        let events = request.seal(by);
        if approvals.save_with(&approval, &request, &events).await? == Saved::Yes {
            approval.version += 1;
            return Ok(Some(Ok((approval, result))));
        }
    }
    Err(contended("change the approval"))
}

fn contended(what: &'static str) -> PortError {
    PortError { what, cause: "other writers were always first".into() }
}

#[cfg(test)]
mod tests;
