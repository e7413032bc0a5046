//! The values of a policy document, each read from TOML and checked.
//!
//! Errors are a sentence that repeats the value and gives a correct form; the caller adds the place.

use std::num::NonZeroU32;
use std::ops::Range;
use std::time::Duration;

use toml::de::DeValue;

use crate::approver_set::{Identity, PlusTags};
use crate::email::Email;
use crate::finding::Finding;
use crate::framed_hash::read_sha256;
use crate::policy::error::similar;
use crate::policy::key_list::KeyListDigest;
use crate::policy::renewal::SameKeyAction;
use crate::policy::rules::{DnsRule, MailRule, Network, UriRule};
use crate::texts::Language;
use pki::csr::{KEY_USAGES, PURPOSES, purpose, purpose_name};
use pki::error::SubjectFault;
use pki::key::KeyKind;
use pki::name::{Subject, bounds};

/// Why a value cannot be used.
#[derive(Debug)]
pub(super) struct WrongValue {
    pub(super) detail: String,
    /// The name that was probably meant.
    pub(super) meant: Option<String>,
    /// The place inside of a text.
    pub(super) within: Option<Range<usize>>,
}

impl From<String> for WrongValue {
    fn from(detail: String) -> Self {
        WrongValue { detail, meant: None, within: None }
    }
}

/// A value that is read from TOML.
pub(super) trait FromToml: Sized {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue>;
}

/// A value that is written as a text.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, WrongValue>;
}

impl<T: FromText> FromToml for T {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        match value {
            DeValue::String(text) => T::from_text(text),
            other => Err(expected("a text in quotation marks", other)),
        }
    }
}

fn expected(what: &str, found: &DeValue<'_>) -> WrongValue {
    format!("expected {what}, found {}", type_of(found)).into()
}

/// A value in words: its type, and the value if it is short.
pub(super) fn type_of(value: &DeValue<'_>) -> String {
    const LONGEST: usize = 40;
    match value {
        DeValue::String(text) if text.len() <= LONGEST => format!("the text {text:?}"),
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the whole number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(value) => format!("{value}"),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

impl FromToml for bool {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        value.as_bool().ok_or_else(|| expected("true or false", value))
    }
}

impl FromToml for u32 {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        let number = value.as_integer().ok_or_else(|| expected("a whole number", value))?;
        u32::from_str_radix(number.as_str(), number.radix()).map_err(|_| {
            format!("{number} is out of range; write a whole number of at most {}", u32::MAX).into()
        })
    }
}

impl FromToml for usize {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        u32::from_toml(value).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
    }
}

impl FromToml for NonZeroU32 {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        NonZeroU32::new(u32::from_toml(value)?)
            .ok_or_else(|| "0 is out of range; write at least 1".to_owned().into())
    }
}

/// The most shards of a revocation list: with that many, a million entries are some 50 KB each.
pub const MAX_LIST_SHARDS: u16 = 1_000;

/// The number of shards of a revocation list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListShards(pub(super) u16);

impl FromToml for ListShards {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        let number = u32::from_toml(value)?;
        u16::try_from(number)
            .ok()
            .filter(|number| (1..=MAX_LIST_SHARDS).contains(number))
            .map(ListShards)
            .ok_or_else(|| format!("{number} is out of range; write 1 to {MAX_LIST_SHARDS}").into())
    }
}

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        Ok(text.to_owned())
    }
}

/// One of the words of a closed list.
pub(super) fn word<T>(
    text: &str,
    noun: &str,
    words: impl IntoIterator<Item = (&'static str, T)>,
) -> Result<T, WrongValue> {
    let mut known = Vec::new();
    for (word, value) in words {
        if word == text {
            return Ok(value);
        }
        known.push(word);
    }
    let meant = similar(text, known.iter().copied()).map(|meant| format!("\"{meant}\""));
    Err(WrongValue {
        detail: match known.as_slice() {
            [one, other] => format!("\"{text}\" is no {noun}; write {one} or {other}"),
            known => format!("\"{text}\" is no {noun}; write one of {}", known.join(", ")),
        },
        meant,
        within: None,
    })
}

/// A kind of key a profile may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum KeyRule {
    Rsa,
    EcP256,
    EcP384,
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

    /// The kind of key. The size of an RSA key is only an example.
    pub(in crate::policy) fn kind(self) -> KeyKind {
        match self {
            KeyRule::Rsa => KeyKind::Rsa { bits: 2048 },
            KeyRule::EcP256 => KeyKind::EcP256,
            KeyRule::EcP384 => KeyKind::EcP384,
            KeyRule::EcP521 => KeyKind::EcP521,
            KeyRule::Ed25519 => KeyKind::Ed25519,
        }
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

    const fn as_str(self) -> &'static str {
        match self {
            KeyRule::Rsa => "rsa",
            KeyRule::EcP256 => "ec-p256",
            KeyRule::EcP384 => "ec-p384",
            KeyRule::EcP521 => "ec-p521",
            KeyRule::Ed25519 => "ed25519",
        }
    }
}

