//! The order of a requester, or of an operator, to end a standing approval, as the row of its request has it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Somebody wants the standing approval to end. Sign ends it: no other worker writes the table `grants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingEndOrder {
    /// The time of the order, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The reason, in words.
    pub reason: String,
    /// The operator who ordered it at the console; `None` for the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
}
