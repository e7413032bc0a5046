//! A request for a certificate: the row of the table `certificates`, and the only rules by which it changes.
//!
//! Invariant: every change goes through a method in `rules`, is idempotent, and never takes a status backwards, but for an
//! operator's [`Request::retry`]; the store writes the result only where the row is still the one that was read
//! (`version`), together with the events of the audit trail that the change brought about. A change that the rules do
//! not allow is an [`Illegal`], never a silent overwrite.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::{Entry, Head};
use crate::decision::DecisionRecord;
use crate::finding::{Code, Finding};
use crate::issuance::Serial;
use crate::text::Language;

mod email;
mod rules;
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
    /// The language in which the requester is written to.
    #[serde(default)]
    pub language: Language,
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
    #[serde(default, with = "crate::finding::kept")]
    pub findings: Vec<Finding>,
    /// Every status entered, oldest first.
    pub history: Vec<HistoryEntry>,
    /// The end of the audit trail.
    #[serde(default)]
    pub audit: Head,
    /// What happened since the row was read; [`Request::seal`] puts it into the audit trail.
    #[serde(skip)]
    pub entries: Vec<Entry>,
}

/// What the web front hands over.
#[derive(Clone, Debug)]
pub struct Submission {
    /// See [`Request::email`].
    pub email: Email,
    /// See [`Request::language`].
    pub language: Language,
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
