//! The routes with a throttle of their own in API Gateway (infra/template.yaml, docs/decisions/0108).
//!
//! Invariant: no other spelling of the path goes around the throttle. API Gateway compares percent-encodings as they are and
//! hands them over decoded, so a call of these routes by the resource of all paths is not served.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use lambda_http::request::RequestContext;
use workflow::finding::Code;

use crate::http::problem::Problem;

/// Serves calls that came by the path's own resource of the API, or not by API Gateway.
pub(crate) async fn required(request: Request, next: Next) -> Response {
    let resource = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => context.resource_path.as_deref(),
        _ => None,
    };
    // HEAD always comes by the resource of all paths. Its answer has no body, and only a body costs.
    if request.method() != Method::HEAD && resource.is_some_and(|resource| resource.ends_with("+}")) {
        tracing::error!(
            "a call came around the throttle of its route and was refused: its path has another spelling, or the API was not deployed with its template; if people are refused, run countersign deploy"
        );
        return Problem::new(Code::TryAgain, "problem-try-again").into_response();
    }
    next.run(request).await
}
