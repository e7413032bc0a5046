//! Nonces against replay (RFC 8555 section 6.5), which need no memory until they are used.
//!
//! A nonce is base64url of 56 octets: the seconds since 1970 (8), randomness (16), and HMAC-SHA256 over both (32). The key
//! alone makes and checks nonces, without a table. A conditional write of [`SpendableNonce::id`] makes sure that a nonce is used
//! once; the written row can be deleted at [`SpendableNonce::expires`].
//!
//! Invariant: after [`SpendableNonce::expires`] no check accepts the nonce, so the row is needed no longer.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SecureRandom;
use time::{Duration, OffsetDateTime};

use super::error_type::AcmeErrorType;
use super::problem::AcmeProblem;
use crate::base64url;

/// How long a nonce is accepted. certbot takes the nonce of one response for the next request, after a person answered.
pub const NONCE_LIFETIME: Duration = Duration::hours(1);
/// The difference between the clocks of two servers, at most.
const SKEW: Duration = Duration::minutes(2);

const TIME_OCTETS: usize = 8;
const RANDOM_OCTETS: usize = 16;

/// The key of nonces.
pub struct NonceKey(hmac::Key);

/// A nonce that was made with the key and is not too old. Whether it was used before, only a conditional write tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendableNonce {
    id: String,
    expires: OffsetDateTime,
}

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceKey")
    }
}

impl NonceKey {
    /// The key that follows from a secret of the stack. The secret may serve other purposes, too.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Self {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"countersign acme nonce v1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// A new nonce, for `Replay-Nonce`.
    ///
    /// # Errors
    /// `serverInternal` if the source of randomness failed.
    pub fn make(&self, random: &dyn SecureRandom, now: OffsetDateTime) -> Result<String, AcmeProblem> {
        let mut octets = now.unix_timestamp().to_be_bytes().to_vec();
        let mut own = [0; RANDOM_OCTETS];
        random.fill(&mut own).map_err(|_| {
            AcmeProblem::new(
                AcmeErrorType::ServerInternal,
                "the source of randomness failed; try again later",
            )
        })?;
        octets.extend_from_slice(&own);
        let mac = hmac::sign(&self.0, &octets);
        octets.extend_from_slice(mac.as_ref());
        Ok(base64url::encode(octets))
    }

    /// Checks that a nonce was made with the key, and when.
    ///
    /// # Errors
    /// `badNonce`: the client repeats its request with the nonce of the response.
    pub fn check(&self, nonce: &str, now: OffsetDateTime) -> Result<SpendableNonce, AcmeProblem> {
        self.opened(nonce, now).ok_or_else(Self::refused)
    }

    /// The problem of a nonce that is not accepted: unknown, too old, or spent.
    #[must_use]
    pub fn refused() -> AcmeProblem {
        let detail = "the nonce is unknown, too old or used already; repeat the request with the one of this response (Replay-Nonce)";
        AcmeProblem::new(AcmeErrorType::BadNonce, detail)
    }

    fn opened(&self, nonce: &str, now: OffsetDateTime) -> Option<SpendableNonce> {
        let octets = base64url::decode(nonce)?;
        let (signed, mac) = octets.split_at_checked(TIME_OCTETS + RANDOM_OCTETS)?;
        hmac::verify(&self.0, signed, mac).ok()?;
        let made = i64::from_be_bytes(*signed.first_chunk()?);
        let made = OffsetDateTime::from_unix_timestamp(made).ok()?;
        let expires = made.checked_add(NONCE_LIFETIME)?;
        let is_living = made <= now.saturating_add(SKEW) && now <= expires;
        is_living.then(|| SpendableNonce { id: base64url::encode(signed), expires })
    }
}

impl SpendableNonce {
    /// The text that is written once, if it is not there yet.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The end of its life.
    #[must_use]
    pub fn expires(&self) -> OffsetDateTime {
        self.expires
    }
}
