//! Sign-ins: what the identity provider states about a decision or a request, and the check of it.
//!
//! Invariant: the `nonce` of the ID token binds everything that the vote means ([`VoteMeaning`]), or all that a requester confirms
//! ([`RequestDigest`](crate::request::RequestDigest)), so a token of any other
//! sign-in proves nothing, and no session is worth stealing. The keys come from the table `people`, to which only Sign adds
//! what it fetched from the issuer of the policy itself. A key proves nothing about tokens that were issued after the
//! provider had removed it. Decision 0136.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use pki::id_token::{Claims, ExpectedClaims, IdToken, IdTokenError, JsonWebKey};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::BaseUrl;
use super::meaning::VoteMeaning;
use crate::approver_set::PlusTags;
use crate::decision::{ApprovalDigest, Evidence, IdTokenEvidence, ReviewDigest, Vote};
use crate::email::Email;
use crate::ids::RequestId;
use crate::policy::{IssuerUrl, OidcSettings, Policy};
use pki::base64url::Base64Url;

/// A key of an identity provider: a row of the table `people`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderKey {
    /// The issuer whose key it is.
    pub issuer: String,
    /// The public key as a JSON Web Key.
    pub jwk: String,
    /// The time at which Sign first found it at the provider, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub first_seen: OffsetDateTime,
    /// The time at which Sign last found it there, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen: OffsetDateTime,
}

impl ProviderKey {
    /// The time after which a key that is in use is fetched again.
    pub const REFRESH: Duration = Duration::minutes(10);
    /// A token may be issued this long after its key was last seen: longer than [`Self::REFRESH`] and a sign-in together.
    pub const GRACE: Duration = Duration::hours(1);

    /// The thumbprint (RFC 7638); `None` if the row is damaged.
    pub fn thumbprint(&self) -> Option<String> {
        JsonWebKey::from_json(&self.jwk).map(|key| key.thumbprint())
    }

    /// True if none of these keys was seen lately, so that they are to be fetched.
    pub fn are_old(keys: &[ProviderKey], now: OffsetDateTime) -> bool {
        keys.iter().all(|key| now - key.last_seen > Self::REFRESH)
    }
}

/// The identity provider of the policy, and its keys.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// `[people.oidc]` of the policy in force.
    pub settings: &'a OidcSettings,
    /// The keys that Sign recorded. Those of other issuers are not looked at.
    pub keys: &'a [ProviderKey],
    /// The rule for addresses of one person.
    pub plus_tags: PlusTags,
}

/// The reason why an ID token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// There is no ID token.
    #[error("there is no ID token")]
    NoToken,
    /// The policy names no identity provider.
    #[error("the policy names no identity provider")]
    NoProvider,
    /// The token is not right, or is for another use.
    #[error(transparent)]
    Token(#[from] IdTokenError),
    /// The provider had removed the key before it issued the token.
    #[error("the identity provider had removed the key before the ID token was issued")]
    RemovedKey,
    /// The claim with the address is missing, or is no address.
    #[error("the ID token has no address in the claim that the policy names")]
    NoAddress,
    /// `email_verified` is not true.
    #[error("the identity provider does not say that it verified the address")]
    NotVerified,
    /// The claim with the groups does not have the one that the policy asks for.
    #[error("the ID token does not name the person as a member of the group")]
    NotInGroup,
    /// The address is of another person.
    #[error("the ID token is about another person")]
    OtherPerson,
}

impl SignInError {
    /// True if fetching the provider's keys may help.
    pub fn is_about_keys(self) -> bool {
        matches!(self, Self::Token(IdTokenError::UnknownKey) | Self::RemovedKey)
    }
}

/// The nonce of a sign-in: the hash over all that the vote means, or over all that the requester confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInNonce(Base64Url);

impl SignInNonce {
    /// The nonce for a vote on a review. `random` makes it one that was never used.
    pub fn of(meaning: &VoteMeaning<'_>, review_digest: &ReviewDigest, random: &str) -> Self {
        Self::from_hash(&meaning.hash(review_digest, random))
    }

    pub(crate) fn from_hash(hash: &[u8; 32]) -> Self {
        Self(Base64Url(hash.to_vec()))
    }
}

impl fmt::Display for SignInNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl IdTokenEvidence {
    /// Checks that the provider states this decision at the time of the vote, and returns by whom it was made.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn signed_in<'p>(
        &self,
        meaning: &VoteMeaning<'_>,
        at: OffsetDateTime,
        provider: Provider<'p>,
    ) -> Result<SignedIn<'p>, SignInError> {
        let nonce = SignInNonce::of(meaning, &self.review_digest, &self.nonce);
        provider.signed_in(&self.id_token, &nonce, at)
    }
}

impl<'a> Provider<'a> {
    /// The provider of a policy.
    ///
    /// # Errors
    /// [`SignInError::NoProvider`].
    pub fn of(policy: &'a Policy, keys: &'a [ProviderKey]) -> Result<Self, SignInError> {
        let settings = policy.oidc().ok_or(SignInError::NoProvider)?;
        Ok(Self { settings, keys, plus_tags: policy.plus_tags() })
    }

