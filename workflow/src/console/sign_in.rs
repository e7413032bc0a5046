//! Who opens the console: by a passkey that the authenticator finds itself, or by an ID token.
//!
//! Invariant: nobody learns from the page whether an address is one of the policy. With a passkey, the page names no credentials; the
//! authenticator names the account.

use aws_lc_rs::digest::{SHA256, digest};
use pki::base64url::Base64Url;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::sealed;
use crate::approval::passkey::{NotProven, Passkey};
use crate::approval::sign_in::{Provider, ProviderKey, SignInError, SignInNonce};
use crate::approval::{BaseUrl, LinkSecret};
use crate::decision::PasskeyEvidence;
use crate::email::Email;
use crate::framed_hash::FramedHash;
use crate::policy::Policy;
use crate::timestamp::whole_seconds;

const TICKET: &str = "countersign console ticket 1";
/// Before the fields of the challenge that an authenticator signs. The script of passkeys has the same words.
const BY_PASSKEY: &str = "countersign console 1";
const BY_PROVIDER: &str = "countersign console sign-in 1";

/// Who opens the console, and how the policy knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsoleVisitor {
    /// The address, for the trail.
    pub person: Email,
    /// The address in the policy that they proved to be theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Email>,
    /// Those groups of the policy of which the identity provider names them as a member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl ConsoleVisitor {
    /// Whoever the identity provider states to sign in to this console now; `random` is in the nonce.
    ///
    /// # Errors
    /// [`SignInError`]; [`SignInError::OtherPerson`] for a person who has no role.
    pub fn signed_in(
        policy: &Policy,
        keys: &[ProviderKey],
        base_url: &BaseUrl,
        (id_token, random): (&str, &str),
        now: OffsetDateTime,
    ) -> Result<Self, SignInError> {
        let rules = policy.console().ok_or(SignInError::OtherPerson)?;
        let signed_in =
            Provider::of(policy, keys)?.signed_in(id_token, &sign_in_nonce(base_url, random), now)?;
        let listed = rules.people().find(|one| signed_in.is(one).is_ok()).cloned();
        let mut groups: Vec<String> =
            rules.oidc_groups().filter(|group| signed_in.is_member(group)).map(str::to_owned).collect();
        groups.sort_unstable();
        groups.dedup();
        let person = listed.clone().unwrap_or(signed_in.address);
        match rules.role(listed.as_ref(), &groups) {
            Some(_) => Ok(Self { person, listed, groups }),
            None => Err(SignInError::OtherPerson),
        }
    }

    /// The person of the policy whose passkeys have this user handle: SHA-256 over the address, as the page that set the passkey up
    /// wrote it. `None` if the policy lists nobody like that.
    #[must_use]
    pub fn of_user_handle(policy: &Policy, handle: &Base64Url) -> Option<Self> {
        let is_of =
            |address: &Email| digest(&SHA256, address.as_str().as_bytes()).as_ref() == handle.octets();
        let tags = policy.plus_tags();
        let spellings = |person: &Email| {
            let members = policy.profiles().flat_map(|profile| {
                let escalation = profile.escalation().map(|one| one.members.as_slice()).unwrap_or_default();
                profile.quorums().iter().flat_map(|group| &group.members).chain(escalation)
            });
            let stand_ins = policy.stand_ins().iter().map(|one| &one.by);
            members.chain(stand_ins).any(|one| tags.same_person(one, person) && is_of(one))
        };
        let person = policy.console()?.people().find(|person| is_of(person) || spellings(person))?.clone();
        Some(Self { listed: Some(person.clone()), person, groups: Vec::new() })
    }
}

/// The nonce of a sign-in to the console at the identity provider. `random` makes it one that was never used.
#[must_use]
pub fn sign_in_nonce(base_url: &BaseUrl, random: &str) -> SignInNonce {
    SignInNonce::from_hash(&hash(BY_PROVIDER, base_url, random))
}

fn hash(purpose: &str, base_url: &BaseUrl, random: &str) -> [u8; 32] {
    let mut hash = FramedHash::new(purpose);
    hash.field(base_url.as_str()).field(random);
    hash.finish_octets()
}

/// What a browser got that begins a sign-in with a passkey: in a cookie, so that nobody else can end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleTicket {
    /// The random text in the challenge; the page has it too.
    pub nonce: String,
    /// The time at which it ends, UTC.
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
}

impl ConsoleTicket {
    /// The time for a sign-in.
    pub const LIFETIME: Duration = Duration::minutes(5);

    /// A ticket with this random text.
    #[must_use]
    pub fn new(nonce: String, now: OffsetDateTime) -> Self {
        Self { nonce, until: whole_seconds(now) + Self::LIFETIME }
    }

    /// The text of the cookie.
    #[must_use]
    pub fn seal(&self, secret: &LinkSecret) -> String {
        sealed::seal(secret, TICKET, self)
    }

    /// Reads the text of a cookie; `None` if it is not one of ours, or is over.
    #[must_use]
    pub fn open(text: &str, secret: &LinkSecret, now: OffsetDateTime) -> Option<Self> {
        sealed::open(secret, TICKET, text).filter(|it: &Self| now < it.until)
    }

    /// Checks that one of these passkeys, all of one person, signed the challenge of this ticket.
    ///
    /// # Errors
    /// [`NotProven`].
    pub fn check(
        &self,
        base_url: &BaseUrl,
        evidence: &PasskeyEvidence,
        passkeys: &[Passkey],
    ) -> Result<(), NotProven> {
        evidence.check(base_url, &self.challenge(base_url), passkeys)
    }

    /// The challenge that the authenticator signs.
    #[must_use]
    pub fn challenge(&self, base_url: &BaseUrl) -> [u8; 32] {
        hash(BY_PASSKEY, base_url, &self.nonce)
    }
}

#[cfg(test)]
mod tests;
