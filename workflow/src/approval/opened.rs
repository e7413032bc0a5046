//! A request, opened by a link of its requester.
//!
//! Invariant: the key is checked before anything is read. The sender of a form may be a stranger, so only the mailed link
//! confirms a request, and only that link opens the certificate of a request that had to be confirmed.

use super::{LinkGiven, StatusKey};
use crate::ids::RequestId;
use crate::ports::{Clock, LinkSecrets, PortError, Requests};
use crate::request::Request;

/// A request, opened by a link of its requester.
#[derive(Debug)]
pub struct OpenedRequest {
    /// The request. One that was not confirmed in time shows as expired.
    pub request: Request,
    /// How the link was given.
    pub given: LinkGiven,
    /// The key of the link.
    pub key: StatusKey,
}

impl OpenedRequest {
    /// Opens request `id` by the text of a key; `None` if the key does not open it, or there is no such request.
    ///
    /// # Errors
    /// [`PortError`] of the link secret or the table.
    pub async fn open(
        requests: &dyn Requests,
        links: &dyn LinkSecrets,
        clock: &dyn Clock,
        id: RequestId,
        key: &str,
    ) -> Result<Option<Self>, PortError> {
        let links = links.secret().await?;
        let Some(given) = links.opens(id, key) else {
            return Ok(None);
        };
        let found = requests.find(id).await?;
        let key = links.status_key(id, given);
        Ok(found.map(|request| Self { request: request.seen_at(clock.now()), given, key }))
    }

    /// True if the link was mailed to the requester.
    pub fn is_mailed(&self) -> bool {
        self.given == LinkGiven::ByMail
    }

    /// True if the link opens the certificate too.
    pub fn may_download(&self) -> bool {
        self.is_mailed() || !self.request.needs_mailed_link()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Status;
    use crate::testing::InMemoryBackend;

    #[tokio::test]
    async fn the_answered_link_opens_no_certificate_of_a_request_that_was_confirmed() {
        let backend = InMemoryBackend::new();
        let secret = backend.secret().await.unwrap();
        for (status, by_mail_only) in [(Status::Unconfirmed, true), (Status::Delivered, false)] {
            let id = backend.request_at(status);
            for given in [LinkGiven::InAnswer, LinkGiven::ByMail] {
                let key = secret.status_key(id, given);
                let opened = OpenedRequest::open(&*backend, &*backend, &*backend, id, key.expose());
                let opened = opened.await.unwrap().unwrap();
                assert_eq!(opened.given, given);
                assert_eq!(opened.may_download(), given == LinkGiven::ByMail || !by_mail_only, "{status}");
            }
            let opened = OpenedRequest::open(&*backend, &*backend, &*backend, id, "wrong").await.unwrap();
            assert!(opened.is_none());
        }
    }
}
