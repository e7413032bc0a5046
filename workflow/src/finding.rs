//! What is wrong with a request, in words for a person and a code for a program.
//!
//! Invariant: a [`Code`] is part of the public contract (docs/api.md); its spelling never changes. A finding
//! quotes at most a short, cleaned excerpt of the input (see [`quoted`]), and never key material. Its words come from the
//! catalogue: in English for programs and the row, and in any language for people ([`Finding::detail_in`]).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::texts::{Language, Message};

mod csr;
mod keys;
mod names;

pub use csr::findings;
pub(crate) use keys::new_key;
pub(crate) use names::about_name;
pub use pki::text::{is_unfit_to_show, quoted};

/// The stable codes of docs/api.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text is not one certificate signing request.
    NotACsr,
    /// The text holds a private key.
    PrivateKeySubmitted,
    /// The text, or something in it, is larger than is ever needed.
    TooLarge,
    /// The request is not signed by the key it carries.
    BadSignature,
    /// A kind of key that is not certified here.
    UnsupportedKey,
    /// A key of a supported kind that does not protect anything.
    WeakKey,
    /// The request is signed with a broken digest.
    WeakSignature,
    /// A name that is no valid name.
    BadName,
    /// An extension or attribute that may not be asked for.
    ForbiddenExtension,
    /// A valid name that the profile does not allow.
    NameNotAllowed,
    /// No such profile.
    UnknownProfile,
    /// Not one plain e-mail address.
    BadEmail,
    /// A field that is needed is missing or empty.
    MissingField,
    /// The request to the web front is malformed.
    BadRequest,
    /// No such request, link or page.
    NotFound,
    /// The request was decided before, or changed since it was shown.
    AlreadyDecided,
    /// The time to decide is over.
    Expired,
    /// A passing fault on our side.
    TryAgain,
}

impl Code {
    /// Every code, in the order of the contract.
    pub const ALL: [Code; 18] = [
        Code::NotACsr,
        Code::PrivateKeySubmitted,
        Code::TooLarge,
        Code::BadSignature,
        Code::UnsupportedKey,
        Code::WeakKey,
        Code::WeakSignature,
        Code::BadName,
        Code::ForbiddenExtension,
        Code::NameNotAllowed,
        Code::UnknownProfile,
        Code::BadEmail,
        Code::MissingField,
        Code::BadRequest,
        Code::NotFound,
        Code::AlreadyDecided,
        Code::Expired,
        Code::TryAgain,
    ];

    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::NotACsr => "not_a_csr",
            Code::PrivateKeySubmitted => "private_key_submitted",
            Code::TooLarge => "too_large",
            Code::BadSignature => "bad_signature",
            Code::UnsupportedKey => "unsupported_key",
            Code::WeakKey => "weak_key",
            Code::WeakSignature => "weak_signature",
            Code::BadName => "bad_name",
            Code::ForbiddenExtension => "forbidden_extension",
            Code::NameNotAllowed => "name_not_allowed",
            Code::UnknownProfile => "unknown_profile",
            Code::BadEmail => "bad_email",
            Code::MissingField => "missing_field",
            Code::BadRequest => "bad_request",
            Code::NotFound => "not_found",
            Code::AlreadyDecided => "already_decided",
            Code::Expired => "expired",
            Code::TryAgain => "try_again",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is none of the codes of docs/api.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of the stable codes")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Code::ALL.into_iter().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

/// What a finding means for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No certificate is issued for this request.
    Refused,
    /// Allowed, but the approver should look twice.
    Warning,
    /// A wish in the CSR that the profile does not grant; the certificate comes without it.
    Ignored,
}

impl Severity {
    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Refused => "refused",
            Severity::Warning => "warning",
            Severity::Ignored => "ignored",
        }
    }
}

/// One thing that is wrong, or that will not be as the requester wished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// For programs.
    pub code: Code,
    /// What it means for the request.
    pub severity: Severity,
    /// What is wrong, with the value found.
    pub detail: String,
    /// What to do.
    pub advice: String,
    /// The same two in every language. Not in JSON for programs, whose words stay English; see [`kept`].
    #[serde(skip)]
    said: Option<Box<LocalizedTexts>>,
}

/// What a finding says in the catalogue's words, as far as it does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LocalizedTexts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Message>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advice: Option<Message>,
}

/// A sentence of a finding: a message of the catalogue, or a text that is there in English only.
#[derive(Clone, Debug)]
pub struct Sentence {
    english: String,
    message: Option<Message>,
}

impl From<Message> for Sentence {
    fn from(message: Message) -> Self {
        Self { english: Language::English.say(&message), message: Some(message) }
    }
}

impl From<String> for Sentence {
    fn from(english: String) -> Self {
        Self { english, message: None }
    }
}

impl From<&str> for Sentence {
    fn from(english: &str) -> Self {
        Self::from(english.to_owned())
    }
}

impl Finding {
    /// A finding of this severity.
    #[must_use]
    pub fn new(
        severity: Severity,
        code: Code,
        detail: impl Into<Sentence>,
        advice: impl Into<Sentence>,
    ) -> Self {
        let (detail, advice) = (detail.into(), advice.into());
        let said = LocalizedTexts { detail: detail.message, advice: advice.message };
        let said = (said != LocalizedTexts::default()).then(|| Box::new(said));
        Finding { code, severity, detail: detail.english, advice: advice.english, said }
    }

