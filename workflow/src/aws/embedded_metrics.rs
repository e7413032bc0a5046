//! Metrics in CloudWatch's embedded metric format: lines of the log.

use std::io::{self, Write as _};

use time::OffsetDateTime;

use crate::ports::Metrics;
use crate::request::metric::Measure;

/// The metrics of a worker, in its log.
pub struct EmbeddedMetrics {
    stack: String,
}

impl EmbeddedMetrics {
    /// Those of this stack.
    pub fn new(stack: impl Into<String>) -> Self {
        Self { stack: stack.into() }
    }
}

impl Metrics for EmbeddedMetrics {
    fn record(&self, measure: Measure) {
        let mut line = measure.line(&self.stack, OffsetDateTime::now_utc()).to_string();
        line.push('\n');
        // In one write, so that lines do not mix; an error of the log itself has nowhere to go.
        let _ = io::stdout().lock().write_all(line.as_bytes());
    }
}
