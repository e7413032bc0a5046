//! What operators did to a request at the console, with their reasons.
//!
//! Invariant: the row has the reason and the trail its digest, written together with the change, or before the message that asks for it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Request;
use super::audit::{Actor, EventKind, PendingEvent};
use super::standing_end::reason_digest;
use crate::timestamp::whole_seconds;
use crate::wire_names;

/// The most operations that a row holds: it has to stay small.
const MAX_OPERATIONS: usize = 50;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The approvers get new links; earlier ones stop working.
    Resend,
    /// A failed request goes on.
    Retry,
}

wire_names!(Operation: "operation" {
    Resend => "resend",
    Retry => "retry",
});

/// An operation on a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationRecord {
    /// What was done.
    pub operation: Operation,
    /// Why, in words.
    pub reason: String,
    /// Who did it.
    pub by: Actor,
    /// The time, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The row has as many operations as it can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request holds the reasons of at most {MAX_OPERATIONS} operations")]
pub struct TooManyOperations;

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
