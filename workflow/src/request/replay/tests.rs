use time::Duration;
use time::macros::datetime;

use super::*;
use crate::email::Email;
use crate::mail_kind::MailKind;
use crate::request::audit::{ChainHead, Origin};
use crate::request::{Columns, Ending};
use crate::testing::InMemoryBackend;

/// The row and the trail of a request in this status.
fn request(status: Status) -> (Request, Vec<Event>) {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(status);
    (backend.request(id).unwrap(), backend.audit(id))
}

#[test]
fn a_row_changed_by_the_rules_alone_agrees_with_its_trail() {
    let reachable = Status::ALL;
    for status in reachable {
        let (row, events) = request(status);
        assert_eq!(verify_request(&row, &events), [], "{status}");
    }
}

#[test]
fn restarts_retries_and_mails_agree_too() {
    let (mut row, mut events) = request(Status::Failed);
    let now = datetime!(2026-02-01 12:00 UTC);
    row.mailed(&MailKind::Received, now);
    row.operators_notified(now);
    row.retry(|attempt| format!("arn:{attempt}"), now).unwrap();
    assert!(row.claim_mail_again(&MailKind::Overview, Duration::HOUR, now));
    assert!(row.claim_mail_again(&MailKind::Overview, Duration::HOUR, now + Duration::DAY));
    row.release_mail(&MailKind::Received, now);
    row.end(Ending::because(Status::Failed, "broken again"), now).unwrap();
    events.extend(row.take_events(&Origin::worker("notify")));
    assert_eq!(verify_request(&row, &events), []);
}

/// One alteration of each column that the trail records, and of its head.
#[test]
fn an_altered_row_is_found() {
    type Alteration = fn(&mut Columns);
    let alterations: [(&str, Alteration); 16] = [
        ("status", |row| row.status = Status::PendingApproval),
        ("history", |row| row.history.clear()),
        ("history", |row| row.history[0].at -= Duration::SECOND),
        ("registrationDate", |row| row.registration_date -= Duration::DAY),
        ("email", |row| row.email = "other@example.com".parse().unwrap()),
        ("csrContent", |row| row.csr_content = row.csr_content.take().map(|csr| csr + "\n")),
        ("csrDigest", |row| row.csr_digest = Some("0".repeat(64))),
        ("profile, subject, names or publicKeyDigest", |row| row.profile = "client".into()),
        ("profile, subject, names or publicKeyDigest", |row| row.names = vec!["other.example.com".into()]),
        ("profile, subject, names or publicKeyDigest", |row| row.public_key_digest = Some("0".repeat(64))),
        ("decision", |row| row.decision.as_mut().unwrap().outcome = Outcome::Expired),
        ("decision.votes", |row| row.decision.as_mut().unwrap().votes.clear()),
        ("decision.votes", |row| {
            row.decision.as_mut().unwrap().votes[0].approver = "other@example.com".parse::<Email>().unwrap();
        }),
        ("serial", |row| row.serial = Some("0102".repeat(10).parse().unwrap())),
        ("signedDate", |row| row.signed_date = None),
        ("executionAttempt", |row| row.execution_attempt = 7),
    ];
    let (row, events) = request(Status::Delivered);
    for (column, alter) in alterations {
        let altered = row.clone().altered(alter);
        let found = verify_request(&altered, &events);
        assert!(found.contains(&AuditError::Row(column)), "{column}: {found:?}");
    }
    let altered = row.clone().altered(|row| row.audit = ChainHead::default());
    assert_ne!(verify_request(&altered, &events), [], "the head was removed");
    let back = ChainHead { number: 4, hash: events[3].hash.clone() };
    let altered = row.altered(|row| row.audit = back);
    assert_ne!(verify_request(&altered, &events), [], "the head was set back");
}

#[test]
fn an_event_behind_the_last_is_found() {
    let (row, mut events) = request(Status::Delivered);
    let mut more = events.last().unwrap().clone();
    more.number += 1;
    events.push(more);
    assert_ne!(verify_request(&row, &events), []);
}

#[test]
fn a_row_without_a_trail_is_found() {
    let (row, _) = request(Status::Submitted);
    let row = row.altered(|row| row.audit = ChainHead::default());
    assert_eq!(verify_request(&row, &[]), [AuditError::Empty]);
}

#[test]
fn the_recorded_certificate_is_that_of_the_last_signature() {
    assert_eq!(recorded_certificate(&request(Status::Delivered).1), Some("f".repeat(64).as_str()));
    assert_eq!(recorded_certificate(&request(Status::Approved).1), None);
}
