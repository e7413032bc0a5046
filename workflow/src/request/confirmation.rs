//! The rules for a request that its requester has to confirm.
//!
//! Invariant: an unconfirmed request has no execution and no audit trail. Both begin with [`Request::confirm`].

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::audit::{EventKind, PendingEvent};
use super::{Ending, InvalidTransition, Request, RequesterEvidence, Status, Submission};
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::timestamp::whole_seconds;

/// The time in which a request must be confirmed.
pub const CONFIRMATION_PERIOD: Duration = Duration::days(1);

/// The reason of a request that was not confirmed in time.
const LAPSED: &str = "Nobody confirmed the request in time.";

impl Request {
    /// The row of a new request whose requester has yet to confirm it; `from` is the address of the caller. Its audit
    /// trail begins with the confirmation.
    pub fn unconfirmed(
        id: RequestId,
        submission: Submission,
        execution_arn: String,
        from: Option<String>,
        now: OffsetDateTime,
    ) -> Self {
        let mut request =
            Self::stored(id, Status::Unconfirmed, submission, execution_arn, whole_seconds(now));
        request.submitted_from = from;
        request
    }

    /// The time until which an unconfirmed request can be confirmed.
    pub fn confirm_until(&self) -> OffsetDateTime {
        self.registration_date + CONFIRMATION_PERIOD
    }

    /// True if the requester did not confirm the request in time.
    pub fn is_lapsed(&self, now: OffsetDateTime) -> bool {
        self.status == Status::Unconfirmed && now >= self.confirm_until()
    }

    /// The request as it stands at `now`: one that was not confirmed in time has expired, without a write.
    #[must_use]
    pub fn seen_at(mut self, now: OffsetDateTime) -> Self {
        if self.is_lapsed(now) {
            self.ending = Some(Ending::because(Status::Expired, LAPSED));
            self.enter(Status::Expired, self.confirm_until());
        }
        self
    }

    /// True if the request expired because nobody confirmed it.
    pub fn was_never_confirmed(&self) -> bool {
        self.status == Status::Expired && self.entered(Status::Submitted).is_none()
    }

    /// True if the request waited for a confirmation, or still does: only the mailed link opens its certificate, also if
    /// the requester signed in.
    pub fn needs_mailed_link(&self) -> bool {
        self.entered(Status::Unconfirmed).is_some()
    }

    /// Records that the requester confirmed the request, and the sign-in that proves it if the policy asked for one. Only
    /// the first call has an effect.
    ///
    /// # Errors
    /// [`InvalidTransition`] if the time is over.
    pub fn confirm(
        &mut self,
        evidence: Option<&RequesterEvidence>,
        now: OffsetDateTime,
    ) -> Result<(), InvalidTransition> {
        if self.status != Status::Unconfirmed {
            return Ok(());
        }
        if self.is_lapsed(now) {
            return Err(InvalidTransition { status: Status::Expired, change: "confirmed" });
        }
        self.enter(Status::Submitted, now);
        let mut submitted = self.submitted_event();
        submitted.source.clone_from(&self.submitted_from);
        self.note(submitted);
        for (name, at) in self.mails.clone() {
            let at = OffsetDateTime::parse(&at, &Rfc3339).unwrap_or(now);
            self.note(PendingEvent::new(EventKind::Mailed, at).with_detail(name));
        }
        let confirmed = PendingEvent::new(EventKind::Confirmed, now);
        self.note(match evidence {
            None => confirmed,
            Some(evidence) => confirmed.with_detail(evidence.summary()),
        });
        self.requester_evidence = evidence.cloned();
        self.execution.started = whole_seconds(now);
        Ok(())
    }

    /// Records that the mail with the confirmation link is about to be sent again; false if `min_interval` has not passed
    /// since the last time, or the request cannot be confirmed. The first mail is not recorded: a submission costs one
    /// write.
    pub fn claim_confirmation_mail(&mut self, min_interval: Duration, now: OffsetDateTime) -> bool {
        self.status == Status::Unconfirmed
            && !self.is_lapsed(now)
            && self.claim_mail_again(&MailKind::Confirm, min_interval, now)
    }
}