impl FromText for KeyRule {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "kind of key", KeyRule::ALL.map(|rule| (rule.as_str(), rule)))
    }
}

/// The treatment of a requested value that the profile does not grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum UngrantedAction {
    Ignored,
    Refused,
}

impl FromText for UngrantedAction {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(
            text,
            "value of ungranted",
            [("ignored", UngrantedAction::Ignored), ("refused", UngrantedAction::Refused)],
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Masked,
    Full,
}

/// How a requester proves that an address is theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequesterProof {
    /// By a link mailed to the address: approvers are asked only when the request has been confirmed there.
    #[default]
    Mail,
    /// By a sign-in at the identity provider, whose ID token is about this request.
    Oidc,
    /// Not at all: for private networks whose callers are known by other means.
    None,
}

impl FromText for PlusTags {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "value of plus_tags", [("same", PlusTags::Same), ("distinct", PlusTags::Distinct)])
    }
}

/// Who confirms an approver's first passkey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnrolmentRule {
    /// The reader of the mailbox, by the code in a mail.
    #[default]
    Mail,
    /// The same, and another approver with a passkey.
    Vouched,
}

impl FromText for EnrolmentRule {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "value of enrol", [("mail", EnrolmentRule::Mail), ("vouched", EnrolmentRule::Vouched)])
    }
}

impl FromText for Identity {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "value of identity", Identity::ALL.map(|identity| (identity.as_str(), identity)))
    }
}

impl FromText for RequesterProof {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        const WORDS: [(&str, RequesterProof); 3] =
            [("mail", RequesterProof::Mail), ("oidc", RequesterProof::Oidc), ("none", RequesterProof::None)];
        word(text, "value of requesters", WORDS)
    }
}

impl FromText for Shown {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "value of shown_to_requesters", [("masked", Shown::Masked), ("full", Shown::Full)])
    }
}

impl FromText for SameKeyAction {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "value of same_key", [("refuse", SameKeyAction::Refuse), ("warn", SameKeyAction::Warn)])
    }
}

impl FromText for Language {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "language of the pages", Language::ALL.map(|language| (language.code(), language)))
    }
}

/// A bit of keyUsage that an end entity may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct KeyUsageName(pub(in crate::policy) &'static str);

impl FromText for KeyUsageName {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let is_for_authorities = |usage: &str| matches!(usage, "keyCertSign" | "cRLSign");
        if is_for_authorities(text) {
            return Err(format!("{text} is for authorities; no profile may grant it").into());
        }
        let granted = KEY_USAGES.into_iter().filter(|known| !is_for_authorities(known));
        word(text, "key usage", granted.map(|known| (known, KeyUsageName(known))))
    }
}

/// A purpose of extendedKeyUsage, by name or dotted number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct PurposeName(pub(in crate::policy) String);

/// Purposes that would let a certificate speak for the authority.
fn is_of_authorities(name: &str) -> bool {
    matches!(name, "anyExtendedKeyUsage" | "OCSPSigning")
}

impl FromText for PurposeName {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let Some(oid) = purpose(text) else {
            let known = PURPOSES.iter().map(|(name, _)| *name).filter(|name| !is_of_authorities(name));
            return word(text, "purpose", known.map(|name| (name, PurposeName(name.to_owned())))).map_err(
                |wrong| WrongValue {
                    detail: wrong.detail.replace("write one of", "write a dotted number or one of"),
                    ..wrong
                },
            );
        };
        match &*purpose_name(&oid) {
            name if is_of_authorities(name) => Err(format!(
                "{text} would let a certificate speak for the authority; no profile may grant it"
            )
            .into()),
            name => Ok(PurposeName(name.to_owned())),
        }
    }
}

/// The address of an approver. Stricter than [`Email`], which is what requesters give: the local part is a dot-atom
/// (RFC 5322 section 3.2.3), and the domain a DNS name with a dot.
#[derive(Clone, Debug)]
pub(super) struct Approver(pub(super) Email);

