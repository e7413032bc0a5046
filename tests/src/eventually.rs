//! Waiting for something that another process does.

use std::time::{Duration, Instant};

/// How long anything may take. It bounds failures only: nothing here measures time.
pub const PATIENCE: Duration = Duration::from_secs(120);
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
