//! The confirmation of a request by its requester: by the mailed link, or by a sign-in at the identity provider.
//!
//! Invariant: the rules are in `workflow::request::intake`, and the policy in force says which of the two confirms. GET
//! confirms nothing. Where a sign-in confirms, every link of the request leads to it, and none confirms by itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use workflow::approval::opened::OpenedRequest;
use workflow::approval::sign_in::SignInError;
use workflow::finding::Code;
use workflow::policy::Policy;
use workflow::request::intake::{ConfirmationError, ConfirmationProof};
use workflow::request::{Request, RequesterEvidence, Status};
use workflow::texts::Message;

use super::confirmation_view::asks_for_sign_in;
use super::requests::{open, show, too_many_undecided};
use super::sign_in::begin::{SignInToBegin, fetch_keys_for, lead_on, random_nonce};
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::OptionalFields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::http::sign_in_cookie::{PendingConfirmation, PendingSignIn, SignInPurpose, forget, refused};
use crate::http::sign_in_fields::requester_evidence;
use crate::locale::Locale;
use crate::pages::{self, ConfirmSignedInPage};
use crate::state::Portal;

/// GET `/requests/{id}/confirm?key=`: the status page, which asks to confirm. Decides nothing.
pub(crate) async fn ask_to_confirm(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    let opened = open_to_confirm(&portal, &policy, id, &uri).await?;
    match format {
        ResponseFormat::Page if opened.request.status() != Status::Unconfirmed => {
            Ok(pages::see_status(&portal, &locale, opened.request.id(), &opened.key))
        }
        _ => show(&portal, format, &locale, &opened).await,
    }
}

/// POST `/requests/{id}/confirm?key=`: the reader of the requester's mailbox confirms the request; or the requester begins a
/// sign-in, or gives its ID token.
pub(crate) async fn confirm(
    State(portal): State<Arc<Portal>>,
    (format, locale): (ResponseFormat, Locale),
    client: ClientAddr,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    fields: Result<OptionalFields, Problem>,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-confirm-cross-site")?;
    let policy = portal.policies.current().await?;
    let opened = open_to_confirm(&portal, &policy, id, &uri).await?;
    let evidence = match asks_for_sign_in(&policy) {
        true => requester_evidence(&fields?.0)?,
        false => None,
    };
    let is_begun = evidence.is_none() && asks_for_sign_in(&policy);
    if is_begun && format == ResponseFormat::Page && opened.request.status() == Status::Unconfirmed {
        return begin(&portal, &locale, &policy, &opened).await;
    }
    let confirmed = record(&portal, &policy, &client, &opened, evidence.as_ref()).await?;
    Ok(match format {
        ResponseFormat::Json => {
            Json(serde_json::json!({ "id": confirmed.id(), "status": confirmed.status() })).into_response()
        }
        ResponseFormat::Page => pages::see_status(&portal, &locale, confirmed.id(), &opened.key),
    })
}

/// Sends the requester to the identity provider.
async fn begin(
    portal: &Portal,
    locale: &Locale,
    policy: &Policy,
    opened: &OpenedRequest,
) -> Result<Response, Problem> {
    let request = &opened.request;
    // Before the sign-in, which would be in vain.
    portal.intake().within_undecided(request, policy).await?;
    let nonce = random_nonce();
    let bound = request.confirmation_nonce(&portal.base_url, &nonce);
    let key = opened.key.expose().to_owned();
    let purpose = SignInPurpose::Confirm(PendingConfirmation { request: request.id(), key });
    let sign_in =
        SignInToBegin { request: request.id(), purpose, person: Some(request.email()), nonce, bound };
    lead_on(portal, locale, sign_in).await
}

/// GET `/signed-in` of a requester: shows what is confirmed, and asks for it.
pub(super) async fn show_signed_in(
    portal: &Portal,
    locale: &Locale,
    pending: &PendingSignIn,
    token: &str,
) -> Result<Response, Problem> {
    let (policy, opened) = (portal.policies.current().await?, reopen(portal, pending).await?);
    let request = &opened.request;
    if request.status() != Status::Unconfirmed {
        return Ok(pages::see_status(portal, locale, request.id(), &opened.key));
    }
    let evidence = pending.evidence(token);
    let proof = ConfirmationProof { given: opened.given, evidence: Some(&evidence) };
    let page = ConfirmSignedInPage::new(portal, locale, request, token);
    let page = match portal.intake().prove(request, &policy, proof).await {
        Ok(()) => page,
        Err(error) => {
            let is_about_keys = fetch_keys(portal, request, &error).await?;
            let problem = problem_of(error, request);
            if !is_about_keys {
                return Err(problem);
            }
            page.with_problem(&problem)
        }
    };
    Ok(pages::page(StatusCode::OK, locale.language, &page))
}

