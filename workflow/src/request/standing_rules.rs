//! The rules of a certificate under a standing approval.
//!
//! Invariant: nobody decides about such a request, so it has no decision. That it is approved says only that nobody is asked: Sign
//! holds the certificate against the standing approval (`approval::coverage`). Decision 0153.

use time::OffsetDateTime;

use super::audit::{EventKind, PendingEvent};
use super::{InvalidTransition, Request, Status};

impl Request {
    /// Approves a request that names a standing approval, without asking anybody. Only the first call has an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the row names no standing approval, lacks the summary of its CSR, or has ended.
    pub fn cover(&mut self, now: OffsetDateTime) -> Result<(), InvalidTransition> {
        match (self.standing(), self.status) {
            (Some(standing), Status::Submitted) if self.csr().is_some() => {
                self.note(PendingEvent::new(EventKind::Covered, now).with_detail(standing.to_string()));
                self.enter(Status::Approved, now);
                Ok(())
            }
            (Some(_), Status::Approved | Status::Issued | Status::Delivered | Status::Revoked) => Ok(()),
            (_, status) => Err(InvalidTransition { status, change: "covered by a standing approval" }),
        }
    }

    /// True if the row was approved because it names a standing approval.
    pub(super) fn is_covered(&self) -> bool {
        self.standing().is_some() && self.entered(Status::Approved).is_some()
    }

    /// True if approvers decide about the request, and have not decided.
    pub fn waits_for_approvers(&self) -> bool {
        self.is_undecided() && self.standing().is_none()
    }

    /// True if the certificate is mailed to the requester. Under a standing approval it is for a machine, which fetches it: a
    /// requester with hundreds of machines would get a mail for each renewal.
    pub fn is_delivered_by_mail(&self) -> bool {
        self.standing().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RequestId;
    use crate::ports::Clock as _;
    use crate::request::audit::Origin;
    use crate::request::{Ending, verify_request};
    use crate::testing::InMemoryBackend;

    fn names(row: &Request) -> Vec<Status> {
        row.history().iter().map(|entry| entry.status).collect()
    }

    /// A row under a standing approval, as Persist finds it, with a summary of its CSR.
    fn stored(backend: &InMemoryBackend) -> Request {
        let csr = pki::testing::csr(&["www.example.com"]);
        let mut row = backend.unsaved_under_at(RequestId::random(), &csr, Status::Submitted);
        let evaluated = row.evaluate(&backend.policy(), None, None).unwrap();
        row.record_csr(evaluated.csr_summary(), None, "1", backend.now());
        row
    }

    #[test]
    fn it_is_approved_once_without_a_decision_and_its_trail_says_by_what() {
        let backend = InMemoryBackend::new();
        let mut row = stored(&backend);
        for _ in 0..2 {
            row.cover(backend.now()).unwrap();
        }
        assert_eq!((names(&row), row.decision()), (vec![Status::Submitted, Status::Approved], None));
        let standing = row.standing().unwrap().to_string();
        backend.put(row.clone());
        let events = backend.audit(row.id());
        let covered: Vec<_> = events.iter().filter(|event| event.event == EventKind::Covered).collect();
        assert_eq!(covered.len(), 1);
        assert_eq!((covered[0].detail.as_ref(), &covered[0].digest), (Some(&standing), &None));
        assert_eq!(verify_request(&backend.request(row.id()).unwrap(), &events), []);
    }

    #[test]
    fn only_a_row_that_names_one_and_has_its_csr_is_covered() {
        let backend = InMemoryBackend::new();
        let mut own = backend.unsaved_request(&pki::testing::csr(&["www.example.com"]), Status::Submitted);
        assert!(own.cover(backend.now()).is_err());
        let csr = pki::testing::csr(&["www.example.com"]);
        let mut unread = backend.unsaved_under_at(RequestId::random(), &csr, Status::Submitted);
        assert!(unread.cover(backend.now()).is_err());
        for status in [Status::Refused, Status::Failed] {
            let mut ended = stored(&backend);
            ended.end(Ending::because(status, "no"), backend.now()).unwrap();
            assert!(ended.cover(backend.now()).is_err(), "{status}");
        }
    }

    #[test]
    fn its_approvers_are_never_asked() {
        let backend = InMemoryBackend::new();
        let mut row = stored(&backend);
        assert!(row.is_undecided() && !row.waits_for_approvers());
        assert!(row.ask_approvers(backend.now(), backend.now()).is_err());
        row.cover(backend.now()).unwrap();
        assert_eq!(
            row.ask_approvers(backend.now(), backend.now()),
            Ok(()),
            "an execution of an earlier definition"
        );
        assert_eq!(row.status(), Status::Approved);
    }

    #[test]
    fn a_retry_brings_it_back_to_sign() {
        let backend = InMemoryBackend::new();
        let mut row = stored(&backend);
        row.cover(backend.now()).unwrap();
        row.end(Ending::because(Status::Failed, "broken"), backend.now()).unwrap();
        row.retry(|attempt| format!("arn:{attempt}"), backend.now()).unwrap();
        assert_eq!(row.status(), Status::Approved);
        backend.put(row.clone());
        let row = backend.request(row.id()).unwrap();
        assert_eq!(verify_request(&row, &backend.audit(row.id())), []);
    }

    #[test]
    fn another_standing_approval_than_the_covered_one_is_found_by_the_trail() {
        let backend = InMemoryBackend::new();
        let mut row = stored(&backend);
        row.cover(backend.now()).unwrap();
        backend.put(row.clone());
        let altered = backend.request(row.id()).unwrap().altered(|row| row.grant = Some(RequestId::random()));
        let found: Vec<String> =
            verify_request(&altered, &backend.audit(row.id())).iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|one| one.contains("column grant")), "{found:?}");
        let without = backend.request(row.id()).unwrap().altered(|row| row.grant = None);
        assert!(!verify_request(&without, &backend.audit(row.id())).is_empty());
    }

    #[test]
    fn a_row_that_was_never_covered_cannot_claim_it() {
        let backend = InMemoryBackend::new();
        let mut row = stored(&backend);
        let events = row.take_events(&Origin::worker("test"));
        let forged = row.altered(|row| {
            row.status = Status::Approved;
            let entry = crate::request::HistoryEntry { status: Status::Approved, at: row.registration_date };
            row.history.push(entry);
        });
        assert!(!verify_request(&forged, &events).is_empty());
    }
}
