//! Where a request stands.

use crate::wire_names;

/// The status of a request (docs/architecture.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

wire_names!(Status: "status" {
    Submitted => "submitted",
    PendingApproval => "pending_approval",
    Approved => "approved",
    Issued => "issued",
    Delivered => "delivered",
    Refused => "refused",
    Rejected => "rejected",
    Expired => "expired",
    Failed => "failed",
    Revoked => "revoked",
});

impl Status {
    /// Whether the flow has nothing more to do.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Status::Submitted | Status::PendingApproval | Status::Approved | Status::Issued)
    }

    /// Whether a certificate exists in the archive.
    pub fn has_certificate(self) -> bool {
        matches!(self, Status::Issued | Status::Delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in tables, in answers and on the command line.
    #[test]
    fn the_names_are_those_in_rows() {
        let names =
            "submitted pending_approval approved issued delivered refused rejected expired failed revoked";
        assert_eq!(Status::ALL.map(Status::as_str).join(" "), names);
    }
}
