//! Updates of a request's row.

use super::{EditResult, MAX_WRITE_ATTEMPTS, UpdateError, Updated, contended};
use crate::ids::RequestId;
use crate::ports::{PortError, Requests, Saved};
use crate::request::Request;
use crate::request::audit::Origin;

/// Reads the row, applies `edit` on behalf of `origin`, and writes the row with its audit events. Repeats if another
/// writer came between. `edit` must be idempotent.
///
/// # Errors
/// See [`UpdateError`].
pub async fn update_request<R: EditResult>(
    requests: &dyn Requests,
    id: RequestId,
    origin: &Origin,
    mut edit: impl FnMut(&mut Request) -> R,
) -> Result<Updated<Request, R::Value>, UpdateError<R::Rejection>> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let read = requests.find(id).await?.ok_or(UpdateError::Missing(id))?;
        let mut row = read.clone();
        let value = edit(&mut row).into_result().map_err(UpdateError::Rejected)?;
        if row == read || save(requests, &mut row, origin).await? == Saved::Yes {
            return Ok(Updated { row, value });
        }
    }
    Err(contended("update the request").into())
}

/// Like [`update_request`], but starts from a row that the caller read before; saves one read if it is still current. A
/// row that `edit` rejects or leaves unchanged may be stale, so it is read again and `edit` decides on that.
///
/// # Errors
/// See [`UpdateError`].
pub async fn update_known_request<R: EditResult>(
    requests: &dyn Requests,
    known: &Request,
    origin: &Origin,
    mut edit: impl FnMut(&mut Request) -> R,
) -> Result<Updated<Request, R::Value>, UpdateError<R::Rejection>> {
    let mut row = known.clone();
    if let Ok(value) = edit(&mut row).into_result()
        && row != *known
        && save(requests, &mut row, origin).await? == Saved::Yes
    {
        return Ok(Updated { row, value });
    }
    update_request(requests, known.id(), origin, edit).await
}

/// Writes the row and its events if its version is current, and increments the version.
async fn save(requests: &dyn Requests, row: &mut Request, origin: &Origin) -> Result<Saved, PortError> {
    let events = row.take_events(origin);
    let saved = requests.save(row, &events).await?;
    if saved == Saved::Yes {
        row.count_write();
    }
    Ok(saved)
}
