//! Progress on standard error: a spinner on a terminal, plain lines elsewhere.
//!
//! Standard output carries results only, so that scripts can read it.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::wording::duration;

/// A step of a command. Without a call of [`ProgressStep::done`], its line ends without "ok".
pub(crate) struct ProgressStep {
    what: String,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl ProgressStep {
    /// Prints the name of the step.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix} {wide_msg:.dim}") {
                bar.set_style(style);
            }
            bar.set_prefix(what.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if bar.is_none() {
            eprintln!("  ... {what}");
        }
        Self { what, begun: Instant::now(), bar }
    }

    /// Shows a detail beside the spinner, if there is a terminal.
    pub(crate) fn detail(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.trim().to_owned());
        }
    }

    /// Prints "ok" with the outcome and the duration.
    pub(crate) fn done(self, outcome: impl AsRef<str>) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let outcome = outcome.as_ref();
        let colon = if outcome.is_empty() { "" } else { ": " };
        eprintln!("  ok  {}{colon}{outcome} ({})", self.what, duration(self.begun.elapsed()));
    }
}

/// Prints a line that belongs to no step.
pub(crate) fn say(text: impl AsRef<str>) {
    eprintln!("  {}", text.as_ref());
}
