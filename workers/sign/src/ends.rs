//! Ends of standing approvals that their requesters, or operators at the console, ordered.
//!
//! Invariant: whoever can send messages to this worker ends nothing by that: the row of the request has the order. The end is in the name
//! of the requester of the standing approval, or of the operator whom the row names. Idempotent.

use time::OffsetDateTime;
use workflow::ids::RequestId;
use workflow::ports::{Requests, StandingApprovals, StandingEndWriter};
use workflow::request::audit::{Actor, Origin};
use workflow::runtime::step::StepError;
use workflow::store::{StandingEnding, UpdateError, end_standing};

/// The part of the worker that ends standing approvals.
pub(crate) struct EndStep<'a> {
    pub(crate) requests: &'a dyn Requests,
    pub(crate) standing: &'a dyn StandingApprovals,
    pub(crate) writer: &'a dyn StandingEndWriter,
    pub(crate) now: OffsetDateTime,
}

impl EndStep<'_> {
    /// Ends the standing approval of a request, if that was ordered. A message that asks for anything else is dropped with
    /// a line in the log.
    pub(crate) async fn end(&self, id: RequestId) -> Result<(), StepError> {
        let request = self.requests.find(id).await?;
        let Some(order) = request.as_ref().and_then(|request| request.end_asked()) else {
            tracing::warn!(request.id = %id, "a message asks for the end of the standing approval {id}, and its request does not");
            return Ok(());
        };
        let Some(approval) = self.standing.find(id).await? else {
            tracing::error!(request.id = %id, "the table of standing approvals does not have {id}, which is to be ended");
            return Ok(());
        };
        let by = match &order.operator {
            Some(name) => Origin::operator(name),
            None => Origin::caller(Actor::requester(approval.requester()), None),
        };
        let ports = StandingEnding { standing: self.standing, requests: self.requests, writer: self.writer };
        match end_standing(ports, id, &by, &order.reason, self.now).await {
            Ok(_) => {
                tracing::info!(request.id = %id, "the standing approval {id} is ended");
                Ok(())
            }
            Err(UpdateError::Port(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(request.id = %id, %error, "the standing approval {id} cannot be ended: {error}");
                Ok(())
            }
        }
    }
}
