//! Everything that waits for an approver, and the link to it.
//!
//! Invariant: the link goes by mail to an address that the policy lists as an approver and nowhere else; its key is
//! random, the table has its digest, and it works for [`LIFETIME`]. What it opens is checked like what a link to one
//! request opens; see [`Voting::resolve_in_inbox`](super::voting::Voting::resolve_in_inbox). The caller learns nothing
//! about an address, not even from the time, since the same call is made for every address.

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::voting::waits_for;
use super::{Approval, LinkDigest, LinkKey};
use crate::email::Email;
use crate::message::RecheckMessage;
use crate::policy::Policy;
use crate::ports::{Approvals, PortError, Requests, WorkerQueue};
use crate::request::{Request, Status};
use crate::timestamp::whole_seconds;

/// How long a link works.
pub const LIFETIME: Duration = Duration::hours(1);
/// The most undecided requests that are looked at, the oldest first.
pub const MAX_LOOKED_AT: usize = 200;
/// Approvals read at the same time.
const CONCURRENT_READS: usize = 16;

/// The link of an approver to everything that waits for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxLink {
    /// The key of the row.
    pub digest: LinkDigest,
    /// The approver who received the link.
    pub approver: Email,
    /// The time until which it works, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

impl InboxLink {
    /// The link with this key, from `now` on.
    pub fn new(key: &LinkKey, approver: &Email, now: OffsetDateTime) -> Self {
        Self { digest: key.digest(), approver: approver.clone(), until: whole_seconds(now + LIFETIME) }
    }
}

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

/// The requests that wait for a vote of `approver`, the first to expire first.
///
/// # Errors
/// [`PortError`] of a table.
pub async fn waiting(
    requests: &dyn Requests,
    approvals: &dyn Approvals,
    policy: &Policy,
    approver: &Email,
    now: OffsetDateTime,
) -> Result<Vec<Waiting>, PortError> {
    let listed = requests.list(Status::PendingApproval, MAX_LOOKED_AT).await?;
    let mut waiting = Vec::new();
    for listed in listed.chunks(CONCURRENT_READS) {
        let read = listed.iter().map(|one| async move {
            let (request, approval) = futures_util::try_join!(requests.find(one.id), approvals.find(one.id))?;
            Ok::<_, PortError>(request.zip(approval))
        });
        let read = try_join_all(read).await?.into_iter().flatten();
        let waits = read.filter(|(request, approval)| waits_for(policy, request, approval, approver, now));
        waiting.extend(waits.map(|(request, approval)| Waiting { request, approval }));
    }
    waiting.sort_by_key(|one| (one.approval.expires_at, one.request.id()));
    Ok(waiting)
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
            let found = waiting(&*backend, &*backend, &policy, approver, now).await.unwrap();
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
