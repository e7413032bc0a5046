//! A standing approval: the row of the table `grants`, and the only rules for its changes.
//!
//! Invariant: only [`covers_terms`](super::coverage::covers_terms) makes one, from an approved request. It ends by its time, by
//! its number of certificates, or by an act ([`StandingEnd`]), and each check uses the bounds of the policy in force. A use is
//! counted once for each request ([`StandingUse`]), before the certificate is signed; the store writes row and use together,
//! only on the version that was read. Decision 0151.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::ConfirmedRequest;
use crate::decision::{ApprovalDigest, DecisionRecord};
use crate::email::Email;
use crate::finding::Finding;
use crate::ids::RequestId;
use crate::policy::{Policy, StandingRules};
use crate::request::audit::{Actor, Event, EventKind};
use crate::request::{Request, reason_digest};
use crate::standing::StandingTerms;
use crate::timestamp::whole_seconds;

mod outside;

pub use outside::OutsidePart;

/// An approval of terms. Certificates inside are signed without asking again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingApproval {
    id: RequestId,
    version: u64,
    requester: Email,
    profile: String,
    terms: StandingTerms,
    decision: DecisionRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed: Option<ConfirmedRequest>,
    used: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<StandingEnd>,
}

/// The end of a standing approval before its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingEnd {
    /// The time, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The actor.
    pub by: Actor,
    /// The reason, in words.
    pub reason: String,
}

/// The bounds of a standing approval by the policy in force: the smaller ones of its terms and of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingBounds {
    /// The end, UTC.
    pub until: OffsetDateTime,
    /// The most certificates.
    pub most: u32,
}

/// What the policy in force makes of a standing approval at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingOutlook {
    /// The reason why nothing more is signed under it; `None` while it lives.
    pub over: Option<StandingError>,
    /// Its end: by an act, by the policy in force, or by its terms. UTC.
    pub until: OffsetDateTime,
    /// The most certificates.
    pub most: u32,
}

/// One certificate that was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingUse {
    /// The standing approval.
    #[serde(rename = "id")]
    pub standing: RequestId,
    /// The request of the certificate.
    pub request_id: RequestId,
    /// The number of the use, from 1.
    pub number: u32,
    /// The time, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The reason why nothing more is signed under a standing approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// The policy in force has no standing approvals for the profile, or not the profile.
    #[error("the policy in force has no standing approvals for this profile")]
    NotAllowed,
    /// A person ended it before its time.
    #[error("the standing approval was ended")]
    Ended,
    /// Its time is over, or the time that the policy in force allows.
    #[error("the time of the standing approval is over")]
    Over,
    /// Too few of those who approved it are approvers by the policy in force, or that asks for more approvals.
    #[error("the approvals of the standing approval are no longer enough by the policy in force")]
    ApproversLeft,
    /// All of its certificates are counted, or as many as the policy in force allows.
    #[error("the standing approval has no certificates left")]
    UsedUp,
}

impl StandingApproval {
    /// The standing approval of a request with these terms and this decision. A second attempt makes the same.
    pub(super) fn of(request: &Request, terms: &StandingTerms, decision: &DecisionRecord) -> Self {
        Self {
            id: request.id(),
            version: 1,
            requester: request.email().clone(),
            profile: request.profile().to_owned(),
            terms: terms.clone(),
            decision: decision.clone(),
            confirmed: ConfirmedRequest::of(request),
            used: 0,
            ended: None,
        }
    }

    /// The id: that of its request.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The number of writes so far.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Increments the version after a successful write.
    pub fn count_write(&mut self) {
        self.version += 1;
    }

    /// The requester, who alone may have certificates signed under it.
    pub fn requester(&self) -> &Email {
        &self.requester
    }

    /// The name of the profile.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The terms.
    pub fn terms(&self) -> &StandingTerms {
        &self.terms
    }

    /// The digest that an approval of these terms binds.
    pub fn digest(&self) -> ApprovalDigest {
        ApprovalDigest::of_terms(self.id, &self.requester, &self.profile, &self.terms)
    }

    /// The decision of the approvers, with the evidence.
    pub fn decision(&self) -> &DecisionRecord {
        &self.decision
    }

    /// The sign-in by which the requester confirmed the request, if the policy asked for one.
    pub fn confirmed(&self) -> Option<&ConfirmedRequest> {
        self.confirmed.as_ref()
    }

    /// Its beginning: the time of the decision, UTC.
    pub fn from(&self) -> OffsetDateTime {
        whole_seconds(self.decision.at)
    }

    /// The end by its terms, UTC.
    pub fn until(&self) -> OffsetDateTime {
        self.after(self.terms.days())
    }

    fn after(&self, days: u32) -> OffsetDateTime {
        self.from().saturating_add(Duration::days(days.into()))
    }

    /// The number of certificates counted.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Its end before its time.
    pub fn ended(&self) -> Option<&StandingEnd> {
        self.ended.as_ref()
    }

    /// Checks that certificates are signed under it at this time, by the policy in force. Returns the most certificates.
    ///
    /// # Errors
    /// [`StandingError`], but not [`StandingError::UsedUp`]: a certificate that is counted already is still signed.
    pub fn ensure_alive(&self, policy: &Policy, at: OffsetDateTime) -> Result<u32, StandingError> {
        let StandingBounds { until, most } = self.bounds(policy).ok_or(StandingError::NotAllowed)?;
        if self.ended.is_some() {
            return Err(StandingError::Ended);
        }
        if at >= until {
            return Err(StandingError::Over);
        }
        Ok(most)
    }

