//! Verification of passkeys: registrations and assertions of WebAuthn Level 3 (<https://www.w3.org/TR/webauthn-3/>),
//! sections 7.1 and 7.2.
//!
//! Invariant: no state and no I/O. User presence and user verification are always required. All sizes are bounded
//! before anything is parsed. Fails with a [`WebAuthnError`].
//!
//! The caller keeps the challenges: it makes each one of 16 random octets or more, and accepts it once. It also compares
//! the signature counter with the stored one.

use crate::sha256::sha256;

mod authenticator_data;
mod cbor;
mod client_data;
mod error;
mod key;
mod limits;

pub use error::WebAuthnError;
pub use key::{PasskeyAlgorithm, PasskeyKey};
use limits::at_most;
pub use limits::{
    MAX_ATTESTATION_OBJECT_BYTES, MAX_AUTHENTICATOR_DATA_BYTES, MAX_CLIENT_DATA_BYTES, MAX_SIGNATURE_BYTES,
    RelyingParty,
};

use authenticator_data::AuthenticatorData;
use cbor::{CborItem, CborKey};
use client_data::Ceremony;

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The credential ID: 1 to 1023 octets.
    pub credential_id: Vec<u8>,
    /// The public key.
    pub key: PasskeyKey,
    /// The signature counter; 0 if the authenticator has none.
    pub counter: u32,
    /// The model of the authenticator, unproven.
    pub aaguid: [u8; 16],
    /// True if the passkey is backed up or synchronised.
    pub is_backed_up: bool,
}

/// The response of an authenticator to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// authenticatorData.
    pub authenticator_data: Vec<u8>,
    /// clientDataJSON.
    pub client_data_json: Vec<u8>,
    /// The signature over both.
    pub signature: Vec<u8>,
}

/// The facts of a verified assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The signature counter; 0 if the authenticator has none.
    pub counter: u32,
    /// True if the passkey is backed up or synchronised.
    pub is_backed_up: bool,
}

/// Verifies a registration (section 7.1) from clientDataJSON and attestationObject as the browser gave them.
///
/// # Errors
/// [`WebAuthnError`].
pub fn register(
    party: &RelyingParty,
    challenge: &[u8],
    client_data_json: &[u8],
    attestation_object: &[u8],
) -> Result<Registration, WebAuthnError> {
    at_most(MAX_ATTESTATION_OBJECT_BYTES, attestation_object, "the attestation object is too long")?;
    client_data::check(client_data_json, Ceremony::Create, party, challenge)?;
    let data = AuthenticatorData::read(attested_data(attestation_object)?)?;
    data.check(party)?;
    let credential = data.credential.ok_or(WebAuthnError::Malformed("the registration has no credential"))?;
    Ok(Registration {
        credential_id: credential.id.to_vec(),
        key: PasskeyKey::from_cose(credential.key)?,
        counter: data.counter,
        aaguid: credential.aaguid,
        is_backed_up: data.flags.is_backed_up(),
    })
}

/// The authData of an attestationObject (section 6.5).
///
/// The attestation statement proves the model of the authenticator. No rule here depends on the model, and browsers
/// remove the statement unless a site asks for it. So any `fmt` is accepted, the statement is not evaluated, and nothing
/// is concluded from it. The caller's session binds a registration to its user; the challenge binds it to the session.
fn attested_data(attestation_object: &[u8]) -> Result<&[u8], WebAuthnError> {
    const MALFORMED: WebAuthnError = WebAuthnError::Malformed("the attestation object is not well formed");
    let Ok((object, [])) = cbor::map(attestation_object) else {
        return Err(MALFORMED);
    };
    match (
        object.get(CborKey::Text("fmt")),
        object.get(CborKey::Text("attStmt")),
        object.get(CborKey::Text("authData")),
    ) {
        (Some(CborItem::Text(_)), Some(_), Some(CborItem::Bytes(data))) => Ok(data),
        _ => Err(MALFORMED),
    }
}

/// Verifies an assertion (section 7.2). Returns the signature counter and the state of the backup.
///
/// # Errors
/// [`WebAuthnError`].
pub fn verify(
    party: &RelyingParty,
    challenge: &[u8],
    key: &PasskeyKey,
    assertion: &Assertion,
) -> Result<Verified, WebAuthnError> {
    let Assertion { authenticator_data, client_data_json, signature } = assertion;
    at_most(MAX_AUTHENTICATOR_DATA_BYTES, authenticator_data, "the authenticator data are too long")?;
    at_most(MAX_SIGNATURE_BYTES, signature, "the signature is too long")?;
    client_data::check(client_data_json, Ceremony::Get, party, challenge)?;
    let data = AuthenticatorData::read(authenticator_data)?;
    data.check(party)?;
    // Section 6.1: the AT flag must not be set for assertion signatures.
    if data.credential.is_some() {
        return Err(WebAuthnError::Malformed("the assertion contains a credential"));
    }
    key.verify(&signed_octets(authenticator_data, client_data_json), signature)?;
    Ok(Verified { counter: data.counter, is_backed_up: data.flags.is_backed_up() })
}

/// Section 7.2: the signature is over authenticatorData and the SHA-256 of clientDataJSON.
fn signed_octets(authenticator_data: &[u8], client_data_json: &[u8]) -> Vec<u8> {
    [authenticator_data, &sha256(client_data_json)].concat()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
