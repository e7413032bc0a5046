//! Signals that end the command.

use crate::error::CliError;

/// Completes on SIGINT (Ctrl-C), SIGTERM or SIGHUP (closed terminal).
pub(super) async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => _ = signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => (),
        () = wait(SignalKind::terminate()) => (),
        () = wait(SignalKind::hangup()) => (),
    }
}

/// Returns the result of `work`, or an error if a signal to stop arrives first.
pub(super) async fn unless_stopped<T>(
    work: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    tokio::select! {
        result = work => result,
        () = told_to_stop() => {
            Err(CliError::new("stopped by a signal before the end", "Installed programs, builds and state are kept."))
        }
    }
}
