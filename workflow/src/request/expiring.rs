//! Certificates that end: whether a reminder is due, and whether a younger certificate makes it needless.
//!
//! Invariant: every reminder is recorded in the row of its certificate, so each is due once. Housekeeping and notify apply
//! the same rules: housekeeping to ask for a mail, notify to decide what is in it.

use time::{Duration, OffsetDateTime};

use super::{Request, Status};
use crate::email::Email;
use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::policy::Lifecycle;
use crate::ports::{NameEntry, NameIndex, PortError, Requests};

/// A mail takes up what becomes due within this time, so that a person gets one mail a day at most.
pub const REMINDS_AHEAD: Duration = Duration::DAY;

/// Most younger certificates of one name that are read.
const YOUNGER: usize = 25;

impl Request {
    /// The reminder that is due at `now` or becomes due within `ahead`. Not due if it, or a later one, is recorded.
    pub fn due_reminder(&self, lifecycle: &Lifecycle, now: OffsetDateTime, ahead: Duration) -> Option<u32> {
        let reached = lifecycle.reached(self.live_validity()?, now, ahead)?;
        let was_reminded =
            self.notifications().any(|kind| matches!(kind, MailKind::Expiring(days) if days <= reached));
        (!was_reminded).then_some(reached)
    }

    /// The escalation to `recipient` that is due at `now` or becomes due within `ahead`; once for each recipient. The
    /// requester gets reminders instead.
    pub fn due_escalation(
        &self,
        lifecycle: &Lifecycle,
        to: &Email,
        now: OffsetDateTime,
        ahead: Duration,
    ) -> Option<u32> {
        let reached = lifecycle.escalation_reached(self.live_validity()?, now, ahead)?;
        let was_told = self
            .notifications()
            .any(|kind| matches!(kind, MailKind::Unrenewed { recipient, .. } if recipient == *to));
        (!was_told && self.email() != to).then_some(reached)
    }

    /// The validity of the certificate, unless it does not exist or is revoked.
    fn live_validity(&self) -> Option<pki::certificate::Validity> {
        let is_live =
            matches!(self.status(), Status::Issued | Status::Delivered) && self.revocation().is_none();
        self.validity().filter(|_| is_live)
    }

    fn notifications(&self) -> impl Iterator<Item = MailKind> {
        self.mails().keys().filter_map(|name| name.parse().ok())
    }
}

/// True if a younger certificate replaces the one of `row`: delivered, of the same profile, with all of its names, ending
/// later, and not near a reminder of its own. So of many certificates of one name that were issued on one day, none
/// replaces another.
///
/// # Errors
/// [`PortError`] of the table or of the index of names.
pub async fn is_replaced(
    requests: &dyn Requests,
    names: &dyn NameIndex,
    lifecycle: &Lifecycle,
    row: &Request,
    now: OffsetDateTime,
) -> Result<bool, PortError> {
    let (Some(name), Some(end)) = (row.names().first(), row.not_after()) else {
        return Ok(false);
    };
    // Certificates that end last come first.
    let entries = names.of(name, YOUNGER).await?;
    let later = entries.into_iter().filter_map(|entry| match entry {
        NameEntry::Certificate(not_after, id) if not_after > end => Some(id),
        _ => None,
    });
    let ids: Vec<RequestId> = later.collect();
    if ids.is_empty() {
        return Ok(false);
    }
    let replaces = |other: &Request| {
        other.status() == Status::Delivered
            && other.has_live_certificate(now)
            && other.profile() == row.profile()
            && row.names().iter().all(|name| other.names().contains(name))
            && other.validity().is_some_and(|validity| {
                validity.not_after > end && lifecycle.reached(validity, now, REMINDS_AHEAD).is_none()
            })
    };
    Ok(requests.find_all(&ids).await?.iter().any(replaces))
}
