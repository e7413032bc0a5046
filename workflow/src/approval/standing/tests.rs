use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::standing_policy;

const TERMS: &str = r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":3}"#;

fn policy(max: u32, most: u32) -> Policy {
    let rules = format!("max = \"{max}d\"\nmost = {most}");
    Policy::parse(&standing_policy().replace("max = \"90d\"\nmost = 500", &rules)).unwrap()
}

fn approval() -> StandingApproval {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend.standing_approval(TERMS)
}

#[test]
fn it_begins_with_the_decision_and_ends_after_its_days() {
    let approval = approval();
    let (from, policy) = (approval.from(), policy(90, 500));
    assert_eq!((from, approval.until()), (approval.decision().at, from + Duration::days(30)));
    let at = |after: Duration| approval.ensure_alive(&policy, from + after);
    assert_eq!([at(Duration::ZERO), at(Duration::days(30) - Duration::SECOND)], [Ok(3), Ok(3)]);
    assert_eq!([at(Duration::days(30)), at(Duration::days(300))], [Err(StandingError::Over); 2]);
}

#[test]
fn the_policy_in_force_bounds_what_was_approved_before() {
    let approval = approval();
    let alive =
        |policy: &Policy, days: i64| approval.ensure_alive(policy, approval.from() + Duration::days(days));
    assert_eq!(alive(&policy(7, 500), 6), Ok(3));
    assert_eq!(alive(&policy(7, 500), 7), Err(StandingError::Over));
    assert_eq!(alive(&policy(365, 2), 29), Ok(2));
    assert_eq!(alive(&policy(365, 500), 30), Err(StandingError::Over), "more is not approved");
    let without = Policy::parse(include_str!("../../../../infra/policy.toml")).unwrap();
    assert_eq!(alive(&without, 0), Err(StandingError::NotAllowed));
    let other = approval.altered(|row| row["profile"] = "former".into());
    assert_eq!(other.ensure_alive(&policy(90, 500), other.from()), Err(StandingError::NotAllowed));
}

#[test]
fn as_many_certificates_are_counted_as_were_approved() {
    let mut approval = approval();
    let (policy, now) = (policy(90, 500), approval.from());
    let mut count = || approval.count(RequestId::random(), &policy, now).map(|counted| counted.number);
    assert_eq!([count(), count(), count(), count()], [Ok(1), Ok(2), Ok(3), Err(StandingError::UsedUp)]);
    assert_eq!(approval.used(), 3);
    // It is not over for the certificates that are counted.
    assert_eq!(approval.ensure_alive(&policy, now), Ok(3));
}

#[test]
fn the_first_end_is_kept_and_nothing_is_counted_after_it() {
    let (mut approval, policy) = (approval(), policy(90, 500));
    let now = approval.from() + Duration::days(1);
    let operator = Actor::operator("olivia");
    approval.end(&operator, "The project is over.", now);
    approval.end(&Actor::requester(&"requester@example.com".parse().unwrap()), "Again.", now + Duration::DAY);
    let end = approval.ended().unwrap();
    assert_eq!((end.at, &end.by, end.reason.as_str()), (now, &operator, "The project is over."));
    let before = approval.clone();
    assert_eq!(approval.count(RequestId::random(), &policy, now).err(), Some(StandingError::Ended));
    assert_eq!(approval, before);
}

#[test]
fn a_row_reads_back_and_may_have_columns_of_a_later_version() {
    let mut approval = approval();
    let row = serde_json::to_value(&approval).unwrap();
    assert!(row.get("ended").is_none() && row.get("confirmed").is_none(), "{row}");
    assert_eq!(serde_json::from_value::<StandingApproval>(row).unwrap(), approval);
    approval.end(&Actor::operator("olivia"), "Over.", approval.from());
    assert_eq!(approval.altered(|row| row["later"] = true.into()), approval);
}

