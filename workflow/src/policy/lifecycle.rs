//! `[lifecycle]`: when requesters are reminded of certificates that end, and who is told if nobody renews them.
//!
//! Invariant: pure. A reminder falls into the second half of a certificate's life, so a short certificate is not
//! reminded right after its issuance, and its mail says something new (docs/decisions/0125).

use time::{Duration, OffsetDateTime};

use super::Policy;
use crate::email::Email;
use pki::certificate::Validity;

/// The settings of `[lifecycle]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// Days before the end, the longest time first.
    pub(super) remind: Vec<u32>,
    pub(super) escalate_to: Option<Email>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { remind: vec![30, 14, 7, 1], escalate_to: None }
    }
}

impl Lifecycle {
    /// The reminders, in days before the end, the longest time first.
    #[must_use]
    pub fn reminders(&self) -> &[u32] {
        &self.remind
    }

    /// The address that is told of certificates that nobody renews, in place of the approvers of their profile.
    #[must_use]
    pub fn escalate_to(&self) -> Option<&Email> {
        self.escalate_to.as_ref()
    }

    /// The time before the end at which the first reminder may be sent; `None` without reminders.
    #[must_use]
    pub fn longest(&self) -> Option<Duration> {
        self.remind.first().copied().map(days)
    }

    /// The days before the end of the escalation: of the last but one reminder, so that the requester was reminded
    /// before, and others have time to act. Of the only reminder if there is one.
    #[must_use]
    pub fn escalation(&self) -> Option<u32> {
        self.remind.iter().rev().nth(1).or(self.remind.first()).copied()
    }

    /// The last reminder that a certificate has reached at `now`, or reaches within `ahead`; `None` before the first one,
    /// and after the end.
    #[must_use]
    pub fn reached(&self, validity: Validity, now: OffsetDateTime, ahead: Duration) -> Option<u32> {
        let left = validity.not_after - now;
        self.fitting(life(validity))
            .rfind(|reminder| Duration::ZERO < left && left - ahead <= days(*reminder))
    }

    /// The escalation of a certificate, if it has reached it at `now`, or reaches it within `ahead`: at the time of
    /// [`Lifecycle::escalation`], or of its first reminder if its life is too short for that.
    #[must_use]
    pub fn escalation_reached(
        &self,
        validity: Validity,
        now: OffsetDateTime,
        ahead: Duration,
    ) -> Option<u32> {
        let (latest, left) = (self.escalation()?, validity.not_after - now);
        let escalation = self.fitting(life(validity)).find(|reminder| *reminder <= latest)?;
        (Duration::ZERO < left && left - ahead <= days(escalation)).then_some(escalation)
    }

    /// The reminders of a certificate with this life: those in its second half.
    pub fn fitting(&self, life: Duration) -> impl DoubleEndedIterator<Item = u32> {
        self.remind.iter().copied().filter(move |reminder| days(*reminder) * 2 <= life)
    }
}

impl Policy {
    /// The settings of `[lifecycle]`.
    #[must_use]
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// The people who are told that nobody renews a certificate of this profile: `escalate_to`, or its approvers. Nobody
    /// if the policy has no such profile any more.
    #[must_use]
    pub fn escalation_recipients(&self, profile: &str) -> Vec<Email> {
        if let Some(team) = self.lifecycle.escalate_to() {
            return vec![team.clone()];
        }
        let Ok(profile) = self.profile(Some(profile)) else { return Vec::new() };
        let mut approvers: Vec<Email> =
            profile.quorums().iter().flat_map(|group| group.members.iter().cloned()).collect();
        approvers.sort();
        approvers.dedup();
        approvers
    }
}

fn life(validity: Validity) -> Duration {
    validity.not_after - validity.not_before
}

fn days(days: u32) -> Duration {
    Duration::days(days.into())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const END: OffsetDateTime = datetime!(2027-01-01 0:00 UTC);

    fn of_days(life: i64) -> Validity {
        Validity { not_before: END - Duration::days(life), not_after: END }
    }

    /// The reminders that a certificate with this life gets, with the days left at each.
    fn all(lifecycle: &Lifecycle, life: i64) -> Vec<u32> {
        let mut reached: Vec<u32> = (0..life * 24)
            .filter_map(|hours| {
                lifecycle.reached(of_days(life), END - Duration::hours(life * 24 - hours), Duration::ZERO)
            })
            .collect();
        reached.dedup();
        reached
    }

    #[test]
    fn a_certificate_is_reminded_in_the_second_half_of_its_life() {
        let usual = Lifecycle::default();
        for (life, reminders) in [
            (365, vec![30, 14, 7, 1]),
            (60, vec![30, 14, 7, 1]),
            (59, vec![14, 7, 1]),
            (47, vec![14, 7, 1]),
            (14, vec![7, 1]),
            (7, vec![1]),
            (1, vec![]),
        ] {
            assert_eq!(all(&usual, life), reminders, "{life} days");
        }
        assert_eq!(all(&Lifecycle { remind: Vec::new(), ..usual }, 365), Vec::<u32>::new());
    }

    #[test]
    fn a_reminder_begins_at_its_time_and_none_comes_after_the_end() {
        let usual = Lifecycle::default();
        let at = |left: Duration| usual.reached(of_days(365), END - left, Duration::ZERO);
        assert_eq!(at(Duration::days(30) + Duration::SECOND), None);
        assert_eq!([at(Duration::days(30)), at(Duration::days(14) + Duration::SECOND)], [Some(30); 2]);
        assert_eq!([at(Duration::days(1)), at(Duration::SECOND)], [Some(1); 2]);
        assert_eq!([at(Duration::ZERO), at(-Duration::DAY)], [None; 2]);
        let ahead = |left: Duration| usual.reached(of_days(365), END - left, Duration::DAY);
        assert_eq!(
            [ahead(Duration::days(31)), ahead(Duration::days(31) + Duration::SECOND)],
            [Some(30), None]
        );
        assert_eq!([ahead(Duration::SECOND), ahead(Duration::ZERO)], [Some(1), None]);
    }

    #[test]
    fn the_last_but_one_reminder_goes_to_others_too() {
        let of = |remind: &[u32]| Lifecycle { remind: remind.to_vec(), escalate_to: None };
        assert_eq!(
            [&[30, 14, 7, 1], &[30, 7][..], &[5], &[]].map(|remind| of(remind).escalation()),
            [Some(7), Some(30), Some(5), None]
        );
        let usual = Lifecycle::default();
        let at =
            |life, left| usual.escalation_reached(of_days(life), END - Duration::days(left), Duration::ZERO);
        assert_eq!([at(365, 8), at(365, 7), at(365, 1), at(365, 0)], [None, Some(7), Some(7), None]);
        // A life too short for that: with its first reminder.
        assert_eq!([at(7, 2), at(7, 1), at(1, 0)], [None, Some(1), None]);
    }

    #[test]
    fn a_team_or_the_approvers_of_the_profile_are_told() {
        let text = |more: &str| {
            format!(
                "{more}\n[profiles.server]\napprovers = [\"b@example.com\", \"a@example.com\"]\nnames.dns.allow = [\"*\"]\n"
            )
        };
        let told = |more: &str, profile: &str| {
            let policy = Policy::parse(&text(more)).unwrap();
            policy.escalation_recipients(profile).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told("", "server"), ["a@example.com", "b@example.com"]);
        assert_eq!(told("", "former"), [""; 0]);
        let team = "[lifecycle]\nescalate_to = \"pki@example.com\"";
        assert_eq!([told(team, "server"), told(team, "former")], [["pki@example.com"], ["pki@example.com"]]);
    }
}
