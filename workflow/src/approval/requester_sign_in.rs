//! The check of a requester's sign-in, which portal and Sign both make.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::BaseUrl;
use super::sign_in::{Provider, SignInError, SignInNonce};
use crate::email::Email;
use crate::framed_hash::FramedHash;
use crate::ids::RequestId;
use crate::request::{Request, RequestDigest, RequesterEvidence, Status};

impl RequesterEvidence {
    /// Checks that the provider states this request of its requester, at the time of the confirmation.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn check(
        &self,
        base_url: &BaseUrl,
        request: &Request,
        at: OffsetDateTime,
        provider: Provider<'_>,
    ) -> Result<(), SignInError> {
        let confirmed = ConfirmedRequest { digest: RequestDigest::of(request), evidence: self.clone(), at };
        confirmed.check(base_url, request.id(), request.email(), provider)
    }
}

/// The confirmation of a request by a sign-in. A standing approval keeps it, so that Sign checks it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmedRequest {
    /// The digest of the confirmed request.
    pub digest: RequestDigest,
    /// The sign-in.
    pub evidence: RequesterEvidence,
    /// The time of the confirmation, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl ConfirmedRequest {
    /// The confirmation of a request; `None` if it was confirmed without a sign-in.
    pub fn of(request: &Request) -> Option<Self> {
        Some(Self {
            digest: RequestDigest::of(request),
            evidence: request.requester_evidence()?.clone(),
            at: request.entered(Status::Submitted)?,
        })
    }

    /// Checks that the provider states the confirmation of the request `id` by this requester.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn check(
        &self,
        base_url: &BaseUrl,
        id: RequestId,
        requester: &Email,
        provider: Provider<'_>,
    ) -> Result<(), SignInError> {
        let nonce = nonce(base_url, id, &self.digest, requester, &self.evidence.nonce);
        provider.signed_in(&self.evidence.id_token, &nonce, self.at)?.is(requester)
    }
}

impl Request {
    /// The nonce of the sign-in that confirms the request. `random` makes it one that was never used.
    pub fn confirmation_nonce(&self, base_url: &BaseUrl, random: &str) -> SignInNonce {
        nonce(base_url, self.id(), &RequestDigest::of(self), self.email(), random)
    }
}

fn nonce(
    base_url: &BaseUrl,
    id: RequestId,
    digest: &RequestDigest,
    requester: &Email,
    random: &str,
) -> SignInNonce {
    let mut hash = FramedHash::new("countersign confirmation 1");
    hash.field(base_url.as_str())
        .field(&id.to_string())
        .field(digest.as_str())
        .field(requester.as_str())
        .field(random);
    SignInNonce::from_hash(&hash.finish_octets())
}

#[cfg(test)]
mod tests;
