//! Passkeys: what an approver's authenticator signs, and the check of it.
//!
//! Invariant: the challenge of a vote binds everything that the vote means ([`VoteMeaning`]). Portal and Sign make it anew
//! from what they know, and check the evidence with the passkeys of the table `people`, which only Sign and operators
//! write. So a vote that the portal made up proves nothing. Decision 0135.

use pki::webauthn::{Assertion, PasskeyKey, RelyingParty, WebAuthnError, verify};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::BaseUrl;
pub use super::meaning::VoteMeaning;
use super::sign_in::SignInError;
use crate::decision::{ApprovalDigest, Evidence, PasskeyEvidence, Vote};
use crate::ids::RequestId;
use pki::base64url::Base64Url;

/// A passkey of a person: a row of the table `people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// The address of the person, as [`PlusTags::person`](crate::approver_set::PlusTags::person) writes it.
    pub person: String,
    /// The credential id.
    pub credential_id: Base64Url,
    /// The COSE_Key (RFC 9052).
    pub public_key: Base64Url,
    /// The signature counter when the passkey was added; 0 for authenticators that do not count.
    pub counter: u32,
    /// The time at which it was added, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub added_at: OffsetDateTime,
    /// Persons who vouched for it; empty if the code in the mail was enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vouched_by: Vec<String>,
}

/// The reason why evidence proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// There is no signature of a passkey.
    #[error("there is no passkey signature")]
    NoEvidence,
    /// The base URL has an IP address in place of a domain.
    #[error("the base URL has no domain, which passkeys need")]
    NoDomain,
    /// The person has no such passkey.
    #[error("the passkey is not one of this person")]
    UnknownPasskey,
    /// The counter went back. Somebody may have copied the passkey.
    #[error("the passkey's counter went back, so it may have been copied")]
    OldCounter,
    /// The signature, or what was signed.
    #[error(transparent)]
    WebAuthn(#[from] WebAuthnError),
    /// The ID token, or what it says.
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

impl PasskeyEvidence {
    /// Checks the signature of one of these passkeys, all of one person, over a challenge.
    ///
    /// # Errors
    /// [`NotProven`].
    pub fn check(
        &self,
        base_url: &BaseUrl,
        challenge: &[u8; 32],
        passkeys: &[Passkey],
    ) -> Result<(), NotProven> {
        let party = base_url.relying_party().ok_or(NotProven::NoDomain)?;
        let passkey = passkeys.iter().find(|passkey| passkey.credential_id == self.credential_id);
        let passkey = passkey.ok_or(NotProven::UnknownPasskey)?;
        let key = PasskeyKey::from_cose(passkey.public_key.octets())?;
        let assertion = Assertion {
            authenticator_data: self.authenticator_data.octets().to_vec(),
            client_data_json: self.client_data_json.octets().to_vec(),
            signature: self.signature.octets().to_vec(),
        };
        let verified = verify(&party, challenge, &key, &assertion)?;
        // WebAuthn section 6.1.1: both are 0 where the authenticator does not count.
        if (verified.counter, passkey.counter) != (0, 0) && verified.counter <= passkey.counter {
            return Err(NotProven::OldCounter);
        }
        Ok(())
    }
}

/// Checks that a person's passkey signed a vote. `passkeys` are those of the voter.
///
/// # Errors
/// [`NotProven`].
pub fn check_vote(
    base_url: &BaseUrl,
    request_id: RequestId,
    binds: &ApprovalDigest,
    vote: &Vote,
    passkeys: &[Passkey],
) -> Result<(), NotProven> {
    let evidence = vote.evidence.as_ref().and_then(Evidence::passkey).ok_or(NotProven::NoEvidence)?;
    let (decision, reason) = (vote.decision, vote.reason.as_deref());
    let meaning = VoteMeaning { base_url, request_id, binds, decision, reason };
    evidence.check(base_url, &meaning.challenge(evidence), passkeys)
}

impl BaseUrl {
    /// The site that passkeys are for: the host of the URL. `None` for an IP address (WebAuthn section 5.1.2, effective
    /// domain).
    pub fn relying_party(&self) -> Option<RelyingParty> {
        let id = self.domain()?.to_owned();
        Some(RelyingParty { id, origin: self.origin() })
    }
}
