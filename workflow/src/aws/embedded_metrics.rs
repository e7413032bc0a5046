//! Metrics as log lines in CloudWatch's embedded metric format.

use std::io::{self, Write as _};

use time::OffsetDateTime;

use crate::ports::Metrics;
use crate::request::metric::Measure;

/// Writes metrics to the worker's log.
pub struct EmbeddedMetrics {
    stack: String,
}

impl EmbeddedMetrics {
    /// Metrics of this stack.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into() }
    }
}

impl Metrics for EmbeddedMetrics {
    fn record(&self, measure: Measure) {
        let mut line = measure.line(&self.stack, OffsetDateTime::now_utc()).to_string();
        line.push('\n');
        // One write, so that lines do not mix. An error of the log itself cannot be logged.
        let _ = io::stdout().lock().write_all(line.as_bytes());
    }
}
