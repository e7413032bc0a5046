//! Relay: passes published revocation lists on to the AWS services that keep a copy of their own: a trust anchor of IAM Roles
//! Anywhere, and a trust store of Application Load Balancers. S3 sends a message for each list that is written.
//!
//! Invariant: both services end with the list in the bucket, whichever message came last, and a trust store is never without
//! the newest list that it had. Idempotent by issuer; nothing is kept but in the services themselves. A list that cannot
//! be passed on stays on the queue and then on the dead-letter queue, which has an alarm. Decision 0131.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::FutureExt as _;
use workflow::ports::{ListFile, ListFiles, PortError, TrustAnchorCrls, TrustStoreCrls};

mod event;

/// The most bytes of a list that IAM Roles Anywhere takes.
/// <https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_ImportCrl.html>
pub const MAX_ANCHOR_LIST: usize = 300_000;

/// Attempts to pass on a list that is published again meanwhile.
const MAX_ATTEMPTS: usize = 3;

/// The worker.
pub struct Relay {
    /// The published lists.
    pub files: Arc<dyn ListFiles>,
    /// The trust anchor that takes them.
    pub trust_anchor: Option<Arc<dyn TrustAnchorCrls>>,
    /// The trust store that takes them.
    pub trust_store: Option<Arc<dyn TrustStoreCrls>>,
}

/// The cause of a list that was not passed on.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A service did not answer, or refused the list.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The list is too large for IAM Roles Anywhere.
    #[error(
        "the list has {0} bytes, and IAM Roles Anywhere takes {MAX_ANCHOR_LIST}: it keeps an older list, which lacks the latest revocations; give certificates shorter lifetimes, or rotate the CA, whose new list begins empty"
    )]
    TooLarge(usize),
    /// The list was published again during each attempt.
    #[error("the list was published again during each of {MAX_ATTEMPTS} attempts")]
    Superseded,
}

impl Relay {
    /// Handles a batch; the response lists the messages that stay on the queue. Each issuer is handled once.
    pub async fn batch(&self, event: SqsEvent) -> SqsBatchResponse {
        let (mut response, mut issuers) =
            (SqsBatchResponse::default(), BTreeMap::<String, Vec<String>>::new());
        for record in event.records {
            let id = record.message_id.unwrap_or_default();
            match event::issuers(record.body.as_deref().unwrap_or_default()) {
                Some(named) => {
                    named.into_iter().for_each(|one| issuers.entry(one).or_default().push(id.clone()))
                }
                None => {
                    tracing::error!(message.id = id, "the message is no S3 event; it stays on the queue");
                    response.add_failure(id);
                }
            }
        }
        for (issuer, messages) in issuers {
            let outcome = AssertUnwindSafe(self.pass_on(&issuer)).catch_unwind().await;
            match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(errors)) => {
                    for error in errors {
                        tracing::error!(issuer, %error, "cannot pass on the revocation list of {issuer}: {error}");
                    }
                }
                Err(_) => tracing::error!(issuer, "the worker panicked at the revocation list of {issuer}"),
            }
            messages.into_iter().for_each(|id| response.add_failure(id));
        }
        response
    }

    /// Gives both services the published list of an issuer. Idempotent.
    ///
    /// # Errors
    /// Every [`RelayError`]; one service does not hold up the other.
    pub async fn pass_on(&self, issuer: &str) -> Result<(), Vec<RelayError>> {
        let one = |error: PortError| vec![RelayError::from(error)];
        for _ in 0..MAX_ATTEMPTS {
            let Some(file) = self.files.file(issuer).await.map_err(one)? else {
                tracing::warn!(issuer, "the revocation list of {issuer} is not in the bucket any more");
                return Ok(());
            };
            let mut errors = Vec::new();
            if let Some(trust_anchor) = &self.trust_anchor {
                errors.extend(into_trust_anchor(&**trust_anchor, issuer, &file).await.err());
            }
            if let Some(trust_store) = &self.trust_store {
                errors.extend(
                    into_trust_store(&**trust_store, issuer, &file).await.err().map(RelayError::from),
                );
            }
            if !errors.is_empty() {
                return Err(errors);
            }
            // Two messages may be handled at once, and the one with the older list may write last.
            if self.files.version(issuer).await.map_err(one)?.as_ref() == Some(&file.version) {
                return Ok(());
            }
        }
        Err(vec![RelayError::Superseded])
    }
}

