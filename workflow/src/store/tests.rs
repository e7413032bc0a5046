use std::sync::Arc;

use super::*;
use crate::mail_kind::MailKind;
use crate::ports::{Clock as _, Requests, Saved};
use crate::request::audit::Origin;
use crate::request::{Request, Status};
use crate::testing::InMemoryBackend;

/// A request without mails, as it was read, and the number of calls so far.
fn known(backend: &Arc<InMemoryBackend>) -> (Request, usize) {
    let request = backend.request(backend.request_at(Status::PendingApproval)).unwrap();
    (request, backend.calls().len())
}

async fn mail(backend: &Arc<InMemoryBackend>, known: &Request, kind: MailKind) -> Request {
    let now = backend.now();
    let note = |row: &mut Request| {
        row.mailed(&kind, now);
    };
    update_known_request(&**backend, known, &Origin::worker("test"), note).await.unwrap().row
}

#[tokio::test]
async fn a_row_that_is_still_the_known_one_is_not_read_again() {
    let backend = InMemoryBackend::new();
    let (first, before) = known(&backend);
    let second = mail(&backend, &first, MailKind::Waiting(1)).await;
    // The returned row is current.
    let third = mail(&backend, &second, MailKind::Waiting(2)).await;
    assert_eq!(backend.calls()[before..], ["requests: save", "requests: save"]);
    assert_eq!(backend.request(first.id()), Some(third));
}

#[tokio::test]
async fn what_others_wrote_meanwhile_stays() {
    let backend = InMemoryBackend::new();
    let (stale, _) = known(&backend);
    mail(&backend, &stale, MailKind::Waiting(1)).await;
    let before = backend.calls().len();
    let row = mail(&backend, &stale, MailKind::Waiting(2)).await;
    assert_eq!(backend.calls()[before..], ["requests: save", "requests: find", "requests: save"]);
    assert!(row.was_mailed(&MailKind::Waiting(1)) && row.was_mailed(&MailKind::Waiting(2)));
}

/// An edit that rejects a stale row, or leaves it unchanged, runs again on the current row.
#[tokio::test]
async fn a_stale_row_refuses_nothing_and_settles_nothing() {
    let backend = InMemoryBackend::new();
    let (stale, _) = known(&backend);
    let row = stale.clone().run_as("arn:another".into());
    let _: Saved = Requests::save(&*backend, &row, &[]).await.unwrap();
    let seen = |row: &mut Request| match row.execution().arn.as_str() {
        "arn:another" => Ok(()),
        _ => Err("the execution is the old one"),
    };
    assert!(update_known_request(&*backend, &stale, &Origin::worker("test"), seen).await.is_ok());
    let nothing = |row: &mut Request| Some(row.execution().arn.clone());
    let seen = update_known_request(&*backend, &stale, &Origin::worker("test"), nothing).await.unwrap();
    assert_eq!(seen.value.as_deref(), Some("arn:another"));
}
