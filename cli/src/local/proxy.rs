//! The reverse proxy in front of the portal, in place of a domain name on AWS; it serves the mailbox page, too, and what the
//! bucket publishes, in place of CloudFront.
//!
//! Invariant: the proxy answers only to names of this machine. So no web site can read the mailbox with a domain name
//! of its own that resolves to the loopback address (DNS rebinding).

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::task::JoinHandle;

use super::mailbox;
use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

const UNANSWERED: &str = "The emulator does not answer. Is the stack still running?\n";
/// Largest body that API Gateway accepts, in bytes.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// Headers of one connection (RFC 9110 section 7.6.1), and headers that the client library writes itself.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
    header::HOST,
];

#[derive(Clone)]
struct Upstream {
    http: reqwest::Client,
    /// The API's stage on the emulator, without a slash at the end.
    stage: String,
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// Serves the portal, the published files and the mailbox on `listener` until the handle is aborted.
pub(crate) fn serve(
    listener: TcpListener,
    stage: String,
    stack: &Stack,
    mailbox: PathBuf,
) -> Result<JoinHandle<()>, CliError> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .build()
        .or_fail(|| "cannot make an HTTP client".into(), "")?;
    let router = Router::new()
        .route("/crl/{file}", get(published))
        .route("/issuer/{file}", get(published))
        .fallback(forward)
        .with_state(Upstream { http, stage, s3: stack.s3(), bucket: stack.bucket.clone() })
        .merge(mailbox::router(mailbox))
        .layer(middleware::from_fn(only_this_machine));
    listener.set_nonblocking(true).or_fail(|| "cannot serve the portal".into(), "")?;
    let listener =
        tokio::net::TcpListener::from_std(listener).or_fail(|| "cannot serve the portal".into(), "")?;
    Ok(tokio::spawn(async move {
        // The server ends only with its task.
        let _ = axum::serve(listener, router).await;
    }))
}

async fn only_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_this_machine(host) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "This is a local stack; open it as http://localhost.\n")
            .into_response()
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// A published file, by its key alone: CloudFront passes on neither headers nor the query.
async fn published(State(upstream): State<Upstream>, uri: Uri) -> Response {
    let get = upstream.s3.get_object().bucket(&upstream.bucket).key(uri.path().trim_start_matches('/'));
    let object = match get.send().await {
        Ok(object) => object,
        Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => {
            return (StatusCode::NOT_FOUND, "Nothing is published at this address. A certificate has the addresses of its list and of its issuer.\n").into_response();
        }
        Err(_) => return (StatusCode::BAD_GATEWAY, UNANSWERED).into_response(),
    };
    let field = |name: HeaderName, value: Option<&str>| Some((name, HeaderValue::from_str(value?).ok()?));
    let headers: HeaderMap = [
        field(header::CONTENT_TYPE, object.content_type()),
        field(header::CACHE_CONTROL, object.cache_control()),
    ]
    .into_iter()
    .flatten()
    .collect();
    match object.body.collect().await {
        Ok(octets) => (headers, octets.into_bytes()).into_response(),
        Err(_) => (StatusCode::BAD_GATEWAY, UNANSWERED).into_response(),
    }
}

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "More than 10 MiB.\n").into_response();
    };
    let url = format!("{}{}", upstream.stage, path_and_query(&parts.uri));
    let answer =
        upstream.http.request(parts.method, url).headers(end_to_end(&parts.headers)).body(body).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let why = if error.is_timeout() { "The emulator does not answer in time.\n" } else { UNANSWERED };
            return (StatusCode::BAD_GATEWAY, why).into_response();
        }
    };
    let (status, headers) = (answer.status(), end_to_end(answer.headers()));
    match answer.bytes().await {
        Ok(bytes) => (status, headers, Body::from(bytes)).into_response(),
        Err(_) => (StatusCode::BAD_GATEWAY, "The emulator's answer broke off.\n").into_response(),
    }
}

fn path_and_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value: &HeaderValue| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let kept =
        |name: &HeaderName| !HOP_BY_HOP.contains(name) && !named.contains(name) && name != "keep-alive";
    headers.iter().filter(|(name, _)| kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["localhost:8080", "127.0.0.1:1", "[::1]:8080", "localhost", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:80", "localhost:x"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn headers_of_the_connection_stay_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("connection", "close, x-mine"), ("x-mine", "1"), ("accept", "text/html"), ("host", "h")]
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let kept = end_to_end(&headers);
        assert_eq!(kept.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept"]);
    }
}
