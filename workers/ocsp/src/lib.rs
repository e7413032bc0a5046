//! OCSP over HTTP: POST with the request as body, and GET with the request in the path (RFC 6960 appendix A.1).
//!
//! Invariant: each call has an answer of type `application/ocsp-response` and status 200, also where the request is none:
//! clients read the reason in it, not in HTTP. Nothing in a call is trusted; the worker can read what it answers from, and
//! write nothing. What the answers say is decided in [`workflow::ocsp`].

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use lambda_http::{Body, Request};
use workflow::ocsp::{MAX_AGE, OcspAnswer, OcspService};

mod path;

/// Answers a call.
pub async fn answer(service: &OcspService, request: Request) -> Response<Body> {
    match *request.method() {
        Method::POST => {
            // RFC 6960 appendix A.1: the type is application/ocsp-request; proxies on the way may have lost it.
            response(service.answer(request.body().as_ref()).await, false)
        }
        // An empty request is malformed.
        Method::GET => {
            let octets = path::request(request.uri().path()).unwrap_or_default();
            response(service.answer(&octets).await, true)
        }
        _ => {
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
            response
        }
    }
}

/// The response, with the fields of RFC 5019 section 6.2 where caches may keep it.
fn response(answer: OcspAnswer, is_get: bool) -> Response<Body> {
    let mut fields = vec![(header::CONTENT_TYPE, "application/ocsp-response".to_owned())];
    match answer.cacheable.filter(|_| is_get) {
        Some(times) => {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &answer.der);
            fields.extend([
                // max-age is much shorter than nextUpdate, which Expires is by that section: HTTP/1.1 takes max-age first.
                (header::CACHE_CONTROL, format!("max-age={MAX_AGE}, public, no-transform, must-revalidate")),
                (header::LAST_MODIFIED, http_date(times.this_update)),
                (header::EXPIRES, http_date(times.next_update)),
                (header::ETAG, format!("\"{}\"", hex::encode(digest))),
            ]);
        }
        None => fields.push((header::CACHE_CONTROL, "no-store".to_owned())),
    }
    let mut response = Response::new(Body::Binary(answer.der));
    let value = |(name, text): (HeaderName, String)| Some((name, HeaderValue::from_str(&text).ok()?));
    response.headers_mut().extend(fields.into_iter().filter_map(value));
    response
}

/// RFC 9110 section 5.6.7.
fn http_date(at: time::OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (day, month) = (at.weekday().to_string(), at.month().to_string());
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
        &day[..3],
        at.day(),
        &month[..3],
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests;
