//! Rows, approvals, links and an export of version 0.1.0 (commit 89c9104) are read, and written back unchanged.

use serde_json::Value;
use time::macros::datetime;
use workflow::approval::{Approval, Link, LinkKey, LinkSecret};
use workflow::backup::{Reader, Record};
use workflow::decision::ApprovalDigest;
use workflow::request::audit::{AuditError, Event};
use workflow::request::{Request, Status, verify_request};

/// One object a request, in every status: its row, its events, its approval and link where it has them, and the keys of the
/// requester's links.
fn requests() -> Vec<Value> {
    serde_json::from_str(include_str!("version1/rows.json")).expect("JSON")
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a value of version 0.1.0")
}

#[test]
fn rows_are_read_and_written_back_column_by_column() {
    let mut statuses = Vec::new();
    for one in requests() {
        let row: Request = read(&one["row"]);
        assert_eq!(serde_json::to_value(&row).unwrap(), one["row"], "{}", row.status());
        statuses.push(row.status());
    }
    let later = |status: &Status| matches!(status, Status::Unconfirmed | Status::Withdrawn | Status::Revoked);
    let expected: Vec<_> = Status::ALL.into_iter().filter(|status| !later(status)).collect();
    assert_eq!(statuses.len(), expected.len());
    assert!(expected.iter().all(|status| statuses.contains(status)), "{statuses:?}");
}

/// The fixtures come from the unit tests of that commit, whose rows name `worker:test` as submitter and have votes without
/// an event. Everything else in a row must agree with its trail.
fn of_the_fixture(wrong: &AuditError) -> bool {
    matches!(wrong, AuditError::Row("email" | "decision.votes"))
}

#[test]
fn audit_trails_are_whole_and_agree_with_their_rows() {
    for one in requests() {
        let row: Request = read(&one["row"]);
        let events: Vec<Event> = read(&one["events"]);
        let mut wrong = verify_request(&row, &events);
        wrong.retain(|wrong| !of_the_fixture(wrong));
        assert_eq!(wrong, [], "{}", row.status());
        assert_eq!(serde_json::to_value(&events).unwrap(), one["events"]);
    }
}

#[test]
fn approvals_still_bind_what_the_rows_hold() {
    let mut checked = 0;
    for one in requests().iter().filter(|one| one["approval"].is_object()) {
        let row: Request = read(&one["row"]);
        let approval: Approval = read(&one["approval"]);
        assert_eq!(serde_json::to_value(&approval).unwrap(), one["approval"], "{}", row.status());
        assert_eq!(ApprovalDigest::of(row.id(), row.profile(), row.csr().unwrap(), None), approval.digest);
        checked += 1;
    }
    assert_eq!(checked, 7);
}

#[test]
fn links_that_were_mailed_still_open() {
    let secret = LinkSecret::new(&"s".repeat(64)).unwrap();
    for one in requests() {
        let row: Request = read(&one["row"]);
        assert!(secret.opens(row.id(), one["statusKey"].as_str().unwrap()).is_some());
        let overview = one["overviewKey"].as_str().unwrap();
        assert_eq!(secret.opens_overview(overview, datetime!(2026-02-01 0:00 UTC)), Some(row.id()));
        if one["link"].is_object() {
            let link: Link = read(&one["link"]["row"]);
            assert_eq!(LinkKey::parse(one["link"]["key"].as_str().unwrap()).unwrap().digest(), link.digest);
        }
    }
}

#[test]
fn an_export_is_read_to_its_end() {
    let export = include_str!("version1/export.jsonl");
    let mut reader = Reader::open(export.as_bytes()).unwrap();
    let mut rows = 0;
    while let Some(record) = reader.record().unwrap() {
        rows += usize::from(matches!(record, Record::Request(_)));
    }
    assert_eq!(rows, requests().len());
    let wrong = reader.broken().iter().flat_map(|trail| &trail.wrong);
    assert_eq!(wrong.filter(|wrong| !of_the_fixture(wrong)).count(), 0, "every audit trail in it is whole");
}