/// The name of an issuer's list in IAM Roles Anywhere.
fn name_of(issuer: &str) -> String {
    format!("countersign-{issuer}")
}

async fn into_trust_anchor(
    trust_anchor: &dyn TrustAnchorCrls,
    issuer: &str,
    file: &ListFile,
) -> Result<(), RelayError> {
    let number = file.crl.number();
    if file.pem.len() > MAX_ANCHOR_LIST {
        return Err(RelayError::TooLarge(file.pem.len()));
    }
    let known = trust_anchor.named(&name_of(issuer)).await?;
    if known.is_empty() {
        trust_anchor.import(&name_of(issuer), &file.pem).await?;
        tracing::info!(issuer, number, "imported list {number} of {issuer} into the trust anchor");
    }
    if known.len() > 1 {
        tracing::warn!(issuer, "the trust anchor has {} lists named {}", known.len(), name_of(issuer));
    }
    for one in known {
        if !one.enabled {
            tracing::warn!(issuer, "somebody disabled the list {} of {issuer} in the trust anchor", one.id);
        }
        // A greater number is of another message, which was faster.
        let is_current =
            one.crl.as_ref().is_some_and(|crl| *crl == file.crl || crl.number() > file.crl.number());
        if !is_current {
            trust_anchor.update(&one.id, &file.pem).await?;
            tracing::info!(issuer, number, "updated the trust anchor to list {number} of {issuer}");
        }
    }
    Ok(())
}

/// A revocation file of the trust store with a whole list of the issuer.
struct OwnFile {
    number: u64,
    is_current: bool,
}

/// Adds the list unless it is there, then removes the older ones of the issuer: at no moment there is none.
async fn into_trust_store(
    trust_store: &dyn TrustStoreCrls,
    issuer: &str,
    file: &ListFile,
) -> Result<(), PortError> {
    let number = file.crl.number();
    let mut own = BTreeMap::new();
    let mut seen = Vec::new();
    read_own(trust_store, issuer, file, &mut seen, &mut own).await?;
    if !own.values().any(|one| one.is_current) {
        let id = trust_store.add(issuer, &file.version).await?;
        seen.push(id);
        own.insert(id, OwnFile { number, is_current: true });
        tracing::info!(issuer, number, "added list {number} of {issuer} to the trust store as {id}");
        // Another message may have added its list meanwhile.
        read_own(trust_store, issuer, file, &mut seen, &mut own).await?;
    }
    let kept = own.iter().rev().find(|(_, one)| one.is_current).map(|(id, _)| *id);
    for (id, older) in own.iter().filter(|(id, one)| Some(**id) != kept && one.number <= number) {
        trust_store.remove(*id).await?;
        tracing::info!(issuer, "removed list {} of {issuer}, {id}, from the trust store", older.number);
    }
    Ok(())
}

/// Adds the files of the issuer that were not seen before.
async fn read_own(
    trust_store: &dyn TrustStoreCrls,
    issuer: &str,
    file: &ListFile,
    seen: &mut Vec<i64>,
    own: &mut BTreeMap<i64, OwnFile>,
) -> Result<(), PortError> {
    for id in trust_store.ids().await? {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        match trust_store.crl(id).await? {
            Some(crl) if !crl.is_shard() && crl.authority_key_identifier().as_deref() == Some(issuer) => {
                own.insert(id, OwnFile { number: crl.number(), is_current: crl == file.crl });
            }
            Some(_) => {}
            None => {
                tracing::warn!("cannot read the revocation file {id} of the trust store; it is left alone")
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
