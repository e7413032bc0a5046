//! Answers: objects, problems, and their headers.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode, header};
use lambda_http::Body;
use pki::acme::{AcmeErrorType, AcmeProblem, PROBLEM_MEDIA_TYPE};
use serde::Serialize;
use workflow::ports::PortError;

/// An answer, before the headers that all answers have.
#[derive(Debug)]
pub(crate) struct AcmeReply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

/// A refusal, and headers that tell more.
#[derive(Debug)]
pub(crate) struct AcmeError {
    problem: AcmeProblem,
    headers: Vec<(HeaderName, String)>,
}

impl AcmeReply {
    /// An object.
    pub(crate) fn object(status: StatusCode, object: &impl Serialize) -> Result<Self, AcmeError> {
        let body = serde_json::to_string(object).map_err(|error| {
            AcmeError::from(PortError { what: "write the answer", cause: error.to_string() })
        })?;
        Ok(Self::text(status, "application/json", body))
    }

    /// A text of a media type.
    pub(crate) fn text(status: StatusCode, media_type: &'static str, body: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        Self { status, headers, body }
    }

    /// Nothing.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: String::new() }
    }

    /// With one more header. A name may come several times, as Link does.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        // Each value is made of URLs and numbers of ours, so it is always one.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// Without the body, for HEAD.
    pub(crate) fn without_body(self) -> Self {
        Self { body: String::new(), ..self }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let body = if self.body.is_empty() { Body::Empty } else { Body::Text(self.body) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl AcmeError {
    /// With a header.
    pub(crate) fn with(mut self, name: HeaderName, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn into_reply(self) -> AcmeReply {
        let status = StatusCode::from_u16(self.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self.problem).unwrap_or_default();
        let reply = AcmeReply::text(status, PROBLEM_MEDIA_TYPE, body).with(header::CONTENT_LANGUAGE, "en");
        self.headers.into_iter().fold(reply, |reply, (name, value)| reply.with(name, &value))
    }
}

impl From<AcmeProblem> for AcmeError {
    fn from(problem: AcmeProblem) -> Self {
        Self { problem, headers: Vec::new() }
    }
}

/// A port that fails is no matter of the client, which can only come again.
impl From<PortError> for AcmeError {
    fn from(error: PortError) -> Self {
        tracing::error!(%error, "an ACME request failed: {error}");
        let detail = "the server failed; try again later, and tell the operators of this CA if it goes on";
        Self::from(AcmeProblem::new(AcmeErrorType::ServerInternal, detail))
    }
}
