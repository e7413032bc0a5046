use super::*;
use crate::mail_kind::MailKind;
use crate::testing::InMemoryBackend;
use crate::timestamp::{rfc3339, whole_seconds};
use pki::testing as test_pki;

fn failed_after(status: Status) -> Request {
    let backend = InMemoryBackend::new();
    let mut row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), status);
    row.end(Ending::because(Status::Failed, "Something broke."), row.registration_date).unwrap();
    row.operators_notified(row.registration_date);
    row.mailed(&MailKind::Failed, row.registration_date);
    row
}

#[test]
fn a_retry_returns_to_the_furthest_status_that_the_row_bears_out() {
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Issued] {
        let failed = failed_after(status);
        let mut row = failed.clone();
        row.retry(|attempt| format!("arn:{attempt}"), row.registration_date).unwrap();
        assert_eq!((row.status, row.reason()), (status, None));
        assert_eq!((row.execution().attempt, row.execution().arn.as_str()), (2, "arn:2"));
        // Decision, serial, validity and the history, including the failure, stay unchanged.
        assert_eq!(
            (&row.decision, row.serial(), row.validity()),
            (&failed.decision, failed.serial(), failed.validity())
        );
        assert_eq!(row.history[..failed.history.len()], failed.history);
        assert_eq!(row.history.last().unwrap().status, status);
        // The operators are notified of the next failure; the requester has the mail already.
        assert!(!row.has_notified_operators());
        assert!(row.was_mailed(&MailKind::Failed));
        let once = row.clone();
        row.retry(|attempt| format!("arn:{attempt}"), row.registration_date).unwrap();
        assert_eq!(row, once, "a second retry changes nothing while the first is under way");
    }
}

#[test]
fn an_outcome_is_not_retried() {
    let backend = InMemoryBackend::new();
    for status in [Status::Delivered, Status::Refused, Status::Rejected, Status::Withdrawn, Status::Expired] {
        let mut row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), status);
        let before = row.clone();
        let error = row.retry(|_| String::new(), row.registration_date).unwrap_err();
        assert_eq!(error.to_string(), format!("a request that is {status} cannot be retried"));
        assert_eq!(row, before);
    }
}

#[test]
fn the_attempt_is_read_back_from_the_name_of_the_execution() {
    let id = RequestId::random();
    for attempt in [1, 2, 12, 4_000_000_000] {
        let name = execution_name(id, attempt);
        assert_eq!(attempt_of(&name), attempt);
        assert_eq!(
            attempt_of(&format!("arn:aws:states:eu-central-1:1:execution:countersign-rare:{name}")),
            attempt
        );
    }
    assert_eq!(attempt_of("arn:aws:states:eu-central-1:1:execution:my-r2-stack:x"), 1);
}

/// System clocks show no leap seconds, but imported rows may contain one: it counts as the previous second.
#[test]
fn a_leap_second_is_read_and_does_not_take_time_backwards() {
    let backend = InMemoryBackend::new();
    let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Submitted);
    let mut json = serde_json::to_value(&row).unwrap();
    for field in ["registrationDate", "executionStarted"] {
        json[field] = "2016-12-31T23:59:60Z".into();
    }
    let read: Request = serde_json::from_value(json).unwrap();
    let registered = whole_seconds(read.registration_date);
    assert_eq!(rfc3339(registered), "2016-12-31T23:59:59Z");
    assert!(registered < time::macros::datetime!(2017-01-01 00:00:00 UTC));
    assert!(read.execution().started < time::macros::datetime!(2017-01-01 00:00:00 UTC));
}
