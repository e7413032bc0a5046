//! The rules for changes of a revocation.
//!
//! Invariant: a revocation that was accepted is never taken back, and its reason never changes. It is accepted in the
//! row ([`Request::accept_revocation`]), recorded in the table `revocations` together with the status `revoked`
//! ([`Request::revoked`]), and published in a list ([`Request::revocation_listed`]), in this order. Each rule is idempotent.

use time::OffsetDateTime;

use super::audit::{Actor, EventKind, PendingEvent};
use super::{InvalidTransition, Request, RevocationOrder, RevocationRecord, Status};
use crate::mail_kind::MailKind;
use crate::timestamp::whole_seconds;

impl Request {
    /// The revocation of the certificate, once one was accepted.
    pub fn revocation(&self) -> Option<&RevocationRecord> {
        self.revocation.as_ref()
    }

    /// True if the certificate is revoked and no list will have it, because its issuer may not sign lists.
    pub fn is_revoked_without_list(&self) -> bool {
        self.revocation.as_ref().is_some_and(RevocationRecord::is_without_list)
    }

    /// True if the certificate may be revoked: it exists, no revocation was accepted, and it has not ended.
    pub fn is_revocable(&self, now: OffsetDateTime) -> bool {
        self.is_signed()
            && self.revocation.is_none()
            && self.not_after().is_some_and(|not_after| now <= not_after)
    }

    /// True if the certificate is stored, not revoked, and has not ended.
    pub fn has_live_certificate(&self, now: OffsetDateTime) -> bool {
        self.has_certificate() && self.is_revocable(now)
    }

    /// True if a revocation was accepted and is not recorded, not published, or not told to the requester.
    pub fn has_open_revocation(&self) -> bool {
        self.revocation.as_ref().is_some_and(|revocation| {
            revocation.revoked_at.is_none()
                || revocation.listed_at.is_none()
                || !self.was_mailed(&MailKind::Revoked)
        })
    }

    /// Accepts a revocation, to be done by the execution `execution_arn`. `by` is the actor of the event, too. Only the
    /// first call has an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if there is no certificate.
    pub fn accept_revocation(
        &mut self,
        order: &RevocationOrder,
        by: &Actor,
        execution_arn: String,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        if self.revocation.is_some() {
            return Ok(());
        }
        if !self.is_signed() {
            return Err(InvalidTransition { status: self.status, change: "revoked" });
        }
        let now = whole_seconds(now);
        self.note(PendingEvent::new(EventKind::RevocationAccepted, now).with_detail(order.reason.as_str()));
        self.revocation = Some(RevocationRecord {
            reason: order.reason,
            comment: order.comment.clone(),
            by: by.clone(),
            accepted_at: now,
            revoked_at: None,
            issuer: None,
            listed_at: None,
            crl_number: None,
            execution_arn,
            execution_attempt: 1,
            execution_started: now,
        });
        Ok(())
    }

    /// Records that the table `revocations` has the certificate, which `issuer` (subject key identifier, lower-case hex)
    /// has signed. Returns the record with the time of the first call.
    ///
    /// # Errors
    /// [`InvalidTransition`] if no revocation was accepted.
    pub fn revoked(
        &mut self,
        issuer: &str,
        now: OffsetDateTime,
    ) -> Result<RevocationRecord, InvalidTransition> {
        let status = self.status;
        let Some(revocation) = &mut self.revocation else {
            return Err(InvalidTransition { status, change: "revoked" });
        };
        if revocation.revoked_at.is_none() {
            revocation.revoked_at = Some(whole_seconds(now));
            revocation.issuer = Some(issuer.to_owned());
            let reason = revocation.reason.as_str();
            self.note(PendingEvent::new(EventKind::Revoked, now).with_detail(reason));
            self.ending = None;
            self.enter(Status::Revoked, now);
        }
        self.revocation.clone().ok_or(InvalidTransition { status, change: "revoked" })
    }

    /// Records that list number `number` has the certificate; 0 if its issuer may not sign lists. Only the first call has
    /// an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the certificate is not revoked.
    pub fn revocation_listed(&mut self, number: u64, now: OffsetDateTime) -> Result<(), InvalidTransition> {
        match &mut self.revocation {
            Some(revocation) if revocation.revoked_at.is_some() => {
                if revocation.listed_at.is_none() {
                    revocation.listed_at = Some(whole_seconds(now));
                    revocation.crl_number = Some(number);
                    let event = PendingEvent::new(EventKind::RevocationListed, now);
                    self.note(event.with_detail(number.to_string()));
                }
                Ok(())
            }
            _ => Err(InvalidTransition { status: self.status, change: "listed as revoked" }),
        }
    }

