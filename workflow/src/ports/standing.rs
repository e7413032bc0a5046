//! The table of standing approvals and their uses.

use async_trait::async_trait;

use super::{PortError, Saved};
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::ids::RequestId;
use crate::request::Request;
use crate::request::audit::Event;

/// Some uses of a standing approval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StandingUsePage {
    /// The uses, ascending by the ids of their requests.
    pub uses: Vec<StandingUse>,
    /// The last request of the page; `None` if there are no more.
    pub next: Option<RequestId>,
}

/// The table `grants`.
#[async_trait]
pub trait StandingApprovals: Send + Sync {
    /// Reads a standing approval consistently.
    async fn find(&self, id: RequestId) -> Result<Option<StandingApproval>, PortError>;
    /// Inserts a standing approval; conflicts if it exists.
    async fn create(&self, approval: &StandingApproval) -> Result<Saved, PortError>;
    /// Reads consistently the use of a standing approval that was counted for a request.
    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError>;
    /// Reads consistently the uses of a standing approval, those after the use for a request if one is given, at most `limit`.
    async fn uses(
        &self,
        id: RequestId,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<StandingUsePage, PortError>;
    /// Updates the standing approval, increments its version, and inserts the use, in one transaction; conflicts if the stored
    /// version is another one, or if a use was counted for the request.
    async fn count(&self, approval: &StandingApproval, counted: &StandingUse) -> Result<Saved, PortError>;
}

/// Writes the ends of standing approvals.
#[async_trait]
pub trait StandingEndWriter: Send + Sync {
    /// Writes the end of the standing approval, updates its request, increments the versions of both, and adds the audit
    /// events, in one transaction; conflicts if a stored version is not `approval.version` or `request.version`.
    async fn end(
        &self,
        approval: &StandingApproval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError>;
}
