//! Mails that must not come twice: claimed in the row, then sent.

use std::future::Future;

use time::OffsetDateTime;

use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::ports::Requests;
use crate::request::Request;
use crate::request::audit::Origin;
use crate::runtime::step::StepError;
use crate::store::update_request;

/// Sends a mail that must not come twice: `claim` records it in the row and returns true if the caller is to send it; the
/// claim is taken back if sending fails. Returns true if the mail was sent. A process that dies in between leaves it
/// unsent (docs/decisions/0016).
///
/// # Errors
/// [`StepError::Transient`] where the row could not be changed or the mail not sent: asking again sends it.
pub async fn send_once(
    requests: &dyn Requests,
    id: RequestId,
    origin: &Origin,
    kind: &MailKind,
    now: OffsetDateTime,
    claim: impl Fn(&mut Request) -> bool + Send,
    send: impl Future<Output = Result<(), StepError>> + Send,
) -> Result<bool, StepError> {
    if !update_request(requests, id, origin, claim).await?.value {
        tracing::info!(mail = %kind, "the mail was sent before");
        return Ok(false);
    }
    if let Err(fault) = send.await {
        update_request(requests, id, origin, |row| row.release_mail(kind, now)).await?;
        return Err(fault);
    }
    tracing::info!(mail = %kind, "mail sent");
    Ok(true)
}
