//! POST `/requests/{id}/remind?key=`: the requester has the approvers reminded, once a day at most.
//!
//! Invariant: the key of the link is checked first; the row decides whether a reminder is due, here and in await-approval.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use workflow::approval::prompt::{NotPrompted, ensure_promptable};
use workflow::finding::Code;
use workflow::mail_kind::MailKind;
use workflow::message::RecheckMessage;
use workflow::texts::Message;

use super::requests::{ensure_mailed, open};
use crate::http::cross_site::refuse_cross_site;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages;
use crate::state::Portal;

pub(crate) async fn remind(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-cross-site")?;
    let opened = open(&portal, id, &uri).await?;
    ensure_mailed(&opened, "problem-remind-by-mail")?;
    let request = &opened.request;
    let approval = portal.approvals.find(request.id()).await?;
    let approval =
        approval.ok_or_else(|| Problem::new(Code::AlreadyDecided, "problem-remind-not-waiting"))?;
    ensure_promptable(request, &approval, portal.clock.now()).map_err(|error| match error {
        NotPrompted::NotWaiting => Problem::new(Code::AlreadyDecided, "problem-remind-not-waiting"),
        NotPrompted::TooEarly(from) => {
            let from = Message::instant(&locale.time_zone.local(from));
            let message = Message::new("problem-remind-too-early").with("from", from);
            Problem::new(Code::TryAgain, message).with_status(StatusCode::TOO_MANY_REQUESTS)
        }
    })?;
    let message = RecheckMessage::mail(request.id(), MailKind::Prompt);
    portal.approval_queue.recheck(&message).await?;
    Ok(match format {
        ResponseFormat::Json => {
            (StatusCode::ACCEPTED, Json(serde_json::json!({ "id": request.id() }))).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &opened.key),
    })
}
