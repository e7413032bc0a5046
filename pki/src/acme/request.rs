//! A request: a JWS whose protected header names algorithm, nonce, URL and key (RFC 8555 section 6.2).
//!
//! ```text
//! {"protected": base64url({"alg": "ES256", "kid" or "jwk": .., "nonce": "..", "url": ".."}), "payload": .., "signature": ..}
//! ```
//!
//! Invariant: the payload of a [`VerifiedRequest`] was signed for this URL by the key in it. A nonce is read and not spent: the
//! caller checks it by [`NonceKey::check`](super::NonceKey::check), and spends it by a conditional write, before it acts.

use super::error_type::AcmeErrorType;
use super::payload::RequestPayload;
use super::problem::AcmeProblem;
use super::signature::{algorithm, header_text, no_jws, own_key, verified};
use crate::base64url;
use crate::jose::{FlattenedJws, JsonWebKey, JwsAlgorithm};

/// The most bytes of a request: a CSR of [`Csr::MAX_BYTES`](crate::csr::Csr::MAX_BYTES), in base64 twice.
pub const MAX_REQUEST_BYTES: usize = 128 * 1024;

/// A request whose signature is not checked.
#[derive(Clone, Debug)]
pub struct AcmeRequest {
    jws: FlattenedJws,
    algorithm: JwsAlgorithm,
    nonce: String,
    url: String,
    key: KeyReference,
}

/// The key of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReference {
    /// `jwk`: the key itself, for new accounts and for revocations by the key of the certificate.
    Jwk(JsonWebKey),
    /// `kid`: the URL of the account, whose key signs all other requests.
    AccountUrl(String),
}

/// A request that its key signed for this URL.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedRequest {
    nonce: String,
    url: String,
    key: JsonWebKey,
    account_url: Option<String>,
    payload: RequestPayload,
}

impl AcmeRequest {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// `malformed`, `badSignatureAlgorithm`, `badPublicKey`, or `badNonce` if the nonce is missing.
    pub fn parse(body: &[u8]) -> Result<Self, AcmeProblem> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(AcmeProblem::too_large(MAX_REQUEST_BYTES));
        }
        let jws = FlattenedJws::parse(body).map_err(|error| no_jws("the body of the request", error))?;
        let algorithm = algorithm(&jws)?;
        let nonce = nonce(&jws)?;
        let url = header_text(&jws, "url")?.to_owned();
        let key = match (jws.header("jwk"), jws.header("kid")) {
            (Some(_), None) => KeyReference::Jwk(own_key(&jws, algorithm)?),
            (None, Some(_)) => KeyReference::AccountUrl(header_text(&jws, "kid")?.to_owned()),
            // RFC 8555 section 6.2: the two are mutually exclusive.
            _ => {
                return Err(AcmeProblem::malformed(
                    "the protected header needs exactly one of \"jwk\" (new accounts) and \"kid\" (the URL of the account)",
                ));
            }
        };
        Ok(Self { jws, algorithm, nonce, url, key })
    }

    /// The key, as the header says it.
    #[must_use]
    pub fn key(&self) -> &KeyReference {
        &self.key
    }

    /// The URL of the account.
    ///
    /// # Errors
    /// `malformed` for a request with `jwk`.
    pub fn account_url(&self) -> Result<&str, AcmeProblem> {
        match &self.key {
            KeyReference::AccountUrl(url) => Ok(url),
            KeyReference::Jwk(_) => Err(no_account()),
        }
    }

    /// Verifies a request that brings its key. `url` is the URL that this resource has in the directory.
    ///
    /// # Errors
    /// `malformed` for a request with `kid` or a wrong signature; `unauthorized` for another URL.
    pub fn verify_by_own_key(self, url: &str) -> Result<VerifiedRequest, AcmeProblem> {
        let KeyReference::Jwk(key) = &self.key else {
            return Err(AcmeProblem::malformed(
                "this request brings its public key in \"jwk\"; leave \"kid\" out",
            ));
        };
        let key = key.clone();
        self.verify(key, url)
    }

    /// Verifies a request by the key of the account that [`AcmeRequest::account_url`] names. `url` is the URL that this
    /// resource has in the directory or in its object.
    ///
    /// # Errors
    /// `malformed` for a request with `jwk` or a wrong signature; `badSignatureAlgorithm`; `unauthorized` for another URL.
    pub fn verify_by_account_key(self, key: &JsonWebKey, url: &str) -> Result<VerifiedRequest, AcmeProblem> {
        self.account_url()?;
        if !key.signs_by(self.algorithm) {
            return Err(AcmeProblem::other_algorithm(JwsAlgorithm::of(key.public_key().kind())));
        }
        self.verify(key.clone(), url)
    }

    fn verify(self, key: JsonWebKey, url: &str) -> Result<VerifiedRequest, AcmeProblem> {
        // RFC 8555 section 6.4: a proxy cannot redirect a signed request to another resource.
        if self.url != url {
            return Err(AcmeProblem::unauthorized(
                "the \"url\" that is signed is not the URL of the request; use the URLs of the directory unchanged",
            ));
        }
        let payload = verified("the request", &self.jws, self.algorithm, &key)?;
        let payload = RequestPayload::read(payload)?;
        Ok(self.into_verified(key, payload))
    }

    fn into_verified(self, key: JsonWebKey, payload: RequestPayload) -> VerifiedRequest {
        let account_url = match self.key {
            KeyReference::AccountUrl(url) => Some(url),
            KeyReference::Jwk(_) => None,
        };
        VerifiedRequest { nonce: self.nonce, url: self.url, key, account_url, payload }
    }

    /// The request as if its key had signed it for its own URL, so that fuzzing reaches the code behind the signature check.
    ///
    /// # Errors
    /// `malformed` for a payload that is no object.
    #[cfg(any(test, feature = "testing"))]
    pub fn without_proof(self, key: JsonWebKey) -> Result<VerifiedRequest, AcmeProblem> {
        let payload = RequestPayload::read(self.jws.payload_without_proof())?;
        Ok(self.into_verified(key, payload))
    }
}

impl VerifiedRequest {
    /// The nonce, which the caller has to spend.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key that signed.
    #[must_use]
    pub fn key(&self) -> &JsonWebKey {
        &self.key
    }

    /// The URL of the account whose key signed.
    ///
    /// # Errors
    /// `malformed` for a request that brought its key.
    pub fn account_url(&self) -> Result<&str, AcmeProblem> {
        self.account_url.as_deref().ok_or_else(no_account)
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &RequestPayload {
        &self.payload
    }
}

/// The problem of a request that has to be of an account.
fn no_account() -> AcmeProblem {
    AcmeProblem::malformed(
        "this request is signed by the key of an account; name the account in \"kid\", and leave \"jwk\" out",
    )
}

/// The nonce in the protected header.
fn nonce(jws: &FlattenedJws) -> Result<String, AcmeProblem> {
    // RFC 8555 section 6.5: badNonce for a missing nonce, too; section 6.5.2: malformed for another encoding.
    if jws.header("nonce").is_none() {
        let detail = "the protected header has no \"nonce\"; take the one of this response (Replay-Nonce)";
        return Err(AcmeProblem::new(AcmeErrorType::BadNonce, detail));
    }
    let nonce = header_text(jws, "nonce")?;
    if nonce.is_empty() || base64url::decode(nonce).is_none() {
        return Err(AcmeProblem::malformed("\"nonce\" in the protected header is not base64url"));
    }
    Ok(nonce.to_owned())
}
