//! GET `/console/requests/{id}`: everything about one request, with its proofs checked anew.
//!
//! Invariant: reads only, and shows no key of a link and no token.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use http::StatusCode;
use workflow::approval::Approval;
use workflow::approval::passkey::NotProven;
use workflow::decision::Vote;
use workflow::ids::RequestId;
use workflow::ports::{PortError, StateVisit};
use workflow::request::audit::Event;
use workflow::request::{Request, verify_request};
use workflow::store::vote_proof;

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::{ConsoleRequestPage, RequestAtConsole};

/// Reads of row and trail, if the row changes in between.
const ATTEMPTS: usize = 4;

pub(super) async fn show(
    call: ConsoleCall,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = id_of(id)?;
    page(&call, id, StatusCode::OK, None).await
}

/// The id in the path.
///
/// # Errors
/// 404.
pub(super) fn id_of(id: Result<Path<String>, PathRejection>) -> Result<RequestId, Problem> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(Problem::no_such_page)
}

/// The page of a request, with what was wrong with an action.
pub(super) async fn page(
    call: &ConsoleCall,
    id: RequestId,
    status: StatusCode,
    problem: Option<&Problem>,
) -> Result<Response, Problem> {
    let portal = &call.portal;
    let (request, trail) = at_one_moment(call, id).await?.ok_or_else(Problem::no_such_page)?;
    let approval = portal.approvals.find(id).await?;
    let progress = match approval.as_ref().filter(|approval| approval.outcome.is_none()) {
        Some(approval) => Some(portal.voting().progress(&request, approval).await?),
        None => None,
    };
    let standing = if request.is_granted() { portal.standing.find(id).await? } else { None };
    let about = RequestAtConsole {
        proofs: proofs(call, &request, approval.as_ref()).await?,
        defects: verify_request(&request, &trail).iter().map(ToString::to_string).collect(),
        trail,
        progress,
        standing,
        visits: visits(call, &request.execution().arn).await,
        revocation_visits: match request.revocation() {
            Some(revocation) => Some(visits(call, &revocation.execution_arn).await),
            None => None,
        },
        request,
    };
    let page = ConsoleRequestPage::new(portal, &call.locale, call.frame(), &about, &call.policy);
    let page = match problem {
        Some(problem) => page.with_problem(problem),
        None => page,
    };
    Ok(call.page(status, &page))
}

/// The states that an execution entered; none if Step Functions keeps it no longer, or does not answer: the rest of the page stands
/// without.
async fn visits(call: &ConsoleCall, arn: &str) -> Vec<StateVisit> {
    match call.portal.history.states(arn).await {
        Ok(visits) => visits.unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, "cannot read the history of an execution");
            Vec::new()
        }
    }
}

/// Row and trail of one moment: the row is read again until it did not change while the trail was read.
async fn at_one_moment(
    call: &ConsoleCall,
    id: RequestId,
) -> Result<Option<(Request, Vec<Event>)>, PortError> {
    let portal = &call.portal;
    let Some(mut row) = portal.requests.find(id).await? else { return Ok(None) };
    let mut trail = Vec::new();
    for _ in 0..ATTEMPTS {
        trail = portal.trails.trail(id).await?;
        let Some(after) = portal.requests.find(id).await? else { return Ok(None) };
        let is_same = after.version() == row.version();
        row = after;
        if is_same {
            break;
        }
    }
    Ok(Some((row, trail)))
}

/// The votes of the decision, or those so far, and whether what proves each is right.
async fn proofs(
    call: &ConsoleCall,
    request: &Request,
    approval: Option<&Approval>,
) -> Result<Vec<(Vote, Result<(), NotProven>)>, PortError> {
    let (portal, policy) = (&call.portal, &call.policy);
    let decided = request.decision().map(|decision| (&decision.digest, &decision.votes));
    let cast = decided.or(approval.map(|approval| (&approval.digest, &approval.votes)));
    let mut proofs = Vec::new();
    let Some((digest, votes)) = cast else { return Ok(proofs) };
    for vote in votes {
        let cast = (digest, vote);
        let proven = vote_proof(&*portal.people, policy, &portal.base_url, request.id(), cast).await?;
        proofs.push((vote.clone(), proven));
    }
    Ok(proofs)
}
