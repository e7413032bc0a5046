//! Everything that waits for an approver, and the link to it.
//!
//! Invariant: the link goes by mail to an address that the policy lists as an approver and nowhere else; its key is
//! random, the table has its digest, and it works for [`INBOX_LIFETIME`](super::INBOX_LIFETIME). What it opens is checked like what a link to one
//! request opens; see [`Voting::resolve_in_inbox`](super::voting::Voting::resolve_in_inbox). The caller learns nothing
//! about an address, not even from the time, since the same call is made for every address.

use futures_util::future::{try_join, try_join_all};
use time::OffsetDateTime;

use super::Approval;
use super::voting::waits_for;
use crate::email::Email;
use crate::message::RecheckMessage;
use crate::policy::Policy;
use crate::ports::{Approvals, ListedRequest, PortError, Requests, WorkerQueue};
use crate::request::{Request, Status};

/// The most undecided requests that are looked at, the oldest first.
pub const MAX_LOOKED_AT: usize = 200;
/// Approvals read at the same time.
const CONCURRENT_READS: usize = 16;

/// A request that waits for an approver.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The request.
    pub request: Request,
    /// Its approval.
    pub approval: Approval,
}

/// Asks await-approval to mail the link to `email`, if anything waits for that person.
///
/// # Errors
/// [`PortError`]: the message may not have been sent.
pub async fn send_link(approval_queue: &dyn WorkerQueue, email: &Email) -> Result<(), PortError> {
    approval_queue.recheck(&RecheckMessage::inbox(email.clone())).await
}

/// What is read to find the requests that wait for an approver.
pub struct Inbox<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The approvals.
    pub approvals: &'a dyn Approvals,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The approver.
    pub approver: &'a Email,
    /// The time.
    pub now: OffsetDateTime,
}

impl Inbox<'_> {
    /// The requests that wait for a vote of the approver, the first to expire first.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, PortError> {
        let mut waiting = Vec::new();
        for some in self.undecided().await?.chunks(CONCURRENT_READS) {
            waiting.extend(self.waiting_of(some).await?);
        }
        waiting.sort_by_key(|one| (one.approval.expires_at, one.request.id()));
        Ok(waiting)
    }

    /// The request that has waited longest. Reads no more than it must.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn oldest(&self) -> Result<Option<Waiting>, PortError> {
        for some in self.undecided().await?.chunks(CONCURRENT_READS) {
            if let Some(oldest) = self.waiting_of(some).await?.into_iter().next() {
                return Ok(Some(oldest));
            }
        }
        Ok(None)
    }

    /// Undecided requests, oldest first.
    async fn undecided(&self) -> Result<Vec<ListedRequest>, PortError> {
        self.requests.list(Status::PendingApproval, MAX_LOOKED_AT).await
    }

    /// Those of these requests that wait for the approver, in their order.
    async fn waiting_of(&self, listed: &[ListedRequest]) -> Result<Vec<Waiting>, PortError> {
        let read = listed.iter().map(|one| async move {
            let (request, approval) =
                try_join(self.requests.find(one.id), self.approvals.find(one.id)).await?;
            Ok::<_, PortError>(request.zip(approval))
        });
        let read = try_join_all(read).await?.into_iter().flatten();
        let waits = |(request, approval): &(Request, Approval)| {
            waits_for(self.policy, request, approval, self.approver, self.now)
        };
        Ok(read.filter(waits).map(|(request, approval)| Waiting { request, approval }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approver_set::ApproverSet;
    use crate::ports::Clock as _;
    use crate::testing::InMemoryBackend;

    fn approver_set(backend: &InMemoryBackend) -> ApproverSet {
        let id = backend.request_at(Status::PendingApproval);
        backend.approval(id).unwrap().approver_set
    }

    #[tokio::test]
    async fn it_lists_what_waits_for_a_vote_of_the_person_and_nothing_else() {
        let backend = InMemoryBackend::new();
        let bob = approver_set(&backend).approvers().remove(0);
        let ended = backend.request_at(Status::Delivered);
        let own = backend.request_at(Status::PendingApproval);
        backend.alter(own, |row| row.email = bob.clone());
        let voted = backend.request_at(Status::PendingApproval);
        let shown = crate::decision::ReviewDigest::from_text("shown");
        let now = backend.now();
        crate::store::update_approval(&*backend, voted, |approval| {
            let approve = crate::decision::Decision::Approve;
            let vote = crate::testing::fixtures::vote_input(approve, &shown, None);
            let _ = approval.vote(&vote, &shown, &approval.approver_set.clone(), now);
        })
        .await
        .unwrap();
        let policy = backend.policy();
        let ids = async |approver: &Email, now| -> Vec<_> {
            let (requests, approvals, policy) = (&*backend, &*backend, &policy);
            let inbox = Inbox { requests, approvals, policy, approver, now };
            let found = inbox.waiting().await.unwrap();
            let oldest = inbox.oldest().await.unwrap().map(|one| one.request.id());
            assert_eq!(oldest, found.first().map(|one| one.request.id()));
            found.iter().map(|one| one.request.id()).collect()
        };
        let found = ids(&bob, now).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(![ended, own, voted].contains(&found[0]));
        assert_eq!(ids(&"stranger@example.com".parse().unwrap(), now).await, []);
        let late = backend.approval(found[0]).unwrap().expires_at;
        assert_eq!(ids(&bob, late).await, []);
    }
}
