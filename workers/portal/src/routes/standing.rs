//! POST `/requests/{id}/credential?key=` and POST `/requests/{id}/end?key=`: the requester makes a credential of their standing approval,
//! or ends it.
//!
//! Invariant: only the link that was mailed to the requester does either. The secrets of a credential are in one answer, which no cache
//! keeps, and in no log. The portal ends nothing by itself: it records the order, and sign does it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use workflow::approval::credentials::{CredentialError, MadeCredential};
use workflow::approval::ending::EndOrderError;
use workflow::approval::opened::OpenedRequest;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::texts::Message;
use workflow::timestamp::rfc3339;

use super::questions::words;
use super::requests::open;
use crate::commands::clients::acme_directory;
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::{Fields, OptionalFields};
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, CredentialPage};
use crate::state::Portal;

/// The answer to a program: the only place of the secrets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialAnswer {
    id: RequestId,
    number: u32,
    credential: String,
    acme_directory: String,
    eab_key_id: String,
    eab_hmac_key: String,
}

impl CredentialAnswer {
    fn of(portal: &Portal, made: &MadeCredential) -> Self {
        Self {
            id: made.approval.id(),
            number: made.key_id.number,
            credential: made.bearer.expose(),
            acme_directory: acme_directory(&portal.base_url),
            eab_key_id: made.key_id.to_string(),
            eab_hmac_key: made.mac_key.expose(),
        }
    }
}

/// POST `/requests/{id}/credential?key=`.
pub(crate) async fn make_credential(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    (client, headers): (ClientAddr, HeaderMap),
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-standing-cross-site")?;
    let opened = open_mailed(&portal, id, &uri, "problem-credential-by-mail").await?;
    let (request, by) = (&opened.request, client.as_requester(opened.request.email()));
    let made = portal.credentials().make(request, replaced_number(&fields)?, &by).await?;
    Ok(match format {
        ResponseFormat::Json => Json(CredentialAnswer::of(&portal, &made)).into_response(),
        ResponseFormat::Page => {
            let page = CredentialPage::new(&portal, &locale, &opened, &made);
            pages::page(StatusCode::OK, locale.language, &page)
        }
    })
}

/// The number of the credential that is to be replaced, as the page showed it; 0 if there was none.
fn replaced_number(fields: &Fields) -> Result<Option<u32>, Problem> {
    let unreadable = |_| {
        let detail = Message::new("finding-credential-number");
        Finding::refused(Code::BadRequest, detail, Message::new("finding-credential-number-advice"))
    };
    Ok(fields.digits("number")?.map(|text| text.parse().map_err(unreadable)).transpose()?)
}

/// The answer to an order to end a standing approval.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndAnswer {
    id: RequestId,
    /// False until sign has done it.
    ended: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ending_since: Option<String>,
}

/// POST `/requests/{id}/end?key=`.
pub(crate) async fn end(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    (client, headers): (ClientAddr, HeaderMap),
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-standing-cross-site")?;
    let opened = open_mailed(&portal, id, &uri, "problem-end-by-mail").await?;
    let reason = end_reason(&fields)?;
    let (request, by) = (&opened.request, client.as_requester(opened.request.email()));
    let (row, approval) = portal.end_orders().order(request, &reason, &by).await?;
    let ended = approval.ended().is_some();
    let ending_since = row.end_asked().filter(|_| !ended).map(|order| rfc3339(order.at));
    Ok(match format {
        ResponseFormat::Json => {
            (StatusCode::ACCEPTED, Json(EndAnswer { id: request.id(), ended, ending_since })).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &opened.key),
    })
}

/// The reason of an end.
fn end_reason(fields: &Fields) -> Result<String, Problem> {
    if fields.text("reason")?.is_none() {
        let detail = Message::new("finding-end-reason").with("field", "reason");
        let advice = Message::new("finding-give-end-reason");
        return Err(Finding::refused(Code::MissingField, detail, advice).into());
    }
    words(fields, "reason", "finding-give-end-reason")
}

/// The request of a mailed link; 403 with `message` for any other link to it. Whoever sent the form may be a stranger, also where
/// requesters need not confirm: a credential is worth more than one certificate.
async fn open_mailed(
    portal: &Portal,
    id: Result<Path<String>, PathRejection>,
    uri: &Uri,
    message: &'static str,
) -> Result<OpenedRequest, Problem> {
    let opened = open(portal, id, uri).await?;
    match opened.is_mailed() {
        true => Ok(opened),
        false => Err(Problem::new(Code::BadRequest, message).with_status(StatusCode::FORBIDDEN)),
    }
}

impl From<CredentialError> for Problem {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::NoStanding(status) => no_standing(status.as_str()),
            CredentialError::Over(error) => error.finding().into(),
            CredentialError::MadeMeanwhile => Problem::new(Code::AlreadyDecided, "problem-credential-made"),
            CredentialError::NoRandomness(error) => {
                tracing::error!(%error, "cannot make a credential");
                Problem::new(Code::TryAgain, "problem-try-again")
            }
            CredentialError::Port(error) => error.into(),
        }
    }
}

impl From<EndOrderError> for Problem {
    fn from(error: EndOrderError) -> Self {
        match error {
            EndOrderError::NoStanding(status) => no_standing(status.as_str()),
            EndOrderError::Port(error) => error.into(),
        }
    }
}

fn no_standing(status: &'static str) -> Problem {
    Problem::new(Code::NotFound, Message::new("problem-no-standing").with("status", status))
}
