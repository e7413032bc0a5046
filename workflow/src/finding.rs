//! Findings about a request: words for people, and a code for programs.
//!
//! Invariant: a [`Code`] is part of the public contract (docs/api.md); its spelling never changes. A finding quotes at
//! most a short, cleaned excerpt of the input (see [`quoted`]), and no key material. Its words come from the catalogue:
//! in English for programs and the row, in any language for people ([`Finding::detail_in`]).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::texts::{Language, Message};
use crate::wire_names;

mod csr;
mod csr_text;
mod keys;
mod names;
mod private_key;
mod shown;

pub use csr::findings;
pub(crate) use keys::new_key;
pub(crate) use names::{about_name, about_suffix, dropped_name};
pub use pki::text::{is_unfit_to_show, quoted};
pub(crate) use private_key::private_key_in;

/// The stable codes of docs/api.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The text is not one certificate signing request.
    NotACsr,
    /// The text holds a private key.
    PrivateKeySubmitted,
    /// The text or a part of it exceeds a limit.
    TooLarge,
    /// The request is not signed by its own key.
    BadSignature,
    /// The kind of key is not supported.
    UnsupportedKey,
    /// A key of a supported kind is weak.
    WeakKey,
    /// The request is signed with a broken digest.
    WeakSignature,
    /// A name is not valid.
    BadName,
    /// An extension or attribute is not allowed or not readable.
    ForbiddenExtension,
    /// The profile does not allow a valid name.
    NameNotAllowed,
    /// There is no such profile.
    UnknownProfile,
    /// A text is not one plain e-mail address.
    BadEmail,
    /// A required field is missing or empty.
    MissingField,
    /// The HTTP request is malformed.
    BadRequest,
    /// The key of a renewal is that of the replaced certificate.
    SameKey,
    /// There is no such request, link or page.
    NotFound,
    /// The request is already decided, or has changed since it was shown.
    AlreadyDecided,
    /// The approval period is over.
    Expired,
    /// The certificate cannot be revoked: there is none, or it has ended.
    NotRevocable,
    /// The policy does not allow this person to revoke a certificate for this reason.
    RevocationNotAllowed,
    /// The policy asks for a passkey, and the decision has no signature of one.
    PasskeyNeeded,
    /// The signature, the passkey or its code is wrong.
    PasskeyRefused,
    /// The policy asks for a sign-in at the identity provider, and the decision has no ID token.
    SignInNeeded,
    /// The sign-in or its ID token does not prove the decision.
    SignInRefused,
    /// Nothing more is signed under the standing approval.
    GrantOver,
    /// The standing approval has no certificates left.
    GrantUsedUp,
    /// The certificate is not inside of the standing approval.
    OutsideGrant,
    /// The credential of a standing approval is none, or a former one.
    CredentialRefused,
    /// A temporary fault of the service.
    TryAgain,
}

wire_names!(Code: "code" {
    NotACsr => "not_a_csr",
    PrivateKeySubmitted => "private_key_submitted",
    TooLarge => "too_large",
    BadSignature => "bad_signature",
    UnsupportedKey => "unsupported_key",
    WeakKey => "weak_key",
    WeakSignature => "weak_signature",
    BadName => "bad_name",
    ForbiddenExtension => "forbidden_extension",
    NameNotAllowed => "name_not_allowed",
    UnknownProfile => "unknown_profile",
    BadEmail => "bad_email",
    MissingField => "missing_field",
    BadRequest => "bad_request",
    SameKey => "same_key",
    NotFound => "not_found",
    AlreadyDecided => "already_decided",
    Expired => "expired",
    NotRevocable => "not_revocable",
    RevocationNotAllowed => "revocation_not_allowed",
    PasskeyNeeded => "passkey_needed",
    PasskeyRefused => "passkey_refused",
    SignInNeeded => "sign_in_needed",
    SignInRefused => "sign_in_refused",
    GrantOver => "grant_over",
    GrantUsedUp => "grant_used_up",
    OutsideGrant => "outside_grant",
    CredentialRefused => "credential_refused",
    TryAgain => "try_again",
});

impl Code {
    /// True if the CSR has to be another one: its text, its key, its signature, or what it asks for.
    #[must_use]
    pub fn is_about_csr(self) -> bool {
        matches!(
            self,
            Self::NotACsr
                | Self::PrivateKeySubmitted
                | Self::TooLarge
                | Self::BadSignature
                | Self::UnsupportedKey
                | Self::WeakKey
                | Self::SameKey
                | Self::WeakSignature
                | Self::BadName
                | Self::ForbiddenExtension
                | Self::NameNotAllowed
        )
    }
}

/// The effect of a finding on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// No certificate is issued.
    Refused,
    /// Allowed, but the approver should check it.
    Warning,
    /// The profile does not grant a part of the CSR; the certificate omits it.
    Ignored,
}

wire_names!(Severity: "severity" { Refused => "refused", Warning => "warning", Ignored => "ignored" });

/// An error, a warning, or an omitted part of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The code for programs.
    pub code: Code,
    /// The effect on the request.
    pub severity: Severity,
    /// The fact in English, with the value found.
    pub detail: String,
    /// The advice in English.
    pub advice: String,
    /// Detail and advice for every language. JSON for programs omits them, rows have them; see [`kept`].
    #[serde(skip)]
    said: Option<Box<LocalizedTexts>>,
}

/// The messages of a finding's detail and advice, if they are in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct LocalizedTexts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<Message>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advice: Option<Message>,
}

/// A sentence of a finding: a message of the catalogue, or an English text.
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
    /// A finding with this severity.
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

    /// A warning for the approver.
    #[must_use]
    pub fn warning(code: Code, detail: impl Into<Sentence>, advice: impl Into<Sentence>) -> Self {
        Finding::new(Severity::Warning, code, detail, advice)
    }

    /// A part of the request that is not granted.
    #[must_use]
    pub fn ignored(code: Code, detail: impl Into<Sentence>, advice: impl Into<Sentence>) -> Self {
        Finding::new(Severity::Ignored, code, detail, advice)
    }

    /// [`Finding::detail`] in a language; in English if there is no translation.
    #[must_use]
    pub fn detail_in(&self, language: Language) -> Cow<'_, str> {
        in_language(language, self.said.as_ref().and_then(|said| said.detail.as_ref()), &self.detail)
    }

    /// [`Finding::advice`] in a language; in English if there is no translation.
    #[must_use]
    pub fn advice_in(&self, language: Language) -> Cow<'_, str> {
        in_language(language, self.said.as_ref().and_then(|said| said.advice.as_ref()), &self.advice)
    }

    /// The field of a form that the finding is about, as programs spell it; `None` if it is about none.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.said.as_ref()?.detail.as_ref()?.text_of("field")
    }

    /// True if this finding alone refuses the request.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.severity == Severity::Refused
    }
}

/// A sentence in a language. English is the stored text: digests may cover it.
fn in_language<'a>(language: Language, message: Option<&Message>, english: &'a str) -> Cow<'a, str> {
    match message {
        Some(message) if language != Language::English => {
            language.find(message).map_or(Cow::Borrowed(english), Cow::Owned)
        }
        _ => Cow::Borrowed(english),
    }
}

/// The form of findings in rows: with their messages, which JSON for programs omits.
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
        assert!("nonsense".parse::<Code>().is_err());
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
}
