//! The adapter between API Gateway and the routes: request paths and response bodies.
//!
//! A REST API passes the path with or without its stage or base path, depending on the URL of the call and on
//! `AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH`; [`below`] removes the path of the base URL. Invariant: text bodies are sent
//! as text, because API Gateway decodes base64 only for callers with a matching `Accept`.

use axum::Router;
use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use tower::ServiceBuilder;

/// The routes, also reachable below `base_path` (which begins and ends with a slash).
pub fn below(base_path: &str, routes: Router) -> Router {
    let prefix = base_path.trim_end_matches('/').to_owned();
    let strip = move |mut request: Request<Body>| {
        if let Some(uri) = without(&prefix, request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    };
    Router::new().fallback_service(ServiceBuilder::new().map_request(strip).service(routes))
}

fn without(prefix: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix(prefix).filter(|rest| !prefix.is_empty() && rest.starts_with('/'))?;
    match uri.query() {
        Some(query) => format!("{rest}?{query}").parse().ok(),
        None => rest.parse().ok(),
    }
}

/// An answer to API Gateway.
pub struct Answer(pub Response<Body>);

impl lambda_http::IntoResponse for Answer {
    fn into_response(self) -> BoxFuture<'static, Response<lambda_http::Body>> {
        Box::pin(async move {
            let (parts, body) = self.0.into_parts();
            let body = match body.collect().await.map(|body| body.to_bytes()) {
                Ok(bytes) => match String::from_utf8(bytes.to_vec()) {
                    Ok(text) => lambda_http::Body::Text(text),
                    Err(bytes) => lambda_http::Body::Binary(bytes.into_bytes()),
                },
                Err(error) => {
                    tracing::error!(%error, "cannot read the body of a response");
                    lambda_http::Body::Empty
                }
            };
            Response::from_parts(parts, body)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_taken_off_once_and_only_as_a_whole_segment() {
        let strip =
            |prefix: &str, uri: &str| without(prefix, &uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(strip("/live", "/live/requests?key=a"), Some("/requests?key=a".into()));
        assert_eq!(strip("/live", "/live/"), Some("/".into()));
        assert_eq!(strip("/live", "/live/live/x"), Some("/live/x".into()));
        assert_eq!(strip("/live", "/requests"), None);
        assert_eq!(strip("/live", "/lively/requests"), None);
        assert_eq!(strip("", "/requests"), None);
        assert_eq!(strip("/live", "https://a.example/live/ca.pem"), Some("/ca.pem".into()));
    }

    #[tokio::test]
    async fn text_leaves_as_text_and_anything_else_as_bytes() {
        let answer = |bytes: &'static [u8]| {
            lambda_http::IntoResponse::into_response(Answer(Response::new(Body::from(bytes))))
        };
        assert_eq!(*answer(b"-----BEGIN").await.body(), lambda_http::Body::Text("-----BEGIN".into()));
        assert_eq!(*answer(b"PK\xff").await.body(), lambda_http::Body::Binary(b"PK\xff".to_vec()));
    }
}
