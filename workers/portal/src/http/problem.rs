//! Errors: `application/problem+json` (RFC 9457) for a program, a page for a person.
//!
//! A handler returns a [`Problem`]; `routes::problems` renders it in the format of the caller. Invariant: the code
//! decides the status (with one exception, [`Problem::with_status`]), and an error repeats nothing of the request
//! except the quotations in its findings.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use workflow::finding::{Code, Finding};
use workflow::ports::PortError;
use workflow::texts::{Language, Message};

/// One error, shown in English to a program and in their language to a person.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    /// `None` if the main finding is the detail.
    detail: Option<Message>,
    pub(crate) findings: Vec<Finding>,
}

/// RFC 9457 section 3.1, with our extension members (section 3.2) `code` and `findings`.
#[derive(Serialize)]
struct ProblemDocument<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: Code,
    findings: Vec<FindingDocument<'a>>,
}

/// A finding with the field of the form that it is about.
#[derive(Serialize)]
struct FindingDocument<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl<'a> From<&'a Finding> for FindingDocument<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self { finding, field: finding.field() }
    }
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Message>) -> Self {
        Self { status: status_of(code), code, detail: Some(detail.into()), findings: Vec::new() }
    }

    /// The problem of these findings; the main one gives the code.
    pub(crate) fn of_findings(findings: Vec<Finding>) -> Self {
        let code = main(&findings).map_or(Code::BadRequest, |main| main.code);
        Self { status: status_of(code), code, detail: None, findings }
    }

    /// The title: the summary of the code.
    pub(crate) fn title(&self, language: Language) -> String {
        language.text(title_of(self.code))
    }

    /// The explanation of this occurrence.
    pub(crate) fn detail(&self, language: Language) -> String {
        match &self.detail {
            Some(message) => language.say(message),
            None => main(&self.findings)
                .map(|main| format!("{} {}", main.detail_in(language), main.advice_in(language)))
                .unwrap_or_default(),
        }
    }

    /// The explanation for a program, after the name of the field that it is about.
    fn detail_with_field(&self) -> String {
        let detail = self.detail(Language::English);
        match main(&self.findings).and_then(Finding::field).filter(|_| self.detail.is_none()) {
            Some(field) => format!("{field}: {detail}"),
            None => detail,
        }
    }

    /// Replaces the status of the code.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(Code::NotFound, "problem-no-such-page")
    }

    /// The same answer for every invalid link.
    pub(crate) fn no_such_link() -> Self {
        Self::new(Code::NotFound, "problem-no-such-link")
    }

    /// The answer to a program.
    pub(crate) fn document(&self) -> Response {
        let document = ProblemDocument {
            kind: format!("urn:countersign:problem:{}", self.code),
            title: &self.title(Language::English),
            status: self.status.as_u16(),
            detail: &self.detail_with_field(),
            code: self.code,
            findings: self.findings.iter().map(FindingDocument::from).collect(),
        };
        let mut response = (self.status, axum::Json(document)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self::of_findings(vec![finding])
    }
}

/// A port failed: the cause goes to the log, not to the caller.
impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        tracing::error!(%error, "a service did not answer");
        Self::new(Code::TryAgain, "problem-not-answered")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The main finding: the first refusal, or else the first finding.
fn main(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.is_refusal()).or_else(|| findings.first())
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NotACsr
        | Code::PrivateKeySubmitted
        | Code::BadSignature
        | Code::UnsupportedKey
        | Code::WeakKey
        | Code::SameKey
        | Code::WeakSignature
        | Code::BadName
        | Code::ForbiddenExtension
        | Code::NameNotAllowed
        | Code::UnknownProfile
        | Code::OutsideGrant
        | Code::BadEmail => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::MissingField | Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyDecided | Code::NotRevocable | Code::GrantOver | Code::GrantUsedUp => {
            StatusCode::CONFLICT
        }
        Code::RevocationNotAllowed
        | Code::PasskeyNeeded
        | Code::PasskeyRefused
        | Code::SignInNeeded
        | Code::SignInRefused => StatusCode::FORBIDDEN,
        Code::CredentialRefused => StatusCode::UNAUTHORIZED,
        Code::Expired => StatusCode::GONE,
        Code::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The id of the title in the catalogue.
fn title_of(code: Code) -> &'static str {
    match code {
        Code::NotACsr => "title-not-a-csr",
        Code::PrivateKeySubmitted => "title-private-key-submitted",
        Code::TooLarge => "title-too-large",
        Code::BadSignature => "title-bad-signature",
        Code::UnsupportedKey => "title-unsupported-key",
        Code::WeakKey => "title-weak-key",
        Code::SameKey => "title-same-key",
        Code::WeakSignature => "title-weak-signature",
        Code::BadName => "title-bad-name",
        Code::ForbiddenExtension => "title-forbidden-extension",
        Code::NameNotAllowed => "title-name-not-allowed",
        Code::UnknownProfile => "title-unknown-profile",
        Code::BadEmail => "title-bad-email",
        Code::MissingField => "title-missing-field",
        Code::BadRequest => "title-bad-request",
        Code::NotFound => "title-not-found",
        Code::AlreadyDecided => "title-already-decided",
        Code::Expired => "title-expired",
        Code::NotRevocable => "title-not-revocable",
        Code::RevocationNotAllowed => "title-revocation-not-allowed",
        Code::PasskeyNeeded => "title-passkey-needed",
        Code::PasskeyRefused => "title-passkey-refused",
        Code::SignInNeeded => "title-sign-in-needed",
        Code::SignInRefused => "title-sign-in-refused",
        Code::GrantOver => "title-grant-over",
        Code::GrantUsedUp => "title-grant-used-up",
        Code::OutsideGrant => "title-outside-grant",
        Code::CredentialRefused => "title-credential-refused",
        Code::TryAgain => "title-try-again",
    }
}
