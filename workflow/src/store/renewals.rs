//! The request whose certificate a renewal replaces.

use crate::ports::{PortError, Requests};
use crate::request::Request;

/// The request that `request` renews; `None` if it renews none, or one that is no longer stored.
///
/// # Errors
/// [`PortError`] of the table.
pub async fn replaced_request(
    requests: &dyn Requests,
    request: &Request,
) -> Result<Option<Request>, PortError> {
    match request.replaces() {
        Some(replaced) => requests.find(replaced).await,
        None => Ok(None),
    }
}
