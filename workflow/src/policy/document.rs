//! The TOML document behind a policy.
//!
//! Invariant: unknown fields are errors, so a misspelt rule cannot be overlooked; what a profile leaves out comes from
//! `[defaults]`, and what that leaves out from here. Fails with one line and its number.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;

use super::rules::{Names, Requesters};
use super::{PolicyError, Profile};
use crate::csr::{KEY_USAGES, KeyKind, PURPOSES};
use crate::issuance::{Publication, is_subject};

/// What the document says, checked.
pub(super) struct Checked {
    pub(super) publication: Publication,
    pub(super) denied_keys: Vec<String>,
    pub(super) profiles: Vec<Profile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default: Option<Spanned<String>>,
    #[serde(default)]
    publication: PublicationSection,
    #[serde(default)]
    denied_keys: Vec<KeyDigest>,
    #[serde(default)]
    defaults: Settings,
    profiles: BTreeMap<String, Spanned<Settings>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicationSection {
    #[serde(default)]
    crl: Vec<WebAddress>,
    #[serde(default)]
    issuer: Vec<WebAddress>,
    #[serde(default)]
    ocsp: Vec<WebAddress>,
}

/// The fields of a profile, all optional because `[defaults]` has the same.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    description: Option<String>,
    keys: Option<Vec<KeyRule>>,
    rsa_min_bits: Option<u32>,
    key_usage: Option<Vec<KeyUsageName>>,
    extended_key_usage: Option<Vec<Purpose>>,
    validity_days: Option<u32>,
    max_names: Option<usize>,
    wildcards: Option<bool>,
    ungranted: Option<Ungranted>,
    subject: Option<FixedSubject>,
    approvers: Option<Vec<Approver>>,
    quorum: Option<usize>,
    limit: Option<Limit>,
    #[serde(default)]
    names: Names,
    requesters: Option<Vec<Requesters>>,
}

/// A kind of key a profile may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyRule {
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
    const ALL: [KeyRule; 5] = [KeyRule::Rsa, KeyRule::EcP256, KeyRule::EcP384, KeyRule::EcP521, KeyRule::Ed25519];

    pub(super) fn allows(self, kind: KeyKind) -> bool {
        matches!(
            (self, kind),
            (KeyRule::Rsa, KeyKind::Rsa { .. })
                | (KeyRule::EcP256, KeyKind::EcP256)
                | (KeyRule::EcP384, KeyKind::EcP384)
                | (KeyRule::EcP521, KeyKind::EcP521)
                | (KeyRule::Ed25519, KeyKind::Ed25519)
        )
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            KeyRule::Rsa => "RSA",
            KeyRule::EcP256 => "EC P-256",
            KeyRule::EcP384 => "EC P-384",
            KeyRule::EcP521 => "EC P-521",
            KeyRule::Ed25519 => "Ed25519",
        }
    }
}

/// What becomes of a wish that the profile does not grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ungranted {
    Ignored,
    Refused,
}

/// A bit of keyUsage that an end entity may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyUsageName(pub(super) &'static str);

impl<'de> Deserialize<'de> for KeyUsageName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = KEY_USAGES.into_iter().find(|known| *known == text);
        match known {
            Some("keyCertSign" | "cRLSign") => {
                Err(D::Error::custom(format!("{text} is for authorities; no profile may grant it")))
            }
            Some(known) => Ok(KeyUsageName(known)),
            None => Err(D::Error::custom(format!("\"{text}\" is no key usage; write one of {}", KEY_USAGES.join(", ")))),
        }
    }
}

/// A purpose of extendedKeyUsage, by name or dotted number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purpose(pub(super) String);

impl<'de> Deserialize<'de> for Purpose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let named = PURPOSES.iter().find(|(name, oid)| *name == text || *oid == text).map(|(name, _)| *name);
        match named {
            Some("anyExtendedKeyUsage" | "OCSPSigning") => {
                Err(D::Error::custom(format!("{text} would let a certificate speak for the authority; no profile may grant it")))
            }
            Some(name) => Ok(Purpose(name.to_owned())),
            None if der::asn1::ObjectIdentifier::new(&text).is_ok() => Ok(Purpose(text)),
            None => {
                let known: Vec<&str> = PURPOSES.iter().map(|(name, _)| *name).collect();
                Err(D::Error::custom(format!("\"{text}\" is no purpose; write a dotted number or one of {}", known.join(", "))))
            }
        }
    }
}

