//! The check of a requester's sign-in, which portal and Sign both make.

use time::OffsetDateTime;

use super::BaseUrl;
use super::sign_in::{Provider, SignInError, SignInNonce};
use crate::framed_hash::FramedHash;
use crate::request::{Request, RequestDigest, RequesterEvidence};

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
        let nonce = request.confirmation_nonce(base_url, &self.nonce);
        provider.signed_in(&self.id_token, &nonce, at)?.is(request.email())
    }
}

impl Request {
    /// The nonce of the sign-in that confirms the request. `random` makes it one that was never used.
    pub fn confirmation_nonce(&self, base_url: &BaseUrl, random: &str) -> SignInNonce {
        let mut hash = FramedHash::new("countersign confirmation 1");
        hash.field(base_url.as_str())
            .field(&self.id().to_string())
            .field(RequestDigest::of(self).as_str())
            .field(self.email().as_str())
            .field(random);
        SignInNonce::from_hash(&hash.finish_octets())
    }
}

#[cfg(test)]
mod tests;
