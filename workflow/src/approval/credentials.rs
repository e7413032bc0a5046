//! Making the credential of a standing approval, and opening the standing approval by it.
//!
//! Invariant: only a living standing approval gets a credential. The row has its number and the digest of the bearer credential,
//! by a conditional write together with the event `credential_made`; from then on the one before opens nothing. A wrong
//! credential, a former one, and that of an unknown standing approval get the same answer.

use super::NoRandomness;
use super::credential::{AcmeKeyId, AcmeMacKey, BearerCredential};
use super::standing::{StandingApproval, StandingError};
use crate::ports::{Clock, LinkSecrets, Policies, PortError, Requests, StandingApprovals};
use crate::request::audit::Origin;
use crate::request::intake::OpenedStanding;
use crate::request::{Request, Status};
use crate::store::{UpdateError, update_known_request};
use crate::texts::Language;

/// The ports of credentials.
#[derive(Clone, Copy)]
pub struct ProgramCredentials<'a> {
    /// The rows.
    pub requests: &'a dyn Requests,
    /// Standing approvals.
    pub standing: &'a dyn StandingApprovals,
    /// The policy.
    pub policies: &'a dyn Policies,
    /// The link secret, from which HMAC keys follow.
    pub links: &'a dyn LinkSecrets,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// A new credential: shown once, and never again.
#[derive(Debug)]
pub struct MadeCredential {
    /// The standing approval.
    pub approval: StandingApproval,
    /// For clients that send it in a header.
    pub bearer: BearerCredential,
    /// For ACME: the key id, which has the number of the credential.
    pub key_id: AcmeKeyId,
    /// For ACME: the HMAC key.
    pub mac_key: AcmeMacKey,
}

/// The reason why no credential was made.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The request has no standing approval.
    #[error("a request that is {0} has no standing approval")]
    NoStanding(Status),
    /// Nothing more is signed under it.
    #[error(transparent)]
    Over(#[from] StandingError),
    /// There is a newer credential than the one that was to be replaced.
    #[error("another credential was made since")]
    MadeMeanwhile,
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A port failed; the caller can try again.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A standing approval, opened by its latest credential.
#[derive(Clone, Debug)]
pub struct StandingByCredential {
    /// The standing approval.
    pub standing: OpenedStanding,
    /// The language of its requester.
    pub language: Language,
}

impl ProgramCredentials<'_> {
    /// Makes a credential of the standing approval of a request, on behalf of `by`, in the place of the one before. With `replaces`,
    /// only if that is still the number of the latest one (0: there is none): a form that is sent twice would otherwise show a
    /// credential that the other one has replaced.
    ///
    /// # Errors
    /// See [`CredentialError`].
    pub async fn make(
        &self,
        request: &Request,
        replaces: Option<u32>,
        by: &Origin,
    ) -> Result<MadeCredential, CredentialError> {
        let (id, now) = (request.id(), self.clock.now());
        let none = || CredentialError::NoStanding(request.status());
        if !request.is_granted() {
            return Err(none());
        }
        let approval = self.standing.find(id).await?.ok_or_else(none)?;
        approval.ensure_alive(&*self.policies.current().await?, now)?;
        // Before the write: without the secret there is no answer, so the credential before must stay.
        let links = self.links.secret().await?;
        let bearer = BearerCredential::make(id)?;
        let digest = bearer.digest();
        let made = update_known_request(self.requests, request, by, |row| {
            let latest = row.credential();
            let is_ours = latest.is_some_and(|latest| latest.bearer_digest == digest);
            let number = latest.map_or(0, |latest| latest.number);
            if !is_ours && replaces.is_some_and(|replaced| replaced != number) {
                return Err(CredentialError::MadeMeanwhile);
            }
            row.make_credential(&digest, now).map_err(|error| CredentialError::NoStanding(error.status))
        });
        let number = made.await.map_err(|error| match error {
            UpdateError::Rejected(error) => error,
            UpdateError::Missing(_) => none(),
            UpdateError::Port(error) => error.into(),
        })?;
        let key_id = AcmeKeyId { standing: id, number: number.value };
        let number = key_id.number;
        tracing::info!(request.id = %id, number, "made credential {number} of the standing approval {id}");
        Ok(MadeCredential { approval, bearer, key_id, mac_key: key_id.make(links) })
    }

    /// Opens a standing approval by the text of its latest bearer credential; `None` for any other text. It may be over.
    ///
    /// # Errors
    /// [`PortError`] of a table.
    pub async fn open(&self, text: &str) -> Result<Option<StandingByCredential>, PortError> {
        let Some(credential) = BearerCredential::parse(text) else { return Ok(None) };
        let id = credential.standing();
        let found = self.requests.find(id).await?;
        let Some(request) = found.filter(|request| credential.is_latest_of(request)) else {
            return Ok(None);
        };
        let at = self.clock.now();
        let language = request.language();
        let found = self.standing.find(id).await?;
        Ok(found.map(|approval| StandingByCredential { standing: OpenedStanding { approval, at }, language }))
    }
}

#[cfg(test)]
mod tests;
