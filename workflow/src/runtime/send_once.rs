//! Mails sent at most once: claimed in the row, then sent.

use std::future::Future;

use futures_util::future::join_all;
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

/// A mail that is recorded in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailClaim {
    /// The row.
    pub id: RequestId,
    /// The name under which the row records the mail.
    pub kind: MailKind,
}

/// Rows claimed at the same time.
const CLAIMS_AT_ONCE: usize = 8;

/// Like [`send_once`], for one mail about several requests. The first claim decides: if another run has it, nothing is
/// sent. A failed claim or `send` releases all claims of this run.
///
/// # Errors
/// [`StepError::Transient`] if a row could not be updated or the mail not sent: a retry sends it.
pub async fn send_once_for_all(
    requests: &dyn Requests,
    claims: &[MailClaim],
    origin: &Origin,
    now: OffsetDateTime,
    send: impl Future<Output = Result<(), StepError>> + Send,
) -> Result<bool, StepError> {
    let Some((first, others)) = claims.split_first() else { return Ok(false) };
    let claim = async |claim: &MailClaim| {
        update_request(requests, claim.id, origin, |row| row.claim_mail(&claim.kind, now)).await
    };
    let mut failed = match claim(first).await {
        Ok(claimed) if !claimed.value => {
            tracing::info!(mail = %first.kind.without_recipient(), "mail for request {} was already sent", first.id);
            return Ok(false);
        }
        // It may have taken effect.
        claimed => claimed.err().map(StepError::from),
    };
    for some in others.chunks(CLAIMS_AT_ONCE) {
        if failed.is_some() {
            break;
        }
        let claimed = join_all(some.iter().map(claim)).await;
        failed = claimed.into_iter().find_map(|claimed| claimed.err().map(StepError::from));
    }
    let sent = match failed {
        Some(error) => Err(error),
        None => send.await,
    };
    let Err(error) = sent else {
        tracing::info!(mail = %first.kind.without_recipient(), requests = claims.len(), "sent mail for request {}", first.id);
        return Ok(true);
    };
    // The first claim goes last: as long as it stands, no other run begins.
    for some in others.chunks(CLAIMS_AT_ONCE).chain([std::slice::from_ref(first)]) {
        let release = async |claim: &MailClaim| {
            update_request(requests, claim.id, origin, |row| row.release_mail_of(&claim.kind, now)).await
        };
        for released in join_all(some.iter().map(release)).await {
            if let Err(error) = released {
                tracing::error!(%error, "cannot release a mail that was not sent; it stays unsent");
            }
        }
    }
    Err(error)
}
