//! Voting by link: the review, and the recording of a vote.
//!
//! Invariant: a link is not valid for the requester, for a person no longer listed in the policy, and from an earlier
//! generation; all three give [`VotingError::NoSuchLink`]. That of a stand-in works on the days of the policy. A conditional write records a vote first. If the message to
//! await-approval is then lost, the vote stays recorded, and a repetition or housekeeping sends the message again.

use futures_util::future::try_join;
use time::{Date, OffsetDateTime};

use super::history::{Anomaly, RequestHistory};
use super::passkey::{NotProven, VoteMeaning};
use super::review::{ApprovalProgress, CsrNotRead, Review, ReviewContent};
use super::sign_in::{Provider, SignInError, SignedIn};
use super::{Approval, BaseUrl, Link, LinkKey, VoteError, VoteInput, VoteResult};
use crate::approver_set::{ApproverSet, Identity, OidcGroup};
use crate::decision::{Evidence, Outcome, ReviewDigest, Vote};
use crate::email::Email;
use crate::ids::{IssuerId, RequestId};
use crate::message::RecheckMessage;
use crate::policy::Policy;
use crate::ports::{
    Approvals, Clock, Issuers, NameIndex, People, Policies, PortError, Requests, WorkerQueue,
};
use crate::request::approvers::approvers_of;
use crate::request::audit::{Actor, EventKind, Origin, PendingEvent};
use crate::request::{Request, Status};
use crate::store::{UpdateError, Updated, replaced_request, update_approval_audited};
use crate::timestamp::whole_seconds;

/// A link with its approval and request.
#[derive(Clone, Debug)]
pub struct ResolvedLink {
    /// The link.
    pub link: Link,
    /// The approval.
    pub approval: Approval,
    /// The request.
    pub request: Request,
}

