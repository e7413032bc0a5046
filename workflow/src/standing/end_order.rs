//! The order of a requester to end their standing approval, as the row of its request has it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The requester wants the standing approval to end. Sign ends it: no other worker writes the table `grants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingEndOrder {
    /// The time of the order, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The reason, in words.
    pub reason: String,
}
