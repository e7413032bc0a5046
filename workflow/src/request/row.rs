//! The row of the table `certificates`, and its parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::audit::{ChainHead, PendingEvent};
use super::{LogRecord, OperationRecord, RequestContent, RequesterEvidence, RevocationRecord, Status};
use crate::decision::DecisionRecord;
use crate::email::Email;
use crate::finding::{Code, Finding};
use crate::ids::RequestId;
use crate::standing::{StandingCredential, StandingEndOrder};
use crate::texts::Language;
use pki::certificate::{Serial, Validity};

/// One entry of the request's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The status entered.
    pub status: Status,
    /// The time, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The serial number and the validity chosen by Sign; with them, a retry makes the same certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    /// The serial number.
    pub serial: Serial,
    /// The validity; after signing, the validity in the certificate.
    pub validity: Validity,
}

/// An execution of the state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// The number of executions so far, including this one.
    pub attempt: u32,
    /// The time of its start, UTC.
    pub started: OffsetDateTime,
}

/// A request for a certificate or a standing approval. [`Columns`](super::Columns) is its form in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub(super) id: RequestId,
    pub(super) version: u64,
    pub(super) status: Status,
    pub(super) email: Email,
    pub(super) language: Language,
    pub(super) comment: String,
    pub(super) content: RequestContent,
    pub(super) credential: Option<StandingCredential>,
    pub(super) end_asked: Option<StandingEndOrder>,
    pub(super) operations: Vec<OperationRecord>,
    pub(super) profile: String,
    pub(super) registration_date: OffsetDateTime,
    pub(super) submitted_from: Option<String>,
    pub(super) requester_evidence: Option<RequesterEvidence>,
    pub(super) policy_version: String,
    pub(super) expires_at: Option<OffsetDateTime>,
    pub(super) decision: Option<DecisionRecord>,
    pub(super) reservation: Option<Reservation>,
    pub(super) signed_date: Option<OffsetDateTime>,
    pub(super) log: Option<LogRecord>,
    /// Only of a standing approval.
    pub(super) settled_at: Option<OffsetDateTime>,
    pub(super) execution: Execution,
    pub(super) mails: BTreeMap<String, String>,
    pub(super) ending: Option<Ending>,
    pub(super) revocation: Option<RevocationRecord>,
    pub(super) history: Vec<HistoryEntry>,
    pub(super) audit: ChainHead,
    /// Events of changes since the row was read; [`Request::take_events`] moves them into the audit trail.
    pub(super) entries: Vec<PendingEvent>,
}

impl Request {
    /// The key of the row.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The number of writes so far; a write succeeds only if the row still has the version that was read.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Increments the version after a successful write.
    pub fn count_write(&mut self) {
        self.version += 1;
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The requester's address.
    pub fn email(&self) -> &Email {
        &self.email
    }

    /// The language of mails to the requester.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The requester's comment to the approvers.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The name of the profile.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The time at which the request was accepted, UTC.
    pub fn registration_date(&self) -> OffsetDateTime {
        self.registration_date
    }

    /// The address of the caller who submitted a request that had to be confirmed.
    pub fn submitted_from(&self) -> Option<&str> {
        self.submitted_from.as_deref()
    }

    /// The sign-in by which the requester confirmed the request, if the policy asked for one.
    pub fn requester_evidence(&self) -> Option<&RequesterEvidence> {
        self.requester_evidence.as_ref()
    }

    /// The version of the policy that was last applied.
    pub fn policy_version(&self) -> &str {
        &self.policy_version
    }

    /// The end of the approval period, UTC.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.expires_at
    }

    /// The decision of the approvers, and the digest it binds.
    pub fn decision(&self) -> Option<&DecisionRecord> {
        self.decision.as_ref()
    }

    /// The reserved serial number and validity, once Sign has chosen them.
    pub fn reservation(&self) -> Option<&Reservation> {
        self.reservation.as_ref()
    }

    /// The reserved serial number.
    pub fn serial(&self) -> Option<&Serial> {
        self.reservation.as_ref().map(|reservation| &reservation.serial)
    }

    /// The reserved validity.
    pub fn validity(&self) -> Option<Validity> {
        self.reservation.as_ref().map(|reservation| reservation.validity)
    }

    /// The beginning of the reserved validity, UTC.
    pub fn not_before(&self) -> Option<OffsetDateTime> {
        self.validity().map(|validity| validity.not_before)
    }

    /// The end of the reserved validity, UTC.
    pub fn not_after(&self) -> Option<OffsetDateTime> {
        self.validity().map(|validity| validity.not_after)
    }

    /// The time at which the certificate was signed and stored, UTC.
    pub fn signed_date(&self) -> Option<OffsetDateTime> {
        self.signed_date
    }

