//! Tests of the extensions of a standing approval.

use proptest::prelude::*;

use super::*;
use crate::ports::Clock as _;
use crate::testing::InMemoryBackend;

const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 12:00 UTC);

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn asked(row: &mut AcmeExtensions, wanted: &[&str], now: OffsetDateTime) -> RequestId {
    let (id, account) = (RequestId::random(), AcmeAccountId::random().unwrap());
    let terms = StandingTerms::of(names(&["www.example.com"]), 30, 20).unwrap();
    let terms = terms.extended(row.standing(), &names(wanted), 30, 20).unwrap();
    row.ask(id, &account, &names(wanted), terms, now);
    id
}

fn declined(row: &mut AcmeExtensions, wanted: &[&str], at: OffsetDateTime) -> RequestId {
    let id = asked(row, wanted, at);
    row.settle(ExtensionProgress::Declined { status: Status::Rejected, at });
    id
}

#[test]
fn a_row_reads_back_and_may_have_columns_of_a_later_version() {
    let mut row = AcmeExtensions::new(RequestId::random());
    let text = serde_json::to_value(&row).unwrap();
    assert_eq!(serde_json::from_value::<AcmeExtensions>(text).unwrap(), row);
    declined(&mut row, &["a.example.com"], NOW);
    asked(&mut row, &["b.example.com"], NOW);
    row.settle(ExtensionProgress::Approved);
    asked(&mut row, &["c.example.com"], NOW);
    let mut text = serde_json::to_value(&row).unwrap();
    text["later"] = true.into();
    assert_eq!(serde_json::from_value::<AcmeExtensions>(text).unwrap(), row);
}

#[test]
fn the_latest_extension_comes_first_and_then_the_approved_one() {
    let mut row = AcmeExtensions::new(RequestId::random());
    assert_eq!(row.candidates().count(), 0);
    let first = asked(&mut row, &["a.example.com"], NOW);
    assert_eq!(row.candidates().collect::<Vec<_>>(), [first]);
    row.settle(ExtensionProgress::Open);
    assert_eq!(row.asked().map(|asked| asked.request_id), Some(first));
    row.settle(ExtensionProgress::Approved);
    let second = asked(&mut row, &["b.example.com"], NOW);
    assert_eq!(row.candidates().collect::<Vec<_>>(), [second, first]);
    row.settle(ExtensionProgress::Declined { status: Status::Expired, at: NOW });
    assert_eq!(row.candidates().collect::<Vec<_>>(), [first]);
}

#[test]
fn the_same_names_wait_longer_than_others() {
    let mut row = AcmeExtensions::new(RequestId::random());
    let id = declined(&mut row, &["a.example.com"], NOW);
    let same = row.pause(&names(&["a.example.com"]), NOW).unwrap();
    assert_eq!((same.declined.request_id, same.is_same, same.until), (id, true, NOW + SAME_NAMES_PAUSE));
    assert_eq!(same.declined.status, Status::Rejected);
    assert_eq!(row.pause(&names(&["a.example.com"]), NOW + SAME_NAMES_PAUSE), None);
    let other = row.pause(&names(&["b.example.com"]), NOW).unwrap();
    assert_eq!((other.is_same, other.until), (false, NOW + OTHER_NAMES_PAUSE));
    assert_eq!(row.pause(&names(&["b.example.com"]), NOW + OTHER_NAMES_PAUSE), None);
}

#[test]
fn a_request_that_is_gone_was_never_confirmed_or_never_stored() {
    let mut row = AcmeExtensions::new(RequestId::random());
    let id = asked(&mut row, &["a.example.com"], NOW);
    let progress = |row: &AcmeExtensions| row.asked().unwrap().progress(None);
    assert_eq!(progress(&row), ExtensionProgress::Unsubmitted);
    row.stored(RequestId::random());
    assert_eq!(progress(&row), ExtensionProgress::Unsubmitted);
    row.stored(id);
    assert_eq!(progress(&row), ExtensionProgress::Declined { status: Status::Expired, at: NOW });
}

#[test]
fn each_status_of_the_request_says_whether_another_one_may_be_asked_for() {
    let backend = InMemoryBackend::new();
    let mut row = AcmeExtensions::new(RequestId::random());
    asked(&mut row, &["a.example.com"], backend.now());
    for status in Status::ALL {
        let request = backend.unsaved_request(&pki::testing::csr(&["www.example.com"]), status);
        let progress = row.asked().unwrap().progress(Some(&request));
        let is_open = matches!(
            status,
            Status::Unconfirmed
                | Status::Submitted
                | Status::PendingApproval
                | Status::Approved
                | Status::Failed
        );
        assert_eq!(progress == ExtensionProgress::Open, is_open, "{status}");
        let is_declined = matches!(progress, ExtensionProgress::Declined { .. });
        assert_eq!(progress == ExtensionProgress::Approved, !is_open && !is_declined, "{status}");
        assert_eq!(is_declined, status.is_terminal() && !is_open && !status.has_certificate(), "{status}");
    }
}

proptest! {
    /// Whatever a client orders and when: approvers who always say no are asked once a day at most, and once in thirty days for
    /// the same names.
    #[test]
    fn approvers_who_say_no_are_asked_seldom(orders in prop::collection::vec((0..400_000_i64, 0..3_usize), 1..200)) {
        let mut row = AcmeExtensions::new(RequestId::random());
        let (mut now, mut filed) = (NOW, Vec::new());
        for (pause, which) in orders {
            now += Duration::seconds(pause);
            let wanted = names(&[["a.example.com"], ["b.example.com"], ["c.example.com"]][which]);
            if row.pause(&wanted, now).is_none() {
                declined(&mut row, &[wanted[0].as_str()], now);
                filed.push((now, which));
            }
            prop_assert!(row.declined.len() <= 31);
        }
        for pair in filed.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 >= OTHER_NAMES_PAUSE);
        }
        for which in 0..3 {
            let same: Vec<_> = filed.iter().filter(|one| one.1 == which).collect();
            prop_assert!(same.windows(2).all(|pair| pair[1].0 - pair[0].0 >= SAME_NAMES_PAUSE));
        }
        prop_assert!(!filed.is_empty());
    }
}
