//! A value that is never printed.
//!
//! Invariant: Debug prints `redacted`; there is no Display, and only fields marked with [`exposed`] are serialized.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A secret: a key, a token, a password. Types that wrap one inherit its Debug.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}

/// Serializes a secret in the clear, for a table: `#[serde(serialize_with = "secret::exposed")]`.
///
/// # Errors
/// The serializer's.
pub fn exposed<T: Serialize, S: serde::Serializer>(secret: &Secret<T>, to: S) -> Result<S::Ok, S::Error> {
    secret.0.serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "redacted");
        assert_eq!(*Secret::new("s3cret").expose(), "s3cret");
    }
}
