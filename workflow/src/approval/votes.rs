//! The approval of one request: approvers, links and votes. Rows of the table `approvals`.
//!
//! Invariant: an approval is decided once. [`Approval::vote`] and [`Approval::expire`] are pure; the store writes their
//! result only on the version that was read, so of two votes at the same instant one is repeated on the new version. A
//! link's key is 256 random bits that exist only in the mail; the table stores its SHA-256.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::question::Question;
use crate::approver_set::ApproverSet;
use crate::decision::{ApprovalDigest, Decision, DecisionRecord, Evidence, Outcome, ReviewDigest, Vote};
use crate::email::Email;
use crate::ids::RequestId;
use crate::message::TaskToken;
use crate::stand_in::StandIn;
use crate::timestamp::whole_seconds;

/// Limit of stored earlier tokens. A token has about 1 KB, an item of DynamoDB holds 400 KB, and a request has a dozen
/// executions.
const MAX_EARLIER_TOKENS: usize = 32;

/// The approval of one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// The request.
    pub request_id: RequestId,
    /// Counts the writes.
    pub version: u64,
    /// The digest of the contents to approve.
    pub digest: ApprovalDigest,
    /// The approvers who may vote, and the number of approvals needed.
    #[serde(rename = "electorate")]
    pub approver_set: ApproverSet,
    /// The generation of the links: 1, and one more per replacement of all links. Earlier links are not valid.
    pub generation: u32,
    /// The approvers who have opened the review.
    #[serde(default)]
    pub viewed_by: Vec<Email>,
    /// The time from which escalation approvers may vote too, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub escalated_at: Option<OffsetDateTime>,
    /// True if the requester withdrew the request, which counts as a rejection.
    #[serde(default)]
    pub withdrawn: bool,
    /// The start of the approval period, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The end of the approval period, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The task that waits for the outcome; a bearer secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_token: Option<TaskToken>,
    /// Tokens of earlier waiting tasks, oldest first; see [`Approval::keep`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_tokens: Vec<TaskToken>,
    /// The votes so far, oldest first, at most one per person.
    pub votes: Vec<Vote>,
    /// Questions to the requester, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The outcome, once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The time of the outcome, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub decided_at: Option<OffsetDateTime>,
}

/// The vote of one approver, not yet checked.
#[derive(Clone, Debug)]
pub struct VoteInput {
    /// The approver who received the link. If that is the mailbox of a group of the identity provider,
    /// [`Voting::cast`](super::voting::Voting::cast) puts the member in its place whom the proof names.
    pub approver: Email,
    /// The decision.
    pub decision: Decision,
    /// The digest of the review that the approver saw.
    pub review_digest: ReviewDigest,
    /// The reason, in the approver's words.
    pub reason: Option<String>,
    /// The groups of the policy of which the proof makes the approver a member; only
    /// [`Voting::cast`](super::voting::Voting::cast) fills it.
    pub oidc_groups: Vec<String>,
    /// The proof of who votes. [`Voting::cast`](super::voting::Voting::cast) checks it.
    pub evidence: Option<Evidence>,
}

/// The result of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteResult {
    /// The vote was recorded, and possibly decided the outcome.
    Recorded,
    /// The vote repeats the recorded decision; nothing changed.
    Repeated,
}

/// The reason why a vote does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// The request has another decision already.
    #[error("the request is already {0}")]
    AlreadyDecided(Outcome),
    /// The requester withdrew the request.
    #[error("the request was withdrawn")]
    Withdrawn,
    /// The same approver voted differently before.
    #[error("this approver voted otherwise before")]
    VotedOtherwise,
    /// The approval period is over.
    #[error("the time to decide is over")]
    Expired,
    /// The contents of the review changed after the approver saw them.
    #[error("the request changed since it was shown")]
    StaleDigest,
    /// The voter is a member of a group of approvers, and made the request.
    #[error("the approver made the request")]
    OwnRequest,
    /// The voter is not an approver of the request.
    #[error("not an approver of this request")]
    NotAnApprover,
}

