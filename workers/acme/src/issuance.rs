//! The request behind an order: its submission.
//!
//! Invariant: a submission with the same request id is the same request, however often it is made.

use async_trait::async_trait;
use workflow::ids::RequestId;
use workflow::ports::PortError;
use workflow::request::audit::Origin;

/// A certificate under a standing approval.
#[derive(Clone, Debug)]
pub struct StandingOrder {
    /// The id of its request.
    pub request_id: RequestId,
    /// The standing approval. Requester and profile are those of it.
    pub standing: RequestId,
    /// The CSR (PEM).
    pub csr: String,
    /// On whose behalf it is submitted.
    pub by: Origin,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionResult {
    /// The request is stored, now or before.
    Stored,
    /// It is not, for this reason in words.
    Refused(String),
}

/// Submits requests under standing approvals.
#[async_trait]
pub trait StandingIntake: Send + Sync {
    /// Submits a request. Idempotent by its id.
    async fn submit(&self, order: &StandingOrder) -> Result<SubmissionResult, PortError>;
}
