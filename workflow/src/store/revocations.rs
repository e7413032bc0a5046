//! Recording that a certificate is revoked.

use super::{MAX_WRITE_ATTEMPTS, UpdateError, contended};
use crate::certificate::Revocation;
use crate::ids::RequestId;
use crate::ports::{Requests, RevocationWriter, Saved};
use crate::request::audit::Origin;
use crate::request::{InvalidTransition, Request};
use time::OffsetDateTime;

/// Adds the certificate of a request, which `issuer` (subject key identifier, lower-case hex) has signed, to the table of
/// revoked certificates, and changes the status of the request, in one transaction. Idempotent.
///
/// # Errors
/// See [`UpdateError`]; rejected if no revocation was accepted.
pub async fn record_revocation(
    requests: &dyn Requests,
    writer: &dyn RevocationWriter,
    id: RequestId,
    issuer: &str,
    origin: &Origin,
    now: OffsetDateTime,
) -> Result<Request, UpdateError<InvalidTransition>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = requests.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        row.revoked(issuer, now).map_err(UpdateError::Rejected)?;
        if row == read {
            return Ok(row);
        }
        let recorded = Revocation::of(&row);
        let Some(revocation) = recorded else {
            let error = InvalidTransition { status: row.status(), change: "revoked" };
            return Err(UpdateError::Rejected(error));
        };
        let events = row.take_events(origin);
        if writer.record(&revocation, &row, &events).await? == Saved::Yes {
            row.count_write();
            return Ok(row);
        }
    }
    Err(contended("record the revocation").into())
}
