//! POST `/approvals/{key}`: one vote.
//!
//! The vote is recorded first, by a conditional write; then the await-approval worker is woken. Should that fail, the
//! vote stands all the same: repeating it, or housekeeping, wakes the worker later.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use workflow::approval::{Approval, VoteError, VoteInput, VoteResult};
use workflow::decision::{Decision, Outcome, ReviewDigest, Vote};
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::request::audit::{EventKind, PendingEvent};
use workflow::store::{UpdateError, Updated, update_approval_audited};
use workflow::texts::Message;

use super::review::{Review, Verdict, expired};
use super::{Opened, open};
use crate::Portal;
use crate::caller::Caller;
use crate::cross_site::is_cross_site;
use crate::fields::Fields;
use crate::negotiate::Wants;
use crate::pages::{self, ReviewPage};
use crate::problem::Problem;
use crate::reader::Reader;
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

pub(crate) async fn decide(
    State(portal): State<Arc<Portal>>,
    wants: Wants,
    reader: Reader,
    caller: Caller,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    if is_cross_site(&portal, &headers) {
        return Err(Problem::new(Code::BadRequest, "problem-cross-site").with_status(StatusCode::FORBIDDEN));
    }
    let mut opened = open(&portal, key).await?;
    let voted = match vote_input(&fields, &opened.link.approver) {
        Ok(vote_input) => vote(&portal, &opened, &vote_input, &caller).await.map(|approval| {
            opened.approval = approval;
            vote_input
        }),
        Err(problem) => Err(problem),
    };
    match (voted, wants) {
        (Ok(vote_input), Wants::Json) => Ok(Json(Decided {
            request_id: opened.request.id(),
            decision: vote_input.decision,
            outcome: opened.approval.outcome,
            votes: opened.approval.votes,
        })
        .into_response()),
        (Ok(vote_input), Wants::Page) => {
            let review = Review::of(&portal, opened).await?;
            let page = ReviewPage::new(&portal, &reader, &review).after_vote(vote_input.decision);
            Ok(pages::page(StatusCode::OK, reader.language, &page))
        }
        // The approver sees the request again, as it is now, and what was wrong above it.
        (Err(problem), Wants::Page)
            if matches!(problem.code, Code::AlreadyDecided | Code::BadRequest | Code::MissingField) =>
        {
            let id = opened.request.id();
            if let Some(approval) = portal.approvals.find(id).await? {
                opened.approval = approval;
            }
            let review = Review::of(&portal, opened).await?;
            let page = ReviewPage::new(&portal, &reader, &review).with_problem(&problem);
            Ok(pages::page(problem.status, reader.language, &page))
        }
        (Err(problem), _) => Err(problem),
    }
}

/// Records the vote and wakes the flow.
async fn vote(
    portal: &Portal,
    opened: &Opened,
    vote_input: &VoteInput,
    caller: &Caller,
) -> Result<Approval, Problem> {
    let id = opened.request.id();
    if opened.approval.outcome.is_none() && opened.request.status().is_terminal() {
        return Err(Problem::new(
            Code::AlreadyDecided,
            Message::new("problem-ended").with("status", opened.request.status().as_str()),
        ));
    }
    let now = portal.clock.now();
    let verdict = Verdict::of(portal, &opened.request).await?;
    let by = caller.as_approver(&vote_input.approver);
    let updated = update_approval_audited(&*portal.approvals, &*portal.requests, id, &by, |approval| {
        if approval.digest != verdict.binds && approval.outcome.is_none() {
            return Err(VoteError::StaleDigest);
        }
        let voted = approval.vote(vote_input, &verdict.digest, now)?;
        let entry = PendingEvent::new(EventKind::Voted, now)
            .with_digest(vote_input.review_digest.as_str())
            .with_detail(vote_input.decision.as_str());
        Ok((voted, (voted == VoteResult::Recorded).then_some(entry)))
    })
    .await;
    let Updated { row: approval, value: voted } = match updated {
        Ok(updated) => updated,
        Err(UpdateError::Missing(_)) => return Err(Problem::no_such_link()),
        Err(UpdateError::Rejected(error)) => return Err(refused(error)),
        Err(UpdateError::Port(error)) => return Err(error.into()),
    };
    match voted {
        VoteResult::Recorded => {
            tracing::info!(request.id = %id, decision = ?vote_input.decision, outcome = approval.outcome.map(Outcome::as_str), "decided");
        }
        VoteResult::Repeated => {
            tracing::info!(request.id = %id, decision = ?vote_input.decision, "decided again, the same")
        }
    }
    if let Err(error) = portal.approval_queue.recheck(&RecheckMessage::look(id)).await {
        tracing::error!(request.id = %id, %error, "recorded, but the flow was not woken; housekeeping will");
    }
    Ok(approval)
}

fn refused(error: VoteError) -> Problem {
    match error {
        VoteError::AlreadyDecided(outcome) => Problem::new(
            Code::AlreadyDecided,
            Message::new("problem-already-decided").with("outcome", outcome.as_str()),
        ),
        VoteError::Withdrawn => Problem::new(Code::AlreadyDecided, "problem-withdrawn"),
        VoteError::VotedOtherwise => Problem::new(Code::AlreadyDecided, "problem-decided-otherwise"),
        VoteError::StaleDigest => Problem::new(Code::AlreadyDecided, "problem-stale"),
        VoteError::Expired => expired(),
        VoteError::NotAnApprover => Problem::no_such_link(),
    }
}

fn vote_input(fields: &Fields, approver: &Email) -> Result<VoteInput, Problem> {
    let mut wrong = Vec::new();
    let mut text = |field: &'static str, needed: Option<&'static str>| match (fields.text(field), needed) {
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
    let decision = text("decision", Some("finding-give-decision"));
    let digest = text("digest", Some("finding-give-digest"));
    let reason = text("reason", None).trim().replace("\r\n", "\n");
    let decision = match decision.trim() {
        "approve" => Some(Decision::Approve),
        "reject" => Some(Decision::Reject),
        "" => None,
        _ => {
            wrong.push(Finding::refused(
                Code::BadRequest,
                Message::new("finding-decision"),
                Message::new("finding-decision-advice"),
            ));
            None
        }
    };
    if decision == Some(Decision::Reject) && reason.is_empty() {
        wrong.push(missing("reason", "finding-give-reason"));
    }
    wrong.extend(private_key(&reason).or_else(|| unfit_text("reason", &reason)));
    match decision {
        Some(decision) if wrong.is_empty() => Ok(VoteInput {
            approver: approver.clone(),
            decision,
            review_digest: ReviewDigest::from_text(&digest),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
        }),
        _ => Err(Problem::of_findings(wrong)),
    }
}
