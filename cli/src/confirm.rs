//! The question before a change.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::error::CliError;

/// Asks on the terminal; without one, the answer has to be given as `--yes`.
pub(crate) fn confirmed(question: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(CliError::new("there is no terminal to ask on", "To do it without asking, add --yes."));
    }
    eprint!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let _ = input.lock().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(CliError::new("stopped; nothing was changed", ""))
    }
}