/// The reason why a link is not valid, or a vote was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum VotingError {
    /// The link is unknown or no longer valid.
    #[error("the link is not valid")]
    NoSuchLink,
    /// The link is of a stand-in, and this was their last day.
    #[error("the approver stood in until {0}")]
    StandInEnded(Date),
    /// The request ended without a decision of its approvers.
    #[error("the request has ended: it is {0}")]
    Ended(Status),
    /// The row has no summary of its CSR yet.
    #[error(transparent)]
    CsrNotRead(#[from] CsrNotRead),
    /// The approval rejects the vote.
    #[error(transparent)]
    Vote(#[from] VoteError),
    /// The policy asks for a proof of who votes, and the vote has none, or a wrong one.
    #[error(transparent)]
    NotProven(#[from] NotProven),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The ports of voting.
pub struct Voting<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The index of names.
    pub names: &'a dyn NameIndex,
    /// The approvals and links.
    pub approvals: &'a dyn Approvals,
    /// The issuer in force.
    pub issuers: &'a dyn Issuers,
    /// The policy in force.
    pub policies: &'a dyn Policies,
    /// The passkeys of approvers.
    pub people: &'a dyn People,
    /// The public base URL.
    pub base_url: &'a BaseUrl,
    /// The queue of await-approval.
    pub approval_queue: &'a dyn WorkerQueue,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// What decides which proof a vote needs, and whether it is right.
#[derive(Clone, Copy)]
struct Voter<'a> {
    policy: &'a Policy,
    in_force: &'a ApproverSet,
    now: OffsetDateTime,
}

impl Voting<'_> {
    /// The link with this key, its approval and its request.
    ///
    /// # Errors
    /// [`VotingError::NoSuchLink`], and [`VotingError::Port`].
    pub async fn resolve(&self, key: &LinkKey) -> Result<ResolvedLink, VotingError> {
        let link = self.approvals.find_link(&key.digest()).await?.ok_or(VotingError::NoSuchLink)?;
        self.resolve_link(link).await
    }

    /// Like [`Voting::resolve`], for request `id` opened from the list of an approver: with the same checks, except that
    /// such a link is of no generation. It ends within the hour.
    ///
    /// # Errors
    /// See [`Voting::resolve`].
    pub async fn resolve_in_inbox(&self, key: &LinkKey, id: RequestId) -> Result<ResolvedLink, VotingError> {
        let none = || VotingError::NoSuchLink;
        let now = self.clock.now();
        let inbox = self.approvals.find_inbox(&key.digest()).await?;
        let inbox = inbox.filter(|inbox| now < inbox.until).ok_or_else(none)?;
        let approval = self.approvals.find(id).await?.ok_or_else(none)?;
        self.resolve_link(Link {
            digest: inbox.digest,
            request_id: id,
            approver: inbox.approver,
            generation: approval.generation,
            created_at: now,
        })
        .await
    }

    async fn resolve_link(&self, link: Link) -> Result<ResolvedLink, VotingError> {
        let none = || VotingError::NoSuchLink;
        // Read the request before the approval: a decision can end the request between the two reads. In the reverse
        // order, this end would look like an end without a decision, and a repeated vote would be rejected.
        let request = self.requests.find(link.request_id).await?.ok_or_else(none)?;
        let approval = self.approvals.find(link.request_id).await?.ok_or_else(none)?;
        let tags = approval.approver_set.plus_tags;
        if link.generation != approval.generation || tags.same_person(request.email(), &link.approver) {
            return Err(none());
        }
        let now = self.clock.now();
        if !approval.admits(&link.approver, now) {
            return Err(match approval.stood_in_until(&link.approver, now) {
                Some(until) => VotingError::StandInEnded(until),
                None => none(),
            });
        }
        // An approver who was removed from the policy after the mail was sent may neither read nor vote.
        if approval.outcome.is_none() {
            let policy = self.policies.current().await?;
            let escalated = approval.is_escalated();
            let profile = policy.profile(Some(request.profile()));
            if !profile.is_ok_and(|profile| profile.lets_vote(&link.approver, escalated, now)) {
                let id = request.id();
                tracing::info!(request.id = %id, "the policy no longer lists the approver of a link of request {id}");
                return Err(none());
            }
        }
        Ok(ResolvedLink { link, approval, request })
    }

    /// The contents of the review, by the policy and the issuer in force, which also apply to signing.
    ///
    /// # Errors
    /// [`VotingError::CsrNotRead`], and [`VotingError::Port`].
    pub async fn content(&self, request: &Request) -> Result<ReviewContent, VotingError> {
        let policy = self.policies.for_request(request).await?;
        let issuer = self.issuers.in_force(&IssuerId::DEFAULT).await?;
        let replaced = replaced_request(self.requests, request).await?;
        ReviewContent::of(request, &policy, issuer.as_ref(), replaced.as_ref()).map_err(|error| {
            let id = request.id();
            tracing::error!(request.id = %id, %error, "request {id} has an approval, and no summary of its CSR");
            error.into()
        })
    }

    /// The review that shows these contents.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn review(&self, resolved: ResolvedLink, content: ReviewContent) -> Result<Review, PortError> {
        let ResolvedLink { link, approval, request } = resolved;
        let (key, now) = (content.public_key_digest(), self.clock.now());
        let plus_tags = approval.approver_set.plus_tags;
        let read = RequestHistory::read(self.requests, self.names, &request, key, plus_tags, now);
        let mut history = read.await?;
        let policy = self.policies.current().await?;
        for related in history.anomalies.iter_mut().flat_map(Anomaly::related_mut) {
            related.asks_you = related.status == Status::PendingApproval
                && self.asks(&policy, related.id, &link.approver).await?;
        }
        let in_force = self.approvers_in_force(&policy, &request).await?;
        Ok(Review::new(link.approver, &request, approval, in_force.as_ref(), content, history, now))
    }

    /// True if a request waits for a vote of `approver`.
    async fn asks(&self, policy: &Policy, id: RequestId, approver: &Email) -> Result<bool, PortError> {
        let (request, approval) = try_join(self.requests.find(id), self.approvals.find(id)).await?;
        let (Some(request), Some(approval)) = (request, approval) else { return Ok(false) };
        Ok(waits_for(policy, &request, &approval, approver, self.clock.now()))
    }

    /// How far the approval of a request is.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn progress(
        &self,
        request: &Request,
        approval: &Approval,
    ) -> Result<ApprovalProgress, PortError> {
        let policy = self.policies.current().await?;
        let in_force = self.approvers_in_force(&policy, request).await?;
        Ok(ApprovalProgress::of(approval, in_force.as_ref(), self.clock.now()))
    }

    /// Records in the audit trail, once, that the approver opened the review. A failure does not affect the review.
    pub async fn note_view(&self, resolved: &ResolvedLink, shown: &ReviewDigest, by: &Origin) {
        let approver = &resolved.link.approver;
        if resolved.approval.outcome.is_some() || resolved.approval.viewed_by.contains(approver) {
            return;
        }
        let (id, now) = (resolved.request.id(), self.clock.now());
        let noted = update_approval_audited(self.approvals, self.requests, id, by, |approval| {
            let entry = PendingEvent::new(EventKind::Viewed, now).with_digest(shown.as_str());
            ((), approval.viewed(approver).then_some(entry))
        })
        .await;
        if let Err(error) = noted {
            tracing::warn!(request.id = %id, %error, "showed the review of request {id}, but the audit trail lacks it");
        }
    }

    /// Records a vote on `content`, and sends a message to await-approval. Idempotent.
    ///
    /// # Errors
    /// See [`VotingError`]; no vote is recorded then.
    pub async fn cast(
        &self,
        request: &Request,
        vote_input: &VoteInput,
        content: &ReviewContent,
        by: &Origin,
    ) -> Result<Approval, VotingError> {
        let (id, now) = (request.id(), self.clock.now());
        let policy = self.policies.current().await?;
        let in_force = self.approvers_in_force(&policy, request).await?.ok_or(VotingError::NoSuchLink)?;
        let voter = Voter { policy: &policy, in_force: &in_force, now };
        let vote_input = &self.proven(request, vote_input, content, voter).await?;
        let by = &Origin { actor: Actor::approver(&vote_input.approver), ..by.clone() };
        let changed = update_approval_audited(self.approvals, self.requests, id, by, |approval| {
            if approval.digest != content.binds && approval.outcome.is_none() {
                return Err(VoteError::StaleDigest);
            }
            let voted = approval.vote(vote_input, &content.digest, &in_force, now)?;
            let entry = PendingEvent::new(EventKind::Voted, now)
                .with_digest(vote_input.review_digest.as_str())
                .with_detail(
                    approval.vote_of(&vote_input.approver).map(Vote::event_detail).unwrap_or_default(),
                );
            Ok((voted, (voted == VoteResult::Recorded).then_some(entry)))
        })
        .await;
        let Updated { row: approval, value: voted } = changed.map_err(|error| match error {
            UpdateError::Missing(_) => VotingError::NoSuchLink,
            UpdateError::Rejected(error) => VotingError::Vote(error),
            UpdateError::Port(error) => VotingError::Port(error),
        })?;
        match voted {
            VoteResult::Recorded => {
                let outcome = approval.outcome.map(Outcome::as_str);
                tracing::info!(request.id = %id, decision = ?vote_input.decision, outcome, "recorded a vote on request {id}");
            }
            VoteResult::Repeated => {
                tracing::info!(request.id = %id, decision = ?vote_input.decision, "a vote on request {id} was repeated")
            }
        }
        if let Err(error) = self.approval_queue.recheck(&RecheckMessage::look(id)).await {
            tracing::error!(request.id = %id, %error, "a vote on request {id} is recorded, but await-approval got no message; housekeeping will send it");
        }
        Ok(approval)
    }

    /// Checks the proof of a vote, without recording it, and returns the vote of the person whom the proof names.
    ///
    /// # Errors
    /// See [`VotingError`].
    pub async fn prove(
        &self,
        request: &Request,
        vote_input: &VoteInput,
        content: &ReviewContent,
    ) -> Result<VoteInput, VotingError> {
        let (policy, now) = (self.policies.current().await?, self.clock.now());
        let in_force = self.approvers_in_force(&policy, request).await?.ok_or(VotingError::NoSuchLink)?;
        let voter = Voter { policy: &policy, in_force: &in_force, now };
        self.proven(request, vote_input, content, voter).await
    }

    /// Returns the vote with evidence that was checked, or without evidence where the policy asks for none: what nobody
    /// checked is not kept.
    async fn proven(
        &self,
        request: &Request,
        vote_input: &VoteInput,
        content: &ReviewContent,
        voter: Voter<'_>,
    ) -> Result<VoteInput, VotingError> {
        let Voter { policy, in_force, now } = voter;
        let evidence = match in_force.identity {
            Identity::Mail => return Ok(VoteInput { evidence: None, ..vote_input.clone() }),
            Identity::Passkey => {
                let evidence = vote_input.evidence.as_ref();
                evidence.filter(|one| one.passkey().is_some()).ok_or(NotProven::NoEvidence)?
            }
            Identity::Oidc => {
                let evidence = vote_input.evidence.as_ref();
                evidence
                    .filter(|one| one.id_token().is_some())
                    .ok_or(NotProven::from(SignInError::NoToken))?
            }
        };
        if *evidence.review_digest() != vote_input.review_digest {
            return Err(VoteError::StaleDigest.into());
        }
        let meaning = VoteMeaning {
            base_url: self.base_url,
            request_id: request.id(),
            binds: &content.binds,
            decision: vote_input.decision,
            reason: vote_input.reason.as_deref(),
        };
        match evidence {
            Evidence::Passkey(evidence) => {
                let person = in_force.plus_tags.person(&vote_input.approver);
                let passkeys = self.people.passkeys(&person).await?;
                evidence.check(self.base_url, &meaning.challenge(evidence), &passkeys)?;
            }
            Evidence::IdToken(evidence) => {
                let settings = policy.oidc().ok_or(NotProven::from(SignInError::NoProvider))?;
                let keys = self.people.provider_keys(&settings.issuer).await?;
                let provider = Provider { settings, keys: &keys, plus_tags: in_force.plus_tags };
                // The time as it is kept with the vote: Sign checks the same.
                let at = whole_seconds(now);
                let signed_in = evidence.signed_in(&meaning, at, provider).map_err(NotProven::from)?;
                let by_person = by_person(vote_input, &signed_in, in_force).map_err(NotProven::from)?;
                if in_force.plus_tags.same_person(&by_person.approver, request.email()) {
                    return Err(VoteError::OwnRequest.into());
                }
                return Ok(by_person);
            }
        }
        Ok(vote_input.clone())
    }

    /// The approvers by the policy in force; `None` if the policy no longer has the profile.
    async fn approvers_in_force(
        &self,
        policy: &Policy,
        request: &Request,
    ) -> Result<Option<ApproverSet>, PortError> {
        let replaced = replaced_request(self.requests, request).await?;
        Ok(approvers_of(request, policy, replaced.as_ref()).ok())
    }
}

