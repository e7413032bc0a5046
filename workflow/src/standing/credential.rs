//! The credential of a standing approval, as the row of its request has it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The latest credential of a standing approval. Its secrets are in no table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingCredential {
    /// The number, from 1.
    pub number: u32,
    /// The digest of the bearer credential.
    pub bearer_digest: String,
    /// The time at which it was made, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
}