    /// A finding that refuses the request.
    #[must_use]
    pub fn refused(code: Code, detail: impl Into<Sentence>, advice: impl Into<Sentence>) -> Self {
        Finding::new(Severity::Refused, code, detail, advice)
    }

    /// A finding the approver should see.
    #[must_use]
    pub fn warning(code: Code, detail: impl Into<Sentence>, advice: impl Into<Sentence>) -> Self {
        Finding::new(Severity::Warning, code, detail, advice)
    }

    /// A wish that is not granted.
    #[must_use]
    pub fn ignored(code: Code, detail: impl Into<Sentence>, advice: impl Into<Sentence>) -> Self {
        Finding::new(Severity::Ignored, code, detail, advice)
    }

    /// [`Finding::detail`] in a language; in English where it is not there in that.
    #[must_use]
    pub fn detail_in(&self, language: Language) -> Cow<'_, str> {
        in_language(language, self.said.as_ref().and_then(|said| said.detail.as_ref()), &self.detail)
    }

    /// [`Finding::advice`] in a language; in English where it is not there in that.
    #[must_use]
    pub fn advice_in(&self, language: Language) -> Cow<'_, str> {
        in_language(language, self.said.as_ref().and_then(|said| said.advice.as_ref()), &self.advice)
    }

    /// Whether this finding alone refuses the request.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.severity == Severity::Refused
    }
}

/// English is what was said when it was found, and what a digest may have been taken of.
fn in_language<'a>(language: Language, message: Option<&Message>, english: &'a str) -> Cow<'a, str> {
    match message {
        Some(message) if language != Language::English => {
            language.find(message).map_or(Cow::Borrowed(english), Cow::Owned)
        }
        _ => Cow::Borrowed(english),
    }
}

/// Findings as a row keeps them: with their messages, which programs outside are not shown.
pub(crate) mod kept {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Finding, LocalizedTexts};

    #[derive(Serialize)]
    struct Written<'a> {
        #[serde(flatten)]
        finding: &'a Finding,
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<&'a LocalizedTexts>,
    }

    #[derive(Deserialize)]
    struct Read {
        #[serde(flatten)]
        finding: Finding,
        #[serde(default)]
        said: Option<Box<LocalizedTexts>>,
    }

    pub(crate) fn serialize<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(findings.iter().map(|finding| Written { finding, said: finding.said.as_deref() }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Finding>, D::Error> {
        let read = Vec::<Read>::deserialize(deserializer)?;
        Ok(read.into_iter().map(|Read { finding, said }| Finding { said, ..finding }).collect())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.detail, self.advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelled_the_same_everywhere() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
            assert_eq!(code.as_str().parse::<Code>(), Ok(code));
        }
        assert_eq!("nonsense".parse::<Code>(), Err(UnknownCode));
    }

    #[test]
    fn a_finding_is_camel_case_json() {
        let finding = Finding::refused(Code::WeakKey, "The RSA key has 1024 bits.", "Make a new one.");
        assert_eq!(
            serde_json::to_value(&finding).unwrap(),
            serde_json::json!({"code": "weak_key", "severity": "refused", "detail": "The RSA key has 1024 bits.", "advice": "Make a new one."})
        );
    }

    #[test]
    fn a_finding_speaks_every_language_and_programs_see_english_only() {
        let detail = Message::new("finding-rsa-too-short").with("bits", 1024u32).with("fewest", 2048u32);
        let finding = Finding::refused(Code::WeakKey, detail, "Only here.");
        assert_eq!(finding.detail, "The RSA key has 1024 bits; at least 2048 are needed.");
        assert_eq!(finding.detail_in(Language::English), finding.detail);
        assert_eq!(
            finding.detail_in(Language::Japanese),
            "RSA鍵が1024ビットです。2048ビット以上が必要です。"
        );
        assert_eq!(finding.advice_in(Language::Japanese), "Only here.");
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"code": "weak_key", "severity": "refused", "detail": finding.detail, "advice": "Only here."})
        );
        assert_eq!(
            serde_json::from_value::<Finding>(json).unwrap().detail_in(Language::Japanese),
            finding.detail
        );
    }

    #[test]
    fn a_row_keeps_what_a_finding_says_and_reads_rows_that_did_not() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Row {
            #[serde(default, with = "kept")]
            findings: Vec<Finding>,
        }
        let said = Finding::refused(
            Code::NotACsr,
            Message::new("finding-no-csr"),
            Message::new("finding-send-alone"),
        );
        let plain = Finding::ignored(Code::BadName, "d", "a");
        let row = Row { findings: vec![said, plain.clone()] };
        let stored = serde_json::to_value(&row).unwrap();
        assert_eq!(stored["findings"][1], serde_json::to_value(&plain).unwrap());
        assert_eq!(serde_json::from_value::<Row>(stored.clone()).unwrap(), row);
        let mut older = stored;
        older["findings"][0].as_object_mut().unwrap().remove("said");
        let older: Row = serde_json::from_value(older).unwrap();
        assert_eq!(
            older.findings[0].detail_in(Language::Japanese),
            "This isn't a certificate signing request."
        );
    }

    #[test]
    fn quoted_values_cannot_break_out_of_their_sentence() {
        assert_eq!(quoted("a\r\nb"), "\"a\\u{d}\\u{a}b\"");
        assert_eq!(quoted("x\u{202e}y"), "\"x\\u{202e}y\"");
        assert_eq!(quoted("\""), "\"\\u{22}\"");
        assert_eq!(quoted(&"a".repeat(200)).chars().count(), 83);
    }
}
