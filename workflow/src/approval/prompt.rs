//! A reminder to the approvers that the requester asks for.
//!
//! Invariant: at most one in [`INTERVAL`], counted from the question or the last such reminder; the claim is in the row.

use time::{Duration, OffsetDateTime};

use super::Approval;
use crate::mail_kind::MailKind;
use crate::request::{Request, Status};

/// The shortest time between the question, or a reminder of this kind, and the next.
pub const INTERVAL: Duration = Duration::days(1);

/// The reason why the approvers are not reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPrompted {
    /// The request does not wait for approvers.
    NotWaiting,
    /// Not before this time.
    TooEarly(OffsetDateTime),
}

/// The time of the last reminder that the requester asked for.
pub fn last_prompt(request: &Request) -> Option<OffsetDateTime> {
    request.mailed_at(&MailKind::Prompt)
}

/// Checks that the approvers may be reminded now.
///
/// # Errors
/// See [`NotPrompted`].
pub fn ensure_promptable(
    request: &Request,
    approval: &Approval,
    now: OffsetDateTime,
) -> Result<(), NotPrompted> {
    if request.status() != Status::PendingApproval || approval.outcome.is_some() || approval.is_over(now) {
        return Err(NotPrompted::NotWaiting);
    }
    let from = last_prompt(request).unwrap_or(approval.created_at).max(approval.created_at) + INTERVAL;
    if now < from { Err(NotPrompted::TooEarly(from)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Clock as _;
    use crate::testing::InMemoryBackend;

    #[test]
    fn once_a_day_while_it_waits() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::PendingApproval);
        let (approval, mut request) = (backend.approval(id).unwrap(), backend.request(id).unwrap());
        let day = approval.created_at + INTERVAL;
        let early = ensure_promptable(&request, &approval, day - Duration::SECOND);
        assert_eq!(early, Err(NotPrompted::TooEarly(day)));
        assert_eq!(ensure_promptable(&request, &approval, day), Ok(()));
        assert!(request.claim_mail_again(&MailKind::Prompt, INTERVAL, day));
        assert_eq!(ensure_promptable(&request, &approval, day), Err(NotPrompted::TooEarly(day + INTERVAL)));
        let end = approval.expires_at;
        assert_eq!(ensure_promptable(&request, &approval, end), Err(NotPrompted::NotWaiting));
        let ended = backend.request_at(Status::Rejected);
        let ended = backend.request(ended).unwrap();
        assert_eq!(ensure_promptable(&ended, &approval, backend.now()), Err(NotPrompted::NotWaiting));
    }
}
