//! The rules for the request of a standing approval, beside those for every request.

use time::{Duration, OffsetDateTime};

use super::audit::{EventKind, PendingEvent};
use super::{InvalidTransition, Request, Status};
use crate::timestamp::whole_seconds;

impl Request {
    /// Records that the standing approval is in its table. Only the first call has an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request is not approved, or asks for a certificate.
    pub fn granted(&mut self, now: OffsetDateTime) -> Result<(), InvalidTransition> {
        match (self.status, self.terms()) {
            (Status::Approved, Some(_)) => {
                self.note(PendingEvent::new(EventKind::Granted, now));
                self.enter(Status::Issued, now);
                Ok(())
            }
            (Status::Issued | Status::Delivered, Some(_)) => Ok(()),
            (status, _) => Err(InvalidTransition { status, change: "granted" }),
        }
    }

    /// True if the standing approval is in its table. It may have ended since.
    pub fn is_granted(&self) -> bool {
        self.terms().is_some() && self.entered(Status::Issued).is_some()
    }

    /// The end of the standing approval by its terms, UTC, once it is decided: the days count from the decision.
    pub fn standing_until(&self) -> Option<OffsetDateTime> {
        let (terms, decision) = (self.terms()?, self.decision()?);
        Some(whole_seconds(decision.at).saturating_add(Duration::days(terms.days().into())))
    }

    /// True if the certificate is stored; it may be revoked.
    pub fn has_certificate(&self) -> bool {
        self.certificate().is_some() && self.status.has_certificate()
    }
}

#[cfg(test)]
mod tests;
