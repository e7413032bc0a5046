use proptest::prelude::*;

use super::*;
use crate::ports::Clock as _;
use crate::request::audit::{Actor, Origin};
use crate::request::{Status, verify_request};
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::standing_policy;

const TERMS: &str = r#"{"kind":"grant","names":[".web.example.com"],"days":30,"certificates":50}"#;

fn backend() -> std::sync::Arc<InMemoryBackend> {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    backend
}

/// The row of a standing approval that exists, approved now.
fn granted() -> (Request, OffsetDateTime) {
    let backend = backend();
    let id = backend.granted(TERMS);
    (backend.request(id).unwrap(), backend.now())
}

#[test]
fn a_standing_approval_is_open_from_its_making_until_it_is_settled() {
    let backend = backend();
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Rejected] {
        assert!(!backend.unsaved_grant(TERMS, status).has_open_standing(), "{status}");
    }
    let certificate = backend.request(backend.request_at(Status::Delivered)).unwrap();
    assert!(!certificate.has_open_standing());
    let (mut row, now) = granted();
    assert!(row.has_open_standing());
    row.settle_standing(now);
    assert!(!row.has_open_standing() && !row.is_statement_due(now + Duration::days(8)));
    let settled = row.clone();
    row.settle_standing(now + Duration::DAY);
    assert_eq!(row, settled, "the first time is kept");
    let read: Request = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
    assert_eq!(read, row);
}

#[test]
fn only_the_row_of_a_standing_approval_has_the_columns_of_one() {
    let backend = backend();
    let mut row = backend.request(backend.request_at(Status::Delivered)).unwrap();
    assert!(row.standing_ended("Over.", backend.now()).is_err());
    let before = row.clone();
    row.settle_standing(backend.now());
    assert_eq!(row, before);
    let mut columns = serde_json::to_value(&row).unwrap();
    columns["settledAt"] = "2026-01-01T12:00:00Z".into();
    let error = serde_json::from_value::<Request>(columns).unwrap_err().to_string();
    assert!(error.contains("not those of a request of this kind"), "{error}");
}

#[test]
fn an_end_is_in_the_trail_with_its_actor_and_the_digest_of_its_reason() {
    let backend = backend();
    let mut row = backend.unsaved_grant(TERMS, Status::Approved);
    let now = backend.now();
    let first = row.take_events(&Origin::worker("test"));
    row.standing_ended("The shop closes.", now).unwrap();
    let by = Origin::operator("olivia");
    let trail = [first, row.take_events(&by)].concat();
    let event = trail.last().unwrap();
    assert_eq!(
        (event.event, event.actor.clone(), event.detail.clone()),
        (EventKind::GrantEnded, Actor::operator("olivia"), None)
    );
    // sha256sum of the reason.
    assert_eq!(
        event.digest.as_deref().unwrap(),
        "bc8b26055fb79db0ea5138941494c4cfa73a2a77ec5409196f0368cfbad95ed7"
    );
    let kind_differs = |row: &Request, trail: &[_]| {
        verify_request(row, trail).iter().any(|defect| defect.to_string().contains("column kind"))
    };
    assert!(!kind_differs(&row, &trail));
    row.standing_ended("Again.", now).unwrap();
    let twice = [trail, row.take_events(&by)].concat();
    assert!(kind_differs(&row, &twice), "a standing approval ends once");
}

#[test]
fn a_week_is_between_two_statements_and_the_first_is_a_week_after_the_approval() {
    let (mut row, now) = granted();
    let at = |days, seconds| now + Duration::days(days) + Duration::seconds(seconds);
    assert!(!row.claim_statement(0, 3, at(7, -1)));
    assert!(!row.claim_statement(0, 0, at(7, 0)), "nothing was issued");
    assert!(row.claim_statement(0, 3, at(7, 0)));
    assert!(!row.claim_statement(0, 3, at(7, 0)), "another run has it");
    assert!(!row.claim_statement(3, 5, at(14, -1)));
    assert!(!row.claim_statement(0, 5, at(14, 0)), "its mail would have the first ones again");
    assert!(!row.claim_statement(4, 5, at(14, 0)), "its mail would leave one out");
    assert!(row.claim_statement(3, 5, at(14, 0)));
    assert_eq!(row.last_reported(), 5);
    row.release_mail(&MailKind::Statement(5), at(14, 0));
    assert_eq!(row.last_reported(), 3);
    assert!(row.claim_statement(3, 6, at(14, 300)), "a released statement is due again");
}

proptest! {
    /// Runs at any times, some of which cannot send their mail.
    #[test]
    fn every_certificate_is_in_one_statement_and_a_week_is_between_two(
        runs in proptest::collection::vec((1_i64..200, 0_u32..5, any::<bool>()), 1..60),
    ) {
        let (mut row, mut now) = granted();
        let (mut used, mut reported, mut last) = (0, Vec::new(), now);
        for (hours, more, is_sent) in runs {
            now += Duration::hours(hours);
            used += more;
            let after = row.last_reported();
            if row.claim_statement(after, used, now) {
                prop_assert!(now - last >= STATEMENT_INTERVAL);
                if is_sent {
                    reported.extend(after + 1..=used);
                    last = now;
                } else {
                    row.release_mail(&MailKind::Statement(used), now);
                }
            }
        }
        now += STATEMENT_INTERVAL;
        let after = row.last_reported();
        if row.claim_statement(after, used, now) {
            reported.extend(after + 1..=used);
        }
        prop_assert_eq!(reported, (1..=used).collect::<Vec<_>>());
    }
}
