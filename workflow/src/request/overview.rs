//! The requests of one person, listed for the reader of the mailbox of the requester.
//!
//! Invariant: notify mails the link to the list to the address of the requests and nowhere else; the caller learns
//! nothing about the address, not even from the time, since the same call is made for every address.

use time::OffsetDateTime;

use super::Request;
use crate::email::Email;
use crate::ids::RequestId;
use crate::message::RecheckMessage;
use crate::ports::{PortError, Requests, WorkerQueue};

/// Most requests in a list, newest first.
pub const MAX_LISTED: usize = 200;

/// Asks notify to mail the link to the list to `email`. Notify looks the address up, so that the caller waits equally
/// long for a known address and an unknown one.
///
/// # Errors
/// [`PortError`]: the message may not have been sent.
pub async fn send_link(notify_queue: &dyn WorkerQueue, email: &Email) -> Result<(), PortError> {
    notify_queue.recheck(&RecheckMessage::overview(email.clone())).await
}

/// The address of request `opened`, and the requests with this address as they stand at `now`, newest first. `None` if
/// the request does not exist.
///
/// # Errors
/// [`PortError`] of the table.
pub async fn list(
    requests: &dyn Requests,
    opened: RequestId,
    now: OffsetDateTime,
) -> Result<Option<(Email, Vec<Request>)>, PortError> {
    let Some(request) = requests.find(opened).await? else {
        return Ok(None);
    };
    let listed = requests.of_requester(request.email(), MAX_LISTED).await?;
    Ok(Some((request.email().clone(), listed.into_iter().map(|row| row.seen_at(now)).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Clock as _;
    use crate::request::Status;
    use crate::testing::InMemoryBackend;

    #[tokio::test]
    async fn a_request_that_was_not_confirmed_in_time_is_listed_as_expired() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Unconfirmed);
        for (at, status) in [
            (backend.now(), Status::Unconfirmed),
            (backend.now() + crate::request::CONFIRMATION_PERIOD, Status::Expired),
        ] {
            let (_, listed) = list(&*backend, id, at).await.unwrap().unwrap();
            assert_eq!(listed[0].status(), status);
        }
    }

    #[tokio::test]
    async fn a_list_holds_the_requests_of_one_address() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Delivered);
        let (email, listed) = list(&*backend, id, backend.now()).await.unwrap().unwrap();
        assert_eq!((listed.len(), listed[0].id()), (1, id));
        assert_eq!(&email, listed[0].email());
        assert!(list(&*backend, RequestId::random(), backend.now()).await.unwrap().is_none());
    }
}
