//! Accepting revocations: by requesters, approvers, operators, and whoever holds the private key of a certificate.
//!
//! Invariant: a revocation is accepted by a conditional write of the row, before its execution starts; if the start is
//! lost, housekeeping starts it. The reason that was accepted first stays.

use pki::crl::RevocationReason;
use time::OffsetDateTime;

use crate::ports::{Clock, Executions, PortError, Requests};
use crate::request::audit::Origin;
use crate::request::{Request, RevocationOrder, Status, revocation_execution_name};
use crate::store::{UpdateError, update_known_request};

mod under_standing;

pub use under_standing::RevokedUnder;

/// Why a certificate is not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// There is no certificate.
    #[error("a request that is {0} has no certificate")]
    NoCertificate(Status),
    /// The certificate has ended: nobody accepts it any more.
    #[error("the certificate ended on {0}")]
    Ended(OffsetDateTime),
    /// The policy does not allow this person to revoke for this reason.
    #[error("the policy does not allow this person to revoke a certificate for the reason {0}")]
    NotAllowed(RevocationReason),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The ports of accepting revocations.
pub struct RevocationIntake<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// The executions of revocations.
    pub executions: &'a dyn Executions,
    /// The time.
    pub clock: &'a dyn Clock,
}

impl RevocationIntake<'_> {
    /// Accepts the revocation of the certificate of a request on behalf of `by`, who may revoke for the `allowed` reasons,
    /// and starts its execution. Idempotent: returns the row with the revocation that was accepted first.
    ///
    /// # Errors
    /// See [`RevocationError`]; nothing is recorded then.
    pub async fn revoke(
        &self,
        request: &Request,
        order: &RevocationOrder,
        allowed: &[RevocationReason],
        by: &Origin,
    ) -> Result<Request, RevocationError> {
        if !allowed.contains(&order.reason) {
            return Err(RevocationError::NotAllowed(order.reason));
        }
        let (id, now) = (request.id(), self.clock.now());
        let name = revocation_execution_name(id, 1);
        let arn = self.executions.arn(&name);
        let accepted = update_known_request(self.requests, request, by, |row| {
            let ended = row.not_after().filter(|not_after| row.is_signed() && *not_after < now);
            match (row.revocation(), ended) {
                (None, Some(ended)) => Err(RevocationError::Ended(ended)),
                _ => row
                    .accept_revocation(order, &by.actor, arn.clone(), now)
                    .map_err(|error| RevocationError::NoCertificate(error.status)),
            }
        });
        let accepted = accepted.await.map_err(|error| match error {
            UpdateError::Rejected(error) => error,
            UpdateError::Port(error) => error.into(),
            UpdateError::Missing(_) => RevocationError::NoCertificate(request.status()),
        })?;
        let row = accepted.row;
        // A repetition starts it again, in case the first call died here. Idempotent by name.
        if row.has_open_revocation() && row.revocation().is_some_and(|it| it.execution_attempt == 1) {
            let reason = row.revocation().map_or(order.reason, |it| it.reason);
            tracing::info!(request.id = %id, %reason, "accepted the revocation of the certificate of request {id}");
            if let Err(error) = self.executions.start(&name, id).await {
                tracing::error!(request.id = %id, %error, "the revocation of request {id} is accepted, but its execution did not start; housekeeping will start it");
            }
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::ids::RequestId;
    use crate::request::audit::{Actor, EventKind};
    use crate::testing::InMemoryBackend;

    async fn revoke(
        backend: &InMemoryBackend,
        id: RequestId,
        reason: RevocationReason,
    ) -> Result<Request, RevocationError> {
        let intake = RevocationIntake { requests: backend, executions: backend, clock: backend };
        let request = backend.request(id).unwrap();
        let by = Origin::caller(Actor::requester(request.email()), Some("192.0.2.1".into()));
        let allowed = [RevocationReason::KeyCompromise, RevocationReason::Superseded];
        intake.revoke(&request, &RevocationOrder { reason, comment: None }, &allowed, &by).await
    }

    #[tokio::test]
    async fn the_first_revocation_is_accepted_and_started_and_others_change_nothing() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Delivered);
        let row = revoke(&backend, id, RevocationReason::KeyCompromise).await.unwrap();
        let again = revoke(&backend, id, RevocationReason::Superseded).await.unwrap();
        assert_eq!(again.revocation(), row.revocation());
        assert_eq!(row.revocation().unwrap().reason, RevocationReason::KeyCompromise);
        let events = backend.audit(id);
        let accepted: Vec<_> =
            events.iter().filter(|event| event.event == EventKind::RevocationAccepted).collect();
        assert_eq!(accepted.len(), 1);
        assert_eq!(accepted[0].source.as_deref(), Some("192.0.2.1"));
        let executions = backend.executions();
        assert_eq!(executions.keys().filter(|arn| arn.ends_with(&format!("{id}-revoke"))).count(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_revoked_is_said_and_nothing_is_recorded() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Approved);
        let error = revoke(&backend, id, RevocationReason::Superseded).await.unwrap_err();
        assert!(matches!(error, RevocationError::NoCertificate(Status::Approved)), "{error:?}");
        let id = backend.request_at(Status::Issued);
        let error = revoke(&backend, id, RevocationReason::PrivilegeWithdrawn).await.unwrap_err();
        assert!(matches!(error, RevocationError::NotAllowed(_)), "{error:?}");
        let not_after = backend.request(id).unwrap().not_after().unwrap();
        backend.set_now(not_after + Duration::SECOND);
        let error = revoke(&backend, id, RevocationReason::Superseded).await.unwrap_err();
        assert!(matches!(error, RevocationError::Ended(ended) if ended == not_after), "{error:?}");
        assert!(backend.request(id).unwrap().revocation().is_none() && backend.executions().is_empty());
        backend.set_now(not_after);
        revoke(&backend, id, RevocationReason::Superseded).await.unwrap();
    }

    #[tokio::test]
    async fn a_revocation_whose_execution_does_not_start_is_accepted() {
        let backend = InMemoryBackend::new();
        let id = backend.request_at(Status::Delivered);
        backend.fail_next("executions", 1);
        let row = revoke(&backend, id, RevocationReason::Superseded).await.unwrap();
        assert!(row.has_open_revocation() && backend.executions().is_empty());
        revoke(&backend, id, RevocationReason::Superseded).await.unwrap();
        assert_eq!(backend.executions().len(), 1);
    }
}
