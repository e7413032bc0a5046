//! Revoking every certificate under a standing approval.
//!
//! Invariant: idempotent, so a repetition goes on where an earlier call stopped. A certificate is revoked only if its own row
//! names the standing approval: a use alone revokes nothing.

use futures_util::future::join_all;
use pki::crl::RevocationReason;

use super::{RevocationError, RevocationIntake};
use crate::ids::RequestId;
use crate::ports::StandingApprovals;
use crate::request::audit::Origin;
use crate::request::{Request, RevocationOrder};
use crate::store::standing_uses;

/// Rows read at once.
const BATCH: usize = 100;
/// Revocations accepted at the same time.
const CONCURRENCY: usize = 8;

/// The certificates under a standing approval, after a call of [`RevocationIntake::revoke_under`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokedUnder {
    /// Requests whose certificates this call revoked.
    pub revoked: Vec<RequestId>,
    /// Certificates that were revoked before.
    pub revoked_before: usize,
    /// Certificates that had ended.
    pub ended: usize,
    /// Requests that have no certificate yet. One that was being signed when the standing approval ended gets it, and a later
    /// call revokes it; the others are refused.
    pub pending: Vec<RequestId>,
    /// Requests that get no certificate.
    pub without_certificate: usize,
}

/// What became of one certificate.
enum RevocationOutcome {
    Revoked,
    RevokedBefore,
    Ended,
    Pending,
    WithoutCertificate,
}

