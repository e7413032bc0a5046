//! The rules for the request of a standing approval, beside those for every request.

use time::{Duration, OffsetDateTime};

use super::audit::{EventKind, PendingEvent};
use super::{InvalidTransition, Request, Status};
use crate::standing::StandingCredential;
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

    /// The latest credential of the standing approval, by which programs ask for certificates.
    pub fn credential(&self) -> Option<&StandingCredential> {
        self.credential.as_ref()
    }

    /// Records another credential of the standing approval, which takes the place of the one before; `bearer_digest` is that of
    /// its bearer credential. Idempotent by the digest. Returns the number.
    ///
    /// # Errors
    /// [`InvalidTransition`] if there is no standing approval.
    pub fn make_credential(
        &mut self,
        bearer_digest: &str,
        now: OffsetDateTime,
    ) -> Result<u32, InvalidTransition> {
        if !self.is_granted() || self.status == Status::Failed {
            return Err(InvalidTransition { status: self.status, change: "given a credential" });
        }
        let number = match &self.credential {
            Some(latest) if latest.bearer_digest == bearer_digest => return Ok(latest.number),
            Some(latest) => latest.number.saturating_add(1),
            None => 1,
        };
        let made = PendingEvent::new(EventKind::CredentialMade, now).with_digest(bearer_digest);
        self.note(made.with_detail(number.to_string()));
        let (bearer_digest, made_at) = (bearer_digest.to_owned(), whole_seconds(now));
        self.credential = Some(StandingCredential { number, bearer_digest, made_at });
        Ok(number)
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
