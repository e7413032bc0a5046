//! A request for its requester: the status, and the certificate.
//!
//! Invariant: the key of the link is checked before anything is read; a wrong key and an unknown id get the same
//! response.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use pki::certificate::{Certificate, Serial};
use serde::Serialize;
use url::form_urlencoded;
use workflow::approval::duplicates::Duplicates;
use workflow::approval::opened::OpenedRequest;
use workflow::approval::question::{Question, QuestionAnswer};
use workflow::approval::withdrawal::WithdrawalError;
use workflow::approver_set::MissingApprovals;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::request::{HistoryEntry, Request, Status};
use workflow::texts::Message;
use workflow::timestamp::rfc3339;

use super::confirmation_view::ConfirmationView;
use super::revocation_view::RevocationView;
use super::standing_view::StandingJson;
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, StatusPage};
use crate::standing::StandingStatus;
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
    replaces: Option<RequestId>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<RevocationView>,
    history: Vec<HistoryEntry>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<ConfirmationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    questions: Vec<QuestionJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<StandingJson<'a>>,
}

/// How far the approval is, without the addresses of the approvers.
#[derive(Serialize)]
struct ProgressView<'a> {
    approvals: usize,
    quorum: usize,
    lacking: Vec<&'a MissingApprovals>,
}

/// A question, without the approver who asks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuestionJson<'a> {
    number: u32,
    question: &'a str,
    asked_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a QuestionAnswer>,
}

impl<'a> QuestionJson<'a> {
    fn of(question: &'a Question) -> Self {
        Self {
            number: question.number,
            question: &question.text,
            asked_at: rfc3339(question.asked_at),
            answer: question.answer.as_ref(),
        }
    }
}

/// GET `/requests/{id}?key=`.
pub(crate) async fn status(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let opened = open(&portal, id, &uri).await?;
    show(&portal, format, &locale, &opened).await
}

pub(super) async fn show(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    opened: &OpenedRequest,
) -> Result<Response, Problem> {
    let request = &opened.request;
    let names = request.requested_names();
    let is_signed = request.is_signed();
    // A withdrawal and a decision are in the approval first.
    let approval = match request.status() {
        Status::PendingApproval => portal.approvals.find(request.id()).await?,
        _ => None,
    };
    let progress = match approval.as_ref().filter(|approval| approval.outcome.is_none()) {
        Some(approval) => Some(portal.voting().progress(request, approval).await?),
        None => None,
    };
    let policy = portal.policies.current().await?;
    let standing = StandingStatus::of(portal, opened, &policy).await?;
    match format {
        ResponseFormat::Page => {
            let shown = progress.as_ref();
            let mut page = StatusPage::new(portal, locale, opened, &names, approval.as_ref(), shown, &policy);
            if let Some(certificate) = handed_out(portal, opened).await {
                page = page.with_certificate(&certificate);
            }
            if let Some(duplicates) = duplicates(portal, opened, &names, progress.is_some()).await {
                let (links, now) = (portal.links.secret().await?, portal.clock.now());
                page = page.with_duplicates(request, &duplicates, links, &policy, now);
            }
            if let Some(standing) = &standing {
                page = page.with_standing(opened, standing, portal.links.secret().await?);
            }
            Ok(pages::page(StatusCode::OK, locale.language, &page))
        }
        ResponseFormat::Json => Ok(Json(View {
            id: request.id(),
            status: request.shown_status(),
            profile: request.profile(),
            names: &names,
            replaces: request.replaces(),
            expires_at: request.expires_at().map(rfc3339),
            serial: request.serial().filter(|_| is_signed),
            not_after: request.not_after().filter(|_| is_signed).map(rfc3339),
            reason: request.reason(),
            code: request.code(),
            revocation: RevocationView::of(request),
            history: request.shown_history(),
            findings: request.findings(),
            confirmation: ConfirmationView::of(portal, request).await?,
            progress: progress.as_ref().map(|progress| ProgressView {
                approvals: progress.approvals(),
                quorum: progress.quorum,
                lacking: progress.needed.iter().map(|group| &group.missing).collect(),
            }),
            questions: approval
                .iter()
                .flat_map(|approval| &approval.questions)
                .map(QuestionJson::of)
                .collect(),
            standing: standing.as_ref().map(|standing| StandingJson::of(request, standing)),
        })
        .into_response()),
    }
}

/// The certificate, if this link opens it. Without it the page lacks its fingerprint, and nothing else.
async fn handed_out(portal: &Portal, opened: &OpenedRequest) -> Option<Certificate> {
    if !(opened.request.may_be_handed_out() && opened.may_download()) {
        return None;
    }
    let id = opened.request.id();
    match portal.downloads().certificate(&opened.request).await {
        Ok(certificate) => Some(certificate),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "the page of request {id} lacks the fingerprint of its certificate");
            None
        }
    }
}

