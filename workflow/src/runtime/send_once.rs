//! Mails sent at most once: claimed in the row, then sent.

use std::future::Future;

use time::OffsetDateTime;

use crate::ids::RequestId;
use crate::mail_kind::MailKind;
use crate::ports::Requests;
use crate::request::Request;
use crate::request::audit::Origin;
use crate::runtime::step::StepError;
use crate::store::update_request;

/// Sends a mail at most once: `claim` records it in the row and returns true if it is due; a failed `send` releases the
/// claim. Returns true if the mail was sent. If the process dies in between, the mail stays unsent
/// (docs/decisions/0016).
///
/// # Errors
/// [`StepError::Transient`] if the row could not be updated or the mail not sent: a retry sends it.
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
        tracing::info!(mail = %kind.without_recipient(), "mail for request {id} was already sent");
        return Ok(false);
    }
    if let Err(fault) = send.await {
        update_request(requests, id, origin, |row| row.release_mail(kind, now)).await?;
        return Err(fault);
    }
    tracing::info!(mail = %kind.without_recipient(), "sent mail for request {id}");
    Ok(true)
}
