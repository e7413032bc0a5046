//! The row of the table `certificates`, and what it is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Status;
use super::audit::{Entry, Head};
use crate::decision::DecisionRecord;
use crate::email::Email;
use crate::finding::{Code, Finding};
use crate::ids::RequestId;
use crate::issuance::Serial;
use crate::texts::Language;

/// One entry of the request's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The status entered.
    pub status: Status,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
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
    /// See [`crate::grant::Facts::csr_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr_digest: Option<String>,
    /// See [`crate::grant::Facts::subject`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// See [`crate::grant::Facts::names`].
    #[serde(default)]
    pub names: Vec<String>,
    /// See [`crate::grant::Facts::public_key_digest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_digest: Option<String>,
    /// See [`crate::grant::Facts::key`].
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

#[cfg(test)]
mod tests;