impl RevocationIntake<'_> {
    /// Accepts the revocation of every certificate under a standing approval that is valid, as [`RevocationIntake::revoke`]
    /// does.
    ///
    /// # Errors
    /// See [`RevocationError`]; some of them may be revoked then, and a repetition goes on.
    pub async fn revoke_under(
        &self,
        table: &dyn StandingApprovals,
        standing: RequestId,
        order: &RevocationOrder,
        allowed: &[RevocationReason],
        by: &Origin,
    ) -> Result<RevokedUnder, RevocationError> {
        let mut under = RevokedUnder::default();
        for uses in standing_uses(table, standing).await?.chunks(BATCH) {
            let ids: Vec<RequestId> = uses.iter().map(|one| one.request_id).collect();
            let rows = self.requests.find_all(&ids).await?;
            for rows in rows.chunks(CONCURRENCY) {
                let outcomes =
                    rows.iter().map(|row| self.revoke_one_under(row, standing, order, allowed, by));
                for (row, outcome) in rows.iter().zip(join_all(outcomes).await) {
                    match outcome? {
                        RevocationOutcome::Revoked => under.revoked.push(row.id()),
                        RevocationOutcome::RevokedBefore => under.revoked_before += 1,
                        RevocationOutcome::Ended => under.ended += 1,
                        RevocationOutcome::Pending => under.pending.push(row.id()),
                        RevocationOutcome::WithoutCertificate => under.without_certificate += 1,
                    }
                }
            }
        }
        Ok(under)
    }

    async fn revoke_one_under(
        &self,
        row: &Request,
        standing: RequestId,
        order: &RevocationOrder,
        allowed: &[RevocationReason],
        by: &Origin,
    ) -> Result<RevocationOutcome, RevocationError> {
        if row.standing() != Some(standing) {
            let id = row.id();
            tracing::error!(request.id = %id, "the table of standing approvals counts request {id} under {standing}, and its row does not; its certificate is not revoked");
            return Ok(RevocationOutcome::WithoutCertificate);
        }
        if !row.is_signed() {
            let is_pending = row.status().is_in_flow();
            return Ok(if is_pending {
                RevocationOutcome::Pending
            } else {
                RevocationOutcome::WithoutCertificate
            });
        }
        let before = row.revocation().is_some();
        // A revocation that was accepted and did not start is started.
        match self.revoke(row, order, allowed, by).await {
            Ok(_) if before => Ok(RevocationOutcome::RevokedBefore),
            Ok(_) => Ok(RevocationOutcome::Revoked),
            Err(RevocationError::Ended(_)) => Ok(RevocationOutcome::Ended),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pki::testing as test_pki;
    use time::Duration;

    use super::*;
    use crate::ports::{Clock as _, PortError};
    use crate::request::Status;
    use crate::testing::fixtures::standing_policy;
    use crate::testing::{InMemoryBackend, faults};

    const TERMS: &str = r#"{"kind":"grant","names":["www.example.com"],"days":30,"certificates":50}"#;
    const REASON: RevocationReason = RevocationReason::CessationOfOperation;

    fn csr() -> String {
        test_pki::csr(&["www.example.com"])
    }

    async fn revoke(backend: &InMemoryBackend, id: RequestId) -> Result<RevokedUnder, RevocationError> {
        let intake = RevocationIntake { requests: backend, executions: backend, clock: backend };
        let order = RevocationOrder { reason: REASON, comment: Some("The shop closes.".into()) };
        intake.revoke_under(backend, id, &order, &[REASON], &Origin::operator("olivia")).await
    }

    /// A standing approval with five certificates.
    fn five() -> (Arc<InMemoryBackend>, RequestId, Vec<RequestId>) {
        let backend = InMemoryBackend::new();
        backend.set_policy(&standing_policy());
        let id = backend.granted(TERMS);
        let mut under: Vec<RequestId> = (0..5).map(|_| backend.issued_under(id, &csr())).collect();
        under.sort();
        (backend, id, under)
    }

    #[tokio::test]
    async fn every_valid_certificate_is_revoked_and_no_other_one() {
        let (backend, id, under) = five();
        let of_another = backend.certificate_for(&csr(), Status::Delivered);
        let now = backend.now();
        backend.alter(under[0], |row| row.not_after = Some(now - Duration::SECOND));
        backend.alter(under[1], |row| (row.status, row.signed_date) = (Status::Approved, None));
        backend.alter(under[2], |row| (row.status, row.signed_date) = (Status::Failed, None));
        // A use that was written by somebody else.
        backend.alter(under[3], |row| row.grant = None);
        let said = revoke(&backend, id).await.unwrap();
        let expected = RevokedUnder {
            revoked: vec![under[4]],
            revoked_before: 0,
            ended: 1,
            pending: vec![under[1]],
            without_certificate: 2,
        };
        assert_eq!(said, expected);
        let row = backend.request(under[4]).unwrap();
        let revocation = row.revocation().unwrap();
        assert_eq!((revocation.reason, revocation.by.as_str()), (REASON, "operator:olivia"));
        for other in [under[0], under[1], under[2], under[3], of_another] {
            assert!(backend.request(other).unwrap().revocation().is_none());
        }
        // The one that was being signed is signed now.
        backend.alter(under[1], |row| (row.status, row.signed_date) = (Status::Issued, Some(now)));
        let again = revoke(&backend, id).await.unwrap();
        assert_eq!((again.revoked, again.revoked_before), (vec![under[1]], 1));
    }

    #[tokio::test]
    async fn revoking_under_survives_every_fault_with_one_revocation_each() {
        faults::fault_sweep(
            "RevokeUnder",
            |backend| {
                backend.set_policy(&standing_policy());
                let id = backend.granted(TERMS);
                (0..3).for_each(|_| _ = backend.issued_under(id, &csr()));
            },
            |backend| async move {
                let id = backend.all_standing()[0].id();
                let done = revoke(&backend, id).await.map_err(|error| error.to_string())?;
                // Housekeeping starts what did not start; here, a repetition does.
                let started = backend.executions().keys().filter(|arn| arn.ends_with("-revoke")).count();
                if started == 3 { Ok(()) } else { Err(format!("{done:?}")) }
            },
        )
        .await;
    }

    #[tokio::test]
    async fn a_table_that_does_not_answer_is_an_error() {
        let (backend, id, _) = five();
        backend.fail_next("standing", 1);
        assert!(matches!(revoke(&backend, id).await, Err(RevocationError::Port(PortError { .. }))));
        let none = RequestId::random();
        assert_eq!(revoke(&backend, none).await.unwrap(), RevokedUnder::default());
    }
}
