//! The enrolment of an approver's passkey: its id, the code in the mail, and the word of somebody who vouches for it.
//!
//! Invariant: the id covers all of the enrolment, and a code or a vouch is for one id. So whoever carries an enrolment from
//! page to page cannot change it. [`approval::enrolment`](crate::approval::enrolment) has the rules.

use std::fmt;

use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};

use crate::decision::PasskeyEvidence;
use crate::email::Email;
use crate::framed_hash::FramedHash;
use crate::secret::Secret;
use pki::base64url::Base64Url;

/// A passkey that is not added yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// The address of the approver, as the policy writes it.
    pub address: Email,
    /// The credential id.
    pub credential_id: Base64Url,
    /// The COSE_Key (RFC 9052).
    pub public_key: Base64Url,
    /// The signature counter.
    pub counter: u32,
}

/// Lower-case hex SHA-256 over an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnrolmentId(String);

impl EnrolmentId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnrolmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Enrolment {
    /// The id: everything about the enrolment, and the stack.
    pub fn id(&self, base_url: &str) -> EnrolmentId {
        let mut hash = FramedHash::new("countersign enrolment 1");
        hash.field(base_url)
            .field(self.address.as_str())
            .field(&self.credential_id.to_string())
            .field(&self.public_key.to_string())
            .field(&self.counter.to_string());
        EnrolmentId(hash.finish())
    }

    /// The text in a link, which hands the enrolment to somebody who vouches for it. No secret.
    pub fn to_link_text(&self) -> String {
        Base64Url(serde_json::to_vec(self).unwrap_or_default()).to_string()
    }

    /// Reads the text in a link.
    pub fn from_link_text(text: &str) -> Option<Self> {
        serde_json::from_slice(Base64Url::from_text(text.trim())?.octets()).ok()
    }
}

/// The challenge that an authenticator signs when it makes a passkey for an address. Without a random part: the passkey
/// counts only once its code was typed, and that is for this very key.
pub fn enrolment_challenge(base_url: &str, address: &Email) -> [u8; 32] {
    let mut hash = FramedHash::new("countersign new passkey 1");
    hash.field(base_url).field(address.as_str());
    hash.finish_octets()
}

/// The code in the mail: 80 random bits, in the alphabet of Crockford, which has no letters that look alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnrolmentCode(#[serde(serialize_with = "crate::secret::exposed")] Secret<String>);

impl EnrolmentCode {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LENGTH: usize = 16;
    const GROUP: usize = 4;

    /// A new code; `None` if the operating system gives no random bytes.
    pub fn random() -> Option<Self> {
        let mut octets = [0; Self::LENGTH];
        rand::fill(&mut octets).ok()?;
        let letter = |octet: &u8| char::from(Self::ALPHABET[usize::from(octet % 32)]);
        Some(Self(Secret::new(octets.iter().map(letter).collect())))
    }

    /// Reads what a person typed: in either case, with any spaces and hyphens, and with letters that were mistaken for digits.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let read = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let code: String = letters.take(Self::LENGTH + 1).map(read).collect();
        let is_code = code.len() == Self::LENGTH && code.bytes().all(|b| Self::ALPHABET.contains(&b));
        is_code.then(|| Self(Secret::new(code)))
    }

    /// The code in groups, for the mail and nowhere else.
    pub fn expose(&self) -> String {
        let letters: Vec<char> = self.0.expose().chars().collect();
        letters.chunks(Self::GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
    }

    /// The digest that the table holds.
    pub fn digest(&self, enrolment: &EnrolmentId) -> String {
        let mut hash = FramedHash::new("countersign enrolment code 1");
        hash.field(enrolment.as_str()).field(self.0.expose());
        hash.finish()
    }
}

/// An approver's word that a new passkey is of the person whose address it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vouch {
    /// The address of the person who vouches.
    pub voucher: Email,
    /// The signature of that person's passkey. Its review digest is the enrolment id.
    pub evidence: PasskeyEvidence,
}

impl Vouch {
    /// The challenge that the authenticator of the voucher signs.
    pub fn challenge(base_url: &str, enrolment: &EnrolmentId, nonce: &str) -> [u8; 32] {
        let mut hash = FramedHash::new("countersign vouch 1");
        hash.field(base_url).field(enrolment.as_str()).field(nonce);
        hash.finish_octets()
    }
}

/// What Sign is told about an enrolment: the code that was typed, or a vouch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentMessage {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The code in the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<EnrolmentCode>,
    /// A vouch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouch: Option<Vouch>,
}

/// A proof for an enrolment that was checked: a row of the table `people`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnrolmentProof {
    /// The code in the mail was typed.
    Code,
    /// A person vouched: the address as [`PlusTags::person`](crate::approver_set::PlusTags::person) writes it.
    Vouch(String),
    /// An operator vouched, by the command: the name of the user.
    Operator(String),
}

impl EnrolmentProof {
    /// The text in the table.
    pub fn to_item(&self) -> String {
        match self {
            Self::Code => "confirmed".to_owned(),
            Self::Vouch(person) => format!("vouch#{person}"),
            Self::Operator(name) => format!("operator#{name}"),
        }
    }

    /// The person who vouched, or the operator.
    pub fn voucher(&self) -> Option<String> {
        match self {
            Self::Code => None,
            Self::Vouch(person) => Some(person.clone()),
            Self::Operator(name) => Some(format!("operator {name}")),
        }
    }

    /// Reads the text in the table; `None` for other rows.
    pub fn from_item(item: &str) -> Option<Self> {
        match item.split_once('#') {
            None if item == "confirmed" => Some(Self::Code),
            Some(("vouch", person)) => Some(Self::Vouch(person.to_owned())),
            Some(("operator", name)) => Some(Self::Operator(name.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
