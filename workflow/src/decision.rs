//! What approvers decide, and what exactly they decide about.
//!
//! Invariant: an approval binds the digest of the CSR, the profile and the names that the approver was shown. The
//! signer computes the same [`ApprovalDigest`] again from the row and signs only where it is the approved one.

use std::fmt;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::email::Email;
use crate::finding::Finding;
use crate::grant::CsrSummary;
use crate::grant::Grant;
use crate::ids::RequestId;

/// One approver's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Issue the certificate.
    Approve,
    /// Do not.
    Reject,
}

/// What all votes and the clock together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The quorum is reached.
    Approved,
    /// One approver rejected, or the requester withdrew the request.
    Rejected,
    /// Nobody decided in time.
    Expired,
}

impl Outcome {
    /// The name used in the state machine and the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Approved => "approved",
            Outcome::Rejected => "rejected",
            Outcome::Expired => "expired",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Lower-case hex SHA-256 over everything that an approval binds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApprovalDigest(String);

impl ApprovalDigest {
    /// The digest of what the approver is shown: request, CSR, profile, subject, names and key.
    pub fn of(id: RequestId, profile: &str, facts: &CsrSummary) -> Self {
        // Every field is preceded by its length, so that no two different requests give the same bytes.
        let mut context = digest::Context::new(&digest::SHA256);
        let mut field = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        field(b"countersign approval 1");
        field(id.to_string().as_bytes());
        field(facts.csr_digest.as_bytes());
        field(profile.as_bytes());
        field(facts.subject.as_bytes());
        field(facts.public_key_digest.as_bytes());
        for name in &facts.names {
            field(name.as_bytes());
        }
        Self(hex::encode(context.finish()))
    }

    /// The digest as it came from outside; compare with [`PartialEq`], it is no secret.
    pub fn from_text(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApprovalDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hex SHA-256 over everything that a review shows and that may change: what the approval binds, and the
/// verdict of the policy. A decision is taken in view of exactly one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReviewDigest(String);

impl ReviewDigest {
    /// The digest of what is being approved, with what the policy would grant and what it finds.
    pub fn of(approval: &ApprovalDigest, grant: Option<&Grant>, findings: &[Finding]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut field = |text: &str| {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        };
        field("countersign review 1");
        field(approval.as_str());
        match grant {
            None => field("nothing is granted"),
            Some(grant) => {
                field(&grant.profile);
                field(&grant.validity_days.to_string());
                for list in [&grant.key_usage, &grant.extended_key_usage] {
                    field(&list.len().to_string());
                    list.iter().for_each(|usage| field(usage));
                }
            }
        }
        for finding in findings {
            field(finding.code.as_str());
            field(finding.severity.as_str());
            field(&finding.detail);
        }
        Self(hex::encode(context.finish()))
    }

    /// The digest as it came from outside; compare with [`PartialEq`], it is no secret.
    pub fn from_text(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReviewDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One vote, as recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vote {
    /// Who voted.
    pub approver: Email,
    /// How.
    pub decision: Decision,
    /// Why, where the approver said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The decision as the row of the request keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord {
    /// What was decided.
    pub outcome: Outcome,
    /// What it was decided about.
    pub digest: ApprovalDigest,
    /// The votes it rests on.
    pub votes: Vec<Vote>,
    /// Whether the requester withdrew the request: nobody rejected it then.
    #[serde(default)]
    pub withdrawn: bool,
    /// When it stood, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl DecisionRecord {
    /// Whether the request may go on to be signed.
    pub fn is_approval(&self) -> bool {
        self.outcome == Outcome::Approved
    }

    /// The reason that the rejecting approver gave.
    pub fn rejection_reason(&self) -> Option<&str> {
        self.votes
            .iter()
            .find(|vote| vote.decision == Decision::Reject)
            .and_then(|vote| vote.reason.as_deref())
    }
}
