//! The binding of an account to a key that the server gave out (RFC 8555 section 7.3.4): a JWS with a MAC over the account's key.
//!
//! Invariant: a binding is for one account key and one URL. An unknown key id and a wrong MAC get the same answer, so that
//! an attacker cannot learn which key ids exist.

use serde_json::Value;

use super::error_type::AcmeErrorType;
use super::problem::AcmeProblem;
use super::signature::{header_text, no_jws};
use crate::jose::{FlattenedJws, JsonObject, JsonWebKey, MacAlgorithm};

/// The most bytes of a key id.
const MAX_KEY_ID_BYTES: usize = 256;

/// A binding whose MAC is not checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalAccountBinding {
    jws: FlattenedJws,
    algorithm: MacAlgorithm,
    key_id: String,
}

impl ExternalAccountBinding {
    /// Reads the binding in a request to this URL.
    pub(super) fn read(members: &JsonObject, url: &str) -> Result<Self, AcmeProblem> {
        let jws = FlattenedJws::from_object(members)
            .map_err(|error| no_jws("\"externalAccountBinding\"", error))?;
        let named = header_text(&jws, "alg").map_err(inside)?;
        let algorithm = MacAlgorithm::from_name(named)
            .ok_or_else(|| inside(AcmeProblem::bad_algorithm(&MacAlgorithm::ALL.map(MacAlgorithm::name))))?;
        let key_id = header_text(&jws, "kid").map_err(inside)?.to_owned();
        if key_id.is_empty() || key_id.len() > MAX_KEY_ID_BYTES || !key_id.is_ascii() {
            return Err(inside(AcmeProblem::malformed("\"kid\" is not the key id that you were given")));
        }
        if jws.header("nonce").is_some() {
            return Err(inside(AcmeProblem::malformed("the protected header must not have \"nonce\"")));
        }
        if header_text(&jws, "url").map_err(inside)? != url {
            return Err(inside(AcmeProblem::malformed("its \"url\" is not that of the request around it")));
        }
        Ok(Self { jws, algorithm, key_id })
    }

    /// The id of the MAC key.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks the MAC, and that it is about the key of the account.
    ///
    /// # Errors
    /// `unauthorized`; `malformed` for the key of another account.
    pub fn verify(&self, mac_key: &[u8], account_key: &JsonWebKey) -> Result<(), AcmeProblem> {
        let payload = self.jws.verify_mac(self.algorithm, mac_key).ok_or_else(Self::unproven)?;
        let bound = JsonWebKey::parse(payload).map_err(|error| {
            inside(AcmeProblem::malformed(format!("its payload is no public key: {error}")))
        })?;
        if bound.public_key() != account_key.public_key() {
            return Err(inside(AcmeProblem::malformed(
                "its payload is another key than \"jwk\" in the request around it",
            )));
        }
        Ok(())
    }

    /// The problem of a binding that is not by a key of this server: of a key id that is unknown, too.
    #[must_use]
    pub fn unproven() -> AcmeProblem {
        AcmeProblem::unauthorized(
            "the external account binding is not by a key that was given out here, or that key has ended; check key id and HMAC key",
        )
    }

    /// The problem of a request without a binding.
    #[must_use]
    pub fn required() -> AcmeProblem {
        let detail = "a new account needs \"externalAccountBinding\"; ask for a standing approval, and give your client its key id and HMAC key";
        AcmeProblem::new(AcmeErrorType::ExternalAccountRequired, detail)
    }

    /// The binding as it arrived: the account object of the answer has it, too.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.jws.to_json()
    }
}

/// Says that a problem is within the binding.
fn inside(problem: AcmeProblem) -> AcmeProblem {
    problem.within("\"externalAccountBinding\"")
}
