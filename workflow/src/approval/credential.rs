//! The credential of a standing approval: by it programs ask for certificates, without a person.
//!
//! A credential has a number. For ACME (RFC 8555 section 7.3.4) the key id is `<id of the standing approval>.<number>`, and the
//! HMAC key follows from the link secret and the key id, so no table has it. For JSON clients there is a bearer credential,
//! `<id of the standing approval>.<256 random bits>`; the row of its request has the digest.
//!
//! Invariant: only the latest number opens something. An unknown key id, a wrong MAC, and a former number get the same answer,
//! and the MAC is checked before any row is read.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pki::acme::{AcmeProblem, ExternalAccountBinding, NonceKey};
use pki::jose::JsonWebKey;

use super::{LinkKey, LinkSecret, NoRandomness};
use crate::ids::RequestId;
use crate::request::Request;
use crate::secret::Secret;

/// The key id of an external account: a standing approval, and the number of its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AcmeKeyId {
    /// The standing approval.
    pub standing: RequestId,
    /// The number of its credential.
    pub number: u32,
}

/// The HMAC key of an external account. Never stored, never logged.
#[derive(Debug)]
pub struct AcmeMacKey(Secret<[u8; 32]>);

/// A bearer credential. Never stored, never logged.
#[derive(Debug)]
pub struct BearerCredential {
    standing: RequestId,
    key: LinkKey,
}

impl fmt::Display for AcmeKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.standing, self.number)
    }
}

impl FromStr for AcmeKeyId {
    type Err = AcmeProblem;

    fn from_str(text: &str) -> Result<Self, AcmeProblem> {
        let parts = text.split_once('.').and_then(|(standing, number)| {
            Some(Self { standing: standing.parse().ok()?, number: number.parse().ok()? })
        });
        // One text for each credential: it is the key of a row.
        parts.filter(|id| id.to_string() == text).ok_or_else(ExternalAccountBinding::unproven)
    }
}

impl AcmeKeyId {
    /// The HMAC key, under the link secret in force.
    #[must_use]
    pub fn make(self, links: &LinkSecret) -> AcmeMacKey {
        AcmeMacKey(self.keys(links).0)
    }

    /// Checks that a binding of this account key has the MAC of this key id, under the link secret in force or the one before.
    /// Whether the number is the latest, [`AcmeKeyId::is_latest_of`] tells.
    ///
    /// # Errors
    /// `unauthorized`, or `malformed` for the key of another account.
    pub fn verify(
        self,
        binding: &ExternalAccountBinding,
        account_key: &JsonWebKey,
        links: &LinkSecret,
    ) -> Result<(), AcmeProblem> {
        let (current, previous) = self.keys(links);
        let by = |key: &Secret<[u8; 32]>| binding.verify(key.expose(), account_key);
        match (by(&current), previous.as_ref().map(by)) {
            (Ok(()), _) | (_, Some(Ok(()))) => Ok(()),
            // The MAC is right under one of them, and the key inside is another one.
            (_, Some(Err(problem))) if problem != ExternalAccountBinding::unproven() => Err(problem),
            (Err(problem), _) => Err(problem),
        }
    }

    /// True if it is of the latest credential of the standing approval that this request made.
    #[must_use]
    pub fn is_latest_of(self, request: &Request) -> bool {
        let latest = request.credential().filter(|_| request.id() == self.standing);
        latest.is_some_and(|latest| latest.number == self.number)
    }

    /// The HMAC keys under the link secret in force and under the one before.
    fn keys(self, links: &LinkSecret) -> (Secret<[u8; 32]>, Option<Secret<[u8; 32]>>) {
        let (current, previous) = links.derived_keys(&format!("acme account {self}"));
        (beginning_with_a_letter(current), previous.map(beginning_with_a_letter))
    }
}

/// The key without its first bit, so that its text in base64url begins with a letter: clients that get it after an option, as certbot
/// after `--eab-hmac-key`, take a text that begins with `-` for the next option. 255 random bits are left.
fn beginning_with_a_letter(key: Secret<[u8; 32]>) -> Secret<[u8; 32]> {
    let mut octets = *key.expose();
    octets[0] &= 0x7f;
    Secret::new(octets)
}

impl AcmeMacKey {
    /// The text for the configuration of a client: base64url, as certbot, lego and cert-manager read it.
    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.expose())
    }
}

impl BearerCredential {
    /// A new one for a standing approval.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    pub fn make(standing: RequestId) -> Result<Self, NoRandomness> {
        Ok(Self { standing, key: LinkKey::random()? })
    }

    /// Reads one; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (standing, key) = text.split_once('.')?;
        let read = Self { standing: standing.parse().ok()?, key: LinkKey::parse(key)? };
        (read.expose() == text).then_some(read)
    }

    /// The text for the configuration of a client, and nowhere else.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{}.{}", self.standing, self.key.expose())
    }

    /// The standing approval.
    #[must_use]
    pub fn standing(&self) -> RequestId {
        self.standing
    }

    /// The digest, which the row of the request has.
    #[must_use]
    pub fn digest(&self) -> String {
        self.key.digest().as_str().to_owned()
    }

    /// True if it is the latest one of the standing approval that this request made.
    #[must_use]
    pub fn is_latest_of(&self, request: &Request) -> bool {
        let latest = request.credential().filter(|_| request.id() == self.standing);
        latest.is_some_and(|latest| latest.bearer_digest == self.digest())
    }
}

impl LinkSecret {
    /// The key of nonces of the ACME server. A change of the link secret costs each client one repetition.
    #[must_use]
    pub fn nonce_key(&self) -> NonceKey {
        NonceKey::from_secret(self.derived_keys("acme nonces").0.expose())
    }
}

#[cfg(test)]
mod tests;
