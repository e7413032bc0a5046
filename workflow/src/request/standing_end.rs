//! The rules for the end and the statements of a standing approval, in the row of its request.
//!
//! Invariant: a statement has the certificates after those of the last one, by the numbers of their uses, so none is left out and
//! none comes twice. The row stays open until the standing approval is over and everything under it was in a statement.

use aws_lc_rs::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};

use super::audit::{Actor, EventKind, PendingEvent};
use super::{InvalidTransition, Request};
use crate::mail_kind::MailKind;
use crate::standing::StandingEndOrder;
use crate::timestamp::whole_seconds;

/// The shortest time between two statements of a standing approval.
pub const STATEMENT_INTERVAL: Duration = Duration::WEEK;

/// The digest of a reason, as the audit trail has it: the trail has no free text.
pub(crate) fn reason_digest(reason: &str) -> String {
    hex::encode(digest(&SHA256, reason.as_bytes()))
}

impl Request {
    /// Records that somebody ended the standing approval. The caller writes it together with the end itself, once.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the request asks for no standing approval.
    pub fn standing_ended(&mut self, reason: &str, now: OffsetDateTime) -> Result<(), InvalidTransition> {
        if self.terms().is_none() {
            return Err(InvalidTransition { status: self.status, change: "ended as a standing approval" });
        }
        self.note(PendingEvent::new(EventKind::GrantEnded, now).with_digest(reason_digest(reason)));
        Ok(())
    }

    /// The order to end the standing approval, once the requester or an operator gave it.
    pub fn end_asked(&self) -> Option<&StandingEndOrder> {
        self.end_asked.as_ref()
    }

    /// Records that the requester, or an operator, wants the standing approval to end. Only the first call has an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if there is no standing approval.
    pub fn ask_end(
        &mut self,
        reason: &str,
        by: &Actor,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        if !self.is_granted() {
            return Err(InvalidTransition { status: self.status, change: "ended as a standing approval" });
        }
        if self.end_asked.is_none() {
            let at = whole_seconds(now);
            self.note(PendingEvent::new(EventKind::EndAsked, at).with_digest(reason_digest(reason)));
            let operator = by.operator_name().map(str::to_owned);
            self.end_asked = Some(StandingEndOrder { at, reason: reason.to_owned(), operator });
        }
        Ok(())
    }

    /// True if the standing approval exists, and is not over with everything under it reported.
    pub fn has_open_standing(&self) -> bool {
        self.is_granted() && self.settled_at.is_none()
    }

    /// Records that the standing approval is over and nothing under it is left to report. Idempotent.
    pub fn settle_standing(&mut self, now: OffsetDateTime) {
        if self.has_open_standing() {
            self.settled_at = Some(whole_seconds(now));
        }
    }

    /// The number of the last certificate that was in a statement; 0 if there was none.
    pub fn last_reported(&self) -> u32 {
        self.statements().max().unwrap_or_default()
    }

    /// True if a statement may be sent: [`STATEMENT_INTERVAL`] is over since the last one, or since the approval.
    pub fn is_statement_due(&self, now: OffsetDateTime) -> bool {
        let sent = self.statements().filter_map(|number| self.mailed_at(&MailKind::Statement(number))).max();
        let since = sent.or(self.decision().map(|decision| decision.at));
        self.has_open_standing() && since.is_some_and(|since| now - since >= STATEMENT_INTERVAL)
    }

    /// Records that the statement of the certificates after `after`, up to `last`, is about to be sent. Returns true if the caller
    /// must send it, as [`Request::claim_mail`] does.
    pub fn claim_statement(&mut self, after: u32, last: u32, now: OffsetDateTime) -> bool {
        let is_next = self.last_reported() == after && after < last;
        is_next && self.is_statement_due(now) && self.claim_mail(&MailKind::Statement(last), now)
    }

    fn statements(&self) -> impl Iterator<Item = u32> {
        self.mails().keys().filter_map(|name| match name.parse() {
            Ok(MailKind::Statement(number)) => Some(number),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
