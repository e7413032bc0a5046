//! A port whose calls meet those of other tasks.

use std::sync::Arc;

use async_trait::async_trait;

use super::InMemoryBackend;
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::ids::RequestId;
use crate::ports::{PortError, Saved, StandingApprovals, StandingUsePage};

/// The table of standing approvals, which hands over to the other tasks after each call, so that most writes come too late.
pub struct ContendedStanding(pub Arc<InMemoryBackend>);

#[async_trait]
impl StandingApprovals for ContendedStanding {
    async fn find(&self, id: RequestId) -> Result<Option<StandingApproval>, PortError> {
        let found = StandingApprovals::find(&*self.0, id).await;
        tokio::task::yield_now().await;
        found
    }

    async fn create(&self, approval: &StandingApproval) -> Result<Saved, PortError> {
        StandingApprovals::create(&*self.0, approval).await
    }

    async fn uses(
        &self,
        id: RequestId,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<StandingUsePage, PortError> {
        self.0.uses(id, after, limit).await
    }

    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError> {
        let found = self.0.find_use(id, request).await;
        tokio::task::yield_now().await;
        found
    }

    async fn count(&self, approval: &StandingApproval, counted: &StandingUse) -> Result<Saved, PortError> {
        let saved = StandingApprovals::count(&*self.0, approval, counted).await;
        tokio::task::yield_now().await;
        saved
    }
}
