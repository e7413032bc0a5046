//! The table of standing approvals and their uses.

use async_trait::async_trait;

use super::{PortError, Saved};
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::ids::RequestId;

/// The table `grants`.
#[async_trait]
pub trait StandingApprovals: Send + Sync {
    /// Reads a standing approval consistently.
    async fn find(&self, id: RequestId) -> Result<Option<StandingApproval>, PortError>;
    /// Inserts a standing approval; conflicts if it exists.
    async fn create(&self, approval: &StandingApproval) -> Result<Saved, PortError>;
    /// Updates the standing approval and increments its version; conflicts if the stored version is not its own.
    async fn save(&self, approval: &StandingApproval) -> Result<Saved, PortError>;
    /// Reads consistently the use of a standing approval that was counted for a request.
    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError>;
    /// Updates the standing approval, increments its version, and inserts the use, in one transaction; conflicts if the stored
    /// version is another one, or if a use was counted for the request.
    async fn count(&self, approval: &StandingApproval, counted: &StandingUse) -> Result<Saved, PortError>;
}
