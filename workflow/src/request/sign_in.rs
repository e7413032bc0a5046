//! The sign-in of a requester: what the identity provider states about a request, and the check of it.
//!
//! Invariant: the `nonce` of the ID token binds the stack, the request, everything in it that approvers rely on, and the
//! address. Its hash has another purpose than that of a vote, so no token for a vote confirms a request, and no token
//! for a request votes. Portal and Sign check the same. Decision 0137.

use serde::{Deserialize, Serialize};

use super::{Request, Status};
use crate::finding::{Code, Finding};
use crate::framed_hash::FramedHash;
use crate::policy::{Policy, RequesterProof};
use crate::texts::Message;

/// Lower-case hex SHA-256 over everything that a requester confirms: id, CSR or terms, profile, comment, and the request that
/// a renewal replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestDigest(String);

impl RequestDigest {
    /// The digest of a request. It does not depend on the policy, so it is the same when the certificate is signed.
    pub fn of(request: &Request) -> Self {
        let mut hash = FramedHash::new("countersign confirmed request 1");
        hash.field(&request.id().to_string())
            .field(&request.submitted_digest())
            .field(request.profile())
            .field(&request.submitted_detail().unwrap_or_default())
            .field(request.comment());
        Self(hash.finish())
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Request {
    /// The refusal of a request that was confirmed without a sign-in, by a policy that has requesters sign in. An unconfirmed
    /// request still can, and a certificate that exists stays. Under a standing approval, the sign-in is that of its request,
    /// which Sign checks.
    pub fn lacks_sign_in(&self, policy: &Policy) -> Option<Finding> {
        let is_own = self.standing().is_none();
        let is_to_be_signed = is_own && self.status != Status::Unconfirmed && !self.is_signed();
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