/// One plain e-mail address.
#[derive(Clone)]
struct Approver(String);

impl<'de> Deserialize<'de> for Approver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match crate::csr::Name::email(&text) {
            Ok(_) => Ok(Approver(text)),
            Err(_) => Err(D::Error::custom(format!("\"{text}\" is no e-mail address"))),
        }
    }
}

/// `10s`, `90m`, `36h` or `7d`.
#[derive(Clone, Copy)]
struct Limit(Duration);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The state's own TimeoutSeconds ends every wait after 30 days.
        const LONGEST: u64 = 30 * 86_400;
        let text = String::deserialize(deserializer)?;
        let unit = text.chars().last().and_then(|unit| match unit {
            's' => Some(1),
            'm' => Some(60),
            'h' => Some(3600),
            'd' => Some(86_400),
            _ => None,
        });
        let digits = &text[..text.len().saturating_sub(1)];
        let seconds = unit
            .filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|unit| digits.parse::<u64>().ok()?.checked_mul(unit));
        match seconds {
            Some(seconds) if (1..=LONGEST).contains(&seconds) => Ok(Limit(Duration::from_secs(seconds))),
            Some(_) => Err(D::Error::custom(format!("\"{text}\" is out of range; write between 1s and 30d"))),
            None => Err(D::Error::custom(format!("\"{text}\" is no length of time; write 10s, 90m, 36h or 7d"))),
        }
    }
}

/// Parts of the subject that every certificate of the profile has, as RFC 4514 text without a common name.
#[derive(Clone)]
struct FixedSubject(String);

impl<'de> Deserialize<'de> for FixedSubject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if is_subject(&text) && !text.to_ascii_uppercase().contains("CN=") {
            Ok(FixedSubject(text))
        } else {
            Err(D::Error::custom(format!("\"{text}\" is no subject; write parts other than CN, as in O=Example,C=DE")))
        }
    }
}

/// The SHA-256 of a SubjectPublicKeyInfo.
struct KeyDigest(String);

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest: String = text.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
        if hex::decode(&digest).is_ok_and(|octets| octets.len() == 32) {
            Ok(KeyDigest(digest))
        } else {
            Err(D::Error::custom(format!("\"{text}\" is no SHA-256 of a public key; write 64 hexadecimal digits")))
        }
    }
}

/// Plain http for CRLs and issuers: RFC 5280 section 8 warns of loops with https.
struct WebAddress(String);

impl<'de> Deserialize<'de> for WebAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ok = url::Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if ok && text.is_ascii() {
            Ok(WebAddress(text))
        } else {
            Err(D::Error::custom(format!("\"{text}\" is no web address; write http://host/path")))
        }
    }
}