    /// Checks that the provider states this nonce, at a time, and returns of whom.
    ///
    /// # Errors
    /// [`SignInError`].
    pub(crate) fn signed_in(
        self,
        id_token: &str,
        nonce: &SignInNonce,
        at: OffsetDateTime,
    ) -> Result<SignedIn<'a>, SignInError> {
        let Provider { settings, keys, plus_tags } = self;
        let own = keys.iter().filter(|key| key.issuer == settings.issuer.as_str());
        let own: Vec<(&ProviderKey, JsonWebKey)> =
            own.filter_map(|key| Some((key, JsonWebKey::from_json(&key.jwk)?))).collect();
        let read: Vec<JsonWebKey> = own.iter().map(|(_, key)| key.clone()).collect();
        let token = IdToken::parse(id_token)?;
        let (claims, by) = token.verify(&read)?;
        claims.check(&ExpectedClaims {
            issuer: settings.issuer.as_str(),
            client_id: &settings.client_id,
            nonce: &nonce.to_string(),
            at: at.unix_timestamp(),
            max_age: settings.max_age.map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX)),
        })?;
        let issued = claims.seconds("iat").unwrap_or(i64::MAX);
        let was_there = |key: &ProviderKey| issued <= (key.last_seen + ProviderKey::GRACE).unix_timestamp();
        if !own.iter().any(|(row, key)| key == by && was_there(row)) {
            return Err(SignInError::RemovedKey);
        }
        let address = address(settings, claims)?;
        Ok(SignedIn { address, claims: claims.clone(), settings, plus_tags })
    }
}

/// The person whom the provider names.
#[derive(Clone, Debug)]
pub struct SignedIn<'a> {
    /// The address of the person.
    pub address: Email,
    claims: Claims,
    settings: &'a OidcSettings,
    plus_tags: PlusTags,
}

impl SignedIn<'_> {
    /// Checks that the person is the one with this address.
    ///
    /// # Errors
    /// [`SignInError::OtherPerson`].
    pub fn is(&self, person: &Email) -> Result<(), SignInError> {
        // The tag of an address in the policy or of a requester may be dropped, and that of the provider's address may not:
        // at the provider `alice+x` can be another account than `alice`.
        let signed_in = self.address.as_str().to_ascii_lowercase();
        if [PlusTags::Distinct, self.plus_tags].iter().any(|tags| signed_in == tags.person(person)) {
            Ok(())
        } else {
            Err(SignInError::OtherPerson)
        }
    }

    /// True if the provider names the person as a member of the group.
    #[must_use]
    pub fn is_member(&self, group: &str) -> bool {
        self.claims.lists(&self.settings.groups_claim, group)
    }
}

/// The address of the person who signed in.
fn address(settings: &OidcSettings, claims: &Claims) -> Result<Email, SignInError> {
    let address = claims.text(&settings.claim).ok_or(SignInError::NoAddress)?;
    if settings.claim == OidcSettings::EMAIL && !claims.is_true("email_verified") {
        return Err(SignInError::NotVerified);
    }
    // Addresses are ASCII, so no letter of another script looks like one of them.
    let read: Email = address.parse().map_err(|_| SignInError::NoAddress)?;
    if read.as_str() == address { Ok(read) } else { Err(SignInError::NoAddress) }
}

/// The challenge for a verifier of PKCE: `S256` (RFC 7636 section 4.2).
pub fn code_challenge(verifier: &str) -> String {
    Base64Url(digest(&SHA256, verifier.as_bytes()).as_ref().to_vec()).to_string()
}

/// Checks that the identity provider states a vote.
///
/// # Errors
/// [`SignInError`].
pub fn check_vote(
    base_url: &BaseUrl,
    request_id: RequestId,
    binds: &ApprovalDigest,
    vote: &Vote,
    provider: Provider<'_>,
) -> Result<(), SignInError> {
    let evidence = vote.evidence.as_ref().and_then(Evidence::id_token).ok_or(SignInError::NoToken)?;
    let (decision, reason) = (vote.decision, vote.reason.as_deref());
    let meaning = VoteMeaning { base_url, request_id, binds, decision, reason };
    let signed_in = evidence.signed_in(&meaning, vote.at, provider)?;
    signed_in.is(&vote.approver)?;
    if vote.oidc_groups.iter().all(|group| signed_in.is_member(group)) {
        Ok(())
    } else {
        Err(SignInError::NotInGroup)
    }
}

/// The keys of a set that was fetched from an issuer now, as rows: known keys keep the time at which they were first seen.
pub fn seen(
    issuer: &IssuerUrl,
    set: &[JsonWebKey],
    known: &[ProviderKey],
    now: OffsetDateTime,
) -> Vec<ProviderKey> {
    let row = |key: &JsonWebKey| {
        let thumbprint = key.thumbprint();
        let known = known.iter().find(|row| row.thumbprint().as_ref() == Some(&thumbprint));
        let first_seen = known.map_or(now, |row| row.first_seen);
        ProviderKey { issuer: issuer.to_string(), jwk: key.to_json(), first_seen, last_seen: now }
    };
    set.iter().map(row).collect()
}

#[cfg(test)]
mod tests;
