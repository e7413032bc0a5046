//! clientDataJSON: the browser's part of a response (section 5.8.1).

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::WebAuthnError;
use super::limits::{MAX_CLIENT_DATA_BYTES, RelyingParty, at_most};
use crate::base64url;

/// The operation of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ceremony {
    /// A registration.
    Create,
    /// An assertion.
    Get,
}

impl Ceremony {
    /// The value of `type`.
    fn name(self) -> &'static str {
        match self {
            Ceremony::Create => "webauthn.create",
            Ceremony::Get => "webauthn.get",
        }
    }
}

/// CollectedClientData. Unknown members are ignored, as section 5.8.1 demands; a known one twice is an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Presence,
}

/// True if the member is present, with any value.
#[derive(Default)]
struct Presence(bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Presence, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Presence(true))
    }
}

/// Checks clientDataJSON (sections 7.1 and 7.2, the steps from `type` to `topOrigin`).
pub(super) fn check(
    json: &[u8],
    ceremony: Ceremony,
    party: &RelyingParty,
    challenge: &[u8],
) -> Result<(), WebAuthnError> {
    at_most(MAX_CLIENT_DATA_BYTES, json, "the client data are too long")?;
    // The library also reads an array as a struct, member by member. Section 5.8.1.1: browsers begin with `{"type":`.
    let object = json.starts_with(b"{").then(|| serde_json::from_slice::<ClientData>(json).ok());
    let data = object.flatten().ok_or(WebAuthnError::Malformed("the client data are not well formed"))?;
    if data.kind != ceremony.name() {
        return Err(WebAuthnError::WrongType);
    }
    if base64url::decode(&data.challenge).as_deref() != Some(challenge) {
        return Err(WebAuthnError::WrongChallenge);
    }
    if data.origin != party.origin {
        return Err(WebAuthnError::WrongOrigin);
    }
    if data.cross_origin || data.top_origin.0 {
        return Err(WebAuthnError::CrossOrigin);
    }
    Ok(())
}
