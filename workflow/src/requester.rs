//! The requester of a certificate.

use std::fmt;

use crate::email::Email;

/// The requester of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requester {
    /// A person, known by an e-mail address.
    Person(Email),
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Requester::Person(email) => email.fmt(f),
        }
    }
}
