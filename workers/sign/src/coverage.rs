//! The check before the CA key is used: reads what [`covers`] asks for, and counts a certificate under a standing approval.
//!
//! Invariant: nothing is signed without a [`Covered`], and a certificate is counted only if nothing else keeps it from being signed.
//! A worker that dies after it counted finds its use, so no certificate is counted twice.

use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::approval::coverage::{Covered, NotCovered, RelatedRows, UsedStanding, Voters, covers};
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::decision::{DecisionRecord, Vote};
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::request::Request;
use workflow::runtime::step::StepError;
use workflow::store::{UpdateError, count_use, keys_of_provider, passkeys_of_voters, replaced_request};

use crate::Sign;

/// The standing approval above a request, and the use that was counted for it.
struct Above {
    approval: StandingApproval,
    counted: Option<StandingUse>,
}

impl Above {
    fn used(&self, at: OffsetDateTime) -> UsedStanding<'_> {
        UsedStanding { approval: &self.approval, counted: self.counted.as_ref(), at }
    }
}

/// The decision that has to cover the certificate: the one of the standing approval, if the row names one.
fn decided<'a>(request: &'a Request, above: Option<&'a Above>) -> (&'a str, &'a [Vote]) {
    let votes = |decision: &'a DecisionRecord| decision.votes.as_slice();
    match above {
        Some(above) => (above.approval.profile(), votes(above.approval.decision())),
        None => (request.profile(), request.decision().map(votes).unwrap_or_default()),
    }
}

impl Sign {
    /// The certificate that the approval of the request, or the standing approval above it, covers now.
    pub(crate) async fn covered(
        &self,
        request: &Request,
        policy: &Policy,
        issuer: &Issuer,
    ) -> Result<Covered, StepError> {
        let replaced = replaced_request(&*self.requests, request).await?;
        let above = match request.standing() {
            Some(standing) => self.above(standing, request.id()).await?,
            None => None,
        };
        let (profile, votes) = decided(request, above.as_ref());
        let passkeys = passkeys_of_voters(&*self.people, policy, profile, votes).await?;
        let provider_keys = keys_of_provider(&*self.people, policy, profile).await?;
        let (base_url, passkeys) = (&self.base_url, passkeys.as_slice());
        let voters = Voters { base_url, passkeys, provider_keys: &provider_keys };
        let now = self.clock.now();
        let covers = |above: Option<&Above>| {
            let standing = above.map(|above| above.used(now));
            covers(request, RelatedRows { replaced: replaced.as_ref(), standing }, policy, issuer, voters)
        };
        match (covers(above.as_ref()), request.standing()) {
            (Err(NotCovered::NotCounted), Some(standing)) => {
                let above = self.count(standing, request.id(), policy, now).await?;
                Ok(covers(Some(&above))?)
            }
            (covered, _) => Ok(covered?),
        }
    }

    /// The standing approval, if there is one.
    async fn above(&self, standing: RequestId, request: RequestId) -> Result<Option<Above>, StepError> {
        let Some(approval) = self.standing.find(standing).await? else { return Ok(None) };
        let counted = self.standing.find_use(standing, request).await?;
        Ok(Some(Above { approval, counted }))
    }

    /// Counts the certificate of a request.
    async fn count(
        &self,
        standing: RequestId,
        request: RequestId,
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Result<Above, StepError> {
        match count_use(&*self.standing, standing, request, policy, now).await {
            Ok((approval, counted)) => {
                tracing::info!(
                    number = counted.number,
                    "counted request {request} as certificate {} under the standing approval {standing}",
                    counted.number
                );
                Ok(Above { approval, counted: Some(counted) })
            }
            Err(UpdateError::Missing(_)) => Err(NotCovered::NotApproved.into()),
            Err(UpdateError::Rejected(error)) => Err(NotCovered::NotAlive(error).into()),
            Err(UpdateError::Port(error)) => Err(error.into()),
        }
    }
}