/// POST `/signed-in` of a requester: confirms the request.
pub(super) async fn confirm_signed_in(
    portal: &Portal,
    locale: &Locale,
    client: &ClientAddr,
    pending: &PendingSignIn,
    token: &str,
) -> Result<Response, Problem> {
    let (policy, opened) = (portal.policies.current().await?, reopen(portal, pending).await?);
    let evidence = pending.evidence(token);
    match record(portal, &policy, client, &opened, Some(&evidence)).await {
        Ok(confirmed) => {
            let mut response = pages::see_status(portal, locale, confirmed.id(), &opened.key);
            forget(response.headers_mut(), &portal.base_url);
            Ok(response)
        }
        // Nothing is lost: the same button tries again.
        Err(problem) if problem.code == Code::TryAgain => {
            let page = ConfirmSignedInPage::new(portal, locale, &opened.request, token);
            Ok(pages::page(problem.status, locale.language, &page.with_problem(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

/// Records a confirmation.
async fn record(
    portal: &Portal,
    policy: &Policy,
    client: &ClientAddr,
    opened: &OpenedRequest,
    evidence: Option<&RequesterEvidence>,
) -> Result<Request, Problem> {
    let OpenedRequest { request, given, .. } = opened;
    if request.status() == Status::Expired {
        return Err(ConfirmationError::Lapsed.into());
    }
    let (proof, by) = (ConfirmationProof { given: *given, evidence }, client.as_requester(request.email()));
    match portal.intake().confirm(request, policy, proof, &by).await {
        Ok(confirmed) => Ok(confirmed),
        Err(error) => {
            fetch_keys(portal, request, &error).await?;
            Err(problem_of(error, request))
        }
    }
}

impl PendingSignIn {
    fn evidence(&self, token: &str) -> RequesterEvidence {
        RequesterEvidence { id_token: token.to_owned(), nonce: self.nonce.clone() }
    }
}

/// The request of a link that may confirm: any link if a sign-in confirms, else the mailed one.
async fn open_to_confirm(
    portal: &Portal,
    policy: &Policy,
    id: Result<Path<String>, PathRejection>,
    uri: &Uri,
) -> Result<OpenedRequest, Problem> {
    let opened = open(portal, id, uri).await?;
    if opened.is_mailed() || asks_for_sign_in(policy) { Ok(opened) } else { Err(Problem::no_such_link()) }
}

/// The request for which the sign-in began.
async fn reopen(portal: &Portal, pending: &PendingSignIn) -> Result<OpenedRequest, Problem> {
    let SignInPurpose::Confirm(PendingConfirmation { request, key }) = &pending.purpose else {
        return Err(refused("problem-sign-in-state"));
    };
    let opened = OpenedRequest::open(&*portal.requests, &*portal.links, &*portal.clock, *request, key);
    opened.await?.ok_or_else(Problem::no_such_link)
}

/// Has Sign fetch the provider's keys, if the error is about them.
async fn fetch_keys(portal: &Portal, request: &Request, error: &ConfirmationError) -> Result<bool, Problem> {
    match error {
        ConfirmationError::NotProven(error) => fetch_keys_for(portal, request.id(), *error).await,
        _ => Ok(false),
    }
}

/// The problem, with the address that the requester has to sign in with.
fn problem_of(error: ConfirmationError, request: &Request) -> Problem {
    match error {
        ConfirmationError::NotProven(SignInError::OtherPerson) => {
            let email = request.email().as_str();
            refused(Message::new("problem-sign-in-other-requester").with("email", email))
        }
        error => error.into(),
    }
}

impl From<ConfirmationError> for Problem {
    fn from(error: ConfirmationError) -> Self {
        match error {
            ConfirmationError::Lapsed => Problem::new(Code::Expired, "problem-confirm-too-late"),
            ConfirmationError::NotMailed => Problem::no_such_link(),
            ConfirmationError::NotProven(SignInError::NoToken) => {
                Problem::new(Code::SignInNeeded, "problem-sign-in-needed-to-confirm")
            }
            ConfirmationError::NotProven(error) => error.into(),
            ConfirmationError::TooManyUndecided { limit } => too_many_undecided(limit),
            ConfirmationError::Port(error) => error.into(),
        }
    }
}
