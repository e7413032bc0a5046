//! Clocks with a constant error.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::ports::Clock;

/// A clock that is ahead of another by a constant duration; behind it if negative.
pub struct Skewed(pub Arc<dyn Clock>, pub Duration);

impl Clock for Skewed {
    fn now(&self) -> OffsetDateTime {
        self.0.now() + self.1
    }
}
