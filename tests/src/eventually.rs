//! Polling for an effect of another process.

use std::time::{Duration, Instant};

/// Time-out of one wait, in failures only. After a stall, a message comes back after a visibility time-out of three
/// minutes: this is more than two of them.
pub const PATIENCE: Duration = Duration::from_secs(480);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Polls until `ask` returns a value. Panics with `what` after `deadline`.
pub async fn eventually<T>(what: &str, deadline: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(begun.elapsed() < deadline, "timed out after {} s: {what}", deadline.as_secs());
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
