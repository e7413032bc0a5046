//! Conditional writes: a row is read, changed, and written where it is still the one that was read.

use crate::approval::Approval;
use crate::ids::RequestId;
use crate::ports::{Approvals, PortError, Requests, Saved};
use crate::request::Request;
use crate::request::audit::{Origin, PendingEvent};

pub mod object_key;

/// How often a change that meets another writer is tried again.
const ATTEMPTS: usize = 8;

/// Why a row could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError<E> {
    /// There is no such row.
    #[error("there is no request {0}")]
    Missing(RequestId),
    /// The rules do not allow it.
    #[error(transparent)]
    Refused(E),
    /// The table did not answer, or other writers were always first.
    #[error(transparent)]
    Port(PortError),
}

/// Reads the row, lets `edit` change it on behalf of `by`, and writes it where nobody else wrote meanwhile; repeats where
/// somebody did. A call that timed out although it took effect meets its own write: `edit` must be idempotent.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change<T, E>(
    requests: &dyn Requests,
    id: RequestId,
    by: &Origin,
    mut edit: impl FnMut(&mut Request) -> Result<T, E>,
) -> Result<(Request, T), ChangeError<E>> {
    for _ in 0..ATTEMPTS {
        let Some(read) = requests.find(id).await.map_err(ChangeError::Port)? else {
            return Err(ChangeError::Missing(id));
        };
        let mut request = read.clone();
        let result = edit(&mut request).map_err(ChangeError::Refused)?;
        if request == read {
            return Ok((request, result));
        }
        if write(requests, &mut request, by).await.map_err(ChangeError::Port)? == Saved::Yes {
            return Ok((request, result));
        }
    }
    Err(ChangeError::Port(contended("change the request")))
}

/// Writes a changed row and its events where it is still the one that was read, and counts its version up.
async fn write(requests: &dyn Requests, request: &mut Request, by: &Origin) -> Result<Saved, PortError> {
    let events = request.take_events(by);
    let saved = requests.save(request, &events).await?;
    if saved == Saved::Yes {
        request.count_write();
    }
    Ok(saved)
}

/// The same by who has just read the row: where it is still that one, it is not read once more. What `known` alone says
/// counts only where the row takes the change; where `edit` refuses or changes nothing, the row itself is asked.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change_known<T, E>(
    requests: &dyn Requests,
    known: &Request,
    by: &Origin,
    mut edit: impl FnMut(&mut Request) -> Result<T, E>,
) -> Result<(Request, T), ChangeError<E>> {
    let mut request = known.clone();
    if let Ok(result) = edit(&mut request)
        && request != *known
        && write(requests, &mut request, by).await.map_err(ChangeError::Port)? == Saved::Yes
    {
        return Ok((request, result));
    }
    change(requests, known.id(), by, edit).await
}

/// The same for an approval alone, where nothing is changed that the audit trail records; `None` where there is none.
///
/// # Errors
/// [`PortError`] of the table, or where other writers were always first; the inner result is that of `edit`.
pub async fn change_approval<T, E>(
    approvals: &dyn Approvals,
    id: RequestId,
    mut edit: impl FnMut(&mut Approval) -> Result<T, E>,
) -> Result<Option<Result<(Approval, T), E>>, PortError> {
    for _ in 0..ATTEMPTS {
        let Some(read) = approvals.find(id).await? else {
            return Ok(None);
        };
        let mut approval = read.clone();
        let result = match edit(&mut approval) {
            Ok(result) => result,
            Err(error) => return Ok(Some(Err(error))),
        };
        if approval == read {
            return Ok(Some(Ok((approval, result))));
        }
        if approvals.save(&approval).await? == Saved::Yes {
            approval.version += 1;
            return Ok(Some(Ok((approval, result))));
        }
    }
    Err(contended("change the approval"))
}

/// Changes an approval and writes the event of the change into the request's audit trail, both or neither. `edit` gives
/// the event, or none where nothing is to be recorded; it must be idempotent. `None` where there is no such approval.
///
/// # Errors
/// [`PortError`] of the tables, or where other writers were always first; the inner result is that of `edit`.
pub async fn change_audited<T, E>(
    approvals: &dyn Approvals,
    requests: &dyn Requests,
    id: RequestId,
    by: &Origin,
    mut edit: impl FnMut(&mut Approval) -> Result<(T, Option<PendingEvent>), E>,
) -> Result<Option<Result<(Approval, T), E>>, PortError> {
    for _ in 0..ATTEMPTS {
        let Some(read) = approvals.find(id).await? else {
            return Ok(None);
        };
        let mut approval = read.clone();
        let (result, entry) = match edit(&mut approval) {
            Ok(edited) => edited,
            Err(error) => return Ok(Some(Err(error))),
        };
        if approval == read && entry.is_none() {
            return Ok(Some(Ok((approval, result))));
        }
        let Some(mut request) = requests.find(id).await? else {
            return Ok(None);
        };
        entry.into_iter().for_each(|entry| request.note(entry));
        let events = request.take_events(by);
        if approvals.save_with(&approval, &request, &events).await? == Saved::Yes {
            approval.version += 1;
            return Ok(Some(Ok((approval, result))));
        }
    }
    Err(contended("change the approval"))
}

fn contended(what: &'static str) -> PortError {
    PortError { what, cause: "other writers were always first".into() }
}

#[cfg(test)]
mod tests;
