//! A request for its requester: the status, and the certificate.
//!
//! Invariant: the key of the link is checked before anything is read; a wrong key and an unknown id get the same
//! response.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri};
use pki::certificate::{Certificate, Serial};
use pki::csr::Csr;
use serde::Serialize;
use url::form_urlencoded;
use workflow::approval::StatusKey;
use workflow::approval::VoteError;
use workflow::finding::{Code, Finding};
use workflow::ids::{IssuerId, RequestId};
use workflow::message::RecheckMessage;
use workflow::request::audit::{EventKind, PendingEvent};
use workflow::request::{HistoryEntry, Request, Status};
use workflow::store::{UpdateError, update_approval_audited, update_request};
use workflow::texts::Message;
use workflow::timestamp::rfc3339;

use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::is_cross_site;
use crate::http::negotiate::{ResponseFormat, prefers_zip};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, StatusPage};
use crate::state::Portal;

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
    format: ResponseFormat,
    locale: Locale,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (request, key) = open(&portal, id, &uri).await?;
    let names = names(&request);
    let is_signed = request.is_signed();
    match format {
        ResponseFormat::Page => {
            let masks_addresses = portal.policies.current().await?.masks_addresses();
            let page = StatusPage::new(&portal, &locale, &request, &names, &key, masks_addresses);
            Ok(pages::page(StatusCode::OK, locale.language, &page))
        }
        ResponseFormat::Json => Ok(Json(View {
            id: request.id(),
            status: request.status(),
            profile: request.profile(),
            names: &names,
            expires_at: request.expires_at().map(rfc3339),
            serial: request.serial().filter(|_| is_signed),
            not_after: request.not_after().filter(|_| is_signed).map(rfc3339),
            reason: request.reason(),
            code: request.code(),
            history: request.history(),
            findings: request.findings(),
        })
        .into_response()),
    }
}

/// The names in the row, or in the CSR if the row has none yet.
fn names(request: &Request) -> Vec<String> {
    if request.csr().is_some() {
        return request.names().to_vec();
    }
    Csr::read(request.csr_content())
        .map(|csr| csr.names().iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

/// POST `/requests/{id}/cancel?key=`: the requester withdraws the request.
pub(crate) async fn cancel(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    client: ClientAddr,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    if is_cross_site(&portal, &headers) {
        return Err(
            Problem::new(Code::BadRequest, "problem-cancel-cross-site").with_status(StatusCode::FORBIDDEN)
        );
    }
    let (request, key) = open(&portal, id, &uri).await?;
    let (now, by) = (portal.clock.now(), client.as_requester(request.email()));
    if request.status() == Status::Submitted {
        return Err(Problem::new(Code::TryAgain, "problem-cancel-too-early"));
    }
    let withdrawn =
        update_approval_audited(&*portal.approvals, &*portal.requests, request.id(), &by, |approval| {
            let entry = PendingEvent::new(EventKind::Withdrawn, now);
            approval.withdraw(now).map(|new| ((), new.then_some(entry)))
        })
        .await;
    // The approval may be decided while the row is still pending.
    let too_late = match withdrawn {
        Ok(_) => None,
        Err(UpdateError::Port(error)) => return Err(error.into()),
        Err(UpdateError::Rejected(VoteError::AlreadyDecided(outcome)))
            if request.status() == Status::PendingApproval =>
        {
            Some(outcome.as_str())
        }
        Err(UpdateError::Rejected(VoteError::Expired)) => Some(Status::Expired.as_str()),
        Err(UpdateError::Missing(_) | UpdateError::Rejected(_)) => Some(request.status().as_str()),
    };
    if let Some(status) = too_late {
        let message = Message::new("problem-cancel-too-late").with("status", status);
        return Err(Problem::new(Code::AlreadyDecided, message));
    }
    tracing::info!(request.id = %request.id(), "request {} was withdrawn", request.id());
    if let Err(error) = portal.approval_queue.recheck(&RecheckMessage::look(request.id())).await {
        let id = request.id();
        tracing::error!(request.id = %id, %error, "request {id} was withdrawn, but not re-checked; housekeeping will");
    }
    Ok(match format {
        ResponseFormat::Json => {
            Json(serde_json::json!({ "id": request.id(), "outcome": "rejected" })).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &key),
    })
}

/// The earlier request with the values for the form (`?again=...&key=...`); `None` without these parameters.
pub(crate) async fn asked_before(portal: &Portal, uri: &Uri) -> Result<Option<Request>, Problem> {
    let query = uri.query().unwrap_or_default();
    let id = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "again");
    let Some((_, id)) = id else {
        return Ok(None);
    };
    open(portal, Ok(Path(id.into_owned())), uri).await.map(|(request, _)| Some(request))
}

/// GET `/requests/{id}/certificate?key=`: PEM or zip, by `Accept`.
pub(crate) async fn certificate(
    portal: State<Arc<Portal>>,
    client: ClientAddr,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if prefers_zip(&headers) {
        certificate_zip(portal, client, id, uri, method).await
    } else {
        certificate_pem(portal, client, id, uri, method).await
    }
}

/// GET `/requests/{id}/certificate.pem?key=`.
pub(crate) async fn certificate_pem(
    State(portal): State<Arc<Portal>>,
    client: ClientAddr,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    method: Method,
) -> Result<Response, Problem> {
    let (request, _) = open(&portal, id, &uri).await?;
    let pem = stored(&portal, &request).await?;
    note_download(&portal, &request, &client, &method, "pem").await?;
    Ok(attachment("application/x-pem-file", "certificate.pem", pem))
}

/// GET `/requests/{id}/certificate.zip?key=`.
pub(crate) async fn certificate_zip(
    State(portal): State<Arc<Portal>>,
    client: ClientAddr,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    method: Method,
) -> Result<Response, Problem> {
    let (request, _) = open(&portal, id, &uri).await?;
    let pem = stored(&portal, &request).await?;
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!(request.id = %request.id(), %error, "cannot make the zip of request {}", request.id());
        Problem::new(Code::TryAgain, "problem-no-zip")
    };
    let issuer = Certificate::from_pem(&pem)
        .map_err(|error| broken(&error))?
        .authority_key_identifier()
        .ok_or_else(|| broken(&"the certificate has no authorityKeyIdentifier"))?;
    let chain = portal
        .issuers
        .by_key_identifier(&issuer)
        .await?
        .ok_or_else(|| broken(&"its issuer is not in the bucket"))?;
    let zip = workflow::mail::bundle::certificate_zip(&pem, chain.chain_pem(), request.names())
        .map_err(|error| broken(&error))?;
    note_download(&portal, &request, &client, &method, "zip").await?;
    Ok(attachment("application/zip", "certificate.zip", zip))
}

