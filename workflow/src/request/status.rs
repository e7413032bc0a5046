//! The status of a request.

use crate::wire_names;

/// The status of a request (docs/architecture.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Stored, without an execution, until the reader of the requester's mailbox confirms it.
    Unconfirmed,
    /// Accepted and stored; the execution has not read it yet.
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
    /// An approver rejected it. Rows of version 0.1.0 also have it for a withdrawn request; see
    /// [`Request::shown_status`](super::Request::shown_status).
    Rejected,
    /// The requester withdrew it.
    Withdrawn,
    /// The approval period ended without a decision.
    Expired,
    /// An error stopped the flow; an operator must act.
    Failed,
    /// The certificate has been revoked.
    Revoked,
}

wire_names!(Status: "status" {
    Unconfirmed => "unconfirmed",
    Submitted => "submitted",
    PendingApproval => "pending_approval",
    Approved => "approved",
    Issued => "issued",
    Delivered => "delivered",
    Refused => "refused",
    Rejected => "rejected",
    Withdrawn => "withdrawn",
    Expired => "expired",
    Failed => "failed",
    Revoked => "revoked",
});

impl Status {
    /// True if the flow has ended.
    pub fn is_terminal(self) -> bool {
        !matches!(
            self,
            Status::Unconfirmed
                | Status::Submitted
                | Status::PendingApproval
                | Status::Approved
                | Status::Issued
        )
    }

    /// True if the flow works on the request: it has or needs an execution.
    pub fn is_in_flow(self) -> bool {
        !self.is_terminal() && self != Status::Unconfirmed
    }

    /// True for a request with what it asked for: [`Request::has_certificate`](super::Request::has_certificate) says whether
    /// that is a certificate.
    pub fn has_certificate(self) -> bool {
        matches!(self, Status::Issued | Status::Delivered | Status::Revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in tables, in answers and on the command line.
    #[test]
    fn the_names_are_those_in_rows() {
        let names = "unconfirmed submitted pending_approval approved issued delivered refused rejected withdrawn expired failed revoked";
        assert_eq!(Status::ALL.map(Status::as_str).join(" "), names);
    }
}
