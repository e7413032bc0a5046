//! ID tokens of OpenID Connect (OpenID Connect Core 1.0 section 2): a JWS in compact form (RFC 7515 section 7.1), and the
//! keys of their issuers (RFC 7517).
//!
//! Invariant: no claim is readable before a key of the caller has verified the signature, by an algorithm of the list
//! [`TOKEN_ALGORITHMS`]. Keys in the header (`jwk`, `jku`, `x5c`) are ignored. A member that stands twice
//! is an error, since two readers could take different ones.

mod error;
mod key_set;

use serde_json::Value;

pub use crate::jose::JsonWebKey;
pub use error::IdTokenError;
pub use key_set::{MAX_KEY_SET_BYTES, key_set};

use crate::base64url;
use crate::jose::{JsonObject, JwsAlgorithm, object};

/// The algorithms of tokens.
pub const TOKEN_ALGORITHMS: [JwsAlgorithm; 5] =
    [JwsAlgorithm::Rs256, JwsAlgorithm::Ps256, JwsAlgorithm::Es256, JwsAlgorithm::Es384, JwsAlgorithm::EdDsa];

/// The bytes of a token, at most: it is kept in the row of its request.
pub const MAX_ID_TOKEN_BYTES: usize = 8 * 1024;

/// A token whose signature is not checked.
#[derive(Clone, Debug)]
pub struct IdToken<'a> {
    algorithm: JwsAlgorithm,
    key_id: Option<String>,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Claims,
}

/// The claims of a token whose signature is right.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(JsonObject);

/// What a token has to be for.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedClaims<'a> {
    /// The issuer, compared octet by octet.
    pub issuer: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// The nonce of the authentication request.
    pub nonce: &'a str,
    /// The time at which the token was used, in seconds since 1970.
    pub at: i64,
    /// The age of the sign-in at the time of issue, at most, in seconds; `None` for any.
    pub max_age: Option<i64>,
}

impl ExpectedClaims<'_> {
    /// The difference between two clocks, at most, in seconds.
    pub const SKEW: i64 = 120;
    /// The time from the issue of a token to its use, at most, in seconds. Some issuers give tokens that last for a day.
    pub const MAX_USE: i64 = 3_600;
}

impl<'a> IdToken<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`IdTokenError::Malformed`], or [`IdTokenError::Algorithm`].
    pub fn parse(text: &'a str) -> Result<Self, IdTokenError> {
        if text.len() > MAX_ID_TOKEN_BYTES {
            return Err(IdTokenError::Malformed("the ID token is too long"));
        }
        let malformed = || IdTokenError::Malformed("the ID token is not a JWS in compact form");
        let octets = |text: &str| base64url::decode(text).ok_or_else(malformed);
        let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        let header = object(&octets(header)?).ok_or_else(malformed)?;
        let claims = object(&octets(payload)?).ok_or_else(malformed)?;
        let signature = octets(signature)?;
        // RFC 7515 section 4.1.11: extensions that must be understood; there is none.
        if header.contains_key("crit") {
            return Err(IdTokenError::Malformed("the ID token has an extension that must be understood"));
        }
        let algorithm = header.get("alg").and_then(Value::as_str).and_then(JwsAlgorithm::from_name);
        let is_accepted = |algorithm: &JwsAlgorithm| TOKEN_ALGORITHMS.contains(algorithm);
        let algorithm = algorithm.filter(is_accepted).ok_or(IdTokenError::Algorithm)?;
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err(malformed()),
        };
        Ok(Self { algorithm, key_id, signed, signature, claims: Claims(claims) })
    }

    /// The id of the key, as the header says it.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Checks the signature by one of these keys. Returns the claims, and the key.
    ///
    /// # Errors
    /// [`IdTokenError::UnknownKey`] if no key has the id and the algorithm of the token; [`IdTokenError::BadSignature`].
    pub fn verify<'k>(&self, keys: &'k [JsonWebKey]) -> Result<(&Claims, &'k JsonWebKey), IdTokenError> {
        let mut error = IdTokenError::UnknownKey;
        for key in keys {
            let is_named = self.key_id.is_none() || self.key_id.as_deref() == key.key_id();
            if !is_named || !key.signs_by(self.algorithm) {
                continue;
            }
            if self.algorithm.verify(key.public_key(), self.signed.as_bytes(), &self.signature) {
                return Ok((&self.claims, key));
            }
            error = IdTokenError::BadSignature;
        }
        Err(error)
    }
}

impl Claims {
    /// Checks that the token is for this use: OpenID Connect Core 1.0 section 3.1.3.7.
    ///
    /// # Errors
    /// [`IdTokenError`].
    pub fn check(&self, expected: &ExpectedClaims<'_>) -> Result<(), IdTokenError> {
        if self.text("iss") != Some(expected.issuer) {
            return Err(IdTokenError::WrongIssuer);
        }
        if !self.is_for(expected.client_id) {
            return Err(IdTokenError::WrongAudience);
        }
        if self.text("nonce") != Some(expected.nonce) {
            return Err(IdTokenError::WrongNonce);
        }
        let (Some(issued), Some(ends)) = (self.seconds("iat"), self.seconds("exp")) else {
            return Err(IdTokenError::Malformed("the ID token has no iat or no exp"));
        };
        if issued > expected.at.saturating_add(ExpectedClaims::SKEW) {
            return Err(IdTokenError::FromTheFuture);
        }
        let last =
            ends.min(issued.saturating_add(ExpectedClaims::MAX_USE)).saturating_add(ExpectedClaims::SKEW);
        if expected.at > last {
            return Err(IdTokenError::Expired);
        }
        if let Some(max_age) = expected.max_age {
            let signed_in = self.seconds("auth_time").ok_or(IdTokenError::OldSignIn)?;
            if issued.saturating_sub(signed_in) > max_age.saturating_add(ExpectedClaims::SKEW) {
                return Err(IdTokenError::OldSignIn);
            }
        }
        Ok(())
    }

    /// A claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// True if the claim is a list of texts with this one in it, or this text alone, as providers write a list of one.
    #[must_use]
    pub fn lists(&self, name: &str, text: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(text)),
            Some(Value::String(one)) => one == text,
            _ => false,
        }
    }

    /// True if the claim is the JSON value `true`, not a text.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    /// A claim that is a number of seconds since 1970, rounded down. RFC 7519 section 2: a NumericDate may have a fraction.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<i64> {
        // Above, a double has no whole seconds.
        const LAST: f64 = 9_007_199_254_740_992.0;
        let number = self.0.get(name)?;
        let fraction = || number.as_f64().filter(|seconds| seconds.abs() < LAST);
        number.as_i64().or_else(|| fraction().map(|seconds| seconds.floor() as i64))
    }

    /// `aud` has the client, alone or with `azp`, which names it.
    fn is_for(&self, client_id: &str) -> bool {
        let azp = self.0.get("azp");
        if azp.is_some_and(|azp| azp.as_str() != Some(client_id)) {
            return false;
        }
        match self.0.get("aud") {
            Some(Value::String(one)) => one == client_id,
            Some(Value::Array(all)) => {
                let is_there = all.iter().any(|one| one.as_str() == Some(client_id));
                is_there && (all.len() == 1 || azp.is_some())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