impl Approval {
    /// A new approval, with an approval period from `now` to `expires_at`.
    pub fn ask(
        request_id: RequestId,
        digest: ApprovalDigest,
        approver_set: ApproverSet,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Self {
        Self {
            request_id,
            version: 1,
            digest,
            approver_set,
            generation: 1,
            viewed_by: Vec::new(),
            escalated_at: None,
            withdrawn: false,
            created_at: whole_seconds(now),
            expires_at: whole_seconds(expires_at),
            task_token: None,
            earlier_tokens: Vec::new(),
            votes: Vec::new(),
            questions: Vec::new(),
            outcome: None,
            decided_at: None,
        }
    }

    /// Stores the token of a task that waits for the outcome. Messages can arrive late and twice, so the token that
    /// arrives last may belong to an ended task: the outcome is reported to all stored tokens, and a report to an ended
    /// task has no effect.
    pub fn keep(&mut self, token: &TaskToken) {
        if self.tokens().any(|known| known == token) {
            return;
        }
        self.earlier_tokens.extend(self.task_token.replace(token.clone()));
        let surplus = self.earlier_tokens.len().saturating_sub(MAX_EARLIER_TOKENS);
        self.earlier_tokens.drain(..surplus);
    }

    /// Forgets the tokens, once the outcome was reported to all of them. Returns true if anything changed.
    pub fn forget_tokens(&mut self) -> bool {
        let had = self.outcome.is_some() && self.task_token.is_some();
        if had {
            self.task_token = None;
            self.earlier_tokens.clear();
        }
        had
    }

    /// Tokens of all tasks that may wait for the outcome, the latest first.
    pub fn tokens(&self) -> impl Iterator<Item = &TaskToken> {
        self.task_token.iter().chain(self.earlier_tokens.iter().rev())
    }

    /// Records one vote. `current` is the digest of the review as it is now; a vote on another digest does not count.
    /// `in_force` are the approvers by the policy in force.
    ///
    /// # Errors
    /// See [`VoteError`]; nothing changes then.
    pub fn vote(
        &mut self,
        vote_input: &VoteInput,
        current: &ReviewDigest,
        in_force: &ApproverSet,
        now: OffsetDateTime,
    ) -> Result<VoteResult, VoteError> {
        let VoteInput { approver, decision, review_digest, reason, oidc_groups, evidence } = vote_input;
        if !self.admits_vote(vote_input, now) {
            return Err(VoteError::NotAnApprover);
        }
        match (self.outcome, decision) {
            (Some(Outcome::Rejected), _) if self.withdrawn => return Err(VoteError::Withdrawn),
            (Some(Outcome::Approved), Decision::Approve) | (Some(Outcome::Rejected), Decision::Reject) => {
                return Ok(VoteResult::Repeated);
            }
            (Some(Outcome::Expired), _) => return Err(VoteError::Expired),
            (Some(outcome), _) => return Err(VoteError::AlreadyDecided(outcome)),
            (None, _) => {}
        }
        if self.is_over(now) {
            return Err(VoteError::Expired);
        }
        if let Some(earlier) = self.vote_of(approver) {
            if earlier.decision != *decision {
                return Err(VoteError::VotedOtherwise);
            }
            // A vote from before the policy asked for a proof is cast again with it.
            let accepts = |evidence: &Option<Evidence>| in_force.identity.accepts(evidence.as_ref());
            if evidence.is_none() || accepts(&earlier.evidence) || !accepts(evidence) {
                return Ok(VoteResult::Repeated);
            }
        }
        if review_digest != current {
            return Err(VoteError::StaleDigest);
        }
        let (at, plus_tags) = (whole_seconds(now), self.approver_set.plus_tags);
        let stands_in_for = self.stands_in_for(approver, in_force, at);
        self.votes.retain(|vote| !plus_tags.same_person(&vote.approver, approver));
        self.votes.push(Vote {
            approver: approver.clone(),
            decision: *decision,
            reason: reason.clone(),
            at,
            stands_in_for,
            oidc_groups: oidc_groups.clone(),
            evidence: evidence.clone(),
        });
        if *decision == Decision::Reject {
            self.decide(Outcome::Rejected, now);
        } else if self.missing_approvals(in_force).is_empty() {
            self.decide(Outcome::Approved, now);
        }
        Ok(VoteResult::Recorded)
    }

    /// The vote of a person.
    pub fn vote_of(&self, person: &Email) -> Option<&Vote> {
        self.votes.iter().find(|vote| self.approver_set.plus_tags.same_person(&vote.approver, person))
    }

    /// Records that an approver opened the review. Returns true if anything changed.
    pub fn viewed(&mut self, approver: &Email) -> bool {
        let new = !self.viewed_by.contains(approver);
        if new {
            self.viewed_by.push(approver.clone());
        }
        new
    }

    /// Withdraws the request, on behalf of the requester. Idempotent; returns true if anything changed.
    ///
    /// # Errors
    /// [`VoteError`] if the request is decided, or its approval period is over.
    pub fn withdraw(&mut self, now: OffsetDateTime) -> Result<bool, VoteError> {
        match self.outcome {
            Some(_) if self.withdrawn => Ok(false),
            Some(Outcome::Expired) => Err(VoteError::Expired),
            Some(outcome) => Err(VoteError::AlreadyDecided(outcome)),
            None if self.is_over(now) => Err(VoteError::Expired),
            None => {
                self.withdrawn = true;
                self.decide(Outcome::Rejected, now);
                Ok(true)
            }
        }
    }

    /// Lets `escalation_approvers` vote too. Returns true if anything changed.
    pub fn escalate(&mut self, escalation_approvers: Vec<Email>, now: OffsetDateTime) -> bool {
        let new = self.outcome.is_none() && self.escalated_at.is_none() && !escalation_approvers.is_empty();
        if new {
            self.approver_set.escalation_approvers = escalation_approvers;
            self.escalated_at = Some(whole_seconds(now));
        }
        new
    }

    /// Takes over the stand-ins of the policy in force, so that entries made since the question count too. Returns true if
    /// anything changed.
    pub fn replace_stand_ins(&mut self, stand_ins: &[StandIn]) -> bool {
        let new = self.outcome.is_none() && self.approver_set.stand_ins != stand_ins;
        if new {
            self.approver_set.stand_ins = stand_ins.to_vec();
        }
        new
    }

    /// Invalidates all links, so that links of `generation` can be sent to the approvers now in the policy. Accepts
    /// only the next generation in order; returns true if anything changed.
    pub fn renew_links(&mut self, generation: u32, approver_set: ApproverSet) -> bool {
        let next = self.outcome.is_none() && generation == self.generation.saturating_add(1);
        if next {
            self.generation = generation;
            self.approver_set = approver_set;
        }
        next
    }

    /// Ends an undecided approval after its approval period. Returns true if anything changed.
    pub fn expire(&mut self, now: OffsetDateTime) -> bool {
        let expires = self.outcome.is_none() && self.is_over(now);
        if expires {
            self.decide(Outcome::Expired, now);
        }
        expires
    }

    /// True if the approval period is over.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        now >= self.expires_at
    }

    /// The decision for the request's row, once decided.
    pub fn decision(&self) -> Option<DecisionRecord> {
        Some(DecisionRecord {
            outcome: self.outcome?,
            digest: self.digest.clone(),
            votes: self.votes.clone(),
            withdrawn: self.withdrawn,
            at: self.decided_at?,
        })
    }

    fn decide(&mut self, outcome: Outcome, now: OffsetDateTime) {
        self.outcome = Some(outcome);
        self.decided_at = Some(whole_seconds(now));
    }
}

#[cfg(test)]
mod tests;
