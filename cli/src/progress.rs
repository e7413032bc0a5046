//! Tells on standard error what the command is doing: a spinner on a terminal, plain lines elsewhere.
//!
//! Standard output stays free for results, so that scripts can read it.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// One thing being done. Dropped before [`Step::done`], it leaves its line without a tick.
pub(crate) struct ProgressStep {
    what: String,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl ProgressStep {
    /// Says what is being done.
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

    /// Shows a detail beside the spinner; nothing where there is no terminal.
    pub(crate) fn detail(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.trim().to_owned());
        }
    }

    /// Ends the line with a tick, the time it took and what came of it.
    pub(crate) fn done(self, outcome: impl AsRef<str>) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let outcome = outcome.as_ref();
        let colon = if outcome.is_empty() { "" } else { ": " };
        eprintln!("  ok  {}{colon}{outcome} ({:.1} s)", self.what, self.begun.elapsed().as_secs_f32());
    }
}

/// A line that is no step.
pub(crate) fn say(text: impl AsRef<str>) {
    eprintln!("  {}", text.as_ref());
}