/// The vote of the person who signed in: of the approver whose link it is, or of a member of the group whose mailbox it is.
fn by_person(
    vote_input: &VoteInput,
    signed_in: &SignedIn,
    in_force: &ApproverSet,
) -> Result<VoteInput, SignInError> {
    let is_member = |group: &&OidcGroup| signed_in.is_member(&group.name);
    let groups = in_force.oidc_groups.iter().filter(is_member).map(|group| group.name.clone());
    let oidc_groups: Vec<String> = groups.collect();
    let approver = match in_force.oidc_group(&vote_input.approver) {
        Some(group) if oidc_groups.contains(&group.name) => signed_in.address.clone(),
        Some(_) => return Err(SignInError::NotInGroup),
        None => {
            signed_in.is(&vote_input.approver)?;
            vote_input.approver.clone()
        }
    };
    Ok(VoteInput { approver, oidc_groups, ..vote_input.clone() })
}

/// True if the undecided `approval` waits for a vote of `approver`, whom the policy in force still lists.
pub fn waits_for(
    policy: &Policy,
    request: &Request,
    approval: &Approval,
    approver: &Email,
    now: OffsetDateTime,
) -> bool {
    let escalated = approval.is_escalated();
    approval.outcome.is_none()
        && !approval.is_over(now)
        && approval.waits_for(approver, now)
        && !approval.approver_set.plus_tags.same_person(request.email(), approver)
        && policy
            .profile(Some(request.profile()))
            .is_ok_and(|profile| profile.lets_vote(approver, escalated, now))
}

impl ResolvedLink {
    /// True if the approval period is over.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        match self.approval.outcome {
            Some(outcome) => outcome == Outcome::Expired,
            None => self.approval.is_over(now),
        }
    }

    /// Checks that the request did not end without a decision of its approvers.
    ///
    /// # Errors
    /// [`VotingError::Ended`].
    pub fn ensure_votable(&self) -> Result<(), VotingError> {
        match self.approval.outcome {
            None if self.request.status().is_terminal() => Err(VotingError::Ended(self.request.status())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