    /// The bounds by the policy in force; `None` if it has no standing approvals for the profile, or not the profile.
    pub fn bounds(&self, policy: &Policy) -> Option<StandingBounds> {
        let StandingRules { max_days, most } = policy.profile(Some(&self.profile)).ok()?.standing()?;
        Some(StandingBounds {
            until: self.after(self.terms.days().min(max_days)),
            most: self.terms.certificates().min(most),
        })
    }

    /// True if it extends `base`: approvers agreed that what has a credential of that one may use this one, too.
    pub fn is_extension_of(&self, base: &Self, policy: &Policy) -> bool {
        self.terms.extends() == Some(base.id)
            && self.profile == base.profile
            && policy.plus_tags().same_person(&self.requester, &base.requester)
    }

    /// The terms of an extension of `base` with more names than this one has: days and certificates as now, within the bounds of
    /// the policy in force.
    ///
    /// # Errors
    /// As [`StandingTerms::of`].
    pub fn extended(
        &self,
        base: RequestId,
        policy: &Policy,
        more: &[String],
    ) -> Result<StandingTerms, Vec<Finding>> {
        let profile = policy.profile(Some(&self.profile)).map_err(|finding| vec![finding])?;
        let (days, certificates) = (self.terms.days(), self.terms.certificates());
        let (days, certificates) = match profile.standing() {
            Some(rules) => (days.min(rules.max_days), certificates.min(rules.most)),
            // The evaluation of the terms says so.
            None => (days, certificates),
        };
        self.terms.extended(base, more, days, certificates)
    }

    /// True if nothing is signed under it any more, whatever the policy becomes: it was ended, or its time is over.
    pub fn is_over(&self, at: OffsetDateTime) -> bool {
        self.ended.is_some() || at >= self.until()
    }

    /// Checks that one more certificate may be counted. Whether its approvals are still enough is asked by
    /// [`ensure_open`](super::coverage::ensure_open).
    ///
    /// # Errors
    /// [`StandingError`], but not [`StandingError::ApproversLeft`].
    fn ensure_left(&self, policy: &Policy, at: OffsetDateTime) -> Result<(), StandingError> {
        if self.used < self.ensure_alive(policy, at)? { Ok(()) } else { Err(StandingError::UsedUp) }
    }

    /// Counts a certificate, and returns its use.
    ///
    /// # Errors
    /// [`StandingError`]; nothing changes then.
    pub fn count(
        &mut self,
        request_id: RequestId,
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Result<StandingUse, StandingError> {
        self.ensure_left(policy, now)?;
        self.used += 1;
        Ok(StandingUse { standing: self.id, request_id, number: self.used, at: whole_seconds(now) })
    }

    /// Ends it, on behalf of `by`. Only the first call has an effect.
    pub fn end(&mut self, by: &Actor, reason: &str, now: OffsetDateTime) {
        let end = || StandingEnd { at: whole_seconds(now), by: by.clone(), reason: reason.to_owned() };
        self.ended.get_or_insert_with(end);
    }

    /// True if the audit trail of the request records this end, or none if there is none.
    pub fn end_agrees_with(&self, trail: &[Event]) -> bool {
        let recorded = trail.iter().find(|event| event.event == EventKind::GrantEnded);
        match (&self.ended, recorded) {
            (None, None) => true,
            (Some(end), Some(event)) => {
                (end.at, &end.by) == (event.at, &event.actor)
                    && event.digest.as_ref() == Some(&reason_digest(&end.reason))
            }
            _ => false,
        }
    }

    /// True if it is `earlier`, some time later: it may have been used or ended since.
    pub fn continues(&self, earlier: &Self) -> bool {
        let unchanged = |row: &Self| {
            let (version, used, ended) = (0, 0, None);
            Self { version, used, ended, ..row.clone() }
        };
        unchanged(self) == unchanged(earlier)
            && self.version >= earlier.version
            && self.used >= earlier.used
            && (earlier.ended.is_none() || self.ended == earlier.ended)
    }

    #[cfg(any(test, feature = "testing"))]
    /// The row with other columns, as a person with access to the table could change it.
    ///
    /// # Panics
    /// If the columns cannot be read.
    #[must_use]
    pub fn altered(&self, alter: impl FnOnce(&mut serde_json::Value)) -> Self {
        let mut columns = serde_json::to_value(self).expect("every row is JSON");
        alter(&mut columns);
        serde_json::from_value(columns).expect("the columns of a row")
    }
}

/// The approval that has to cover the certificate of a request: the decision in the row, or the one of the standing approval
/// that the row names. `None` if there is none, or it is no approval.
pub fn approval_above<'a>(
    request: &'a Request,
    standing: Option<&'a StandingApproval>,
) -> Option<&'a DecisionRecord> {
    let decision = match request.standing() {
        None => request.decision(),
        Some(id) => standing.filter(|standing| standing.id == id).map(StandingApproval::decision),
    };
    decision.filter(|decision| decision.is_approval())
}

#[cfg(test)]
mod tests;
