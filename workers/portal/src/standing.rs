//! A standing approval as its requester sees it: what the policy in force makes of it, and the newest certificates under it.
//!
//! Invariant: a use alone says nothing about a certificate: only a row that names the standing approval is shown. Whoever sent the form may
//! be a stranger, so only the mailed link shows certificates, and the reason of an end.

use std::collections::HashMap;

use workflow::approval::coverage::outlook;
use workflow::approval::opened::OpenedRequest;
use workflow::approval::standing::{StandingApproval, StandingEnd, StandingOutlook, StandingUse};
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::ports::PortError;
use workflow::request::Request;
use workflow::store::standing_uses;

use crate::state::Portal;

/// Most certificates shown, newest first. Each is one row read.
const MAX_LISTED: usize = 200;

/// A certificate that was counted.
pub(crate) struct ListedUse {
    pub(crate) counted: StandingUse,
    /// Its request.
    pub(crate) request: Option<Request>,
}

/// A standing approval, read for the page of its request.
pub(crate) struct StandingStatus {
    pub(crate) approval: StandingApproval,
    pub(crate) outlook: StandingOutlook,
    /// The newest certificates, newest first; `None` if the link does not show them.
    pub(crate) newest: Option<Vec<ListedUse>>,
}

impl StandingStatus {
    /// The standing approval of an opened request; `None` if it has none.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub(crate) async fn of(
        portal: &Portal,
        opened: &OpenedRequest,
        policy: &Policy,
    ) -> Result<Option<Self>, PortError> {
        let id = opened.request.id();
        if !opened.request.is_granted() {
            return Ok(None);
        }
        let Some(approval) = portal.standing.find(id).await? else {
            tracing::error!(request.id = %id, "request {id} was granted, and the table of standing approvals does not have it");
            return Ok(None);
        };
        let newest = match opened.is_mailed() {
            true if approval.used() > 0 => Some(newest(portal, id).await?),
            true => Some(Vec::new()),
            false => None,
        };
        let outlook = outlook(&approval, policy, portal.clock.now());
        Ok(Some(Self { approval, outlook, newest }))
    }

    /// The end by an act, and its reason in words if the link shows that: it may be about more than this standing approval.
    pub(crate) fn end(&self) -> Option<(&StandingEnd, Option<&str>)> {
        self.approval.ended().map(|end| (end, self.newest.as_ref().map(|_| end.reason.as_str())))
    }

    /// True if its requester ordered its end, and sign has yet to end it.
    pub(crate) fn is_ending(&self, request: &Request) -> bool {
        request.end_asked().is_some() && self.approval.ended().is_none()
    }
}

async fn newest(portal: &Portal, id: RequestId) -> Result<Vec<ListedUse>, PortError> {
    let mut uses = standing_uses(&*portal.standing, id).await?;
    let mut uses = uses.split_off(uses.len().saturating_sub(MAX_LISTED));
    uses.reverse();
    let ids: Vec<RequestId> = uses.iter().map(|one| one.request_id).collect();
    let rows = portal.requests.find_all(&ids).await?.into_iter().filter(|row| row.standing() == Some(id));
    let mut rows: HashMap<RequestId, Request> = rows.map(|row| (row.id(), row)).collect();
    Ok(uses
        .into_iter()
        .map(|counted| ListedUse { request: rows.remove(&counted.request_id), counted })
        .collect())
}
