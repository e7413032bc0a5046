use super::*;
use crate::ports::Clock as _;
use crate::request::{Ending, verify_request};
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::{TERMS, standing_backend as backend};

#[test]
fn only_an_approved_request_of_terms_is_granted_and_only_once() {
    let backend = backend();
    for status in
        [Status::Submitted, Status::PendingApproval, Status::Rejected, Status::Expired, Status::Failed]
    {
        let mut row = backend.unsaved_grant(TERMS, status);
        assert!(row.granted(backend.now()).is_err() && !row.is_granted(), "{status}");
    }
    let mut row = backend.unsaved_grant(TERMS, Status::Approved);
    for _ in 0..3 {
        row.granted(backend.now()).unwrap();
    }
    row.delivered(backend.now()).unwrap();
    row.granted(backend.now()).unwrap();
    assert!(row.is_granted() && !row.is_signed() && !row.has_certificate());
    assert_eq!(row.standing_until(), Some(backend.now() + Duration::days(30)));
    let id = row.id();
    backend.put(row);
    let (row, trail) = (backend.request(id).unwrap(), backend.audit(id));
    assert_eq!(trail.iter().filter(|event| event.event == EventKind::Granted).count(), 1);
    assert_eq!(verify_request(&row, &trail), []);
}

#[test]
fn a_certificate_is_never_granted() {
    let backend = InMemoryBackend::new();
    let id = backend.request_at(Status::Approved);
    let mut row = backend.request(id).unwrap();
    assert!(row.granted(backend.now()).is_err());
    // Nor can the event pass for a signature.
    row.note(PendingEvent::new(EventKind::Granted, backend.now()));
    row.enter(Status::Issued, backend.now());
    backend.put(row);
    assert_ne!(verify_request(&backend.request(id).unwrap(), &backend.audit(id)), []);
}

#[test]
fn a_retry_goes_on_where_the_standing_approval_exists() {
    let backend = backend();
    let mut row = backend.unsaved_grant(TERMS, Status::Issued);
    row.end(Ending::because(Status::Failed, "broken"), backend.now()).unwrap();
    row.retry(|attempt| format!("arn:{attempt}"), backend.now()).unwrap();
    assert_eq!(row.status(), Status::Issued);
    let id = row.id();
    backend.put(row);
    assert_eq!(verify_request(&backend.request(id).unwrap(), &backend.audit(id)), []);
}
