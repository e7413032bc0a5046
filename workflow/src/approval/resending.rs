//! New links for the approvers, by an operator at the console.
//!
//! Invariant: the reason is in the row, by a conditional write together with the event `operated`, before await-approval is told. If the
//! message is lost, a repetition sends it again. A repetition makes no second set of links, whether await-approval was faster or not.

use super::Approval;
use crate::ids::RequestId;
use crate::message::RecheckMessage;
use crate::ports::{Approvals, AuditTrails, Clock, PortError, Requests, WorkerQueue};
use crate::request::audit::{Event, EventKind, Origin};
use crate::request::{Operation, TooManyOperations, reason_digest};
use crate::store::{UpdateError, update_request};

/// The ports of new links.
#[derive(Clone, Copy)]
pub struct LinkResending<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The approvals.
    pub approvals: &'a dyn Approvals,
    /// The audit trails.
    pub trails: &'a dyn AuditTrails,
    /// The queue of await-approval, which makes the links.
    pub approval_queue: &'a dyn WorkerQueue,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// The reason why there are no new links.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is no such request.
    #[error("there is no request {0}")]
    Missing(RequestId),
    /// The approvers have not been asked yet, or the request is decided.
    #[error("nobody is asked about the request {0}")]
    NobodyAsked(RequestId),
    /// Too many reasons of operators.
    #[error(transparent)]
    TooMany(#[from] TooManyOperations),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl LinkResending<'_> {
    /// Records the operation on behalf of `by`, and asks await-approval for new links.
    ///
    /// # Errors
    /// See [`ResendError`]. After a failure of a port the operation may be recorded; a repetition completes it.
    pub async fn resend(&self, id: RequestId, reason: &str, by: &Origin) -> Result<(), ResendError> {
        let approval = self.approvals.find(id).await?.filter(|approval| approval.outcome.is_none());
        let approval = approval.ok_or(ResendError::NobodyAsked(id))?;
        let now = self.clock.now();
        let recorded = update_request(self.requests, id, by, |row| {
            row.record_operation(Operation::Resend, reason, &by.actor, now)
        });
        let is_new = recorded.await.map_err(|error| match error {
            UpdateError::Missing(id) => ResendError::Missing(id),
            UpdateError::Rejected(error) => error.into(),
            UpdateError::Port(error) => error.into(),
        })?;
        let generation = self.generation(&approval, is_new.value, reason, by).await?;
        // Naming the generation makes a repeated message harmless.
        self.approval_queue.recheck(&RecheckMessage::links(id, generation)).await?;
        Ok(())
    }

    /// The generation of the new links: the next one. If the operation is repeated, and there are new links since: that of those, which
    /// await-approval mails again only where the first mail is missing.
    async fn generation(
        &self,
        approval: &Approval,
        is_new: bool,
        reason: &str,
        by: &Origin,
    ) -> Result<u32, PortError> {
        let digest = reason_digest(reason);
        let is_first = |event: &Event| {
            event.event == EventKind::Operated
                && event.detail.as_deref() == Some(Operation::Resend.as_str())
                && event.actor == by.actor
                && event.digest.as_ref() == Some(&digest)
        };
        let has_links = !is_new && {
            let trail = self.trails.trail(approval.request_id).await?;
            let mut since = trail.iter().rev().take_while(|event| !is_first(event));
            since.any(|event| event.event == EventKind::LinksRenewed)
        };
        Ok(if has_links { approval.generation } else { approval.generation.saturating_add(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Status, verify_request};
    use crate::testing::{InMemoryBackend, faults};

    const REASON: &str = "The mail was lost.";

    async fn resend(backend: &InMemoryBackend, id: RequestId, reason: &str) -> Result<(), ResendError> {
        let resending = LinkResending {
            requests: backend,
            approvals: backend,
            trails: backend,
            approval_queue: backend,
            clock: backend,
        };
        resending.resend(id, reason, &Origin::operator("olivia@example.com")).await
    }

    /// The generations in the messages to await-approval.
    fn generations(backend: &InMemoryBackend) -> Vec<u32> {
        backend.rechecks().iter().filter_map(|message| message.links).collect()
    }

    #[tokio::test]
    async fn a_double_click_asks_for_one_generation_and_another_reason_for_it_too() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::PendingApproval);
        resend(&backend, id, REASON).await.unwrap();
        resend(&backend, id, REASON).await.unwrap();
        assert_eq!(backend.request(id).unwrap().operations().len(), 1);
        resend(&backend, id, "They changed.").await.unwrap();
        let row = backend.request(id).unwrap();
        assert_eq!(row.operations().len(), 2);
        assert_eq!(generations(&backend), [2, 2, 2], "await-approval has made none yet");
        assert_eq!(verify_request(&row, &backend.audit(id)), []);
    }

    #[tokio::test]
    async fn where_nobody_is_asked_nothing_is_recorded() {
        let backend = InMemoryBackend::new();
        for status in [Status::Submitted, Status::Delivered, Status::Rejected] {
            let id = backend.request_at(status);
            let refused = resend(&backend, id, REASON).await;
            assert!(
                matches!(refused, Err(ResendError::NobodyAsked(one)) if one == id),
                "{status}: {refused:?}"
            );
            assert!(backend.request(id).unwrap().operations().is_empty());
        }
        assert!(generations(&backend).is_empty());
    }

    #[tokio::test]
    async fn every_fault_is_survived() {
        faults::fault_sweep(
            "ResendLinks",
            |backend| _ = backend.request_at(Status::PendingApproval),
            |backend| async move {
                let id = backend.requests()[0].id();
                resend(&backend, id, REASON).await?;
                let asked = generations(&backend);
                assert!(!asked.is_empty() && asked.iter().all(|one| *one == 2), "{asked:?}");
                assert_eq!(backend.request(id).unwrap().operations().len(), 1);
                Ok::<(), ResendError>(())
            },
        )
        .await;
    }
}
