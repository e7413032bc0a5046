//! POST `/approvals/{key}`: one vote.
//!
//! The vote is recorded first, by a conditional write; then the await-approval worker is woken. Should that fail, the
//! vote stands all the same: repeating it, or housekeeping, wakes the worker later.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use workflow::approval::{VoteError, Voted};
use workflow::decision::{ApprovalDigest, Decision, Outcome, Vote};
use workflow::finding::{Code, Finding};
use workflow::ports::change_approval;
use workflow::request::RequestId;

use super::review::{Review, expired};
use super::{Opened, open};
use crate::Portal;
use crate::fields::Fields;
use crate::negotiate::Wants;
use crate::pages::{self, ReviewPage};
use crate::problem::Problem;
use crate::submission::{missing, private_key, unfit_text};

/// What became of the vote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decided {
    request_id: RequestId,
    decision: Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    votes: Vec<Vote>,
}

/// One vote as it was sent.
struct Ballot {
    decision: Decision,
    digest: ApprovalDigest,
    reason: Option<String>,
}

pub(crate) async fn decide(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    if is_cross_site(&portal, &headers) {
        return Err(Problem::new(
            Code::BadRequest,
            "This decision was sent from another site. Please open the link from the mail and decide there.",
        )
        .with_status(StatusCode::FORBIDDEN));
    }
    let mut opened = open(&portal, key).await?;
    let voted = match ballot(&fields) {
        Ok(ballot) => vote(&portal, &opened, &ballot).await.map(|approval| {
            opened.approval = approval;
            ballot
        }),
        Err(problem) => Err(problem),
    };
    match (voted, wants) {
        (Ok(ballot), Wants::Json) => Ok(Json(Decided {
            request_id: opened.request.id,
            decision: ballot.decision,
            outcome: opened.approval.outcome,
            votes: opened.approval.votes,
        })
        .into_response()),
        (Ok(ballot), Wants::Page) => {
            let review = Review::of(&portal, opened).await?;
            Ok(pages::page(StatusCode::OK, &ReviewPage::new(&portal, &review).after_vote(ballot.decision)))
        }
        // The approver sees the request again, as it is now, and what was wrong above it.
        (Err(problem), Wants::Page)
            if matches!(problem.code, Code::AlreadyDecided | Code::BadRequest | Code::MissingField) =>
        {
            let id = opened.request.id;
            if let Some(approval) = portal.approvals.find(id).await? {
                opened.approval = approval;
            }
            let review = Review::of(&portal, opened).await?;
            Ok(pages::page(problem.status, &ReviewPage::new(&portal, &review).with_problem(&problem)))
        }
        (Err(problem), _) => Err(problem),
    }
}

/// Records the vote and wakes the flow.
async fn vote(
    portal: &Portal,
    opened: &Opened,
    ballot: &Ballot,
) -> Result<workflow::approval::Approval, Problem> {
    let id = opened.request.id;
    if opened.approval.outcome.is_none() && opened.request.status.is_terminal() {
        return Err(Problem::new(
            Code::AlreadyDecided,
            format!("The request has ended meanwhile: it is {}.", pages::in_words(opened.request.status)),
        ));
    }
    let now = portal.clock.now();
    let changed = change_approval(&*portal.approvals, id, |approval| {
        approval.vote(&opened.link.approver, ballot.decision, &ballot.digest, ballot.reason.clone(), now)
    })
    .await?;
    let (approval, voted) = match changed {
        None => return Err(Problem::no_such_link()),
        Some(Err(error)) => return Err(refused(error)),
        Some(Ok(changed)) => changed,
    };
    match voted {
        Voted::Recorded => {
            tracing::info!(request.id = %id, decision = ?ballot.decision, outcome = approval.outcome.map(Outcome::as_str), "decided");
        }
        Voted::Repeated => {
            tracing::info!(request.id = %id, decision = ?ballot.decision, "decided again, the same")
        }
    }
    if let Err(error) = portal.nudges.nudge(id).await {
        tracing::error!(request.id = %id, %error, "recorded, but the flow was not woken; housekeeping will");
    }
    Ok(approval)
}

fn refused(error: VoteError) -> Problem {
    match error {
        VoteError::AlreadyDecided(outcome) => {
            Problem::new(Code::AlreadyDecided, format!("The request is already {outcome}; that stands."))
        }
        VoteError::VotedOtherwise => {
            Problem::new(Code::AlreadyDecided, "You have decided otherwise before; that stands.")
        }
        VoteError::StaleDigest => Problem::new(
            Code::AlreadyDecided,
            "What you decided about is not what is asked for now. Please look at the request again and decide then.",
        ),
        VoteError::Expired => expired(),
        VoteError::NotAnApprover => Problem::no_such_link(),
    }
}

fn ballot(fields: &Fields) -> Result<Ballot, Problem> {
    let mut wrong = Vec::new();
    let mut text = |field: &'static str, needed: Option<&str>| match (fields.text(field), needed) {
        (Ok(Some(text)), _) => text.into_owned(),
        (Ok(None), None) => String::new(),
        (Ok(None), Some(what)) => {
            wrong.push(missing(field, what));
            String::new()
        }
        (Err(finding), _) => {
            wrong.push(finding);
            String::new()
        }
    };
    let decision = text("decision", Some("approve or reject"));
    let digest = text("digest", Some("the digest that the review showed"));
    let reason = text("reason", None).trim().replace("\r\n", "\n");
    let decision = match decision.trim() {
        "approve" => Some(Decision::Approve),
        "reject" => Some(Decision::Reject),
        "" => None,
        _ => {
            wrong.push(Finding::refused(
                Code::BadRequest,
                "The decision is neither approve nor reject.",
                "Send one of them.",
            ));
            None
        }
    };
    wrong.extend(private_key(&reason).or_else(|| unfit_text("reason", &reason)));
    match decision {
        Some(decision) if wrong.is_empty() => Ok(Ballot {
            decision,
            digest: ApprovalDigest::from_text(&digest),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
        }),
        _ => Err(Problem::of_findings(wrong)),
    }
}

/// Whether a browser says that another site sent the form. Programs say nothing. Our own pages say `Origin: null`,
/// since they send no referrer, so `Sec-Fetch-Site` decides where there is one.
fn is_cross_site(portal: &Portal, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "cross-site";
    }
    let Some(origin) = text(ORIGIN.as_str()).filter(|origin| *origin != "null") else {
        return false;
    };
    let host =
        |url: &str| url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned());
    let ours = [host(portal.base_url.as_str()), text(HOST.as_str()).map(str::to_owned)];
    !ours.contains(&host(origin))
}
