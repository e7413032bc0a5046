//! The standing approvals of [`InMemoryBackend`].

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::InMemoryBackend;
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::ids::RequestId;
use crate::ports::{PortError, Saved, StandingApprovals, StandingEndWriter, StandingUsePage};
use crate::request::Request;
use crate::request::audit::Event;

/// Most uses of a page: few, so that tests read several.
const PAGE: usize = 2;

/// The rows of the table `grants`.
#[derive(Clone, Default)]
pub(super) struct StandingRows {
    approvals: BTreeMap<RequestId, StandingApproval>,
    /// By standing approval and request.
    uses: BTreeMap<(RequestId, RequestId), StandingUse>,
}

impl StandingRows {
    fn save(&mut self, approval: &StandingApproval) -> Saved {
        match self.approvals.get_mut(&approval.id()) {
            Some(row) if row.version() == approval.version() => {
                row.clone_from(approval);
                row.count_write();
                Saved::Yes
            }
            _ => Saved::Conflict,
        }
    }
}

impl InMemoryBackend {
    /// Stores a standing approval as it is.
    pub fn put_standing(&self, approval: StandingApproval) {
        self.state().standing.approvals.insert(approval.id(), approval);
    }

    /// The standing approval, if there is one.
    pub fn standing(&self, id: RequestId) -> Option<StandingApproval> {
        self.state().standing.approvals.get(&id).cloned()
    }

    /// The number of uses of each standing approval and its end, and the requests that were counted, each with its number.
    pub(in crate::testing) fn standing_summary(&self) -> Vec<String> {
        let state = self.state();
        let approvals = state.standing.approvals.values().map(|one| {
            let end = one.ended().map(|end| (&end.by, &end.reason));
            format!("{} {} {end:?}", one.id(), one.used())
        });
        let uses = state.standing.uses.values().map(|one| format!("{} {}", one.request_id, one.number));
        approvals.chain(uses).collect()
    }

    /// Removes a standing approval.
    pub fn forget_standing(&self, id: RequestId) {
        self.state().standing.approvals.remove(&id);
    }

    /// Stores a use under the keys of this standing approval and request, whatever it says.
    pub fn put_standing_use(&self, standing: RequestId, request: RequestId, counted: StandingUse) {
        self.state().standing.uses.insert((standing, request), counted);
    }

    /// Every standing approval.
    pub fn all_standing(&self) -> Vec<StandingApproval> {
        self.state().standing.approvals.values().cloned().collect()
    }

    /// The uses of all standing approvals.
    pub fn standing_uses(&self) -> Vec<StandingUse> {
        self.state().standing.uses.values().cloned().collect()
    }
}

#[async_trait]
impl StandingApprovals for InMemoryBackend {
    async fn find(&self, id: RequestId) -> Result<Option<StandingApproval>, PortError> {
        self.call("standing", "find", |state| state.standing.approvals.get(&id).cloned())
    }

    async fn create(&self, approval: &StandingApproval) -> Result<Saved, PortError> {
        self.call("standing", "create", |state| {
            let rows = &mut state.standing.approvals;
            if rows.contains_key(&approval.id()) {
                return Saved::Conflict;
            }
            rows.insert(approval.id(), approval.clone());
            Saved::Yes
        })
    }

    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError> {
        self.call("standing", "find use", |state| state.standing.uses.get(&(id, request)).cloned())
    }

    async fn uses(
        &self,
        id: RequestId,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<StandingUsePage, PortError> {
        self.call("standing", "uses", |state| {
            let of = state.standing.uses.values().filter(|one| one.standing == id);
            let mut later = of.filter(|one| after.is_none_or(|after| one.request_id > after));
            let uses: Vec<StandingUse> = later.by_ref().take(limit.min(PAGE)).cloned().collect();
            let next = later.next().and(uses.last()).map(|last| last.request_id);
            StandingUsePage { uses, next }
        })
    }

    async fn count(&self, approval: &StandingApproval, counted: &StandingUse) -> Result<Saved, PortError> {
        self.call("standing", "count", |state| {
            let key = (counted.standing, counted.request_id);
            if state.standing.uses.contains_key(&key) || state.standing.save(approval) == Saved::Conflict {
                return Saved::Conflict;
            }
            state.standing.uses.insert(key, counted.clone());
            Saved::Yes
        })
    }
}

#[async_trait]
impl StandingEndWriter for InMemoryBackend {
    async fn end(
        &self,
        approval: &StandingApproval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        self.call("standing", "end", |state| {
            let stored = state.standing.approvals.get(&approval.id()).map(StandingApproval::version);
            if stored != Some(approval.version()) || state.save(request, events) == Saved::Conflict {
                return Saved::Conflict;
            }
            state.standing.save(approval)
        })
    }
}
