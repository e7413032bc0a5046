//! What goes wrong, told to a program as `application/problem+json` (RFC 9457) and to a person as a page.
//!
//! A handler returns a [`Problem`]; [`render`] gives it the shape that the caller understands. Invariant: the code
//! decides the status (with one exception, [`Problem::with_status`]), and nothing of what was sent is repeated beyond
//! what a finding quotes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use workflow::finding::{Code, Finding};
use workflow::ports::PortError;

use crate::Portal;
use crate::negotiate::Wants;
use crate::pages;

/// After how many seconds asking again makes sense.
const PAUSE: &str = "5";

/// One failure, as the caller is told.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
    pub(crate) findings: Vec<Finding>,
}

/// RFC 9457 section 3.1, with our extension members (section 3.2) `code` and `findings`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: Code,
    findings: &'a [Finding],
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            status: status_of(code),
            code,
            title: title_of(code),
            detail: detail.into(),
            findings: Vec::new(),
        }
    }

    /// The problem that these findings are; the first is the main one.
    pub(crate) fn of_findings(findings: Vec<Finding>) -> Self {
        let main = findings.iter().find(|finding| finding.is_refusal()).or_else(|| findings.first());
        let (code, detail) =
            main.map_or((Code::BadRequest, String::new()), |main| (main.code, main.to_string()));
        Self { findings, ..Self::new(code, detail) }
    }

    /// The same with another status than the code's own.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn no_such_page() -> Self {
        Self::new(Code::NotFound, "There is nothing at this address.")
    }

    /// The one answer to every link that does not open anything.
    pub(crate) fn no_such_link() -> Self {
        Self::new(
            Code::NotFound,
            "This link does not open anything. Please open it again from the mail, whole, up to its last character.",
        )
    }

    fn document(&self) -> Response {
        let document = Document {
            kind: format!("urn:countersign:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
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

/// Whatever lies behind us did not answer: the cause is for the log, not for the caller.
impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        tracing::error!(%error, "not answered");
        Self::new(
            Code::TryAgain,
            "Something we depend on did not answer. Nothing was lost; please try again in a moment.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every problem on its way out the shape that the caller understands.
pub(crate) async fn render(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let wants = Wants::of(request.headers());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let mut shaped = match wants {
        Wants::Json => problem.document(),
        Wants::Page => pages::problem(&portal, problem),
    };
    // What a handler set beside the problem, such as Allow, stays.
    for (name, value) in response.headers() {
        if !shaped.headers().contains_key(name) {
            shaped.headers_mut().insert(name, value.clone());
        }
    }
    if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        shaped.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(PAUSE));
    }
    shaped
}

pub(crate) async fn no_such_page() -> Problem {
    Problem::no_such_page()
}

pub(crate) async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(Code::BadRequest, format!("This address does not take {method}."))
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
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

fn title_of(code: Code) -> &'static str {
    match code {
        Code::NotACsr => "Not a certificate signing request",
        Code::PrivateKeySubmitted => "A private key was submitted",
        Code::TooLarge => "Too large",
        Code::BadSignature => "The request is not signed by its own key",
        Code::UnsupportedKey => "A kind of key that is not certified here",
        Code::WeakKey => "The key is too weak",
        Code::WeakSignature => "The request is signed with a broken digest",
        Code::BadName => "A name is not valid",
        Code::ForbiddenExtension => "Something in the request may not be asked for",
        Code::NameNotAllowed => "A name is not allowed",
        Code::UnknownProfile => "There is no such profile",
        Code::BadEmail => "The e-mail address cannot be used",
        Code::MissingField => "Something is missing",
        Code::BadRequest => "We could not read that",
        Code::NotFound => "Not found",
        Code::AlreadyDecided => "Already decided",
        Code::Expired => "The time to decide is over",
        Code::TryAgain => "Please try again",
    }
}
