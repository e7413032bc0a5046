//! Mails that must not come twice: claimed in the row, then sent.

use std::future::Future;

use time::OffsetDateTime;

use crate::ids::RequestId;
use crate::ports::Requests;
use crate::request::Request;
use crate::request::audit::Origin;
use crate::runtime::step::StepError;
use crate::store::update_request;

/// Sends a mail that must not come twice: `claim` says in the row whether it is the caller's to send, and the claim is
/// taken back where it cannot be sent. Says whether it was sent. Whoever dies in between leaves it unsent
/// (docs/decisions/0016).
///
/// # Errors
/// [`StepError::Transient`] where the row could not be changed or the mail not sent: asking again sends it.
pub async fn send_once(
    requests: &dyn Requests,
    id: RequestId,
    by: &Origin,
    occasion: &str,
    now: OffsetDateTime,
    claim: impl Fn(&mut Request) -> bool + Send,
    send: impl Future<Output = Result<(), StepError>> + Send,
) -> Result<bool, StepError> {
    if !update_request(requests, id, by, claim).await?.value {
        tracing::info!(occasion, "mailed before");
        return Ok(false);
    }
    if let Err(fault) = send.await {
        update_request(requests, id, by, |row| row.release_mail(occasion, now)).await?;
        return Err(fault);
    }
    tracing::info!(occasion, "mailed");
    Ok(true)
}
