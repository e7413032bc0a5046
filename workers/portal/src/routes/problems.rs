//! The responses to unknown paths and methods, and the rendering of every problem: a page, or
//! `application/problem+json`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use workflow::finding::Code;
use workflow::texts::Message;

use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages;
use crate::state::Portal;

/// `Retry-After` in seconds if a service did not answer.
const RETRY_AFTER_SECONDS: &str = "5";
/// `Retry-After` in seconds if people have to act first.
const LONG_RETRY_AFTER_SECONDS: &str = "3600";

/// Renders every problem in the format of the caller.
pub(crate) async fn render(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let format = ResponseFormat::of(request.headers());
    let locale = Locale::of(request.method(), request.uri(), request.headers());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let mut shaped = match format {
        ResponseFormat::Json => problem.document(),
        ResponseFormat::Page => pages::problem(&portal, &locale, problem),
    };
    // Keeps the other headers of the handler, such as Allow.
    for (name, value) in response.headers() {
        if !shaped.headers().contains_key(name) {
            shaped.headers_mut().insert(name, value.clone());
        }
    }
    let retry_after = match problem.status {
        StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER_SECONDS),
        // RFC 6585 section 4: Retry-After with 429.
        StatusCode::TOO_MANY_REQUESTS => Some(LONG_RETRY_AFTER_SECONDS),
        _ => None,
    };
    if let Some(retry_after) = retry_after {
        shaped.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        // RFC 9110 section 15.5.2: a challenge with 401. RFC 6750 section 3.
        let challenge = HeaderValue::from_static("Bearer realm=\"countersign\", error=\"invalid_token\"");
        shaped.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    shaped
}

pub(crate) async fn no_such_page() -> Problem {
    Problem::no_such_page()
}

pub(crate) async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(Code::BadRequest, Message::new("problem-method").with("method", method.as_str()))
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
}
