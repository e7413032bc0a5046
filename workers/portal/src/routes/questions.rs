//! POST `/requests/{id}/answer?key=`: the requester answers a question of an approver. An approver asks by POST
//! `/approvals/{key}`.
//!
//! Invariant: the key of the link is checked first. A private key is refused and not kept; nothing of a text is logged.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use workflow::request::input::{missing, private_key, unfit_text};

use super::requests::{ensure_mailed, open};
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages;
use crate::state::Portal;

pub(crate) async fn answer(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    (client, headers): (ClientAddr, HeaderMap),
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-cross-site")?;
    let opened = open(&portal, id, &uri).await?;
    ensure_mailed(&opened, "problem-answer-by-mail")?;
    let number = fields.number("number").ok_or_else(|| missing("number", "finding-give-number"))?;
    let text = words(&fields, "answer", "finding-give-answer")?;
    let request = &opened.request;
    portal.questions().answer(request.id(), number, &text, &client.as_requester(request.email())).await?;
    Ok(match format {
        ResponseFormat::Json => {
            Json(serde_json::json!({ "id": request.id(), "number": number })).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &opened.key),
    })
}

/// The text of a question or an answer.
pub(crate) fn words(fields: &Fields, field: &'static str, advice: &'static str) -> Result<String, Problem> {
    let text = fields.text(field)?.unwrap_or_default().trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(missing(field, advice).into());
    }
    match private_key(field, &text).or_else(|| unfit_text(field, &text)) {
        Some(finding) => Err(finding.into()),
        None => Ok(text),
    }
}
