//! Standing approvals: counting a use, making a credential, and ending one.

use time::OffsetDateTime;

use super::{MAX_WRITE_ATTEMPTS, UpdateError, contended};
use crate::approval::credential::BearerDigest;
use crate::approval::standing::{StandingApproval, StandingError, StandingUse};
use crate::ids::RequestId;
use crate::policy::Policy;
use crate::ports::{Saved, StandingApprovals};
use crate::request::audit::Actor;

/// Counts the certificate of `request` under a standing approval, once: a repetition, after a crash too, returns the use that
/// was counted.
///
/// # Errors
/// See [`UpdateError`]; rejected if the standing approval has ended, or has no certificates left.
pub async fn count_use(
    table: &dyn StandingApprovals,
    id: RequestId,
    request: RequestId,
    policy: &Policy,
    now: OffsetDateTime,
) -> Result<(StandingApproval, StandingUse), UpdateError<StandingError>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let mut row = table.find(id).await?.ok_or(UpdateError::Missing(id))?;
        if let Some(counted) = table.find_use(id, request).await? {
            return Ok((row, counted));
        }
        let counted = row.count(request, policy, now).map_err(UpdateError::Rejected)?;
        if table.count(&row, &counted).await? == Saved::Yes {
            row.count_write();
            return Ok((row, counted));
        }
    }
    Err(contended("count the certificate").into())
}

/// Makes another credential of a standing approval, with the digest of a new bearer credential, and returns its number. The
/// credential before opens nothing more. Idempotent by the digest.
///
/// # Errors
/// See [`UpdateError`]; rejected if the standing approval has ended.
pub async fn renew_credential(
    table: &dyn StandingApprovals,
    id: RequestId,
    bearer: &BearerDigest,
    policy: &Policy,
    now: OffsetDateTime,
) -> Result<(StandingApproval, u32), UpdateError<StandingError>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = table.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        let number = row.renew_credential(bearer, policy, now).map_err(UpdateError::Rejected)?;
        if row == read {
            return Ok((row, number));
        }
        if table.save(&row).await? == Saved::Yes {
            row.count_write();
            return Ok((row, number));
        }
    }
    Err(contended("make a credential of the standing approval").into())
}

/// Ends a standing approval, on behalf of `by`. Idempotent: the first end is kept.
///
/// # Errors
/// See [`UpdateError`]; never rejected.
pub async fn end_standing(
    table: &dyn StandingApprovals,
    id: RequestId,
    by: &Actor,
    reason: &str,
    now: OffsetDateTime,
) -> Result<StandingApproval, UpdateError<StandingError>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = table.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        row.end(by, reason, now);
        if row == read {
            return Ok(row);
        }
        if table.save(&row).await? == Saved::Yes {
            row.count_write();
            return Ok(row);
        }
    }
    Err(contended("end the standing approval").into())
}

#[cfg(test)]
mod tests;
