//! The news of a standing approval, by mail to its requester.
//!
//! Invariant: each is told once ([`MailKind::Standing`]). The row and the policy in force say which are due, so whoever asks for a
//! mail and whoever sends it come to the same.

use time::{Duration, OffsetDateTime};

use super::coverage::{NotCovered, stands};
use super::standing::{StandingApproval, StandingError};
use crate::mail_kind::{MailKind, StandingNotice};
use crate::policy::Policy;
use crate::request::Request;

/// How long before its end by time the requester hears of it; in the second half of its time, if that is later.
const ENDING_BEFORE: Duration = Duration::days(30);
/// The part of the certificates after which the requester hears of it, in percent.
const NEARLY_USED_PERCENT: u64 = 80;

/// The reason why nothing is signed under a standing approval that nobody ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Too few of those who approved it are approvers.
    Approvers,
    /// The policy in force allows fewer days.
    Days,
    /// The policy in force has no standing approvals for the profile, or not the profile.
    Policy,
}

impl StopReason {
    /// The reason in force, if there is one. The policy decides it: with the policy of before, it is gone.
    #[must_use]
    pub fn of(approval: &StandingApproval, policy: &Policy, now: OffsetDateTime) -> Option<Self> {
        if approval.is_over(now) {
            return None;
        }
        match stands(approval, policy, now) {
            Err(NotCovered::NotAlive(StandingError::ApproversLeft)) => Some(Self::Approvers),
            Err(NotCovered::NotAlive(StandingError::Over)) => Some(Self::Days),
            Err(NotCovered::NotAlive(StandingError::NotAllowed)) => Some(Self::Policy),
            // Nothing that a policy does: `audit verify` names it.
            Err(_) | Ok(_) => None,
        }
    }

    /// The reason, as texts have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approvers => "approvers",
            Self::Days => "days",
            Self::Policy => "policy",
        }
    }
}

/// The news that the requester has not got yet.
#[must_use]
pub fn standing_news(
    request: &Request,
    approval: &StandingApproval,
    policy: &Policy,
    now: OffsetDateTime,
) -> Vec<StandingNotice> {
    let mut news = news(approval, policy, now);
    news.retain(|notice| !request.was_mailed(&MailKind::Standing(*notice)));
    news
}

fn news(approval: &StandingApproval, policy: &Policy, now: OffsetDateTime) -> Vec<StandingNotice> {
    if approval.ended().is_some() {
        return vec![StandingNotice::Ended];
    }
    if approval.is_over(now) {
        return Vec::new();
    }
    if StopReason::of(approval, policy, now).is_some() {
        return vec![StandingNotice::Stopped];
    }
    let Some(bounds) = approval.bounds(policy) else { return Vec::new() };
    let half = approval.from() + (bounds.until - approval.from()) / 2;
    let is_ending = now >= half && now >= bounds.until - ENDING_BEFORE;
    let is_nearly_used = u64::from(approval.used()) * 100 >= u64::from(bounds.most) * NEARLY_USED_PERCENT;
    [(is_ending, StandingNotice::Ending), (is_nearly_used, StandingNotice::NearlyUsed)]
        .into_iter()
        .filter_map(|(is_due, notice)| is_due.then_some(notice))
        .collect()
}

#[cfg(test)]
mod tests;
