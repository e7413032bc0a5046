//! Updates of an approval, alone or with an event in the audit trail of its request.

use super::{EditResult, MAX_WRITE_ATTEMPTS, UpdateError, Updated, contended};
use crate::approval::Approval;
use crate::ids::RequestId;
use crate::ports::{Approvals, Requests, Saved};
use crate::request::audit::{Origin, PendingEvent};

/// Reads the approval, applies `edit`, and writes it; for changes that the audit trail does not record. Repeats if
/// another writer came between. `edit` must be idempotent.
///
/// # Errors
/// See [`UpdateError`].
pub async fn update_approval<R: EditResult>(
    approvals: &dyn Approvals,
    id: RequestId,
    mut edit: impl FnMut(&mut Approval) -> R,
) -> Result<Updated<Approval, R::Value>, UpdateError<R::Rejection>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = approvals.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        let value = edit(&mut row).into_result().map_err(UpdateError::Rejected)?;
        if row == read {
            return Ok(Updated { row, value });
        }
        if approvals.save(&row).await? == Saved::Yes {
            row.version += 1;
            return Ok(Updated { row, value });
        }
    }
    Err(contended("update the approval").into())
}

/// Like [`update_approval`], and adds the event that `edit` returns to the audit trail of the request, in the same
/// transaction. `edit` returns no event if there is nothing to record.
///
/// # Errors
/// See [`UpdateError`].
pub async fn update_approval_audited<T, R: EditResult<Value = (T, Option<PendingEvent>)>>(
    approvals: &dyn Approvals,
    requests: &dyn Requests,
    id: RequestId,
    origin: &Origin,
    mut edit: impl FnMut(&mut Approval) -> R,
) -> Result<Updated<Approval, T>, UpdateError<R::Rejection>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = approvals.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        let (value, event) = edit(&mut row).into_result().map_err(UpdateError::Rejected)?;
        if row == read && event.is_none() {
            return Ok(Updated { row, value });
        }
        let mut request = requests.find(id).await?.ok_or(UpdateError::Missing(id))?;
        event.into_iter().for_each(|event| request.note(event));
        let events = request.take_events(origin);
        if approvals.save_with(&row, &request, &events).await? == Saved::Yes {
            row.version += 1;
            return Ok(Updated { row, value });
        }
    }
    Err(contended("update the approval").into())
}
