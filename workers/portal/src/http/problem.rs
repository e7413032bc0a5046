//! What goes wrong, told to a program as `application/problem+json` (RFC 9457) and to a person as a page.
//!
//! A handler returns a [`Problem`]; `routes::problems` gives it the shape that the caller understands. Invariant: the code
//! decides the status (with one exception, [`Problem::with_status`]), and nothing of what was sent is repeated beyond
//! what a finding quotes.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use workflow::finding::{Code, Finding};
use workflow::ports::PortError;
use workflow::texts::{Language, Message};

/// One failure, as the caller is told: a program in English, a person in their language.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    /// Nothing where the findings say it.
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
    findings: &'a [Finding],
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Message>) -> Self {
        Self { status: status_of(code), code, detail: Some(detail.into()), findings: Vec::new() }
    }

    /// The problem that these findings are; the first is the main one.
    pub(crate) fn of_findings(findings: Vec<Finding>) -> Self {
        let code = main(&findings).map_or(Code::BadRequest, |main| main.code);
        Self { status: status_of(code), code, detail: None, findings }
    }

    /// What it is, in short.
    pub(crate) fn title(&self, language: Language) -> String {
        language.text(title_of(self.code))
    }

    /// What it is, in full.
    pub(crate) fn detail(&self, language: Language) -> String {
        match &self.detail {
            Some(message) => language.say(message),
            None => main(&self.findings).map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// The same with another status than the code's own.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(Code::NotFound, "problem-no-such-page")
    }

    /// The one answer to every link that does not open anything.
    pub(crate) fn no_such_link() -> Self {
        Self::new(Code::NotFound, "problem-no-such-link")
    }

    /// The answer to a program.
    pub(crate) fn document(&self) -> Response {
        let document = ProblemDocument {
            kind: format!("urn:countersign:problem:{}", self.code),
            title: &self.title(Language::English),
            status: self.status.as_u16(),
            detail: &self.detail(Language::English),
            code: self.code,
            findings: &self.findings,
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

/// A port did not answer: the cause goes to the log, not to the caller.
impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        tracing::error!(%error, "not answered");
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

/// The finding that is told first.
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
        | Code::WeakSignature
        | Code::BadName
        | Code::ForbiddenExtension
        | Code::NameNotAllowed
        | Code::UnknownProfile
        | Code::BadEmail => StatusCode::UNPROCESSABLE_ENTITY,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::MissingField | Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyDecided => StatusCode::CONFLICT,
        Code::Expired => StatusCode::GONE,
        Code::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The id of the text.
fn title_of(code: Code) -> &'static str {
    match code {
        Code::NotACsr => "title-not-a-csr",
        Code::PrivateKeySubmitted => "title-private-key-submitted",
        Code::TooLarge => "title-too-large",
        Code::BadSignature => "title-bad-signature",
        Code::UnsupportedKey => "title-unsupported-key",
        Code::WeakKey => "title-weak-key",
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
        Code::TryAgain => "title-try-again",
    }
}
