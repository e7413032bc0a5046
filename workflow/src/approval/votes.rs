//! The approval of one request: who is asked, by which links, and how they voted. Rows of the table `approvals`.
//!
//! Invariant: an approval is decided once. [`Approval::vote`] and [`Approval::expire`] are pure; the store writes their
//! result only on the version that was read, so two votes at the same instant are two attempts of which one repeats.
//! A link's key is 256 random bits that exist only in the mail: the table knows its SHA-256.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::approver_set::{Electorate, Lacking};
use crate::decision::{ApprovalDigest, Decision, DecisionRecord, Outcome, ReviewDigest, Vote};
use crate::email::Email;
use crate::ids::RequestId;
use crate::message::TaskToken;
use crate::timestamp::whole_seconds;

/// How many earlier tokens are kept. A token has about 1 KB, an item of DynamoDB holds 400 KB, and a request has a dozen
/// executions.
const MAX_EARLIER_TOKENS: usize = 32;

/// The approval of one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Which request.
    pub request_id: RequestId,
    /// Counts the writes.
    pub version: u64,
    /// What is being approved.
    pub digest: ApprovalDigest,
    /// Who may vote, and how many of them must approve.
    pub electorate: Electorate,
    /// Counts how often all links were replaced, from 1. Links of earlier generations open nothing.
    pub generation: u32,
    /// Who has opened the review.
    #[serde(default)]
    pub viewed_by: Vec<Email>,
    /// Since when substitutes may vote too, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub escalated_at: Option<OffsetDateTime>,
    /// Whether the requester withdrew the request, which counts as a rejection.
    #[serde(default)]
    pub withdrawn: bool,
    /// Since when the approvers are asked, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Until when they may vote, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The task that waits for the outcome; a bearer secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_token: Option<TaskToken>,
    /// Tasks that asked before, oldest first; see [`Approval::keep`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_tokens: Vec<TaskToken>,
    /// The votes so far, oldest first, at most one a person.
    pub votes: Vec<Vote>,
    /// The outcome, once it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Since when the outcome stands, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub decided_at: Option<OffsetDateTime>,
}

/// What one approver says.
#[derive(Clone, Debug)]
pub struct VoteInput {
    /// Whose link it came through.
    pub approver: Email,
    /// Their word.
    pub decision: Decision,
    /// What they were shown.
    pub review_digest: ReviewDigest,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// What came of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteResult {
    /// It was recorded; the outcome stands if there is one.
    Recorded,
    /// It says what was said before; nothing changed.
    Repeated,
}

/// Why a vote does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// Another decision stands.
    #[error("the request is already {0}")]
    AlreadyDecided(Outcome),
    /// The requester withdrew the request.
    #[error("the request was withdrawn")]
    Withdrawn,
    /// The same approver voted otherwise before.
    #[error("this approver voted otherwise before")]
    VotedOtherwise,
    /// The time for votes is over.
    #[error("the time to decide is over")]
    Expired,
    /// The approver was shown something else.
    #[error("the request changed since it was shown")]
    StaleDigest,
    /// Not one of the approvers.
    #[error("not an approver of this request")]
    NotAnApprover,
}

