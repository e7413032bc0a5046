//! The revocation of a certificate, as its request records it. The rules for its changes are in `revocation_rules`.

use pki::crl::RevocationReason;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::audit::Actor;
use crate::ids::RequestId;

/// The revocation of the certificate of a request: a column of its row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationRecord {
    /// The reason.
    pub reason: RevocationReason,
    /// The comment of the person who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The person or the key that asked for it.
    pub by: Actor,
    /// The time at which it was accepted, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub accepted_at: OffsetDateTime,
    /// The time at which it was recorded in the table `revocations`, UTC: the time in lists.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
    /// The subject key identifier of the issuer, lower-case hex, once it was recorded there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The time at which a list with it was published, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub listed_at: Option<OffsetDateTime>,
    /// The number of that list; 0 if the issuer may not sign lists, so that none has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crl_number: Option<u64>,
    /// The ARN of the latest execution of the state machine of revocations.
    pub execution_arn: String,
    /// The number of its executions so far.
    pub execution_attempt: u32,
    /// The time of the start of the latest one, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub execution_started: OffsetDateTime,
}

impl RevocationRecord {
    /// True if the issuer may not sign lists, so that no list has it.
    pub fn is_without_list(&self) -> bool {
        self.crl_number == Some(0)
    }
}

/// A revocation that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationOrder {
    /// The reason.
    pub reason: RevocationReason,
    /// A comment for those who are told.
    pub comment: Option<String>,
}

/// The name of the execution for attempt number `attempt` of the revocation of a request.
pub fn revocation_execution_name(id: RequestId, attempt: u32) -> String {
    if attempt <= 1 { format!("{id}-revoke") } else { format!("{id}-revoke-r{attempt}") }
}
