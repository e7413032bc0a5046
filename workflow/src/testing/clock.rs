//! Clocks that are wrong.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::ports::Clock;

/// A clock that is always ahead of another by the same time, or behind it where that is negative.
pub struct Skewed(pub Arc<dyn Clock>, pub Duration);

impl Clock for Skewed {
    fn now(&self) -> OffsetDateTime {
        self.0.now() + self.1
    }
}
