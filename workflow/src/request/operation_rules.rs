//! The rules for operations of operators on a request.
//!
//! Invariant: the row has the reason and the trail its digest, written together with the change, or before the message that asks for it.

use time::OffsetDateTime;

use super::audit::{Actor, EventKind, PendingEvent};
use super::operations::MAX_OPERATIONS;
use super::standing_end::reason_digest;
use super::{Operation, OperationRecord, Request, TooManyOperations};
use crate::timestamp::whole_seconds;

impl Request {
    /// The operations, oldest first.
    pub fn operations(&self) -> &[OperationRecord] {
        &self.operations
    }

    /// Records an operation and its reason.
    ///
    /// # Errors
    /// [`TooManyOperations`]; nothing is recorded then.
    pub fn record_operation(
        &mut self,
        operation: Operation,
        reason: &str,
        by: &Actor,
        now: OffsetDateTime,
    ) -> Result<(), TooManyOperations> {
        if self.operations.len() >= MAX_OPERATIONS {
            return Err(TooManyOperations);
        }
        let at = whole_seconds(now);
        let event = PendingEvent::new(EventKind::Operated, at).with_detail(operation.as_str());
        self.note(event.with_digest(reason_digest(reason)));
        self.operations.push(OperationRecord { operation, reason: reason.to_owned(), by: by.clone(), at });
        Ok(())
    }
}
