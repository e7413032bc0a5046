//! Tests of the news of a standing approval.

use super::*;
use crate::ids::RequestId;
use crate::ports::Clock as _;
use crate::request::audit::Actor;
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::{policy_after_approver_left, standing_backend, standing_policy};

const TERMS: &str = r#"{"kind":"grant","names":["www.example.com"],"days":80,"certificates":10}"#;

fn due(backend: &InMemoryBackend, approval: &StandingApproval, after: Duration) -> Vec<StandingNotice> {
    let request = backend.request(approval.id()).unwrap();
    standing_news(&request, approval, &backend.policy(), backend.now() + after)
}

fn granted(backend: &InMemoryBackend) -> StandingApproval {
    backend.standing(backend.granted(TERMS)).unwrap()
}

#[test]
fn its_end_by_time_is_told_thirty_days_before_and_in_the_second_half() {
    let backend = standing_backend();
    let (approval, days) = (granted(&backend), Duration::days);
    assert_eq!(due(&backend, &approval, days(50) - Duration::SECOND), []);
    assert_eq!(due(&backend, &approval, days(50)), [StandingNotice::Ending]);
    assert_eq!(due(&backend, &approval, days(80) - Duration::SECOND), [StandingNotice::Ending]);
    assert_eq!(due(&backend, &approval, days(80)), [], "it was told before");
    let short = TERMS.replace("80", "20");
    let short = backend.standing(backend.granted(&short)).unwrap();
    assert_eq!(due(&backend, &short, days(10) - Duration::SECOND), []);
    assert_eq!(due(&backend, &short, days(10)), [StandingNotice::Ending]);
}

#[test]
fn eight_of_ten_certificates_are_most_of_them() {
    let backend = standing_backend();
    let (mut approval, policy) = (granted(&backend), backend.policy());
    for number in 1..=10 {
        approval.count(RequestId::random(), &policy, backend.now()).unwrap();
        let told: &[StandingNotice] = if number >= 8 { &[StandingNotice::NearlyUsed] } else { &[] };
        assert_eq!(due(&backend, &approval, Duration::ZERO), told, "{number}");
    }
    assert_eq!(
        due(&backend, &approval, Duration::days(60)),
        [StandingNotice::Ending, StandingNotice::NearlyUsed]
    );
}

#[test]
fn an_end_by_a_person_is_the_only_news() {
    let backend = standing_backend();
    let mut approval = granted(&backend);
    approval.end(&Actor::operator("olivia"), "Over.", backend.now());
    for days in [0, 60, 100] {
        assert_eq!(due(&backend, &approval, Duration::days(days)), [StandingNotice::Ended]);
    }
    assert_eq!(StopReason::of(&approval, &backend.policy(), backend.now()), None);
}

#[test]
fn what_the_policy_in_force_stops_is_told_with_the_reason() {
    let backend = standing_backend();
    let approval = granted(&backend);
    let left = policy_after_approver_left();
    let fewer = standing_policy().replace("\"90d\"", "\"5d\"");
    let without = include_str!("../../../../infra/policy.toml").to_owned();
    for (policy, reason) in
        [(left, StopReason::Approvers), (fewer, StopReason::Days), (without, StopReason::Policy)]
    {
        backend.set_policy(&policy);
        let day = Duration::days(6);
        assert_eq!(due(&backend, &approval, day), [StandingNotice::Stopped], "{reason:?}");
        assert_eq!(StopReason::of(&approval, &backend.policy(), backend.now() + day), Some(reason));
        let over = Duration::days(80);
        assert_eq!(due(&backend, &approval, over), [], "it is over");
    }
    backend.set_policy(&standing_policy());
    assert_eq!(due(&backend, &approval, Duration::days(6)), [], "the policy allows it again");
}

#[test]
fn each_is_told_once() {
    let backend = standing_backend();
    let mut approval = granted(&backend);
    for _ in 0..9 {
        approval.count(RequestId::random(), &backend.policy(), backend.now()).unwrap();
    }
    let id = approval.id();
    let day = Duration::days(60);
    for told in [StandingNotice::NearlyUsed, StandingNotice::Ending] {
        assert!(due(&backend, &approval, day).contains(&told));
        backend.alter(id, |row| {
            row.mails.insert(MailKind::Standing(told).to_string(), "2026-01-01T12:00:00Z".into());
        });
        assert!(!due(&backend, &approval, day).contains(&told));
    }
    assert_eq!(due(&backend, &approval, day), []);
}
