//! Identifiers that more than one room speaks of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::email::Email;

/// A request's identity: a UUID, the key of its row, and the name of its first execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id that a requester's idempotency key stands for: the same address and key always give the same request.
    pub fn from_idempotency_key(email: &Email, key: &str) -> Self {
        const NAMESPACE: Uuid = Uuid::from_u128(0x6f2d_3c5e_0f0b_4c8e_9b43_5d1c_7f0e_a611);
        Self(Uuid::new_v5(&NAMESPACE, format!("{}\0{key}", email.as_str().to_ascii_lowercase()).as_bytes()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for RequestId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}
