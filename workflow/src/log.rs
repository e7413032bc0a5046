//! The log: one JSON object a line on standard output, with `request.id` on each line that concerns a request.
//!
//! Invariant: no token, key, link or CSR body is logged. `COUNTERSIGN_LOG` sets the level of our own crates only; the
//! SDK, the HTTP client and the SMTP client stay at `warn` whatever it says, since their lower levels print bodies.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Crates whose lines may be shown below `warn`.
const OURS: [&str; 11] = [
    "workflow",
    "validate",
    "persist",
    "notify",
    "await_approval",
    "sign",
    "deliver",
    "portal",
    "dead_letter",
    "housekeeping",
    "countersign",
];

/// The filter for a level such as `info` or `debug`; anything else counts as `info`.
pub fn filter(level: Option<&str>) -> EnvFilter {
    let level = level.and_then(|level| level.parse::<LevelFilter>().ok()).unwrap_or(LevelFilter::INFO);
    OURS.iter()
        .filter_map(|target| format!("{target}={level}").parse().ok())
        .fold(EnvFilter::new("warn"), EnvFilter::add_directive)
}

/// Starts the log of a worker. Later calls change nothing.
pub fn start() {
    let level = std::env::var("COUNTERSIGN_LOG").ok();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .with_env_filter(filter(level.as_deref()))
        .finish();
    // A second start, as in tests, finds the first in place.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
