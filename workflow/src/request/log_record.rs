//! The place of a certificate in the log, as a column of its request's row.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The place that was chosen for the leaf of a certificate, and the time at which the leaf was there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRecord {
    /// The name of the log. A restored row names the log of the stack that it came from.
    pub origin: String,
    /// The number of the leaf, from 0.
    pub index: u64,
    /// The time at which the leaf was found in the log, UTC. Until then, another certificate may get the place.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub logged_at: Option<OffsetDateTime>,
}

impl LogRecord {
    /// A place whose leaf is not in the log yet.
    pub fn chosen(origin: &str, index: u64) -> Self {
        Self { origin: origin.to_owned(), index, logged_at: None }
    }

    /// The place as the audit trail records it: `index origin`.
    pub fn event_detail(&self) -> String {
        format!("{} {}", self.index, self.origin)
    }
}
