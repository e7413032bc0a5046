//! A request for a certificate: the row of the table `certificates`, and the only rules by which it changes.
//!
//! Invariant: every change goes through a method here, is idempotent, and never takes a status backwards, but for an
//! operator's [`Request::retry`]; the store writes the result only where the row is still the one that was read
//! (`version`). A change that the rules do not allow is an [`Illegal`], never a silent overwrite.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::decision::DecisionRecord;
use crate::finding::{Code, Finding};
use crate::issuance::{Serial, Validity};

mod email;
mod status;

pub use email::Email;
pub use status::{Status, UnknownStatus};

/// A request's identity: a UUID, the key of its row, and the name of its first execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id that a requester's idempotency key stands for: the same address and key always give the same request.
    pub fn from_idempotency_key(email: &Email, key: &str) -> Self {
        const NAMESPACE: Uuid = Uuid::from_u128(0x6f2d_3c5e_0f0b_4c8e_9b43_5d1c_7f0e_a611);
        Self(Uuid::new_v5(&NAMESPACE, format!("{}\0{key}", email.as_str().to_ascii_lowercase()).as_bytes()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for RequestId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// One entry of the request's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The status entered.
    pub status: Status,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What was read from the CSR, written once by Persist.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Lower-case hex SHA-256 of the CSR's DER.
    pub csr_digest: String,
    /// The subject as the profile grants it (RFC 4514).
    pub subject: String,
    /// The subject alternative names, as text.
    pub names: Vec<String>,
    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo's DER.
    pub public_key_digest: String,
    /// The key in words, such as `EC P-256`.
    pub key: String,
    /// The version of the policy that was applied.
    pub policy_version: String,
}

/// The row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Key of the row.
    pub id: RequestId,
    /// Counts the writes; a write succeeds only on the version that was read.
    pub version: u64,
    /// Where the request stands.
    pub status: Status,
    /// The requester's address.
    pub email: Email,
    /// What the requester wrote to the approvers.
    pub comment: String,
    /// The CSR as submitted.
    pub csr_content: String,
    /// The profile asked for.
    pub profile: String,
    /// When the request was accepted, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub registration_date: OffsetDateTime,
    /// The version of the policy last applied.
    pub policy_version: String,
    /// See [`Facts::csr_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr_digest: Option<String>,
    /// See [`Facts::subject`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// See [`Facts::names`].
    #[serde(default)]
    pub names: Vec<String>,
    /// See [`Facts::public_key_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_digest: Option<String>,
    /// See [`Facts::key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Until when the approvers may decide, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// What the approvers decided, and about what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionRecord>,
    /// The reserved serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    /// The reserved beginning of the validity, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
    /// The reserved end of the validity, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub not_after: Option<OffsetDateTime>,
    /// When the certificate was signed and stored, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub signed_date: Option<OffsetDateTime>,
    /// The latest execution.
    pub execution_arn: String,
    /// How many executions were started, from 1.
    pub execution_attempt: u32,
    /// When the latest execution was started, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub execution_started: OffsetDateTime,
    /// Which mails were sent, and when (RFC 3339).
    #[serde(default)]
    pub mails: BTreeMap<String, String>,
    /// Why the request ended without a certificate, in words for the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The stable code of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Every finding of a refusal.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Every status entered, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// What the web front hands over.
#[derive(Clone, Debug)]
pub struct Submission {
    /// See [`Request::email`].
    pub email: Email,
    /// See [`Request::comment`].
    pub comment: String,
    /// See [`Request::csr_content`].
    pub csr_content: String,
    /// See [`Request::profile`].
    pub profile: String,
    /// The version of the policy that the submission was checked with.
    pub policy_version: String,
}

/// A change that the rules do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request that is {status} cannot be {change}")]
pub struct Illegal {
    /// The status the request is in.
    pub status: Status,
    /// What was wanted of it.
    pub change: &'static str,
}

/// How a request ends without a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// `refused`, `rejected`, `expired` or `failed`.
    pub status: Status,
    /// Why, in words for the requester.
    pub reason: String,
    /// The stable code of a refusal.
    pub code: Option<Code>,
    /// Every finding of a refusal.
    pub findings: Vec<Finding>,
}

impl Ending {
    /// An ending that is no refusal: it has a reason, and neither code nor findings.
    pub fn because(status: Status, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), code: None, findings: Vec::new() }
    }
}

