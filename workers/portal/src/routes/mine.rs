//! My certificates: the requests of an address, for the reader of its mailbox.
//!
//! Invariant: the response and the calls are the same for an address with and without requests. Notify mails the link to
//! the list only to that address, at a limited rate. The key of the link is derived like the key of a status link, and is valid
//! for an hour.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pki::certificate::Serial;
use serde::Serialize;
use workflow::approval::LinkGiven;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::request::overview;
use workflow::request::{Request, Status};
use workflow::timestamp::rfc3339;

use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, AskMinePage, MinePage};
use crate::state::Portal;

/// One request of the list, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mine<'a> {
    id: RequestId,
    status: Status,
    profile: &'a str,
    names: Vec<String>,
    registration_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a Serial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    status_url: String,
}

/// GET `/mine`: the form for an address.
pub(crate) async fn ask(State(portal): State<Arc<Portal>>, locale: Locale) -> Response {
    pages::page(StatusCode::OK, locale.language, &AskMinePage::new(&portal, &locale))
}

/// POST `/mine`: `{email}`. Has the link mailed to the address if it has any requests.
pub(crate) async fn send(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let email = match (fields.email("finding-give-email"), format) {
        (Ok(email), _) => email,
        (Err(finding), ResponseFormat::Json) => return Err(finding.into()),
        (Err(finding), ResponseFormat::Page) => {
            let page = AskMinePage::new(&portal, &locale).with_problem(&finding, fields.typed_address());
            return Ok(pages::page(Problem::from(finding).status, locale.language, &page));
        }
    };
    overview::send_link(&*portal.notify_queue, &email).await?;
    Ok(match format {
        ResponseFormat::Json => (StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response(),
        ResponseFormat::Page => {
            let page = AskMinePage::new(&portal, &locale).sent(&email);
            pages::page(StatusCode::ACCEPTED, locale.language, &page)
        }
    })
}

/// GET `/mine/{key}`.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    key: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let links = portal.links.secret().await?;
    let id = key.ok().and_then(|Path(key)| links.opens_overview(&key, portal.clock.now()));
    let id = id.ok_or_else(|| Problem::new(Code::NotFound, "problem-no-overview"))?;
    let (email, requests) =
        overview::list(&*portal.requests, id, portal.clock.now()).await?.ok_or_else(Problem::no_such_link)?;
    let urls: Vec<String> = requests
        .iter()
        .map(|one| portal.base_url.status(one.id(), &links.status_key(one.id(), LinkGiven::ByMail)))
        .collect();
    Ok(match format {
        ResponseFormat::Json => {
            let mine: Vec<Mine<'_>> =
                requests.iter().zip(urls).map(|(request, url)| Mine::of(request, url)).collect();
            Json(serde_json::json!({ "requests": mine })).into_response()
        }
        ResponseFormat::Page => {
            let policy = portal.policies.current().await?;
            let page = MinePage::new(&portal, &locale, &email, &requests, links, &policy);
            pages::page(StatusCode::OK, locale.language, &page)
        }
    })
}

impl<'a> Mine<'a> {
    fn of(request: &'a Request, status_url: String) -> Self {
        let is_signed = request.is_signed();
        Self {
            id: request.id(),
            status: request.shown_status(),
            profile: request.profile(),
            names: request.requested_names(),
            registration_date: rfc3339(request.registration_date()),
            replaces: request.replaces(),
            serial: request.serial().filter(|_| is_signed),
            not_after: request.not_after().filter(|_| is_signed).map(rfc3339),
            status_url,
        }
    }
}
