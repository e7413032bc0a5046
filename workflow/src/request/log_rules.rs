//! The rules for the place of a certificate in the log.
//!
//! Invariant: another place is chosen only by a caller who saw that the place in the row went to another certificate, and never
//! once the leaf was found in the log.

use time::OffsetDateTime;

use super::audit::{EventKind, PendingEvent};
use super::{InvalidTransition, LogRecord, Request, Status};
use crate::timestamp::whole_seconds;

impl Request {
    /// Chooses a place in a log, in place of `instead_of`, the record that the caller saw. Returns the record in the row: that of
    /// another run if one came between.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request has no certificate.
    pub fn choose_log_place(
        &mut self,
        place: &LogRecord,
        instead_of: Option<&LogRecord>,
    ) -> Result<LogRecord, InvalidTransition> {
        if !self.has_certificate() {
            return Err(InvalidTransition { status: self.status, change: "given a place in the log" });
        }
        match &self.log {
            Some(log) if Some(log) != instead_of => Ok(log.clone()),
            _ => Ok(self.log.insert(place.clone()).clone()),
        }
    }

    /// Records that the leaf is in the log, at the chosen place. Only the first call has an effect.
    pub fn logged(&mut self, now: OffsetDateTime) {
        if let Some(log) = self.log.as_mut().filter(|log| log.logged_at.is_none()) {
            log.logged_at = Some(whole_seconds(now));
            let detail = log.event_detail();
            self.note(PendingEvent::new(EventKind::Logged, now).with_detail(detail));
        }
    }

    /// True if the certificate is in the log, as far as the row records it.
    pub fn is_logged(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.logged_at.is_some())
    }

    /// True if the certificate may be handed out: it is in the log, or was delivered before there was a log.
    pub fn may_be_handed_out(&self) -> bool {
        self.has_certificate() && (self.is_logged() || self.entered(Status::Delivered).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Clock as _;
    use crate::request::verify_request;
    use crate::testing::InMemoryBackend;

    fn place(index: u64) -> LogRecord {
        LogRecord::chosen("ca.example.com/log/1", index)
    }

    #[test]
    fn a_place_changes_only_for_whoever_saw_it() {
        let backend = InMemoryBackend::new();
        let mut row = backend.request(backend.request_at(Status::Issued)).unwrap();
        assert_eq!(row.choose_log_place(&place(5), None), Ok(place(5)));
        assert_eq!(row.choose_log_place(&place(6), None), Ok(place(5)), "another run came between");
        assert_eq!(row.choose_log_place(&place(6), Some(&place(5))), Ok(place(6)));
        assert!(!row.is_logged() && !row.may_be_handed_out());
        for _ in 0..2 {
            row.logged(backend.now());
        }
        assert!(row.is_logged() && row.may_be_handed_out());
        let logged = row.log().unwrap().clone();
        assert_eq!(row.choose_log_place(&place(7), Some(&place(6))), Ok(logged));
        backend.put(row);
        let row = backend.requests().remove(0);
        let trail = backend.audit(row.id());
        assert_eq!(trail.last().unwrap().detail.as_deref(), Some("6 ca.example.com/log/1"));
        assert_eq!(verify_request(&row, &trail), []);
        let altered = row.altered(|row| row.log.as_mut().unwrap().index = 8);
        assert_eq!(
            verify_request(&altered, &trail).len(),
            1,
            "the place in the row is held against the trail"
        );
    }

    #[test]
    fn only_a_certificate_has_a_place() {
        let backend = InMemoryBackend::new();
        for status in Status::ALL {
            let mut row = backend.request(backend.request_at(status)).unwrap();
            assert_eq!(row.choose_log_place(&place(0), None).is_ok(), status.has_certificate(), "{status}");
        }
        let delivered = backend.request(backend.request_at(Status::Delivered)).unwrap();
        assert!(delivered.may_be_handed_out(), "it was delivered before there was a log");
    }
}