impl Approval {
    /// A fresh approval, asked for from `now` to `expires_at`.
    pub fn ask(
        request_id: RequestId,
        digest: ApprovalDigest,
        electorate: Electorate,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Self {
        Self {
            request_id,
            version: 1,
            digest,
            electorate,
            generation: 1,
            viewed_by: Vec::new(),
            escalated_at: None,
            withdrawn: false,
            created_at: whole_seconds(now),
            expires_at: whole_seconds(expires_at),
            task_token: None,
            earlier_tokens: Vec::new(),
            votes: Vec::new(),
            outcome: None,
            decided_at: None,
        }
    }

    /// Keeps the token of a task that waits for the outcome. Messages come late and twice, so the last to come need not
    /// be the task that still waits: the outcome is reported to all of them, and those that are over do not mind.
    pub fn keep(&mut self, token: &TaskToken) {
        if self.tokens().any(|known| known == token) {
            return;
        }
        self.earlier_tokens.extend(self.task_token.replace(token.clone()));
        let surplus = self.earlier_tokens.len().saturating_sub(MAX_EARLIER_TOKENS);
        self.earlier_tokens.drain(..surplus);
    }

    /// Every task that may wait for the outcome, the latest first.
    pub fn tokens(&self) -> impl Iterator<Item = &TaskToken> {
        self.task_token.iter().chain(self.earlier_tokens.iter().rev())
    }

    /// Records one vote. `current` is what the review shows now: a vote_input that was given in view of something else is
    /// not counted.
    ///
    /// # Errors
    /// See [`VoteError`]; nothing changes then.
    pub fn vote(
        &mut self,
        vote_input: &VoteInput,
        current: &ReviewDigest,
        now: OffsetDateTime,
    ) -> Result<VoteResult, VoteError> {
        let VoteInput { approver, decision, review_digest, reason } = vote_input;
        if !self.admits(approver) {
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
            return if earlier.decision == *decision {
                Ok(VoteResult::Repeated)
            } else {
                Err(VoteError::VotedOtherwise)
            };
        }
        if review_digest != current {
            return Err(VoteError::StaleDigest);
        }
        let at = whole_seconds(now);
        self.votes.push(Vote { approver: approver.clone(), decision: *decision, reason: reason.clone(), at });
        if *decision == Decision::Reject {
            self.decide(Outcome::Rejected, now);
        } else if self.lacking().is_empty() {
            self.decide(Outcome::Approved, now);
        }
        Ok(VoteResult::Recorded)
    }

    /// Whether `person` may vote now.
    pub fn admits(&self, person: &Email) -> bool {
        self.electorate.admits(person, self.escalated_at.is_some())
    }

    /// The vote that a person gave.
    pub fn vote_of(&self, person: &Email) -> Option<&Vote> {
        self.votes.iter().find(|vote| self.electorate.plus_tags.same_person(&vote.approver, person))
    }

    /// Everybody who may vote now and has not.
    pub fn undecided(&self) -> Vec<Email> {
        let voters = self.electorate.voters(self.escalated_at.is_some());
        voters.into_iter().filter(|voter| self.vote_of(voter).is_none()).collect()
    }

    /// Which approvals are lacking.
    pub fn lacking(&self) -> Vec<Lacking> {
        let approving = self.votes.iter().filter(|vote| vote.decision == Decision::Approve);
        self.electorate.lacking(approving.map(|vote| &vote.approver))
    }

    /// Notes that an approver opened the review. Says whether that is new.
    pub fn viewed(&mut self, approver: &Email) -> bool {
        let new = !self.viewed_by.contains(approver);
        if new {
            self.viewed_by.push(approver.clone());
        }
        new
    }

    /// The requester takes the request back. Repeating it changes nothing; says whether anything changed.
    ///
    /// # Errors
    /// [`VoteError`] where the request is decided, or its time is over.
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

    /// Lets the substitutes vote too. Says whether that is new.
    pub fn escalate(&mut self, substitutes: Vec<Email>, now: OffsetDateTime) -> bool {
        let new = self.outcome.is_none() && self.escalated_at.is_none() && !substitutes.is_empty();
        if new {
            self.electorate.substitutes = substitutes;
            self.escalated_at = Some(whole_seconds(now));
        }
        new
    }

    /// Does away with all links, so that new ones of generation `generation` can be sent, to whom the policy names now.
    /// Only the next generation in order counts; says whether anything changed.
    pub fn renew_links(&mut self, generation: u32, electorate: Electorate) -> bool {
        let next = self.outcome.is_none() && generation == self.generation.saturating_add(1);
        if next {
            self.generation = generation;
            self.electorate = electorate;
        }
        next
    }

    /// Ends an undecided approval whose time is over. Says whether anything changed.
    pub fn expire(&mut self, now: OffsetDateTime) -> bool {
        let expires = self.outcome.is_none() && self.is_over(now);
        if expires {
            self.decide(Outcome::Expired, now);
        }
        expires
    }

    /// Whether the time for votes is over.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        now >= self.expires_at
    }

    /// The decision for the request's row, once it stands.
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