/// Reads and checks a document.
pub(super) fn read(text: &str) -> Result<Checked, PolicyError> {
    let document: Document = toml::from_str(text).map_err(|error| PolicyError {
        line: error.span().map(|span| line_of(text, span.start)),
        detail: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
    })?;
    let mut profiles = Vec::new();
    for (name, settings) in document.profiles {
        let line = line_of(text, settings.span().start);
        let profile = profile(name, settings.into_inner(), &document.defaults);
        profiles.push(profile.map_err(|detail| PolicyError { line: Some(line), detail })?);
    }
    if profiles.is_empty() {
        return Err(PolicyError { line: None, detail: "there is no profile; write one as [profiles.server]".to_owned() });
    }
    let default = match document.default {
        Some(default) => {
            let line = Some(line_of(text, default.span().start));
            let name = default.into_inner();
            let at = profiles.iter().position(|profile| profile.name == name);
            at.ok_or_else(|| PolicyError { line, detail: format!("default: there is no profile \"{name}\"") })?
        }
        None if profiles.len() == 1 => 0,
        None => {
            let detail = "there are several profiles; say which one is the default, as in default = \"server\"";
            return Err(PolicyError { line: None, detail: detail.to_owned() });
        }
    };
    profiles[..=default].rotate_right(1);
    let addresses = |list: Vec<WebAddress>| list.into_iter().map(|address| address.0).collect();
    Ok(Checked {
        publication: Publication {
            crl: addresses(document.publication.crl),
            issuer: addresses(document.publication.issuer),
            ocsp: addresses(document.publication.ocsp),
        },
        denied_keys: document.denied_keys.into_iter().map(|key| key.0).collect(),
        profiles,
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1
}

/// Fills in what is left out, and checks what only shows in the whole.
fn profile(name: String, own: Settings, defaults: &Settings) -> Result<Profile, String> {
    const FEWEST_RSA_BITS: u32 = 2048;
    const LONGEST_NAME: usize = 32;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_name) {
        return Err(format!("\"{name}\" is no name for a profile; use a-z, 0-9 and hyphens, at most {LONGEST_NAME}"));
    }
    let defaults = defaults.clone();
    let approvers: Vec<String> =
        own.approvers.or(defaults.approvers).unwrap_or_default().into_iter().map(|approver| approver.0).collect();
    let mut distinct: Vec<String> = approvers.iter().map(|approver| approver.to_ascii_lowercase()).collect();
    distinct.sort();
    distinct.dedup();
    if distinct.len() != approvers.len() {
        return Err(format!("the profile {name} has the same approver twice"));
    }
    let quorum = own.quorum.or(defaults.quorum).unwrap_or(1);
    if approvers.is_empty() {
        return Err(format!("the profile {name} has no approvers; write approvers = [\"security@example.com\"]"));
    }
    if quorum == 0 || quorum > approvers.len() {
        return Err(format!("the profile {name} has {} approvers and a quorum of {quorum}", approvers.len()));
    }
    let validity_days = own.validity_days.or(defaults.validity_days).unwrap_or(365);
    if !(1..=36_500).contains(&validity_days) {
        return Err(format!("the profile {name} has a validity of {validity_days} days; write 1 to 36500"));
    }
    let rsa_min_bits = own.rsa_min_bits.or(defaults.rsa_min_bits).unwrap_or(FEWEST_RSA_BITS);
    if rsa_min_bits < FEWEST_RSA_BITS {
        return Err(format!("the profile {name} has rsa_min_bits = {rsa_min_bits}; at least {FEWEST_RSA_BITS} are needed"));
    }
    let names = own.names.or(defaults.names);
    if names.is_empty() {
        return Err(format!("the profile {name} allows no names; write names.dns.allow = [\"example.com\"]"));
    }
    let keys = own.keys.or(defaults.keys).unwrap_or_else(|| KeyRule::ALL.to_vec());
    let key_usage = own.key_usage.or(defaults.key_usage).unwrap_or_else(|| vec![KeyUsageName("digitalSignature")]);
    if keys.is_empty() || key_usage.is_empty() {
        return Err(format!("the profile {name} needs at least one of keys and one of key_usage"));
    }
    Ok(Profile {
        description: own.description.or(defaults.description).unwrap_or_default(),
        keys,
        rsa_min_bits,
        key_usage,
        extended_key_usage: own.extended_key_usage.or(defaults.extended_key_usage).unwrap_or_default(),
        validity_days,
        max_names: own.max_names.or(defaults.max_names).unwrap_or(100),
        wildcards: own.wildcards.or(defaults.wildcards).unwrap_or(false),
        names,
        requesters: own.requesters.or(defaults.requesters).unwrap_or_default(),
        ungranted: own.ungranted.or(defaults.ungranted).unwrap_or(Ungranted::Ignored),
        subject: own.subject.or(defaults.subject).map(|subject| subject.0).unwrap_or_default(),
        approvers,
        quorum,
        limit: own.limit.or(defaults.limit).map_or(Duration::from_secs(7 * 86_400), |limit| limit.0),
        name,
    })
}
