//! Errors of the command: the problem with the value found, and advice.
//!
//! Invariant: an error is one line without keys, tokens and links.

use std::fmt;

use workflow::ids::RequestId;

/// Advice for a row that this version does not understand.
pub(crate) const ROW_OF_ANOTHER_VERSION: &str =
    "If a newer countersign wrote it, use that version. Else check it with: countersign audit verify.";
/// Advice for a stack without an output that this version reads.
pub(crate) const STACK_OF_ANOTHER_VERSION: &str =
    "Update the stack with countersign deploy, or use the version of countersign that deployed it.";

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct CliError {
    what: String,
    advice: String,
}

impl CliError {
    /// An error and the advice for it.
    pub(crate) fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into() }
    }

    /// The same error, with the request that it is about in front.
    pub(crate) fn about(mut self, id: RequestId) -> Self {
        self.what = format!("{id}: {}", self.what);
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Errors of other programs may have several lines, and answers from outside escape sequences.
        let steers = |c: char| c.is_whitespace() || c.is_control();
        let words = self.what.split(steers).filter(|word| !word.is_empty());
        let what = words.collect::<Vec<_>>().join(" ");
        match self.advice.as_str() {
            "" => f.write_str(&what),
            advice => write!(f, "{}. {advice}", what.trim_end_matches('.')),
        }
    }
}

impl std::error::Error for CliError {}

/// Turns any error into a [`CliError`] that names the action.
pub(crate) trait OrFail<T> {
    /// `doing` is the beginning of the message, such as "cannot write /x/y"; the error follows it.
    fn or_fail(self, doing: impl FnOnce() -> String, advice: &str) -> Result<T, CliError>;
}

impl<T, E: std::error::Error> OrFail<T> for Result<T, E> {
    fn or_fail(self, doing: impl FnOnce() -> String, advice: &str) -> Result<T, CliError> {
        self.map_err(|error| {
            let mut what = format!("{}: {error}", doing());
            let mut source = error.source();
            while let Some(cause) = source {
                let text = cause.to_string();
                if !what.ends_with(&text) {
                    what = format!("{what}: {text}");
                }
                source = cause.source();
            }
            CliError::new(what, advice)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_causes_and_what_to_do() {
        let failure = std::fs::read("/does/not/exist")
            .or_fail(|| "cannot read\nthe \u{1b}file".into(), "Look for it.")
            .unwrap_err();
        assert_eq!(
            failure.to_string(),
            "cannot read the file: No such file or directory (os error 2). Look for it."
        );
    }
}
