//! POST `/approvals/{key}`: one vote, or the revocation of the certificate.
//!
//! A person gets the review again, with the vote or the error above it; a program gets JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use workflow::approval::review::{Review, ReviewContent};
use workflow::approval::voting::ResolvedLink;
use workflow::approval::{Approval, VoteInput};
use workflow::decision::{Decision, Outcome, ReviewDigest, Vote};
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::ids::RequestId;
use workflow::request::input::{missing, private_key, unfit_text};
use workflow::texts::Message;

use super::ask::ask;
use super::passkey::{PasskeyOwner, is_set_up, set_up};
use super::revoke::revoke;
use super::sign_in::{begin, fetch_keys};
use super::{link_of, passkeys, resolve};
use crate::http::client_addr::ClientAddr;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::passkey_fields::evidence;
use crate::http::problem::Problem;
use crate::http::review_path::ReviewPath;
use crate::http::sign_in_fields::id_token;
use crate::locale::Locale;
use crate::pages::{self, ReviewPage};
use crate::state::Portal;

/// The result of a vote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DecisionAnswer {
    request_id: RequestId,
    decision: Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    votes: Vec<Vote>,
}

pub(crate) async fn decide(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    client: ClientAddr,
    path: Result<Path<ReviewPath>, PathRejection>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-cross-site")?;
    let link = link_of(path)?;
    let mut resolved = resolve(&portal, &link).await?;
    if fields.text("decision").is_ok_and(|decision| decision.is_some_and(|text| text.trim() == "revoke")) {
        return revoke(&portal, format, &locale, &client, resolved, &fields).await;
    }
    if fields.text("decision").is_ok_and(|decision| decision.is_some_and(|text| text.trim() == "ask")) {
        return ask(&portal, format, &locale, &client, resolved, &fields).await;
    }
    if is_set_up(&fields) {
        return set_up(&portal, format, &locale, &PasskeyOwner::of(&resolved), &fields).await;
    }
    // Evaluated once, so that the answer shows the contents compared with the vote.
    let mut content = None;
    let voted = vote(&portal, &resolved, &fields, &client, &mut content).await;
    let voted = voted.map(|(vote_input, approval)| {
        resolved.approval = approval;
        vote_input
    });
    match (voted, format) {
        (Ok(vote_input), ResponseFormat::Json) => Ok(Json(DecisionAnswer {
            request_id: resolved.request.id(),
            decision: vote_input.decision,
            outcome: resolved.approval.outcome,
            votes: resolved.approval.votes.iter().map(Vote::without_evidence).collect(),
        })
        .into_response()),
        (Ok(vote_input), ResponseFormat::Page) => {
            after_vote(&portal, &locale, resolved, content, vote_input.decision).await
        }
        (Err(problem), ResponseFormat::Page) => {
            let problem = match (problem.code, &content) {
                (Code::SignInNeeded, Some(content)) => {
                    let vote_input = vote_input(&fields, &resolved.link.approver)?;
                    match begin(&portal, &locale, &resolved, &link, &vote_input, content).await {
                        Ok(page) => return Ok(page),
                        Err(problem) => problem,
                    }
                }
                _ => problem,
            };
            // The page shows the current request again, with the error above it.
            if !matches!(
                problem.code,
                Code::AlreadyDecided
                    | Code::BadRequest
                    | Code::MissingField
                    | Code::PasskeyNeeded
                    | Code::PasskeyRefused
                    | Code::PrivateKeySubmitted
            ) {
                return Err(problem);
            }
            let id = resolved.request.id();
            if let Some(approval) = portal.approvals.find(id).await? {
                resolved.approval = approval;
            }
            let review = review_after(&portal, resolved, content).await?;
            let passkeys = passkeys(&portal, &review).await?;
            let page = ReviewPage::new(&portal, &locale, &review, &passkeys)
                .with_problem(&problem, &fields.typed("reason"));
            Ok(pages::page(problem.status, locale.language, &page))
        }
        (Err(problem), _) => Err(problem),
    }
}

/// Returns the review after a vote. Evaluates the request only if the vote failed before its evaluation.
async fn review_after(
    portal: &Portal,
    resolved: ResolvedLink,
    content: Option<ReviewContent>,
) -> Result<Review, Problem> {
    let voting = portal.voting();
    let content = match content {
        Some(content) => content,
        None => voting.content(&resolved.request).await?,
    };
    Ok(voting.review(resolved, content).await?)
}

/// The review after a vote that was recorded.
pub(in crate::routes) async fn after_vote(
    portal: &Portal,
    locale: &Locale,
    resolved: ResolvedLink,
    content: Option<ReviewContent>,
    decision: Decision,
) -> Result<Response, Problem> {
    let review = review_after(portal, resolved, content).await?;
    let passkeys = passkeys(portal, &review).await?;
    let page = ReviewPage::new(portal, locale, &review, &passkeys).after_vote(decision);
    Ok(pages::page(StatusCode::OK, locale.language, &page))
}

/// Casts the vote in a form. Stores the contents compared with the vote in `content`.
async fn vote(
    portal: &Portal,
    resolved: &ResolvedLink,
    fields: &Fields,
    client: &ClientAddr,
    content: &mut Option<ReviewContent>,
) -> Result<(VoteInput, Approval), Problem> {
    let mut vote_input = vote_input(fields, &resolved.link.approver)?;
    let review_digest = vote_input.review_digest.clone();
    vote_input.evidence = match evidence(fields, review_digest.clone())? {
        Some(evidence) => Some(evidence.into()),
        None => id_token(fields, review_digest)?.map(Into::into),
    };
    let approval = cast(portal, resolved, &vote_input, client, content).await?;
    Ok((vote_input, approval))
}

/// Casts a vote. Stores the contents compared with the vote in `content`.
pub(in crate::routes) async fn cast(
    portal: &Portal,
    resolved: &ResolvedLink,
    vote_input: &VoteInput,
    client: &ClientAddr,
    content: &mut Option<ReviewContent>,
) -> Result<Approval, Problem> {
    resolved.ensure_votable()?;
    let voting = portal.voting();
    let content = content.insert(voting.content(&resolved.request).await?);
    let by = client.as_approver(&vote_input.approver);
    let cast = voting.cast(&resolved.request, vote_input, content, &by).await;
    if let Err(error) = &cast {
        fetch_keys(portal, resolved, error).await?;
    }
    Ok(cast?)
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
    let reason = text("reason", None);
    vote_of(&decision, &digest, &reason, wrong, approver)
}

/// The vote in these texts, of which some are `wrong` already.
pub(in crate::routes) fn vote_of(
    decision: &str,
    digest: &str,
    reason: &str,
    mut wrong: Vec<Finding>,
    approver: &Email,
) -> Result<VoteInput, Problem> {
    let reason = reason.trim().replace("\r\n", "\n");
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
    wrong.extend(private_key("reason", &reason).or_else(|| unfit_text("reason", &reason)));
    match decision {
        Some(decision) if wrong.is_empty() => Ok(VoteInput {
            approver: approver.clone(),
            decision,
            review_digest: ReviewDigest::from_text(digest),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
            oidc_groups: Vec::new(),
            evidence: None,
        }),
        _ => Err(Problem::of_findings(wrong)),
    }
}