impl Request {
    /// The row as the web front writes it, before the first execution is started.
    pub fn submitted(
        id: RequestId,
        submission: Submission,
        execution_arn: String,
        now: OffsetDateTime,
    ) -> Self {
        let now = whole_seconds(now);
        Self {
            id,
            version: 1,
            status: Status::Submitted,
            email: submission.email,
            comment: submission.comment,
            csr_content: submission.csr_content,
            profile: submission.profile,
            registration_date: now,
            policy_version: submission.policy_version,
            csr_digest: None,
            subject: None,
            names: Vec::new(),
            public_key_digest: None,
            key: None,
            expires_at: None,
            decision: None,
            serial: None,
            not_before: None,
            not_after: None,
            signed_date: None,
            execution_arn,
            execution_attempt: 1,
            execution_started: now,
            mails: BTreeMap::new(),
            reason: None,
            code: None,
            findings: Vec::new(),
            history: vec![HistoryEntry { status: Status::Submitted, at: now }],
        }
    }

    /// What was read from the CSR, once Persist has written it.
    pub fn facts(&self) -> Option<Facts> {
        Some(Facts {
            csr_digest: self.csr_digest.clone()?,
            subject: self.subject.clone()?,
            names: self.names.clone(),
            public_key_digest: self.public_key_digest.clone()?,
            key: self.key.clone()?,
            policy_version: self.policy_version.clone(),
        })
    }

    /// The reserved validity, once Sign has chosen it.
    pub fn validity(&self) -> Option<Validity> {
        Some(Validity { not_before: self.not_before?, not_after: self.not_after? })
    }

    /// Writes the facts, once; later calls change nothing.
    pub fn record_facts(&mut self, facts: Facts) {
        if self.csr_digest.is_none() {
            self.csr_digest = Some(facts.csr_digest);
            self.subject = Some(facts.subject);
            self.names = facts.names;
            self.public_key_digest = Some(facts.public_key_digest);
            self.key = Some(facts.key);
            self.policy_version = facts.policy_version;
        }
    }

    /// The approvers are being asked until `expires_at`. The first call counts.
    ///
    /// # Errors
    /// [`Illegal`] where the request has ended.
    pub fn ask_approvers(&mut self, expires_at: OffsetDateTime, now: OffsetDateTime) -> Result<(), Illegal> {
        match self.status {
            Status::Submitted => {
                self.expires_at = Some(expires_at);
                self.enter(Status::PendingApproval, now);
                Ok(())
            }
            Status::PendingApproval | Status::Approved | Status::Issued | Status::Delivered => Ok(()),
            status => Err(Illegal { status, change: "put to its approvers" }),
        }
    }

    /// Writes what the approvers decided. An approval moves the request on; a rejection is left for its own step.
    ///
    /// # Errors
    /// [`Illegal`] where another decision stands or the request is not waiting for one.
    pub fn record_decision(&mut self, decision: DecisionRecord, now: OffsetDateTime) -> Result<(), Illegal> {
        match (&self.decision, self.status) {
            (Some(standing), _) if standing.outcome == decision.outcome => Ok(()),
            (None, Status::PendingApproval) => {
                let approved = decision.is_approval();
                self.decision = Some(decision);
                if approved {
                    self.enter(Status::Approved, now);
                }
                Ok(())
            }
            (_, status) => Err(Illegal { status, change: "decided" }),
        }
    }

    /// Reserves the serial and the validity. The first call counts: the reserved values are returned.
    ///
    /// # Errors
    /// [`Illegal`] where the request is not approved.
    pub fn reserve(&mut self, serial: Serial, validity: Validity) -> Result<(Serial, Validity), Illegal> {
        match (&self.serial, self.validity(), self.status) {
            (Some(serial), Some(validity), Status::Approved | Status::Issued | Status::Delivered) => {
                Ok((serial.clone(), validity))
            }
            (_, _, Status::Approved) => {
                self.serial = Some(serial.clone());
                self.not_before = Some(validity.not_before);
                self.not_after = Some(validity.not_after);
                Ok((serial, validity))
            }
            (_, _, status) => Err(Illegal { status, change: "given a serial number" }),
        }
    }

    /// The certificate is stored.
    ///
    /// # Errors
    /// [`Illegal`] where no serial is reserved or the request is not approved.
    pub fn issued(&mut self, now: OffsetDateTime) -> Result<(), Illegal> {
        match self.status {
            Status::Approved if self.serial.is_some() => {
                self.signed_date = Some(whole_seconds(now));
                self.enter(Status::Issued, now);
                Ok(())
            }
            Status::Issued | Status::Delivered => Ok(()),
            status => Err(Illegal { status, change: "issued" }),
        }
    }

