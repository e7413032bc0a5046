//! The change of an account's key (RFC 8555 section 7.3.5): the new key signs a JWS, which the old key signs.
//!
//! Invariant: both keys agreed to this account, this pair of keys, and this URL. Whether another account has the new key is for
//! the caller's conditional write.

use super::payload::{PayloadObject, RequestPayload, missing};
use super::problem::AcmeProblem;
use super::request::VerifiedRequest;
use super::signature::{algorithm, header_text, no_jws, own_key, public_key, verified};
use crate::jose::{FlattenedJws, JsonWebKey};

/// A change of key to which both keys agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The new key.
    pub new_key: JsonWebKey,
}

impl KeyChange {
    /// Reads the request of an account, whose key signed the outer JWS.
    ///
    /// # Errors
    /// `malformed`, `badSignatureAlgorithm`, `badPublicKey`.
    pub fn read(request: &VerifiedRequest) -> Result<Self, AcmeProblem> {
        let account_url = request.account_url()?;
        let inner = FlattenedJws::from_object(request.payload().object()?.members())
            .map_err(|error| no_jws("the payload", error))?;
        Self::read_inner(&inner, request, account_url).map_err(|problem| problem.within("the inner JWS"))
    }

    fn read_inner(
        inner: &FlattenedJws,
        request: &VerifiedRequest,
        account_url: &str,
    ) -> Result<Self, AcmeProblem> {
        let algorithm = algorithm(inner)?;
        if inner.header("kid").is_some() || inner.header("nonce").is_some() {
            return Err(AcmeProblem::malformed(
                "the protected header has neither \"kid\" nor \"nonce\"; it has the new key in \"jwk\"",
            ));
        }
        let new_key = own_key(inner, algorithm)?;
        if header_text(inner, "url")? != request.url() {
            return Err(AcmeProblem::malformed("its \"url\" is not that of the request around it"));
        }
        let payload = verified("the inner JWS", inner, algorithm, &new_key)?;
        let payload = RequestPayload::read(payload)?;
        let members: &PayloadObject = payload.object()?;
        if members.required_text("account")? != account_url {
            return Err(AcmeProblem::malformed("\"account\" is not the URL of the account that signs"));
        }
        let old_key = public_key(members.value("oldKey").ok_or_else(|| missing("oldKey"))?)?;
        if old_key.public_key() != request.key().public_key() {
            return Err(AcmeProblem::malformed("\"oldKey\" is not the key of the account"));
        }
        if new_key.public_key() == old_key.public_key() {
            return Err(AcmeProblem::malformed("the new key is the old one; make another key"));
        }
        Ok(Self { new_key })
    }
}
