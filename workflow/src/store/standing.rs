//! Standing approvals: counting a use, ending one, and the list of its uses.

use time::OffsetDateTime;

use super::{MAX_WRITE_ATTEMPTS, UpdateError, contended};
use crate::approval::standing::{StandingApproval, StandingError, StandingUse};
use crate::ids::RequestId;
use crate::policy::Policy;
use crate::ports::{PortError, Requests, Saved, StandingApprovals, StandingEndWriter};
use crate::request::InvalidTransition;
use crate::request::audit::Origin;

/// Uses read at once: about 200 bytes each, and DynamoDB answers with at most 1 MB.
const USES_PER_PAGE: usize = 1_000;

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

/// The ports of ending a standing approval.
#[derive(Clone, Copy)]
pub struct StandingEnding<'a> {
    /// The standing approvals.
    pub standing: &'a dyn StandingApprovals,
    /// Their requests.
    pub requests: &'a dyn Requests,
    /// The writer of both, and of the audit trail.
    pub writer: &'a dyn StandingEndWriter,
}

/// Ends a standing approval on behalf of `by`, and records that in the audit trail of its request, in one transaction.
/// Idempotent: the first end is kept. One that is over already can be ended too, because another policy could prolong it.
///
/// # Errors
/// See [`UpdateError`]; rejected if the request asks for no standing approval.
pub async fn end_standing(
    ports: StandingEnding<'_>,
    id: RequestId,
    by: &Origin,
    reason: &str,
    now: OffsetDateTime,
) -> Result<StandingApproval, UpdateError<InvalidTransition>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = ports.standing.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        row.end(&by.actor, reason, now);
        if row == read {
            return Ok(row);
        }
        let mut request = ports.requests.find(id).await?.ok_or(UpdateError::Missing(id))?;
        request.standing_ended(reason, now).map_err(UpdateError::Rejected)?;
        let events = request.take_events(by);
        if ports.writer.end(&row, &request, &events).await? == Saved::Yes {
            row.count_write();
            return Ok(row);
        }
    }
    Err(contended("end the standing approval").into())
}

/// The uses of a standing approval, by their numbers.
///
/// # Errors
/// [`PortError`] of the table.
pub async fn standing_uses(
    table: &dyn StandingApprovals,
    id: RequestId,
) -> Result<Vec<StandingUse>, PortError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = table.uses(id, after, USES_PER_PAGE).await?;
        all.extend(page.uses);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    all.sort_by_key(|one| one.number);
    Ok(all)
}

#[cfg(test)]
mod tests;
