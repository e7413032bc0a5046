//! The end of a standing approval by its requester, or by an operator at the console.
//!
//! Invariant: the order is in the row of the request, by a conditional write together with the event `end_asked`, before sign is
//! told. Sign ends it as the row says (`end_standing` in the store); if the message is lost, a repetition or housekeeping sends
//! it again. Nobody takes an order back.

use super::standing::StandingApproval;
use crate::message::RecheckMessage;
use crate::ports::{Clock, PortError, Requests, StandingApprovals, WorkerQueue};
use crate::request::audit::Origin;
use crate::request::{Request, Status};
use crate::store::{UpdateError, update_known_request};

/// The ports of ends by order.
#[derive(Clone, Copy)]
pub struct EndOrders<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// Standing approvals.
    pub standing: &'a dyn StandingApprovals,
    /// The queue of sign, which ends them.
    pub sign_queue: &'a dyn WorkerQueue,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// The reason why a standing approval is not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndOrderError {
    /// The request has no standing approval.
    #[error("a request that is {0} has no standing approval")]
    NoStanding(Status),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl EndOrders<'_> {
    /// Records on behalf of `by`, the requester or an operator, that the standing approval is to end, and tells sign. Returns the row, and the
    /// standing approval, which may have been ended before. Idempotent: the first order is kept.
    ///
    /// # Errors
    /// See [`EndOrderError`]; nothing is recorded then.
    pub async fn order(
        &self,
        request: &Request,
        reason: &str,
        by: &Origin,
    ) -> Result<(Request, StandingApproval), EndOrderError> {
        let (id, now) = (request.id(), self.clock.now());
        let none = || EndOrderError::NoStanding(request.status());
        if !request.is_granted() {
            return Err(none());
        }
        let approval = self.standing.find(id).await?.ok_or_else(none)?;
        if approval.ended().is_some() {
            return Ok((request.clone(), approval));
        }
        let asked =
            update_known_request(self.requests, request, by, |row| row.ask_end(reason, &by.actor, now));
        let asked = asked.await.map_err(|error| match error {
            UpdateError::Rejected(error) => EndOrderError::NoStanding(error.status),
            UpdateError::Missing(_) => none(),
            UpdateError::Port(error) => error.into(),
        })?;
        tracing::info!(request.id = %id, "the end of the standing approval {id} is ordered");
        if let Err(error) = self.sign_queue.recheck(&RecheckMessage::end_standing(id)).await {
            tracing::error!(request.id = %id, %error, "the end of the standing approval {id} is recorded, but sign was not told; housekeeping will tell it");
        }
        Ok((asked.row, approval))
    }
}

#[cfg(test)]
mod tests;
