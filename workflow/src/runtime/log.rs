//! The log: one JSON object per line on standard output, with `request.id` on each line about a request.
//!
//! Invariant: no token, key, link or CSR body is logged. `COUNTERSIGN_LOG` sets the level only of our own crates; the
//! SDK, the HTTP client and the SMTP client stay at `warn`: their lower levels print bodies.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

/// Our libraries; the filter adds the crate of the worker.
const LIBRARIES: [&str; 2] = ["workflow", "pki"];

/// The filter for a level such as `info` or `debug`; an unknown level counts as `info`. Compares prefixes of targets:
/// the directives of `EnvFilter` would link regular expressions into every worker.
pub fn filter(worker: &str, level: Option<&str>) -> Targets {
    let level = level.and_then(|level| level.parse::<LevelFilter>().ok()).unwrap_or(LevelFilter::INFO);
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets([LIBRARIES[0], LIBRARIES[1], worker].map(|target| (target, level)))
}

/// Starts the log of a worker by its crate name: `env!("CARGO_CRATE_NAME")` in its main file. Idempotent.
pub fn start(worker: &str) {
    let level = std::env::var("COUNTERSIGN_LOG").ok();
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(filter(worker, level.as_deref())).with(lines);
    // In tests, another test may have started the log.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The crate that defines a type; for a step, the crate of its worker.
pub fn crate_of<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.split("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn only_our_own_crates_say_more_when_asked() {
        for (level, ours) in
            [(None, Level::INFO), (Some("nonsense"), Level::INFO), (Some("debug"), Level::DEBUG)]
        {
            let filter = filter("sign", level);
            assert!(
                filter.would_enable("sign", &ours) && filter.would_enable("workflow::runtime::lambda", &ours)
            );
            assert!(!filter.would_enable("workflow::runtime::lambda", &Level::TRACE));
            assert!(filter.would_enable("hyper_util::client", &Level::WARN));
            assert!(!filter.would_enable("hyper_util::client", &Level::INFO));
        }
        assert!(!filter("portal", Some("error")).would_enable("portal", &Level::WARN));
    }
    #[test]
    fn a_step_names_the_crate_of_its_worker() {
        struct OneStep;
        assert_eq!(crate_of::<OneStep>(), "workflow");
        assert_eq!(crate_of::<Vec<OneStep>>(), "alloc");
    }
}
