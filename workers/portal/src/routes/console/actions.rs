//! POST `/console/requests/{id}`: an operator acts on a request.
//!
//! Invariant: each action goes the way that it goes elsewhere: new links by await-approval, a retry by the row and an execution, a
//! revocation by the row and its flow, the end of a standing approval by the row and Sign. None of them approves.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use workflow::approval::ending::EndOrderError;
use workflow::approval::resending::ResendError;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::policy::RevocationRules;
use workflow::request::RevocationOrder;
use workflow::request::audit::Origin;
use workflow::request::input::{missing, private_key, unfit_text};
use workflow::store::{NotRetried, UpdateError, retry_request};
use workflow::texts::Message;

use super::ConsoleCall;
use super::request::{id_of, page};
use crate::http::client_addr::ClientAddr;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::pages::ConsoleAction;
use crate::routes::revocations::no_reason;

/// The most characters of a reason.
const MAX_REASON_CHARS: usize = 500;

pub(super) async fn act(
    call: ConsoleCall,
    client: ClientAddr,
    id: Result<Path<String>, PathRejection>,
    fields: Fields,
) -> Result<Response, Problem> {
    call.ensure_own_form(&fields).await?;
    call.ensure_operator()?;
    let id = id_of(id)?;
    let by = client.as_operator(&call.session.visitor.person);
    match carry_out(&call, id, &by, &fields).await {
        Ok(()) => {
            let path =
                format!("{}console/requests/{id}{}", call.portal.base_url.path(), call.locale.only_lang());
            Ok(call.answered((StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()))
        }
        // At the form, with the rest of the page.
        Err(problem) if problem.status.is_client_error() && problem.code != Code::NotFound => {
            page(&call, id, problem.status, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn carry_out(call: &ConsoleCall, id: RequestId, by: &Origin, fields: &Fields) -> Result<(), Problem> {
    let reason = reason(fields)?;
    let action = fields.text("action")?.and_then(|text| text.parse().ok());
    let action: ConsoleAction =
        action.ok_or_else(|| Problem::new(Code::BadRequest, "problem-console-action"))?;
    tracing::info!(request.id = %id, %action, "an operator acts on request {id} at the console");
    match action {
        ConsoleAction::Resend => resend(call, id, by, &reason).await,
        ConsoleAction::Retry => retry(call, id, by, &reason).await,
        ConsoleAction::Revoke => revoke(call, id, by, fields, reason).await,
        ConsoleAction::End => end(call, id, by, &reason).await,
    }
}

/// Why the operator acts.
fn reason(fields: &Fields) -> Result<String, Finding> {
    let reason = fields.text("reason")?.ok_or_else(|| missing("reason", "finding-give-console-reason"))?;
    let reason = reason.trim().replace("\r\n", "\n");
    if let Some(finding) = private_key("reason", &reason).or_else(|| unfit_text("reason", &reason)) {
        return Err(finding);
    }
    let count = reason.chars().count();
    if count > MAX_REASON_CHARS {
        let detail = Message::new("finding-text-long").with("field", "reason").with("count", count);
        let detail = detail.with("most", MAX_REASON_CHARS);
        return Err(Finding::refused(Code::BadRequest, detail, Message::new("finding-text-long-advice")));
    }
    Ok(reason)
}

/// The approvers get new links.
async fn resend(call: &ConsoleCall, id: RequestId, by: &Origin, reason: &str) -> Result<(), Problem> {
    call.portal.resending().resend(id, reason, by).await.map_err(|error| match error {
        ResendError::Missing(_) => Problem::no_such_page(),
        ResendError::NobodyAsked(_) => {
            Problem::new(Code::AlreadyDecided, "problem-console-nothing-to-resend")
        }
        ResendError::TooMany(_) => too_many(),
        ResendError::Port(error) => error.into(),
    })
}

async fn retry(call: &ConsoleCall, id: RequestId, by: &Origin, reason: &str) -> Result<(), Problem> {
    let portal = &call.portal;
    let (requests, executions) = (&*portal.requests, &*portal.executions);
    let retried = retry_request(requests, executions, id, (by, Some(reason)), portal.clock.now()).await;
    let retried = retried.map_err(|error| match error {
        UpdateError::Missing(_) => Problem::no_such_page(),
        UpdateError::Rejected(NotRetried::Ended(error)) => {
            let message = Message::new("problem-console-not-failed").with("status", error.status.as_str());
            Problem::new(Code::AlreadyDecided, message)
        }
        UpdateError::Rejected(NotRetried::TooMany(_)) => too_many(),
        UpdateError::Port(error) => error.into(),
    })?;
    if let Some(error) = retried.not_started {
        tracing::error!(request.id = %id, %error, "request {id} is to go on, but its execution did not start; housekeeping will start it");
    }
    Ok(())
}

async fn revoke(
    call: &ConsoleCall,
    id: RequestId,
    by: &Origin,
    fields: &Fields,
    comment: String,
) -> Result<(), Problem> {
    let portal = &call.portal;
    let name = fields.text("revocationReason")?;
    let name =
        name.ok_or_else(|| missing("revocationReason", "finding-give-revocation-reason"))?.trim().to_owned();
    let chosen = RevocationRules::OPERATOR.into_iter().find(|reason| reason.as_str() == name);
    let reason = chosen.ok_or_else(no_reason)?;
    let request = portal.requests.find(id).await?.ok_or_else(Problem::no_such_page)?;
    let order = RevocationOrder { reason, comment: Some(comment) };
    portal.revocations().revoke(&request, &order, &RevocationRules::OPERATOR, by).await?;
    Ok(())
}

async fn end(call: &ConsoleCall, id: RequestId, by: &Origin, reason: &str) -> Result<(), Problem> {
    let portal = &call.portal;
    let request = portal.requests.find(id).await?.ok_or_else(Problem::no_such_page)?;
    let ended = portal.end_orders().order(&request, reason, by).await;
    ended.map_err(|error| match error {
        EndOrderError::NoStanding(status) => {
            let message = Message::new("problem-no-standing").with("status", status.as_str());
            Problem::new(Code::AlreadyDecided, message)
        }
        EndOrderError::Port(error) => error.into(),
    })?;
    Ok(())
}

fn too_many() -> Problem {
    Problem::new(Code::BadRequest, "problem-console-too-many")
}