impl FromText for Approver {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        match (pki::name::Name::email(text), text.parse()) {
            (Ok(_), Ok(email)) => Ok(Approver(email)),
            (Err(_), _) => Err(format!("\"{text}\" is no e-mail address").into()),
            (Ok(_), Err(Finding { detail, .. })) => Err(detail.into()),
        }
    }
}

/// The longest approval period: `TimeoutSeconds` of the state ends every wait at this time.
pub const LONGEST_LIMIT: Duration = Duration::from_secs(30 * 86_400);

/// `10s`, `90m`, `36h` or `7d`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(pub(super) Duration);

impl FromText for Limit {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        duration(text, LONGEST_LIMIT, "30d").map(Limit)
    }
}

/// The longest time in the life of certificates that a policy can name.
const LONGEST_SPAN: Duration = Duration::from_secs(3650 * 86_400);

/// A time in the life of a certificate, written like a [`Limit`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) Duration);

impl FromText for Span {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        duration(text, LONGEST_SPAN, "3650d").map(Span)
    }
}

/// The most whole days that a policy can name: a year.
const MAX_WHOLE_DAYS: u32 = 365;

/// Whole days, at most a year: `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WholeDays(pub(super) u32);

impl FromText for WholeDays {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let number = text.strip_suffix('d').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        match number.filter(|number| !number.is_empty()).map(str::parse::<u32>) {
            None => Err(format!("\"{text}\" is no number of days; write whole days, as in 30d").into()),
            Some(Ok(days)) if (1..=MAX_WHOLE_DAYS).contains(&days) => Ok(WholeDays(days)),
            Some(_) => {
                Err(format!("\"{text}\" is out of range; write between 1d and {MAX_WHOLE_DAYS}d").into())
            }
        }
    }
}

/// A duration of at most `longest`, which is `longest_text` in the policy language.
fn duration(text: &str, longest: Duration, longest_text: &str) -> Result<Duration, WrongValue> {
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
        Some(seconds) if (1..=longest.as_secs()).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(format!("\"{text}\" is out of range; write between 1s and {longest_text}").into()),
        None => Err(format!("\"{text}\" is no length of time; write 10s, 90m, 36h or 7d").into()),
    }
}

/// Parts of the subject that every certificate of the profile has, as RFC 4514 text in one spelling, without a common
/// name.
#[derive(Clone, Debug)]
pub(super) struct FixedSubject(pub(super) String);

impl FromText for FixedSubject {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let wrong = |why: &str| format!("the subject \"{text}\": {why}");
        match Subject::read(text) {
            Ok(subject) if subject.has_common_name() => {
                Err(wrong("CN comes from the request; write other parts, as in O=Example, C=DE").into())
            }
            Ok(subject) => match pki::certificate::check_subject(&subject.to_der()) {
                Ok(()) => Ok(FixedSubject(subject.to_string())),
                Err(why) => Err(wrong(&why).into()),
            },
            Err(error) => {
                let meant = match &error.fault {
                    SubjectFault::UnknownType(name) => {
                        similar(name, bounds::all().iter().map(|row| row.name))
                    }
                    _ => None,
                };
                let detail = wrong(&error.to_string());
                Err(WrongValue { detail, meant: meant.map(str::to_owned), within: Some(error.at) })
            }
        }
    }
}

/// The SHA-256 of a SubjectPublicKeyInfo.
#[derive(Clone, Debug)]
pub(super) struct KeyDigest(pub(super) [u8; 32]);

impl FromText for KeyDigest {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let wrong = || format!("\"{text}\" is no SHA-256 of a public key; write 64 hexadecimal digits");
        read_sha256(text).map(KeyDigest).ok_or_else(|| wrong().into())
    }
}

impl FromText for KeyListDigest {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        let wrong =
            || format!("\"{text}\" names no list of keys; write what countersign policy deny-keys prints");
        KeyListDigest::read(text).ok_or_else(|| wrong().into())
    }
}

/// Plain http for CRLs and issuers: RFC 5280 section 8 warns of loops with https.
#[derive(Clone, Debug)]
pub(super) struct WebAddress(pub(super) String);

impl FromText for WebAddress {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        if pki::certificate::is_web_address(text) {
            Ok(WebAddress(text.to_owned()))
        } else {
            Err(format!(
                "\"{text}\" is no web address; write http://host/path with a full host name or an address"
            )
            .into())
        }
    }
}

macro_rules! rules {
    ($($rule:ty),*) => {$(
        impl FromText for $rule {
            fn from_text(text: &str) -> Result<Self, WrongValue> {
                Ok(<$rule>::read(text)?)
            }
        }
    )*};
}
rules!(DnsRule, Network, MailRule, UriRule);
