//! Waiting for something that another process does.

use std::time::{Duration, Instant};

/// How long anything may take. It bounds failures only: nothing here measures time. A worker that a stalled machine did not
/// let finish is ended, and its message comes back after three minutes: this is more than two of those.
pub const PATIENCE: Duration = Duration::from_secs(480);
const PAUSE: Duration = Duration::from_millis(100);

/// Asks until there is an answer. Panics with `what` when `deadline` has passed.
pub async fn eventually<T>(what: &str, deadline: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(begun.elapsed() < deadline, "waited {} s in vain: {what}", deadline.as_secs());
        tokio::time::sleep(PAUSE).await;
    }
}