    /// True if the certificate exists; until then, serial and validity are only reserved.
    pub fn is_signed(&self) -> bool {
        self.signed_date.is_some()
    }

    /// The place of the certificate in the log, once one was chosen.
    pub fn log(&self) -> Option<&LogRecord> {
        self.log.as_ref()
    }

    /// The latest execution.
    pub fn execution(&self) -> &Execution {
        &self.execution
    }

    /// The ending without a certificate, if there is one.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The names of the notifications sent or claimed ([`Notified`](crate::mail_kind::Notified)), each with its time
    /// (RFC 3339). Names unknown to this version stay in the row.
    pub fn mails(&self) -> &BTreeMap<String, String> {
        &self.mails
    }

    /// The code of a refusal.
    pub fn code(&self) -> Option<Code> {
        self.ending.as_ref().and_then(|ending| ending.code)
    }

    /// The reason why the request ended without a certificate, in words for the requester.
    pub fn reason(&self) -> Option<&str> {
        self.ending.as_ref().map(|ending| ending.reason.as_str())
    }

    /// Every finding of a refusal.
    pub fn findings(&self) -> &[Finding] {
        self.ending.as_ref().map(|ending| ending.findings.as_slice()).unwrap_or_default()
    }

    /// True if the requester withdrew the request, and the withdrawal is the decision.
    pub fn is_withdrawn(&self) -> bool {
        self.decision.as_ref().is_some_and(|decision| decision.withdrawn)
    }

    /// The status for people and programs: a withdrawn request is `withdrawn`, even if its row is of version 0.1.0,
    /// which recorded a withdrawal as `rejected`.
    pub fn shown_status(&self) -> Status {
        self.shown(self.status)
    }

    /// Like [`Request::shown_status`], for a status in the history of this request.
    pub fn shown(&self, status: Status) -> Status {
        if status == Status::Rejected && self.is_withdrawn() { Status::Withdrawn } else { status }
    }

    /// The history with statuses as in [`Request::shown_status`].
    pub fn shown_history(&self) -> Vec<HistoryEntry> {
        self.history.iter().map(|one| HistoryEntry { status: self.shown(one.status), at: one.at }).collect()
    }

    /// Every status entered, oldest first.
    pub fn history(&self) -> &[HistoryEntry] {
        &self.history
    }

    /// The end of the audit trail.
    pub fn audit(&self) -> &ChainHead {
        &self.audit
    }

    /// Replaces the ARN of the latest execution, for a request in another stack.
    #[must_use]
    pub fn run_as(mut self, execution_arn: String) -> Self {
        self.execution.arn = execution_arn;
        self
    }

    /// Replaces the ARN of the latest execution of the revocation, for a request in another stack.
    #[must_use]
    pub fn revoke_as(mut self, execution_arn: String) -> Self {
        if let Some(revocation) = &mut self.revocation {
            revocation.execution_arn = execution_arn;
        }
        self
    }
}

/// A checked submission, with the values for the new row.
#[derive(Clone, Debug)]
pub struct Submission {
    /// See [`Request::email`].
    pub email: Email,
    /// See [`Request::language`].
    pub language: Language,
    /// See [`Request::comment`].
    pub comment: String,
    /// See [`Request::content`].
    pub content: RequestContent,
    /// See [`Request::profile`].
    pub profile: String,
    /// The version of the policy that checked the submission.
    pub policy_version: String,
}

/// A change that the rules do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request that is {status} cannot be {change}")]
pub struct InvalidTransition {
    /// The current status of the request.
    pub status: Status,
    /// The rejected change.
    pub change: &'static str,
}

/// The end of a request without a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// `refused`, `rejected`, `withdrawn`, `expired` or `failed`.
    pub status: Status,
    /// The reason, in words for the requester.
    pub reason: String,
    /// The stable code of a refusal.
    pub code: Option<Code>,
    /// Every finding of a refusal.
    pub findings: Vec<Finding>,
}

impl Ending {
    /// An ending without code and findings: any ending except a refusal.
    pub fn because(status: Status, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), code: None, findings: Vec::new() }
    }
}

/// The attempt number of an execution, from its ARN or name; see [`execution_name`].
pub fn attempt_of(execution: &str) -> u32 {
    // A UUID has no letter r.
    execution.rsplit_once("-r").and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

/// The name of the execution for attempt number `attempt`: the request id, and `-r2`, `-r3` ... for restarts.
pub fn execution_name(id: RequestId, attempt: u32) -> String {
    if attempt <= 1 { id.to_string() } else { format!("{id}-r{attempt}") }
}

#[cfg(test)]
mod tests;
