//! The sign-in of a requester: what the identity provider states about a request, and the check of it.
//!
//! Invariant: the `nonce` of the ID token binds the stack, the request, everything in it that approvers rely on, and the
//! address. Its hash has another purpose than that of a vote, so no token for a vote confirms a request, and no token
//! for a request votes. Portal and Sign check the same. Decision 0137.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Request, Status};
use crate::approval::BaseUrl;
use crate::approval::sign_in::{DecisionNonce, Provider, SignInError};
use crate::finding::{Code, Finding};
use crate::framed_hash::FramedHash;
use crate::policy::{Policy, RequesterProof};
use crate::texts::Message;

/// Lower-case hex SHA-256 over everything that a requester confirms: id, CSR, profile, comment, and the request that a
/// renewal replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RequestDigest(String);

impl RequestDigest {
    /// The digest of a request. It does not depend on the policy, so it is the same when the certificate is signed.
    pub fn of(request: &Request) -> Self {
        let mut hash = FramedHash::new("countersign request 1");
        hash.field(&request.id().to_string())
            .field(&hex::encode(digest(&SHA256, request.csr_content().as_bytes())))
            .field(request.profile())
            .field(&request.replaces().map(|replaced| replaced.to_string()).unwrap_or_default())
            .field(request.comment());
        Self(hash.finish())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The statement of the identity provider about a request: an ID token whose `nonce` is
/// [`Request::confirmation_nonce`].
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

    /// Checks that the provider states this request of its requester, at the time of the confirmation.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn check(
        &self,
        base_url: &BaseUrl,
        request: &Request,
        at: OffsetDateTime,
        provider: Provider<'_>,
    ) -> Result<(), SignInError> {
        let nonce = request.confirmation_nonce(base_url, &self.nonce);
        provider.check(&self.id_token, &nonce, request.email(), at)
    }
}

impl Request {
    /// The nonce of the sign-in that confirms the request. `random` makes it one that was never used.
    pub fn confirmation_nonce(&self, base_url: &BaseUrl, random: &str) -> DecisionNonce {
        let mut hash = FramedHash::new("countersign confirmation 1");
        hash.field(base_url.as_str())
            .field(&self.id.to_string())
            .field(RequestDigest::of(self).as_str())
            .field(self.email.as_str())
            .field(random);
        DecisionNonce::from_hash(&hash.finish_octets())
    }

    /// The refusal of a request that was confirmed without a sign-in, by a policy that has requesters sign in. An unconfirmed
    /// request still can, and a certificate that exists stays.
    pub fn lacks_sign_in(&self, policy: &Policy) -> Option<Finding> {
        let is_to_be_signed = self.status != Status::Unconfirmed && !self.is_signed();
        let lacks = policy.requester_proof() == RequesterProof::Oidc && self.requester_evidence.is_none();
        (is_to_be_signed && lacks).then(|| {
            Finding::refused(
                Code::SignInNeeded,
                Message::new("finding-sign-in-needed"),
                Message::new("finding-sign-in-needed-advice"),
            )
        })
    }
}

#[cfg(test)]
mod tests;