/// The requester's other requests for the same names, for the reader of the mailbox, until the request is decided: nobody else
/// may learn of them. Without the tables the page lacks the warning, and nothing else.
async fn duplicates(
    portal: &Portal,
    opened: &OpenedRequest,
    names: &[String],
    is_undecided: bool,
) -> Option<Duplicates> {
    let request = &opened.request;
    let is_open = is_undecided || matches!(request.status(), Status::Unconfirmed | Status::Submitted);
    let is_alone = request.terms().is_some() || request.standing().is_some();
    if !(opened.is_mailed() && is_open) || is_alone {
        return None;
    }
    let (id, now) = (request.id(), portal.clock.now());
    match Duplicates::of(&*portal.requests, &*portal.names, request, names, now).await {
        Ok(found) => (!found.is_empty()).then_some(found),
        Err(error) => {
            tracing::warn!(request.id = %id, %error, "the page of request {id} lacks its duplicates");
            None
        }
    }
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
    refuse_cross_site(&portal, &headers, "problem-cancel-cross-site")?;
    let OpenedRequest { request, key, .. } = open(&portal, id, &uri).await?;
    portal.withdrawal().withdraw(&request, &client.as_requester(request.email())).await?;
    Ok(match format {
        ResponseFormat::Json => {
            let answer = serde_json::json!({ "id": request.id(), "outcome": "rejected", "withdrawn": true });
            Json(answer).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, request.id(), &key),
    })
}

/// What the form is filled in for.
pub(crate) enum AskedBefore {
    /// The same request again.
    Again(Box<Request>),
    /// A renewal of its certificate.
    Renew(Box<OpenedRequest>),
}

/// The earlier request with the values for the form (`?again=...&key=...` or `?renew=...&key=...`); `None` without
/// these parameters.
pub(crate) async fn asked_before(portal: &Portal, uri: &Uri) -> Result<Option<AskedBefore>, Problem> {
    let query = uri.query().unwrap_or_default();
    let parameter = |wanted: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    if let Some(id) = parameter("renew") {
        let opened = open(portal, Ok(Path(id)), uri).await?;
        if !opened.may_download() {
            return Err(needs_mailed_link());
        }
        return Ok(Some(AskedBefore::Renew(Box::new(opened))));
    }
    let Some(id) = parameter("again") else {
        return Ok(None);
    };
    let opened = open(portal, Ok(Path(id)), uri).await?;
    Ok(Some(AskedBefore::Again(Box::new(opened.request))))
}

impl From<WithdrawalError> for Problem {
    fn from(error: WithdrawalError) -> Self {
        match error {
            WithdrawalError::Unconfirmed => Problem::new(Code::AlreadyDecided, "problem-cancel-unconfirmed"),
            WithdrawalError::TooEarly => Problem::new(Code::TryAgain, "problem-cancel-too-early"),
            WithdrawalError::TooLate(status) => {
                let message = Message::new("problem-cancel-too-late").with("status", status);
                Problem::new(Code::AlreadyDecided, message)
            }
            WithdrawalError::Port(error) => error.into(),
        }
    }
}

/// The problem of a requester with too many undecided requests.
pub(crate) fn too_many_undecided(limit: usize) -> Problem {
    let message = Message::new("problem-too-many-waiting").with("limit", limit);
    Problem::new(Code::TryAgain, message).with_status(StatusCode::TOO_MANY_REQUESTS)
}

/// Checks that the link went out by mail, so that its holder is the requester; whoever sent the form may be a stranger.
///
/// # Errors
/// 403 with `message`.
pub(super) fn ensure_mailed(opened: &OpenedRequest, message: &'static str) -> Result<(), Problem> {
    match opened.may_download() {
        true => Ok(()),
        false => Err(Problem::new(Code::BadRequest, message).with_status(StatusCode::FORBIDDEN)),
    }
}

/// The problem of a link that does not open the certificate.
pub(super) fn needs_mailed_link() -> Problem {
    Problem::new(Code::BadRequest, "problem-download-by-mail").with_status(StatusCode::FORBIDDEN)
}

/// The request of a link.
pub(super) async fn open(
    portal: &Portal,
    id: Result<Path<String>, PathRejection>,
    uri: &Uri,
) -> Result<OpenedRequest, Problem> {
    let id: RequestId = id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(Problem::no_such_link)?;
    let query = uri.query().unwrap_or_default();
    let key =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key").map(|(_, value)| value);
    let key = key.ok_or_else(Problem::no_such_link)?;
    let opened = OpenedRequest::open(&*portal.requests, &*portal.links, &*portal.clock, id, &key).await?;
    opened.ok_or_else(Problem::no_such_link)
}
