//! What a requester sees of a request: where it stands, and the certificate.
//!
//! Invariant: the key of the link is checked before anything is read, and a wrong key is told exactly what an unknown
//! id is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use url::form_urlencoded;
use workflow::csr::Csr;
use workflow::finding::{Code, Finding};
use workflow::issuance::{Certificate, Serial};
use workflow::link::StatusKey;
use workflow::request::{HistoryEntry, Request, RequestId, Status, rfc3339};

use crate::Portal;
use crate::negotiate::{Wants, prefers_zip};
use crate::pages::{self, StatusPage};
use crate::problem::Problem;

/// GET `/requests/{id}?key=` as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    id: RequestId,
    status: Status,
    profile: &'a str,
    names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a Serial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    history: &'a [HistoryEntry],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [Finding],
}

/// GET `/requests/{id}?key=`.
pub(crate) async fn status(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (request, key) = open(&portal, id, &uri).await?;
    let names = names(&request);
    let certified = certified(&request);
    match wants {
        Wants::Page => Ok(pages::page(StatusCode::OK, &StatusPage::new(&portal, &request, &names, &key))),
        Wants::Json => Ok(Json(View {
            id: request.id,
            status: request.status,
            profile: &request.profile,
            names: &names,
            expires_at: request.expires_at.map(rfc3339),
            serial: request.serial.as_ref().filter(|_| certified),
            not_after: request.not_after.filter(|_| certified).map(rfc3339),
            reason: request.reason.as_deref(),
            code: request.code,
            history: &request.history,
            findings: &request.findings,
        })
        .into_response()),
    }
}

/// Whether serial and validity belong to a certificate that was made, and are not only reserved.
pub(crate) fn certified(request: &Request) -> bool {
    request.signed_date.is_some()
}

/// The names in the row, or, before they are there, those in the CSR.
fn names(request: &Request) -> Vec<String> {
    if request.csr_digest.is_some() {
        return request.names.clone();
    }
    Csr::read(&request.csr_content)
        .map(|csr| csr.names().iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

/// GET `/requests/{id}/certificate?key=`: PEM or zip, by `Accept`.
pub(crate) async fn certificate(
    portal: State<Arc<Portal>>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if prefers_zip(&headers) {
        certificate_zip(portal, id, uri).await
    } else {
        certificate_pem(portal, id, uri).await
    }
}

/// GET `/requests/{id}/certificate.pem?key=`.
pub(crate) async fn certificate_pem(
    State(portal): State<Arc<Portal>>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (request, _) = open(&portal, id, &uri).await?;
    let pem = stored(&portal, &request).await?;
    Ok(attachment("application/x-pem-file", "certificate.pem", pem))
}

/// GET `/requests/{id}/certificate.zip?key=`.
pub(crate) async fn certificate_zip(
    State(portal): State<Arc<Portal>>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (request, _) = open(&portal, id, &uri).await?;
    let pem = stored(&portal, &request).await?;
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!(request.id = %request.id, %error, "the zip cannot be made");
        Problem::new(
            Code::TryAgain,
            "The zip cannot be made at the moment. Please try again, or download the PEM file.",
        )
    };
    let issuer = Certificate::from_pem(&pem)
        .map_err(|error| broken(&error))?
        .authority_key_identifier()
        .ok_or_else(|| broken(&"the certificate names no issuer"))?;
    let chain = portal
        .archive
        .issuer_of(&issuer)
        .await?
        .ok_or_else(|| broken(&"its issuer is not in the archive"))?;
    let zip =
        workflow::bundle::certificate_zip(&pem, &chain, &request.names).map_err(|error| broken(&error))?;
    Ok(attachment("application/zip", "certificate.zip", zip))
}

/// GET `/ca.pem`.
pub(crate) async fn issuer(State(portal): State<Arc<Portal>>) -> Result<Response, Problem> {
    let chain = portal.archive.issuer().await?.ok_or_else(|| {
        Problem::new(
            Code::NotFound,
            "There is no certificate authority here yet. An operator has to set one up first.",
        )
    })?;
    Ok(attachment("application/x-pem-file", "ca.pem", chain))
}

/// The request that the link opens, and the key of the link.
async fn open(
    portal: &Portal,
    id: Result<Path<String>, PathRejection>,
    uri: &Uri,
) -> Result<(Request, StatusKey), Problem> {
    let id: RequestId = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(Problem::no_such_link)?;
    let query = uri.query().unwrap_or_default();
    let key =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key").map(|(_, value)| value);
    let links = portal.links.secret().await?;
    if !key.is_some_and(|key| links.opens(id, &key)) {
        return Err(Problem::no_such_link());
    }
    let request = portal.requests.find(id).await?.ok_or_else(Problem::no_such_link)?;
    Ok((request, links.status_key(id)))
}

async fn stored(portal: &Portal, request: &Request) -> Result<String, Problem> {
    let serial = match &request.serial {
        Some(serial) if request.status.has_certificate() => serial,
        _ => {
            let detail = if request.status.is_terminal() {
                format!(
                    "There is no certificate to download: the request is {}.",
                    pages::in_words(request.status)
                )
            } else {
                format!("There is no certificate yet: the request is {}.", pages::in_words(request.status))
            };
            return Err(Problem::new(Code::NotFound, detail));
        }
    };
    match portal.archive.certificate(serial).await? {
        Some(pem) => Ok(pem),
        None => {
            tracing::error!(request.id = %request.id, "the certificate is not in the archive");
            Err(Problem::new(
                Code::TryAgain,
                "The certificate could not be read. Please try again in a moment.",
            ))
        }
    }
}

fn attachment(media_type: &'static str, name: &str, content: impl IntoResponse) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, content).into_response()
}
