//! The format of an answer: a page, or JSON (RFC 9110 section 12.5.1).
//!
//! Invariant: every request has a format; a client that accepts neither gets JSON, unless it sent a form.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use workflow::texts::quality::{MAX_QUALITY, preferences};

/// The format of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    /// A page for a person.
    Page,
    /// JSON for a program.
    Json,
}

impl ResponseFormat {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let page = quality(headers, &["text/html", "application/xhtml+xml"]);
        let json = quality(headers, &["application/json", "application/problem+json"]);
        if page > json || (page == json && media_type(headers).is_some_and(Media::is_form)) {
            ResponseFormat::Page
        } else {
            ResponseFormat::Json
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ResponseFormat {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(ResponseFormat::of(&parts.headers))
    }
}

/// True if the caller prefers a zip to a PEM file.
pub(crate) fn prefers_zip(headers: &HeaderMap) -> bool {
    quality(headers, &["application/zip"])
        > quality(headers, &["application/x-pem-file", "application/pem-certificate-chain"])
}

/// The highest quality that `Accept` gives to one of the types; a more specific range decides.
fn quality(headers: &HeaderMap, types: &[&str]) -> u16 {
    let accept =
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    if accept.trim().is_empty() {
        return MAX_QUALITY;
    }
    types.iter().map(|wanted| quality_of(&accept, wanted)).max().unwrap_or(0)
}

fn quality_of(accept: &str, wanted: &str) -> u16 {
    let mut best = (0, 0);
    for (range, quality) in preferences(accept) {
        let specificity = match range.to_ascii_lowercase().as_str() {
            name if name == wanted => 3,
            name if name.strip_suffix("/*").is_some_and(|kind| wanted.split('/').next() == Some(kind)) => 2,
            "*/*" => 1,
            _ => continue,
        };
        if specificity >= best.0 {
            best = (specificity, quality);
        }
    }
    best.1
}

/// The media types of accepted bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/json`, or any `+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data` (RFC 7578).
    Multipart,
}

impl Media {
    pub(crate) fn is_form(self) -> bool {
        self != Media::Json
    }
}

/// The media type of the body; `None` if it is absent or not accepted.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<Media> {
    let text = headers.get(CONTENT_TYPE).map(HeaderValue::to_str)?.ok()?;
    let name = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        "application/json" => Some(Media::Json),
        "application/x-www-form-urlencoded" => Some(Media::Form),
        "multipart/form-data" => Some(Media::Multipart),
        other if other.starts_with("application/") && other.ends_with("+json") => Some(Media::Json),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(accept: Option<&str>, content_type: Option<&str>) -> ResponseFormat {
        let mut headers = HeaderMap::new();
        accept.map(|value| headers.insert(ACCEPT, value.parse().unwrap()));
        content_type.map(|value| headers.insert(CONTENT_TYPE, value.parse().unwrap()));
        ResponseFormat::of(&headers)
    }

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        assert_eq!(format_of(Some(browser), None), ResponseFormat::Page);
        assert_eq!(format_of(Some("*/*"), None), ResponseFormat::Json);
        assert_eq!(format_of(None, None), ResponseFormat::Json);
        assert_eq!(format_of(Some("application/json"), None), ResponseFormat::Json);
        assert_eq!(format_of(Some("application/problem+json, text/html;q=0.5"), None), ResponseFormat::Json);
        assert_eq!(format_of(Some("text/html;q=0.5, application/json;q=0.4"), None), ResponseFormat::Page);
        assert_eq!(format_of(Some("text/*"), None), ResponseFormat::Page);
        assert_eq!(format_of(Some("image/png"), None), ResponseFormat::Json);
        assert_eq!(format_of(Some("text/html;q=0, */*"), None), ResponseFormat::Json);
        assert_eq!(format_of(Some("text/html;q=nonsense"), None), ResponseFormat::Json);
    }

    #[test]
    fn a_form_is_answered_with_a_page_unless_json_is_asked_for() {
        assert_eq!(format_of(Some("*/*"), Some("application/x-www-form-urlencoded")), ResponseFormat::Page);
        assert_eq!(format_of(None, Some("multipart/form-data; boundary=x")), ResponseFormat::Page);
        assert_eq!(
            format_of(Some("application/json"), Some("application/x-www-form-urlencoded")),
            ResponseFormat::Json
        );
        assert_eq!(format_of(None, Some("application/json; charset=utf-8")), ResponseFormat::Json);
    }

    #[test]
    fn a_zip_is_given_to_clients_that_prefer_one() {
        let zip = |accept: &str| prefers_zip(&HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]));
        assert!(zip("application/zip"));
        assert!(zip("application/zip, application/x-pem-file;q=0.5"));
        assert!(!zip("*/*"));
        assert!(!zip("application/x-pem-file"));
        assert!(!prefers_zip(&HeaderMap::new()));
    }
}
