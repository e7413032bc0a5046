//! The values of a policy document, each parsed from text and checked.
//!
//! Errors are a sentence that repeats the text and gives a correct form; the caller adds the line.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

use crate::email::Email;
use crate::finding::Finding;
use pki::csr::{KEY_USAGES, PURPOSES, purpose, purpose_name};
use pki::key::KeyKind;
use pki::name::Subject;

/// A kind of key a profile may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::policy) enum KeyRule {
    Rsa,
    #[serde(rename = "ec-p256")]
    EcP256,
    #[serde(rename = "ec-p384")]
    EcP384,
    #[serde(rename = "ec-p521")]
    EcP521,
    Ed25519,
}

impl KeyRule {
    pub(super) const ALL: [KeyRule; 5] =
        [KeyRule::Rsa, KeyRule::EcP256, KeyRule::EcP384, KeyRule::EcP521, KeyRule::Ed25519];

    pub(in crate::policy) fn allows(self, kind: KeyKind) -> bool {
        matches!(
            (self, kind),
            (KeyRule::Rsa, KeyKind::Rsa { .. })
                | (KeyRule::EcP256, KeyKind::EcP256)
                | (KeyRule::EcP384, KeyKind::EcP384)
                | (KeyRule::EcP521, KeyKind::EcP521)
                | (KeyRule::Ed25519, KeyKind::Ed25519)
        )
    }

    pub(in crate::policy) fn describe(self) -> &'static str {
        match self {
            KeyRule::Rsa => "RSA",
            KeyRule::EcP256 => "EC P-256",
            KeyRule::EcP384 => "EC P-384",
            KeyRule::EcP521 => "EC P-521",
            KeyRule::Ed25519 => "Ed25519",
        }
    }
}

/// The treatment of a requested value that the profile does not grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::policy) enum UngrantedAction {
    Ignored,
    Refused,
}

/// A bit of keyUsage that an end entity may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct KeyUsageName(pub(in crate::policy) &'static str);

impl<'de> Deserialize<'de> for KeyUsageName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = KEY_USAGES.into_iter().find(|known| *known == text);
        match known {
            Some("keyCertSign" | "cRLSign") => {
                Err(D::Error::custom(format!("{text} is for authorities; no profile may grant it")))
            }
            Some(known) => Ok(KeyUsageName(known)),
            None => Err(D::Error::custom(format!(
                "\"{text}\" is no key usage; write one of {}",
                KEY_USAGES.join(", ")
            ))),
        }
    }
}

/// A purpose of extendedKeyUsage, by name or dotted number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct PurposeName(pub(in crate::policy) String);

impl<'de> Deserialize<'de> for PurposeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Some(oid) = purpose(&text) else {
            let known: Vec<&str> = PURPOSES.iter().map(|(name, _)| *name).collect();
            return Err(D::Error::custom(format!(
                "\"{text}\" is no purpose; write a dotted number or one of {}",
                known.join(", ")
            )));
        };
        match &*purpose_name(&oid) {
            "anyExtendedKeyUsage" | "OCSPSigning" => Err(D::Error::custom(format!(
                "{text} would let a certificate speak for the authority; no profile may grant it"
            ))),
            name => Ok(PurposeName(name.to_owned())),
        }
    }
}

/// The address of an approver. Stricter than [`Email`], which is what requesters give: the local part is a dot-atom
/// (RFC 5322 section 3.2.3), and the domain a DNS name with a dot.
#[derive(Clone)]
pub(super) struct Approver(pub(super) Email);

impl<'de> Deserialize<'de> for Approver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (pki::name::Name::email(&text), text.parse()) {
            (Ok(_), Ok(email)) => Ok(Approver(email)),
            (Err(_), _) => Err(D::Error::custom(format!("\"{text}\" is no e-mail address"))),
            (Ok(_), Err(Finding { detail, .. })) => Err(D::Error::custom(detail)),
        }
    }
}

/// The longest approval period: `TimeoutSeconds` of the state ends every wait at this time.
pub const LONGEST_LIMIT: Duration = Duration::from_secs(30 * 86_400);

/// `10s`, `90m`, `36h` or `7d`.
#[derive(Clone, Copy)]
pub(super) struct Limit(pub(super) Duration);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let seconds = text.char_indices().next_back().and_then(|(at, unit)| {
            let unit = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => return None,
            };
            let digits = Some(&text[..at]).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
            digits.parse::<u64>().ok()?.checked_mul(unit)
        });
        match seconds {
            Some(seconds) if (1..=LONGEST_LIMIT.as_secs()).contains(&seconds) => {
                Ok(Limit(Duration::from_secs(seconds)))
            }
            Some(_) => Err(D::Error::custom(format!("\"{text}\" is out of range; write between 1s and 30d"))),
            None => {
                Err(D::Error::custom(format!("\"{text}\" is no length of time; write 10s, 90m, 36h or 7d")))
            }
        }
    }
}

/// Parts of the subject that every certificate of the profile has, as RFC 4514 text in one spelling, without a common name.
#[derive(Clone)]
pub(super) struct FixedSubject(pub(super) String);

impl<'de> Deserialize<'de> for FixedSubject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |why: String| D::Error::custom(format!("the subject \"{text}\": {why}"));
        let subject = Subject::read(&text).map_err(|error| wrong(error.to_string()))?;
        match subject.has_common_name() {
            false => Ok(FixedSubject(subject.to_string())),
            true => {
                Err(wrong("CN comes from the request; write other parts, as in O=Example, C=DE".to_owned()))
            }
        }
    }
}

/// The SHA-256 of a SubjectPublicKeyInfo.
pub(super) struct KeyDigest(pub(super) [u8; 32]);

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut digest = [0; 32];
        match hex::decode_to_slice(text.replace(':', ""), &mut digest) {
            Ok(()) => Ok(KeyDigest(digest)),
            Err(_) => Err(D::Error::custom(format!(
                "\"{text}\" is no SHA-256 of a public key; write 64 hexadecimal digits"
            ))),
        }
    }
}

/// Plain http for CRLs and issuers: RFC 5280 section 8 warns of loops with https.
pub(super) struct WebAddress(pub(super) String);

impl<'de> Deserialize<'de> for WebAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ok = url::Url::parse(&text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if ok && text.is_ascii() {
            Ok(WebAddress(text))
        } else {
            Err(D::Error::custom(format!("\"{text}\" is no web address; write http://host/path")))
        }
    }
}
