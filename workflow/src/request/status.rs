//! Where a request stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a request stands (DESIGN.md section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Accepted and stored; the execution has yet to read it.
    Submitted,
    /// The approvers have been asked.
    PendingApproval,
    /// Approved; the certificate is being made.
    Approved,
    /// The certificate exists and is stored.
    Issued,
    /// The certificate has been mailed.
    Delivered,
    /// The policy does not allow it.
    Refused,
    /// An approver said no.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Something broke; an operator must look.
    Failed,
    /// The certificate has been revoked.
    Revoked,
}

impl Status {
    /// Every status, in the order of a request's life.
    pub const ALL: [Status; 10] = [
        Status::Submitted,
        Status::PendingApproval,
        Status::Approved,
        Status::Issued,
        Status::Delivered,
        Status::Refused,
        Status::Rejected,
        Status::Expired,
        Status::Failed,
        Status::Revoked,
    ];

    /// The name used in the table, the API and the console.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Submitted => "submitted",
            Status::PendingApproval => "pending_approval",
            Status::Approved => "approved",
            Status::Issued => "issued",
            Status::Delivered => "delivered",
            Status::Refused => "refused",
            Status::Rejected => "rejected",
            Status::Expired => "expired",
            Status::Failed => "failed",
            Status::Revoked => "revoked",
        }
    }

    /// Whether the flow has nothing more to do.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Status::Submitted | Status::PendingApproval | Status::Approved | Status::Issued)
    }

    /// Whether a certificate exists in the archive.
    pub fn has_certificate(self) -> bool {
        matches!(self, Status::Issued | Status::Delivered)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

/// The text is not one of the statuses of DESIGN.md section 3.
#[derive(Debug, thiserror::Error)]
#[error(
    "not a status; one of submitted, pending_approval, approved, issued, delivered, refused, rejected, expired, failed, revoked"
)]
pub struct UnknownStatus;
