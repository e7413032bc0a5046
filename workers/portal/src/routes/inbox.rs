//! `/approvals`: everything that waits for an approver, for the reader of the approver's mailbox.
//!
//! Invariant: the response and the calls are the same for every address. await-approval mails the link to the list only
//! to an address in the policy, at a limited rate. What the list opens is checked like a link to one request.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use serde::Serialize;
use workflow::approval::inbox::{Inbox, Waiting, send_link};
use workflow::approval::review::ApprovalProgress;
use workflow::approval::{InboxLink, LinkKey};
use workflow::email::Email;
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::timestamp::rfc3339;

use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, AskInboxPage, InboxPage};
use crate::state::Portal;

/// One request of the list, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WaitingView<'a> {
    id: RequestId,
    names: Vec<String>,
    requester: &'a Email,
    profile: &'a str,
    registration_date: String,
    expires_at: String,
    approvals: usize,
    quorum: usize,
    review_url: String,
}

/// GET `/approvals`: the form for an address.
pub(crate) async fn ask(State(portal): State<Arc<Portal>>, locale: Locale) -> Response {
    pages::page(StatusCode::OK, locale.language, &AskInboxPage::new(&portal, &locale))
}

/// POST `/approvals`: `{email}`. Has the link mailed to the address if anything waits for that approver.
pub(crate) async fn send(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let email = match (fields.email("finding-give-approver"), format) {
        (Ok(email), _) => email,
        (Err(finding), ResponseFormat::Json) => return Err(finding.into()),
        (Err(finding), ResponseFormat::Page) => {
            let page = AskInboxPage::new(&portal, &locale).with_problem(&finding, fields.typed_address());
            return Ok(pages::page(Problem::from(finding).status, locale.language, &page));
        }
    };
    send_link(&*portal.approval_queue, &email).await?;
    Ok(match format {
        ResponseFormat::Json => (StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response(),
        ResponseFormat::Page => {
            let page = AskInboxPage::new(&portal, &locale).sent(&email);
            pages::page(StatusCode::ACCEPTED, locale.language, &page)
        }
    })
}

/// GET `/approvals/mine/{key}/`, or without the slash. The mailed link has it: then the links of the page are relative
/// to it, and the page does not have the key.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    key: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let no_such_link = || Problem::new(Code::NotFound, "problem-no-inbox");
    let key = key.ok().and_then(|Path(key)| LinkKey::parse(&key)).ok_or_else(no_such_link)?;
    let now = portal.clock.now();
    let link: InboxLink = portal
        .approvals
        .find_inbox(&key.digest())
        .await?
        .filter(|link| now < link.until)
        .ok_or_else(no_such_link)?;
    let policy = portal.policies.current().await?;
    let (requests, approvals) = (&*portal.requests, &*portal.approvals);
    let inbox = Inbox { requests, approvals, policy: &policy, approver: &link.approver, now };
    let found = inbox.waiting().await?;
    let mut rows: Vec<(Waiting, ApprovalProgress)> = Vec::with_capacity(found.len());
    for one in found {
        let progress = portal.voting().progress(&one.request, &one.approval).await?;
        rows.push((one, progress));
    }
    Ok(match format {
        ResponseFormat::Json => {
            let list = portal.base_url.inbox(&key);
            let approvals: Vec<WaitingView<'_>> =
                rows.iter().map(|(one, progress)| WaitingView::of(one, progress, &list)).collect();
            Json(serde_json::json!({ "approver": link.approver, "approvals": approvals })).into_response()
        }
        ResponseFormat::Page => {
            let last = uri.path().rsplit('/').next().filter(|last| !last.is_empty());
            let below = last.map(|last| format!("{last}/")).unwrap_or_default();
            let page = InboxPage::new(&portal, &locale, &link, &rows, &below);
            pages::page(StatusCode::OK, locale.language, &page)
        }
    })
}

impl<'a> WaitingView<'a> {
    fn of(one: &'a Waiting, progress: &ApprovalProgress, list: &str) -> Self {
        let Waiting { request, approval } = one;
        Self {
            id: request.id(),
            names: request.known_names(),
            requester: request.email(),
            profile: request.profile(),
            registration_date: rfc3339(request.registration_date()),
            expires_at: rfc3339(approval.expires_at),
            approvals: progress.approvals(),
            quorum: progress.quorum,
            review_url: format!("{list}{}", request.id()),
        }
    }
}
