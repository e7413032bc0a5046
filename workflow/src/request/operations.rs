//! What operators did to a request at the console, with their reasons, as the row has it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::audit::Actor;
use crate::wire_names;

/// The most operations that a row holds: it has to stay small.
pub(super) const MAX_OPERATIONS: usize = 50;

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
