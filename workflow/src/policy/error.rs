//! Errors in a policy document: one line, with the place.

use std::fmt;

/// The reason why a policy document cannot be used: one line, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PolicyError {
    pub(super) line: Option<usize>,
    pub(super) detail: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "policy, line {line}: {}", self.detail),
            None => write!(f, "policy: {}", self.detail),
        }
    }
}

impl PolicyError {
    /// The line in the document, counted from one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// The line of an offset in a text, counted from one.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}