proptest! {
    /// Whatever is counted, ended and waited for, in whatever order: the numbers of the uses are 1, 2, 3 ... and never more than
    /// the terms and the policy of that time allow, and never at a time at which it is not alive.
    #[test]
    fn uses_are_numbered_without_gaps_and_within_every_bound(
        steps in proptest::collection::vec((0..4_u8, 1..40_i64, 1..6_u32), 1..20),
    ) {
        let (mut approval, counted) = (approval(), Cell::new(0));
        let mut now = approval.from();
        for (step, days, most) in steps {
            match step {
                0 => now += Duration::days(days),
                1 if days < 3 => approval.end(&Actor::operator("olivia"), "Over.", now),
                _ => {
                    let policy = policy(20, most);
                    let is_alive = approval.ended().is_none() && now < approval.from() + Duration::days(20);
                    match approval.count(RequestId::random(), &policy, now) {
                        Ok(counted_now) => {
                            counted.set(counted.get() + 1);
                            prop_assert!(is_alive && counted_now.number <= most.min(3));
                            prop_assert_eq!(counted_now.number, counted.get());
                        }
                        Err(StandingError::UsedUp) => prop_assert!(is_alive && counted.get() >= most.min(3)),
                        Err(_) => prop_assert!(!is_alive),
                    }
                }
            }
            prop_assert_eq!(approval.used(), counted.get());
        }
    }
}

#[test]
fn a_standing_approval_continues_an_earlier_one_that_was_used_or_ended_since() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let earlier = backend.standing_approval(TERMS);
    let mut later = earlier.clone();
    later.count(RequestId::random(), &backend.policy(), later.from()).unwrap();
    later.count_write();
    assert!(later.continues(&earlier) && earlier.continues(&earlier));
    assert!(!earlier.continues(&later), "its count was set back");
    let mut keyed = later.clone();
    let bearer = BearerCredential::make(keyed.id()).unwrap();
    keyed.renew_credential(&bearer.digest(), &backend.policy(), keyed.from()).unwrap();
    assert!(keyed.continues(&later));
    assert!(!later.continues(&keyed), "its credential was set back");
    let mut ended = later.clone();
    ended.end(&Actor::operator("olivia"), "Over.", ended.from());
    ended.count_write();
    assert!(ended.continues(&earlier) && ended.continues(&later));
    assert!(!ended.altered(|row| row["ended"] = serde_json::Value::Null).continues(&ended), "revived");
    assert!(!later.altered(|row| row["used"] = 0.into()).continues(&later));
    for (column, value) in [
        ("requester", serde_json::json!("mallory@example.com")),
        ("profile", serde_json::json!("client")),
        ("terms", serde_json::json!({"names": [".example.com"], "days": 1, "certificates": 1})),
    ] {
        assert!(!later.altered(|row| row[column] = value).continues(&earlier), "{column}");
    }
    assert!(!backend.standing_approval(TERMS).continues(&earlier), "another one");
}

#[test]
fn the_approval_above_a_request_is_its_own_or_that_of_the_standing_approval_it_names() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let (standing, other) = (backend.standing_approval(TERMS), backend.standing_approval(TERMS));
    let csr = pki::testing::csr(&["www.example.com"]);
    let own = backend.unsaved_request(&csr, crate::request::Status::Approved);
    let under = backend.unsaved_under(standing.id(), &csr);
    assert_eq!(approval_above(&own, None), own.decision());
    assert_eq!(approval_above(&own, Some(&standing)), own.decision());
    assert_eq!(approval_above(&under, Some(&standing)), Some(standing.decision()));
    assert_eq!(approval_above(&under, Some(&other)), None);
    assert_eq!(approval_above(&under, None), None);
    let both = own.altered(|row| row.grant = Some(standing.id()));
    assert_eq!(approval_above(&both, None), None, "its own decision counts for nothing");
    let rejected = standing.altered(|row| row["decision"]["outcome"] = "rejected".into());
    assert_eq!(approval_above(&under, Some(&rejected)), None);
}
