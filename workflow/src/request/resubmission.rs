//! A request that is sent again: which of its values the form keeps.

use super::{Request, Status};
use crate::finding::Code;

impl Request {
    /// True if the CSR may be sent again as it is: it is not why the request ended, and no certificate has its key.
    pub fn may_reuse_csr(&self) -> bool {
        match self.shown_status() {
            // An approver rejects what is asked for, and a new certificate gets a new key.
            Status::Rejected | Status::Issued | Status::Delivered | Status::Revoked => false,
            Status::Refused => {
                let refusals = self.findings().iter().filter(|finding| finding.is_refusal());
                !refusals.map(|finding| finding.code).chain(self.code()).any(Code::is_about_csr)
            }
            Status::Unconfirmed
            | Status::Submitted
            | Status::PendingApproval
            | Status::Approved
            | Status::Withdrawn
            | Status::Expired
            | Status::Failed => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::request::Ending;
    use crate::testing::InMemoryBackend;

    #[test]
    fn a_csr_that_was_rejected_or_has_a_certificate_is_not_sent_again() {
        let backend = InMemoryBackend::new();
        let reused: Vec<Status> = Status::ALL
            .into_iter()
            .filter(|status| {
                let id = backend.request_at(*status);
                backend.request(id).unwrap().may_reuse_csr()
            })
            .filter(|status| *status != Status::Refused)
            .collect();
        assert_eq!(
            reused,
            [
                Status::Unconfirmed,
                Status::Submitted,
                Status::PendingApproval,
                Status::Approved,
                Status::Withdrawn,
                Status::Expired,
                Status::Failed,
            ]
        );
    }

    #[test]
    fn a_refused_csr_is_sent_again_only_if_something_else_was_wrong() {
        let backend = InMemoryBackend::new();
        let now = crate::ports::Clock::now(&*backend);
        let refused = |findings: Vec<Finding>, code| {
            let mut row = backend.request(backend.request_at(Status::Submitted)).unwrap();
            row.end(Ending { status: Status::Refused, reason: "no".into(), code, findings }, now).unwrap();
            row
        };
        let refusal = |code| Finding::refused(code, "no", "another");
        assert!(refused(vec![refusal(Code::UnknownProfile)], Some(Code::UnknownProfile)).may_reuse_csr());
        assert!(!refused(vec![refusal(Code::UnknownProfile), refusal(Code::WeakKey)], None).may_reuse_csr());
        // Findings that refuse nothing say nothing against it.
        let ignored = Finding::ignored(Code::ForbiddenExtension, "left out", "");
        assert!(refused(vec![refusal(Code::BadRequest), ignored], Some(Code::BadRequest)).may_reuse_csr());
        // A row without findings has the code.
        assert!(!refused(Vec::new(), Some(Code::NameNotAllowed)).may_reuse_csr());
        assert!(refused(Vec::new(), None).may_reuse_csr());
    }
}
