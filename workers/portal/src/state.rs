//! The ports and settings that the handlers share.

use std::sync::Arc;

use workflow::approval::BaseUrl;
use workflow::approval::voting::Voting;
use workflow::ports::{Approvals, Archive, Clock, Executions, Links, Names, Policies, Requests, WorkerQueue};
use workflow::request::intake::Intake;

/// What the web front works with.
pub struct Portal {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// Which requests ask for which names.
    pub names: Arc<dyn Names>,
    /// Links and votes.
    pub approvals: Arc<dyn Approvals>,
    /// Certificates and issuers.
    pub archive: Arc<dyn Archive>,
    /// What is allowed.
    pub policies: Arc<dyn Policies>,
    /// The secret of requesters' links.
    pub links: Arc<dyn Links>,
    /// Where people find us.
    pub base_url: BaseUrl,
    /// Starts the flow.
    pub executions: Arc<dyn Executions>,
    /// Wakes the flow after a vote.
    pub approval_queue: Arc<dyn WorkerQueue>,
    /// The queue of notify: what is mailed on demand.
    pub notify_queue: Arc<dyn WorkerQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Portal {
    /// The intake of requests.
    pub(crate) fn intake(&self) -> Intake<'_> {
        Intake { requests: &*self.requests, executions: &*self.executions, clock: &*self.clock }
    }

    /// Voting by links.
    pub(crate) fn voting(&self) -> Voting<'_> {
        Voting {
            requests: &*self.requests,
            names: &*self.names,
            approvals: &*self.approvals,
            archive: &*self.archive,
            policies: &*self.policies,
            approval_queue: &*self.approval_queue,
            clock: &*self.clock,
        }
    }
}
