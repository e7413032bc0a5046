//! Certificates that were renewed: each is revoked as superseded, some time after its renewal was delivered, if the policy
//! says so.
//!
//! Invariant: an old certificate is revoked only if the new one can stand in for it, with all of its names and its profile;
//! and only for renewals that are delivered while the policy says so: any other is settled at once. Accepting the revocation
//! comes before settling, and is idempotent, so a run that dies in between changes nothing.

use pki::crl::RevocationReason;
use workflow::certificate::revoking::{RevocationError, RevocationIntake};
use workflow::ports::ListedRequest;
use workflow::request::audit::Origin;
use workflow::request::{Request, RevocationOrder, Status};
use workflow::runtime::step::StepError;
use workflow::store::{replaced_request, update_known_request};

use crate::{Housekeeping, Report};

/// Most renewals looked at in one run. Nearly all of them only wait; the oldest come first.
const RENEWALS_PER_RUN: usize = 100;

impl Housekeeping {
    /// Revokes what is due. An error of one request does not affect the others.
    pub(crate) async fn supersede(&self, report: &mut Report) {
        let listed = match self.requests.superseding(RENEWALS_PER_RUN).await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::error!(%error, "cannot list renewals whose old certificates are to be revoked");
                report.errors += 1;
                return;
            }
        };
        for one in listed {
            match self.supersede_one(&one).await {
                Ok(revoked) => report.superseded += usize::from(revoked),
                Err(error) => {
                    let id = one.id;
                    tracing::warn!(request.id = %id, %error, "cannot revoke the certificate that request {id} renews");
                    report.errors += 1;
                }
            }
        }
    }

    /// Returns true if the old certificate was revoked now.
    async fn supersede_one(&self, listed: &ListedRequest) -> Result<bool, StepError> {
        // The index lags behind the table.
        let Some(renewal) = self.requests.find(listed.id).await?.filter(Request::is_superseding) else {
            return Ok(false);
        };
        let policy = self.policies.current().await?;
        let now = self.clock.now();
        if let (Some(after), Some(delivered)) =
            (policy.renewal().supersede_after, renewal.entered(Status::Delivered))
        {
            if now < delivered + after {
                return Ok(false);
            }
            // The next run settles it, after it has started the execution again, in case that failed here.
            if self.revoke_replaced(&renewal).await? {
                return Ok(true);
            }
        }
        let by = Origin::worker("housekeeping");
        update_known_request(&*self.requests, &renewal, &by, |row| row.settle_replacement(now)).await?;
        Ok(false)
    }

    async fn revoke_replaced(&self, renewal: &Request) -> Result<bool, StepError> {
        let old = replaced_request(&*self.requests, renewal).await?;
        let Some(old) = old.filter(|old| renewal.stands_in_for(old)) else {
            return Ok(false);
        };
        let intake = RevocationIntake {
            requests: &*self.requests,
            executions: &*self.revocation_executions,
            clock: &*self.clock,
        };
        let reason = RevocationReason::Superseded;
        let order = RevocationOrder { reason, comment: None };
        let by = Origin::worker("housekeeping");
        match intake.revoke(&old, &order, &[reason], &by).await {
            Ok(_) if old.revocation().is_some() => Ok(false),
            Ok(_) => {
                let (id, old) = (renewal.id(), old.id());
                tracing::info!(request.id = %old, "revoked the certificate of request {old}, which request {id} renewed");
                Ok(true)
            }
            Err(RevocationError::Port(error)) => Err(error.into()),
            // It has ended, or has no certificate: nothing to revoke.
            Err(error) => {
                tracing::info!(request.id = %old.id(), %error, "the certificate of request {} is not revoked", old.id());
                Ok(false)
            }
        }
    }
}
