//! What is wrong with a request, in words for a person and a code for a program.
//!
//! Invariant: a [`Code`] is part of the public contract (DESIGN.md section 4); its spelling never changes. A finding
//! quotes at most a short, cleaned excerpt of the input (see [`quoted`]), and never key material.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The stable codes of DESIGN.md section 4.
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

/// The text is none of the codes of DESIGN.md section 4.
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
}

impl Finding {
    /// A finding that refuses the request.
    #[must_use]
    pub fn refused(code: Code, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding { code, severity: Severity::Refused, detail: detail.into(), advice: advice.into() }
    }

    /// A finding the approver should see.
    #[must_use]
    pub fn warning(code: Code, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding { code, severity: Severity::Warning, detail: detail.into(), advice: advice.into() }
    }

    /// A wish that is not granted.
    #[must_use]
    pub fn ignored(code: Code, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Finding { code, severity: Severity::Ignored, detail: detail.into(), advice: advice.into() }
    }

    /// Whether this finding alone refuses the request.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.severity == Severity::Refused
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.detail, self.advice)
    }
}

/// A value from outside, fit to stand in a sentence: in quotation marks, control and invisible characters written
/// as `\u{..}`, cut after 80 characters.
#[must_use]
pub fn quoted(value: &str) -> String {
    const LONGEST: usize = 80;
    let mut out = String::with_capacity(value.len().min(LONGEST) + 2);
    out.push('"');
    for (count, c) in value.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        if is_unfit_to_show(c) || c == '"' || c == '\\' {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// Control characters, and characters that change how the text around them is shown (bidirectional controls,
/// zero-width characters, tags).
pub(crate) fn is_unfit_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
        let finding = Finding::refused(Code::WeakKey, "RSA key of 1024 bits.", "Make a new one.");
        assert_eq!(
            serde_json::to_value(&finding).unwrap(),
            serde_json::json!({"code": "weak_key", "severity": "refused", "detail": "RSA key of 1024 bits.", "advice": "Make a new one."})
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
