//! What is kept of the sign-in of a requester.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::framed_hash::FramedHash;

/// The statement of the identity provider about a request: an ID token whose `nonce` is
/// [`Request::confirmation_nonce`](super::Request::confirmation_nonce).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequesterEvidence {
    /// The ID token in compact form, as the provider gave it.
    pub id_token: String,
    /// A random text, so that no two tokens are about the same hash.
    pub nonce: String,
}

/// Without the token: it is a statement about a person.
impl fmt::Debug for RequesterEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequesterEvidence({})", self.digest())
    }
}

impl RequesterEvidence {
    /// Lower-case hex SHA-256 of all fields.
    pub fn digest(&self) -> String {
        let mut hash = FramedHash::new("countersign evidence of a requester 1");
        hash.field(&self.id_token).field(&self.nonce);
        hash.finish()
    }

    /// The kind of proof and its digest, for the audit trail.
    pub fn summary(&self) -> String {
        format!("oidc:{}", self.digest())
    }
}
