//! The fields of a body: JSON, a form, or a form with a file (RFC 7578), read to one shape.
//!
//! Invariant: at most [`MAX_BODY_BYTES`] are in memory, and every body becomes fields or a [`Problem`]. Field values
//! are never logged.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value};
use url::form_urlencoded;
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::request::input::{missing, private_key};
use workflow::texts::Message;

use crate::http::negotiate::{Media, media_type};
use crate::http::problem::Problem;

/// The largest accepted body, in bytes.
pub const MAX_BODY_BYTES: usize = 128 * 1024;

/// The fields of a body by name.
pub(crate) enum Fields {
    /// JSON of a program; values may have any type.
    Json(Map<String, Value>),
    /// A form, in order.
    Form(Vec<(String, String)>),
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = bounded(&parts.headers, body).await?;
        Self::of(&parts.headers, bytes).await
    }
}

/// The fields of a body that may be absent: no fields then, whatever its type.
pub(crate) struct OptionalFields(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for OptionalFields {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = bounded(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(Self(Fields::Form(Vec::new())));
        }
        Fields::of(&parts.headers, bytes).await.map(Self)
    }
}

impl Fields {
    async fn of(headers: &HeaderMap, bytes: Bytes) -> Result<Self, Problem> {
        match media_type(headers) {
            Some(Media::Json) => json(&bytes),
            Some(Media::Form) => Ok(Fields::Form(form_urlencoded::parse(&bytes).into_owned().collect())),
            Some(Media::Multipart) => multipart(headers, bytes).await,
            None => Err(Problem::new(Code::BadRequest, "problem-content-type")
                .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        }
    }

    /// The text of a field; `None` if it is absent or empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, Finding> {
        let text = match self {
            Fields::Json(map) => match map.get(name) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.as_str()),
                Some(other) => {
                    return Err(Finding::refused(
                        Code::BadRequest,
                        kind("finding-no-string", other).with("field", name),
                        Message::new("finding-no-string-advice"),
                    ));
                }
            },
            Fields::Form(pairs) => {
                let mut values =
                    pairs.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
                values.find(|value| !value.trim().is_empty())
            }
        };
        Ok(text.filter(|text| !text.trim().is_empty()).map(Cow::Borrowed))
    }

    /// The address in the field `email`; `advice` is what to give if it is missing.
    ///
    /// # Errors
    /// A finding: it is missing, no address, or may be a private key.
    pub(crate) fn email(&self, advice: &'static str) -> Result<Email, Finding> {
        let text = self.text("email")?.ok_or_else(|| missing("email", advice))?;
        // First: the errors of an address quote it.
        match private_key("email", &text) {
            Some(finding) => Err(finding),
            None => text.parse(),
        }
    }

    /// A free text as typed, for the page that says what is wrong; empty if it may be a private key.
    pub(crate) fn typed(&self, field: &'static str) -> String {
        let typed = self.text(field).ok().flatten().unwrap_or_default();
        if private_key(field, &typed).is_some() { String::new() } else { typed.into_owned() }
    }

    /// The address as typed, for the page that says what is wrong: empty if the field of the page would not hold it.
    pub(crate) fn typed_address(&self) -> String {
        Some(self.typed("email")).filter(|typed| typed.len() <= Email::MAX_BYTES).unwrap_or_default()
    }

    /// The words of a field, separated by blanks: of JSON a list of strings or a string, of a form a text with blanks, commas
    /// or line breaks. `None` if it is absent or empty.
    ///
    /// # Errors
    /// The finding of JSON of another type.
    pub(crate) fn words(&self, name: &str) -> Result<Option<String>, Finding> {
        let listed = match self {
            Fields::Json(map) => map.get(name).and_then(Value::as_array),
            Fields::Form(_) => None,
        };
        let text = match listed {
            // An entry of another type is a word that is no name.
            Some(list) => list
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(" "),
            None => self.text(name)?.unwrap_or_default().replace(',', " "),
        };
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Some(words).filter(|words| !words.is_empty()))
    }

    /// A number as its digits: of JSON as a number or a string, of a form as text. `None` if it is absent or empty.
    ///
    /// # Errors
    /// The finding of JSON of another type.
    pub(crate) fn digits(&self, name: &str) -> Result<Option<String>, Finding> {
        match self {
            Fields::Json(map) if map.get(name).is_some_and(Value::is_number) => {
                Ok(map.get(name).map(ToString::to_string))
            }
            _ => Ok(self.text(name)?.map(|text| text.trim().to_owned())),
        }
    }

    /// A counting number: of JSON as a number, of a form as digits. `None` if it is missing, or anything else.
    pub(crate) fn number(&self, name: &'static str) -> Option<u32> {
        match self {
            Fields::Json(map) => map.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok()),
            Fields::Form(_) => self.text(name).ok().flatten()?.trim().parse().ok(),
        }
    }
}

/// A message with the JSON type of the value.
fn kind(id: &'static str, value: &Value) -> Message {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Message::new(id).with("kind", kind)
}

async fn bounded(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(Code::TooLarge, Message::new("problem-too-large").with("bytes", MAX_BODY_BYTES));
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::new(Code::BadRequest, "problem-broke-off")),
    }
}

fn json(bytes: &[u8]) -> Result<Fields, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Ok(Fields::Json(map)),
        Ok(other) => Err(Problem::new(Code::BadRequest, kind("problem-no-object", &other))),
        // Only the position: the text of the error may quote the body.
        Err(error) => Err(Problem::new(
            Code::BadRequest,
            Message::new("problem-no-json").with("line", error.line()).with("column", error.column()),
        )),
    }
}

async fn multipart(headers: &HeaderMap, bytes: Bytes) -> Result<Fields, Problem> {
    let unreadable = || Problem::new(Code::BadRequest, "problem-unreadable-form");
    let mut request = Request::new(Body::from(bytes));
    if let Some(value) = headers.get(CONTENT_TYPE) {
        request.headers_mut().insert(CONTENT_TYPE, value.clone());
    }
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        let Some(name) = part.name().map(str::to_owned) else {
            continue;
        };
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|_| unreadable())?;
        let value = if is_file { file(&bytes) } else { String::from_utf8_lossy(&bytes).into_owned() };
        pairs.push((name, value));
    }
    Ok(Fields::Form(pairs))
}

/// A chosen file as text: PEM as it is, UTF-16 (which PowerShell writes) decoded, anything else (DER) as base64.
fn file(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let utf16 = |read: fn([u8; 2]) -> u16, rest: &[u8]| {
        String::from_utf16_lossy(
            &rest.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect::<Vec<_>>(),
        )
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        _ => STANDARD.encode(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_text_utf_16_or_der() {
        assert_eq!(file(b"-----BEGIN"), "-----BEGIN");
        assert_eq!(file(b"\xff\xfe-\0B\0"), "-B");
        assert_eq!(file(b"\xfe\xff\0-\0B"), "-B");
        assert_eq!(file(b"\x30\x82\x01\xff"), "MIIB/w==");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_field() {
        let fields = json(br#"{"email": 7, "comment": null, "csrContent": " ", "profile": "server"}"#)
            .unwrap_or_else(|_| panic!());
        let finding = fields.text("email").unwrap_err();
        assert_eq!(
            (finding.detail.as_str(), finding.field()),
            ("The e-mail address is a number.", Some("email"))
        );
        assert_eq!(fields.text("comment").unwrap(), None);
        assert_eq!(fields.text("csrContent").unwrap(), None);
        assert_eq!(fields.text("profile").unwrap().as_deref(), Some("server"));
        assert_eq!(fields.text("other").unwrap(), None);
    }
}
