//! The withdrawal of a request by its requester.
//!
//! Invariant: a withdrawal decides the approval as rejected, and ends the request as `withdrawn`; it never replaces a
//! decision. It is recorded by a conditional write first; if the message to await-approval is then lost, a repetition
//! or housekeeping sends it again.

use super::VoteError;
use crate::message::RecheckMessage;
use crate::ports::{Approvals, Clock, PortError, Requests, WorkerQueue};
use crate::request::audit::{EventKind, Origin, PendingEvent};
use crate::request::{Request, Status};
use crate::store::{UpdateError, update_approval_audited};

/// The reason why a request was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawalError {
    /// The approvers have not been asked yet; the caller can try again soon.
    #[error("the approval does not exist yet")]
    TooEarly,
    /// The request was not confirmed yet: nobody was asked, and it ends by itself.
    #[error("the request is not confirmed")]
    Unconfirmed,
    /// The request is decided or ended; holds its outcome or status.
    #[error("the request is {0}")]
    TooLate(&'static str),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The ports of withdrawals.
pub struct Withdrawal<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The approvals.
    pub approvals: &'a dyn Approvals,
    /// The queue of await-approval.
    pub approval_queue: &'a dyn WorkerQueue,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl Withdrawal<'_> {
    /// Withdraws the request on behalf of `by`, and sends a message to await-approval. Idempotent.
    ///
    /// # Errors
    /// See [`WithdrawalError`]; nothing is recorded then.
    pub async fn withdraw(&self, request: &Request, by: &Origin) -> Result<(), WithdrawalError> {
        let (id, now) = (request.id(), self.clock.now());
        match request.status() {
            Status::Unconfirmed => return Err(WithdrawalError::Unconfirmed),
            Status::Submitted => return Err(WithdrawalError::TooEarly),
            _ => {}
        }
        let withdrawn = update_approval_audited(self.approvals, self.requests, id, by, |approval| {
            let entry = PendingEvent::new(EventKind::Withdrawn, now);
            approval.withdraw(now).map(|new| ((), new.then_some(entry)))
        });
        withdrawn.await.map_err(|error| match error {
            UpdateError::Port(error) => WithdrawalError::Port(error),
            // The approval may be decided while the row is still pending.
            UpdateError::Rejected(VoteError::AlreadyDecided(outcome))
                if request.status() == Status::PendingApproval =>
            {
                WithdrawalError::TooLate(outcome.as_str())
            }
            UpdateError::Rejected(VoteError::Expired) => WithdrawalError::TooLate(Status::Expired.as_str()),
            UpdateError::Missing(_) | UpdateError::Rejected(_) => {
                WithdrawalError::TooLate(request.status().as_str())
            }
        })?;
        tracing::info!(request.id = %id, "the requester withdrew request {id}");
        if let Err(error) = self.approval_queue.recheck(&RecheckMessage::look(id)).await {
            tracing::error!(request.id = %id, %error, "request {id} is withdrawn, but await-approval got no message; housekeeping will send it");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RequestId;
    use crate::request::audit::Actor;
    use crate::testing::InMemoryBackend;

    async fn withdraw(backend: &InMemoryBackend, id: RequestId) -> Result<(), WithdrawalError> {
        let withdrawal =
            Withdrawal { requests: backend, approvals: backend, approval_queue: backend, clock: backend };
        let request = backend.request(id).unwrap();
        let by = Origin::caller(Actor::requester(request.email()), None);
        withdrawal.withdraw(&request, &by).await
    }

    #[tokio::test]
    async fn a_pending_request_is_withdrawn_once() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::PendingApproval);
        withdraw(&backend, id).await.unwrap();
        withdraw(&backend, id).await.unwrap();
        assert!(backend.approval(id).unwrap().withdrawn);
        let events = backend.audit(id);
        assert_eq!(events.iter().filter(|event| event.event == EventKind::Withdrawn).count(), 1);
        assert_eq!(backend.rechecks(), [RecheckMessage::look(id), RecheckMessage::look(id)]);
    }

    #[tokio::test]
    async fn a_request_without_an_approval_is_withdrawn_later() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Submitted);
        assert!(matches!(withdraw(&backend, id).await, Err(WithdrawalError::TooEarly)));
        let id = backend.request_at(Status::Unconfirmed);
        assert!(matches!(withdraw(&backend, id).await, Err(WithdrawalError::Unconfirmed)));
    }

    #[tokio::test]
    async fn a_decided_request_is_not_withdrawn() {
        let backend = InMemoryBackend::new();
        for status in [Status::Refused, Status::Rejected, Status::Approved, Status::Issued, Status::Delivered]
        {
            let id = backend.request_at(status);
            let error = withdraw(&backend, id).await.unwrap_err();
            assert!(matches!(error, WithdrawalError::TooLate(_)), "{status}: {error:?}");
        }
        assert_eq!(backend.rechecks(), []);
    }
}