/// Records the download in the audit trail, before the certificate is sent.
async fn note_download(
    portal: &Portal,
    request: &Request,
    client: &ClientAddr,
    method: &Method,
    form: &str,
) -> Result<(), Problem> {
    if *method == Method::HEAD {
        return Ok(());
    }
    let (now, by) = (portal.clock.now(), client.as_requester(request.email()));
    let noted = update_request(&*portal.requests, request.id(), &by, |row| {
        row.note(PendingEvent::new(EventKind::Downloaded, now).with_detail(form));
    });
    match noted.await {
        Ok(_) => Ok(()),
        Err(UpdateError::Port(error)) => Err(error.into()),
        Err(UpdateError::Missing(_)) => Err(Problem::no_such_link()),
    }
}

/// GET `/ca.pem`.
pub(crate) async fn issuer(State(portal): State<Arc<Portal>>) -> Result<Response, Problem> {
    let no_ca = || Problem::new(Code::NotFound, "problem-no-ca");
    let chain = portal.issuers.in_force(&IssuerId::DEFAULT).await?.ok_or_else(no_ca)?;
    Ok(attachment("application/x-pem-file", "ca.pem", chain.chain_pem().to_owned()))
}

/// The request of a link, and the key of the link.
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
    let serial = match request.serial() {
        Some(serial) if request.status().has_certificate() => serial,
        _ => {
            let detail = Message::new(if request.status().is_terminal() {
                "problem-no-certificate"
            } else {
                "problem-no-certificate-yet"
            });
            return Err(Problem::new(Code::NotFound, detail.with("status", request.status().as_str())));
        }
    };
    match portal.certificates.certificate(serial).await? {
        Some(pem) => Ok(pem),
        None => {
            let id = request.id();
            tracing::error!(request.id = %id, "the certificate of request {id} is not in the bucket");
            Err(Problem::new(Code::TryAgain, "problem-unreadable-certificate"))
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
