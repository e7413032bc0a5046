//! A standing approval as the command shows it.

use serde::Serialize;
use time::OffsetDateTime;
use workflow::approval::coverage::{NotCovered, outlook, stands};
use workflow::approval::standing::{StandingApproval, StandingError, StandingOutlook};
use workflow::policy::Policy;

use crate::output::Tone;

/// The state of one whose approvals are no longer enough by the policy in force.
pub(super) const APPROVERS_LEFT: &str = "approvers left";

/// A standing approval, and what the policy in force makes of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StandingView<'a> {
    #[serde(flatten)]
    pub(super) approval: &'a StandingApproval,
    /// The state in one or two words.
    pub(super) state: &'static str,
    /// Its end: by an act, by the policy in force, or by its terms. UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) until: OffsetDateTime,
    /// The most certificates by the policy in force.
    pub(super) most: u32,
}

impl<'a> StandingView<'a> {
    pub(super) fn of(approval: &'a StandingApproval, policy: &Policy, now: OffsetDateTime) -> Self {
        let StandingOutlook { until, most, .. } = outlook(approval, policy, now);
        let state = match stands(approval, policy, now) {
            _ if approval.ended().is_some() => "ended",
            _ if approval.is_over(now) => "over",
            Ok(most) if approval.used() >= most => "used up",
            Ok(_) => "living",
            Err(NotCovered::NotAlive(StandingError::ApproversLeft)) => APPROVERS_LEFT,
            Err(NotCovered::NotAlive(StandingError::NotAllowed)) => "not allowed",
            Err(NotCovered::NotAlive(_)) => "over",
            // The row is not what was approved: see countersign audit verify.
            Err(_) => "not approved",
        };
        Self { approval, state, until, most }
    }

    /// What the state means to an operator.
    pub(super) fn tone(&self) -> Tone {
        match self.state {
            "living" => Tone::Good,
            "ended" | "over" => Tone::Over,
            "used up" => Tone::Waiting,
            _ => Tone::Bad,
        }
    }

    /// "17 of 500".
    pub(super) fn used(&self) -> String {
        format!("{} of {}", self.approval.used(), self.most)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use workflow::ids::RequestId;
    use workflow::ports::Clock as _;
    use workflow::request::audit::Actor;
    use workflow::testing::InMemoryBackend;
    use workflow::testing::fixtures::{policy_after_approver_left, standing_policy};

    use super::*;

    #[test]
    fn the_state_is_that_of_the_policy_in_force() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":2}"#;
        let (mut approval, now) = (backend.standing_approval(terms), backend.now());
        let state = |approval: &StandingApproval, after: Duration| {
            let view = StandingView::of(approval, &backend.policy(), now + after);
            (view.state, view.used(), view.until - now)
        };
        let days = Duration::days;
        assert_eq!(state(&approval, days(29)), ("living", "0 of 2".to_owned(), days(30)));
        assert_eq!(state(&approval, days(30)).0, "over");
        approval.count(RequestId::random(), &backend.policy(), now).unwrap();
        backend.set_policy(&standing_policy().replace("most = 500", "most = 1").replace("90d", "10d"));
        assert_eq!(state(&approval, days(9)), ("used up", "1 of 1".to_owned(), days(10)));
        assert_eq!(state(&approval, days(11)).0, "over");
        backend.set_policy(include_str!("../../../infra/policy.toml"));
        assert_eq!(state(&approval, days(9)), ("not allowed", "1 of 2".to_owned(), days(30)));
        let left = policy_after_approver_left();
        backend.set_policy(&left);
        assert_eq!(state(&approval, days(9)), ("approvers left", "1 of 2".to_owned(), days(30)));
        assert_eq!(state(&approval, days(30)).0, "over");
        approval.end(&Actor::operator("olivia"), "Over.", now + days(3));
        assert_eq!(state(&approval, days(9)), ("ended", "1 of 2".to_owned(), days(3)));
    }

    #[test]
    fn a_row_that_is_not_what_was_approved_says_so() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":2}"#;
        let altered = backend.standing_approval(terms).altered(|row| row["terms"]["certificates"] = 9.into());
        let view = StandingView::of(&altered, &backend.policy(), backend.now());
        assert_eq!(view.state, "not approved");
    }

    #[test]
    fn json_has_the_row_and_the_state() {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let terms = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":2}"#;
        let approval = backend.standing_approval(terms);
        let json =
            serde_json::to_value(StandingView::of(&approval, &backend.policy(), backend.now())).unwrap();
        assert_eq!((&json["state"], &json["most"], &json["used"]), (&"living".into(), &2.into(), &0.into()));
        assert_eq!(json["terms"]["names"][0], "www.example.com");
    }
}