    /// The certificate was mailed.
    ///
    /// # Errors
    /// [`Illegal`] where there is no certificate.
    pub fn delivered(&mut self, now: OffsetDateTime) -> Result<(), Illegal> {
        match self.status {
            Status::Issued => {
                self.enter(Status::Delivered, now);
                Ok(())
            }
            Status::Delivered => Ok(()),
            status => Err(Illegal { status, change: "delivered" }),
        }
    }

    /// Ends the request without delivery. Repeating the same ending changes nothing.
    ///
    /// # Errors
    /// [`Illegal`] where the request has ended otherwise, or holds a certificate and would be called anything but failed.
    pub fn end(&mut self, ending: Ending, now: OffsetDateTime) -> Result<(), Illegal> {
        let allowed = match ending.status {
            Status::Refused => {
                matches!(self.status, Status::Submitted | Status::PendingApproval | Status::Approved)
            }
            Status::Rejected | Status::Expired => {
                matches!(self.status, Status::Submitted | Status::PendingApproval)
            }
            Status::Failed => !self.status.is_terminal(),
            _ => false,
        };
        if self.status == ending.status {
            return Ok(());
        }
        if !allowed {
            return Err(Illegal { status: self.status, change: ending.status.as_str() });
        }
        self.reason = Some(ending.reason);
        self.code = ending.code;
        self.findings = ending.findings;
        self.enter(ending.status, now);
        Ok(())
    }

    /// Notes that the mail of this occasion was sent. The first time counts.
    pub fn mailed(&mut self, occasion: &str, now: OffsetDateTime) {
        self.mails.entry(occasion.to_owned()).or_insert_with(|| rfc3339(now));
    }

    /// Whether the mail of this occasion was sent.
    pub fn was_mailed(&self, occasion: &str) -> bool {
        self.mails.contains_key(occasion)
    }

    /// Notes that attempt number `attempt` runs as `execution_arn`. Only the next attempt in order counts.
    pub fn restarted(&mut self, attempt: u32, execution_arn: String, now: OffsetDateTime) -> bool {
        let next = attempt == self.execution_attempt + 1 && !self.status.is_terminal();
        if next {
            self.execution_attempt = attempt;
            self.execution_arn = execution_arn;
            self.execution_started = whole_seconds(now);
        }
        next
    }

    /// Sets a failed request going again, as an operator's own act: it returns to the furthest status that the row bears
    /// out, and its next execution is noted. What was approved, reserved or stored stays, so there is never a second
    /// certificate. A request that is under way is left as it is.
    ///
    /// # Errors
    /// [`Illegal`] where the request has ended otherwise: an outcome is not a fault.
    pub fn retry(&mut self, arn: impl Fn(u32) -> String, now: OffsetDateTime) -> Result<(), Illegal> {
        match self.status {
            Status::Failed => {
                self.reason = None;
                // Should it fail again, the operators must hear of it again.
                self.mails.remove(OPERATORS_TOLD);
                self.enter(self.furthest(), now);
                let attempt = self.execution_attempt + 1;
                self.restarted(attempt, arn(attempt), now);
                Ok(())
            }
            status if status.is_terminal() => Err(Illegal { status, change: "retried" }),
            _ => Ok(()),
        }
    }

    /// The furthest status that the facts of the row bear out.
    fn furthest(&self) -> Status {
        let approved = self.decision.as_ref().is_some_and(DecisionRecord::is_approval);
        match () {
            () if self.signed_date.is_some() => Status::Issued,
            () if approved => Status::Approved,
            () if self.expires_at.is_some() => Status::PendingApproval,
            () => Status::Submitted,
        }
    }

    fn enter(&mut self, status: Status, now: OffsetDateTime) {
        self.status = status;
        self.history.push(HistoryEntry { status, at: whole_seconds(now) });
    }
}

/// The mark in [`Request::mails`] that the operators were told of a failure.
pub const OPERATORS_TOLD: &str = "operators-failed";

/// The number of the attempt that an execution makes, from its ARN or name; see [`execution_name`].
pub fn attempt_of(execution: &str) -> u32 {
    // A UUID has no letter r.
    execution.rsplit_once("-r").and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

/// The name of the execution that makes attempt number `attempt`: the request id, and `-r2`, `-r3` ... for restarts.
pub fn execution_name(id: RequestId, attempt: u32) -> String {
    if attempt <= 1 { id.to_string() } else { format!("{id}-r{attempt}") }
}

/// The instant without its fraction of a second, which is what the table and certificates hold.
pub fn whole_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at)
}

/// The instant as RFC 3339 text in UTC, in whole seconds.
pub fn rfc3339(at: OffsetDateTime) -> String {
    whole_seconds(at).format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests;
