//! Coverage by a standing approval: of the certificates under it, and of itself by the approval of its terms.
//!
//! Invariant: the standing approval is checked anew for each certificate, with its votes, their proofs and the approvers of the
//! policy in force. A certificate is covered only if its use is counted; that is the last check, so nothing is counted for a
//! certificate that is refused.

use pki::issuer::Issuer;
use time::OffsetDateTime;

use super::{GivenApproval, NotCovered, RelatedRows, Voters, requester_signed_in};
use crate::approval::standing::{
    StandingApproval, StandingBounds, StandingError, StandingOutlook, StandingUse,
};
use crate::grant::Grant;
use crate::policy::Policy;
use crate::policy::evaluate::{GrantedCsr, PolicyRejection};
use crate::request::Request;

/// A standing approval and its use for a certificate.
#[derive(Clone, Copy, Debug)]
pub struct UsedStanding<'a> {
    /// The standing approval.
    pub approval: &'a StandingApproval,
    /// The use that was counted for the certificate, if there is one.
    pub counted: Option<&'a StandingUse>,
    /// The time of the signing.
    pub at: OffsetDateTime,
}

/// The certificate that the standing approval above a request covers.
pub(super) fn covers(
    request: &Request,
    related: RelatedRows<'_>,
    policy: &Policy,
    issuer: &Issuer,
    voters: Voters<'_>,
) -> Result<GrantedCsr, NotCovered> {
    let is_it = |used: &UsedStanding<'_>| Some(used.approval.id()) == request.standing();
    let UsedStanding { approval, counted, at } =
        related.standing.filter(is_it).ok_or(NotCovered::NotApproved)?;
    holds(approval, policy, voters).map_err(as_end)?;
    let most = approval.ensure_alive(policy, at).map_err(NotCovered::NotAlive)?;
    let granted = request.evaluate(policy, Some(issuer), related.replaced).map_err(NotCovered::NotGranted)?;
    let Grant { profile, names, .. } = &granted.grant;
    if let Some(part) = approval.outside(policy, request.email(), profile, names) {
        return Err(NotCovered::Outside(part));
    }
    // No approval binds the key. So the CSR is the one that came in, whose summary Persist wrote. And a certificate that
    // replaces another one has that one revoked, which is no term.
    if request.csr() != Some(&granted.csr_summary()) || request.replaces().is_some() {
        return Err(NotCovered::Another);
    }
    let is_of_this =
        |counted: &&StandingUse| counted.standing == approval.id() && counted.request_id == request.id();
    match counted.filter(is_of_this) {
        None => Err(NotCovered::NotCounted),
        Some(counted) if counted.number > most => Err(NotCovered::NotAlive(StandingError::UsedUp)),
        Some(_) => Ok(granted),
    }
}

/// Checks that the approval of a request covers the standing approval that it asks for, which the policy and the issuer allow
/// now. Returns the standing approval; nothing else makes one.
///
/// # Errors
/// [`NotCovered`].
pub fn covers_terms(
    request: &Request,
    policy: &Policy,
    issuer: &Issuer,
    voters: Voters<'_>,
) -> Result<StandingApproval, NotCovered> {
    let decision = request.decision().ok_or(NotCovered::NotApproved)?;
    let terms = request.evaluate_terms(policy, Some(issuer)).map_err(NotCovered::NotGranted)?;
    let approval = StandingApproval::of(request, terms, decision);
    holds(&approval, policy, voters)?;
    Ok(approval)
}

/// Checks a standing approval by the policy in force alone, for lists and mails: what Sign checks, but for proofs of votes and
/// requester, for which it reads passkeys and keys. So an error here is one at Sign. Returns the most certificates.
///
/// # Errors
/// [`NotCovered`].
pub fn stands(approval: &StandingApproval, policy: &Policy, at: OffsetDateTime) -> Result<u32, NotCovered> {
    is_of_these_terms(approval)?;
    let most = approval.ensure_alive(policy, at).map_err(NotCovered::NotAlive)?;
    given(approval, policy)?.is_enough().map_err(as_end)?;
    Ok(most)
}

/// Checks that Sign would count one more certificate under it, by all that the policy in force alone says ([`stands`]).
///
/// # Errors
/// [`StandingError`]. A row that is not what was approved gives [`StandingError::NotAllowed`].
pub fn ensure_open(
    approval: &StandingApproval,
    policy: &Policy,
    at: OffsetDateTime,
) -> Result<(), StandingError> {
    match stands(approval, policy, at) {
        Ok(most) if approval.used() < most => Ok(()),
        Ok(_) => Err(StandingError::UsedUp),
        Err(NotCovered::NotAlive(error)) => Err(error),
        Err(_) => Err(StandingError::NotAllowed),
    }
}

/// What the policy in force makes of it now. An end by an act comes before every other reason: no policy undoes it.
#[must_use]
pub fn outlook(approval: &StandingApproval, policy: &Policy, now: OffsetDateTime) -> StandingOutlook {
    let terms = StandingBounds { until: approval.until(), most: approval.terms().certificates() };
    let StandingBounds { until, most } = approval.bounds(policy).unwrap_or(terms);
    match approval.ended() {
        Some(end) => StandingOutlook { over: Some(StandingError::Ended), until: end.at, most },
        None => StandingOutlook { over: ensure_open(approval, policy, now).err(), until, most },
    }
}

/// Approvals that are no longer enough end a standing approval, which was covered once.
fn as_end(error: NotCovered) -> NotCovered {
    match error {
        NotCovered::TooFew => NotCovered::NotAlive(StandingError::ApproversLeft),
        other => other,
    }
}

/// Checks that approvers approved these terms, and that their votes are enough by the policy in force.
fn holds(approval: &StandingApproval, policy: &Policy, voters: Voters<'_>) -> Result<(), NotCovered> {
    is_of_these_terms(approval)?;
    requester_signed_in(approval.id(), approval.requester(), approval.confirmed(), policy, voters)?;
    given(approval, policy)?.holds(policy, voters)
}

fn is_of_these_terms(approval: &StandingApproval) -> Result<(), NotCovered> {
    let decision = approval.decision();
    if !decision.is_approval() {
        return Err(NotCovered::NotApproved);
    }
    if approval.digest() != decision.digest {
        return Err(NotCovered::Another);
    }
    Ok(())
}

fn given<'a>(approval: &'a StandingApproval, policy: &Policy) -> Result<GivenApproval<'a>, NotCovered> {
    let profile = policy
        .profile(Some(approval.profile()))
        .map_err(|finding| NotCovered::NotGranted(PolicyRejection(vec![finding])))?;
    let in_force = profile.approvers_in_force(approval.requester());
    Ok(GivenApproval { id: approval.id(), decision: approval.decision(), in_force })
}

#[cfg(test)]
mod tests;
