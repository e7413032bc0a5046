//! The meaning of a vote, with values that a test can change.

use workflow::approval::BaseUrl;
use workflow::approval::passkey::VoteMeaning;
use workflow::decision::{ApprovalDigest, Decision};
use workflow::ids::RequestId;
use workflow::testing::InMemoryBackend;
use workflow::testing::passkeys::base_url;

use super::approved::decided;

/// [`VoteMeaning`], with values of its own.
pub(super) struct Meaning {
    pub(super) base_url: BaseUrl,
    pub(super) request_id: RequestId,
    pub(super) binds: ApprovalDigest,
    pub(super) decision: Decision,
    pub(super) reason: Option<String>,
}

impl Meaning {
    /// The meaning of the first vote on a request.
    pub(super) fn of(backend: &InMemoryBackend, request_id: RequestId) -> Self {
        let (request_id, decision) = decided(backend, request_id);
        let vote = &decision.votes[0];
        Self {
            base_url: base_url(),
            request_id,
            binds: decision.digest.clone(),
            decision: vote.decision,
            reason: vote.reason.clone(),
        }
    }

    /// The form that evidence is made of.
    pub(super) fn borrowed(&self) -> VoteMeaning<'_> {
        VoteMeaning {
            base_url: &self.base_url,
            request_id: self.request_id,
            binds: &self.binds,
            decision: self.decision,
            reason: self.reason.as_deref(),
        }
    }
}
