//! The configuration of a worker: its `COUNTERSIGN_` variables.
//!
//! Invariant: every variable is read once, at start. A missing, malformed or unknown variable stops the worker with one
//! line that names it. Values are never printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

const PREFIX: &str = "COUNTERSIGN_";

/// The variables, and the names of the variables read.
pub struct Environment {
    variables: BTreeMap<String, String>,
    taken: Mutex<BTreeSet<String>>,
}

/// An error in the configuration, in one line for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A variable is missing or empty.
    #[error("{PREFIX}{name} is not set; set it to {meaning}")]
    Missing {
        /// The name without the prefix.
        name: String,
        /// The expected value in words.
        meaning: &'static str,
    },
    /// A variable has an invalid value.
    #[error("{PREFIX}{name} is not valid; set it to {meaning}: {why}")]
    Malformed {
        /// The name without the prefix.
        name: String,
        /// The expected value in words.
        meaning: &'static str,
        /// The reason; without the value if that is a secret.
        why: String,
    },
    /// Variables that the worker does not read: most likely misspelled.
    #[error("unknown variables: {}", .0.join(", "))]
    Unknown(Vec<String>),
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self::of(std::env::vars())
    }

    /// Takes the `COUNTERSIGN_` variables and ignores all others.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        // Every worker reads the log level, before this value exists.
        Self { variables, taken: Mutex::new(BTreeSet::from(["LOG".to_owned()])) }
    }

    /// The text of a required variable.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`].
    pub fn text(&self, name: &str, meaning: &'static str) -> Result<&str, EnvironmentError> {
        self.optional(name).ok_or_else(|| EnvironmentError::Missing { name: name.to_owned(), meaning })
    }

    /// The text of an optional variable.
    pub fn optional(&self, name: &str) -> Option<&str> {
        if let Ok(mut taken) = self.taken.lock() {
            taken.insert(name.to_owned());
        }
        self.variables.get(name).map(String::as_str)
    }

    /// A required variable, parsed by `read`.
    ///
    /// # Errors
    /// [`EnvironmentError::Missing`] or [`EnvironmentError::Malformed`].
    pub fn parsed<T, E: fmt::Display>(
        &self,
        name: &str,
        meaning: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, EnvironmentError> {
        read(self.text(name, meaning)?).map_err(|error| EnvironmentError::Malformed {
            name: name.to_owned(),
            meaning,
            why: error.to_string(),
        })
    }

    /// Checks for unread variables; called after all others were read.
    ///
    /// # Errors
    /// [`EnvironmentError::Unknown`] if a variable was not read.
    pub fn nothing_else(&self) -> Result<(), EnvironmentError> {
        let unknown: Vec<String> = match self.taken.lock() {
            Ok(taken) => self
                .variables
                .keys()
                .filter(|name| !taken.contains(*name))
                .map(|name| format!("{PREFIX}{name}"))
                .collect(),
            Err(_) => Vec::new(),
        };
        if unknown.is_empty() { Ok(()) } else { Err(EnvironmentError::Unknown(unknown)) }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_missing_variable_is_one_clear_line() {
        let error = environment(&[]).text("BUCKET", "the bucket of certificates").unwrap_err();
        assert_eq!(error.to_string(), "COUNTERSIGN_BUCKET is not set; set it to the bucket of certificates");
        assert!(environment(&[("COUNTERSIGN_BUCKET", "")]).text("BUCKET", "the bucket").is_err());
    }

    #[test]
    fn an_unknown_variable_is_refused_and_its_value_is_not_shown() {
        let environment =
            environment(&[("COUNTERSIGN_BUKET", "hidden"), ("PATH", "/bin"), ("COUNTERSIGN_LOG", "debug")]);
        assert_eq!(
            environment.nothing_else().unwrap_err().to_string(),
            "unknown variables: COUNTERSIGN_BUKET"
        );
        assert!(!format!("{environment:?}").contains("hidden"));
    }
}