    /// Records that attempt number `attempt` of the revocation runs as `execution_arn`. Accepts only the next attempt in
    /// order.
    pub fn revocation_restarted(&mut self, attempt: u32, execution_arn: String, now: OffsetDateTime) -> bool {
        let is_open = self.has_open_revocation();
        match &mut self.revocation {
            Some(revocation) if is_open && attempt == revocation.execution_attempt + 1 => {
                revocation.execution_attempt = attempt;
                revocation.execution_arn = execution_arn;
                revocation.execution_started = whole_seconds(now);
                let event = PendingEvent::new(EventKind::RevocationRestarted, now);
                self.note(event.with_detail(attempt.to_string()));
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use pki::crl::RevocationReason;
    use time::Duration;

    use super::*;
    use crate::request::audit::Origin;
    use crate::request::{attempt_of, revocation_execution_name, verify_request};
    use crate::testing::InMemoryBackend;

    fn order(reason: RevocationReason) -> RevocationOrder {
        RevocationOrder { reason, comment: None }
    }

    #[test]
    fn a_revocation_goes_its_way_once_and_its_reason_stays() {
        let backend = InMemoryBackend::new();
        let mut row = backend.request(backend.request_at(Status::Delivered)).unwrap();
        let (now, by) = (row.signed_date().unwrap(), Actor::requester(row.email()));
        assert!(row.is_revocable(now) && !row.has_open_revocation());
        row.accept_revocation(&order(RevocationReason::KeyCompromise), &by, "arn".into(), now).unwrap();
        row.accept_revocation(&order(RevocationReason::Superseded), &by, "other".into(), now).unwrap();
        assert!(!row.is_revocable(now) && row.has_open_revocation());
        assert!(row.revocation_listed(1, now).is_err());
        let first = row.revoked("00ff", now + Duration::MINUTE).unwrap();
        let again = row.revoked("00ff", now + Duration::HOUR).unwrap();
        assert_eq!(
            (first.reason, first.revoked_at),
            (RevocationReason::KeyCompromise, Some(now + Duration::MINUTE))
        );
        assert_eq!(again, first);
        assert_eq!(row.status(), Status::Revoked);
        row.revocation_listed(7, now + Duration::HOUR).unwrap();
        row.revocation_listed(8, now + Duration::HOUR).unwrap();
        assert_eq!(row.revocation().unwrap().crl_number, Some(7));
        assert!(row.has_open_revocation());
        row.mailed(&MailKind::Revoked, now + Duration::HOUR);
        assert!(!row.has_open_revocation());
        assert!(!row.revocation_restarted(2, "arn".into(), now));
        let events = row.take_events(&Origin::caller(by, None));
        let kinds: Vec<_> = events.iter().map(|event| event.event).collect();
        assert_eq!(
            kinds,
            [
                EventKind::RevocationAccepted,
                EventKind::Revoked,
                EventKind::RevocationListed,
                EventKind::Mailed
            ]
        );
        let trail: Vec<_> = backend.audit(row.id()).into_iter().chain(events).collect();
        assert_eq!(verify_request(&row, &trail), []);
    }

    #[test]
    fn only_a_certificate_is_revoked() {
        let backend = InMemoryBackend::new();
        for status in Status::ALL {
            let mut row = backend.request(backend.request_at(status)).unwrap();
            let (now, by) = (row.registration_date(), Actor::operator("test"));
            let accepted =
                row.accept_revocation(&order(RevocationReason::Unspecified), &by, "arn".into(), now);
            assert_eq!(accepted.is_ok(), row.is_signed(), "{status}");
            assert_eq!(row.revoked("00ff", now).is_ok(), row.is_signed(), "{status}");
        }
    }

    #[test]
    fn an_open_revocation_is_started_again_in_order() {
        let backend = InMemoryBackend::new();
        let mut row = backend.request(backend.request_at(Status::Issued)).unwrap();
        let (now, by) = (row.registration_date(), Actor::operator("test"));
        assert!(!row.revocation_restarted(2, "arn".into(), now));
        row.accept_revocation(&order(RevocationReason::Unspecified), &by, "arn".into(), now).unwrap();
        assert!(!row.revocation_restarted(3, "arn:3".into(), now));
        assert!(row.revocation_restarted(2, "arn:2".into(), now));
        assert!(!row.revocation_restarted(2, "arn:2".into(), now));
        let revocation = row.revocation().unwrap();
        assert_eq!((revocation.execution_attempt, revocation.execution_arn.as_str()), (2, "arn:2"));
        assert_eq!([1, 2].map(|attempt| attempt_of(&revocation_execution_name(row.id(), attempt))), [1, 2]);
    }
}
