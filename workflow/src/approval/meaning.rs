//! What a vote means: the octets that a passkey signs, and that an identity provider repeats.
//!
//! Invariant: everything that a vote means is in the hash, so what proves one vote proves no other.

use super::BaseUrl;
use crate::decision::{ApprovalDigest, Decision, PasskeyEvidence, ReviewDigest};
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;

/// Everything that a vote means.
#[derive(Clone, Copy, Debug)]
pub struct VoteMeaning<'a> {
    /// The public base URL of the stack.
    pub base_url: &'a BaseUrl,
    /// The request.
    pub request_id: RequestId,
    /// The digest that the approval binds.
    pub binds: &'a ApprovalDigest,
    /// The decision.
    pub decision: Decision,
    /// The reason; absent and empty are the same.
    pub reason: Option<&'a str>,
}

impl VoteMeaning<'_> {
    /// The challenge that the authenticator signs, with the review and the nonce of the evidence.
    pub fn challenge(&self, evidence: &PasskeyEvidence) -> [u8; 32] {
        self.hash(&evidence.review_digest, &evidence.nonce)
    }

    /// The hash over the vote, the digest of the review that the approver saw, and a random text.
    pub fn hash(&self, review_digest: &ReviewDigest, nonce: &str) -> [u8; 32] {
        let mut hash = FramedHash::new("countersign vote 1");
        hash.field(self.base_url.as_str())
            .field(&self.request_id.to_string())
            .field(self.binds.as_str())
            .field(review_digest.as_str())
            .field(self.decision.as_str())
            .field(self.reason.unwrap_or_default())
            .field(nonce);
        hash.finish_octets()
    }
}
