//! What an approver sees and says. GET shows, POST decides.
//!
//! Invariant: the digest that is shown is computed from what is shown, so a vote binds exactly that; the requester
//! never votes; a link that does not open anything, whatever the cause, is one and the same 404.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use workflow::approval::{Approval, Link, LinkKey};
use workflow::request::Request;

use crate::http::problem::Problem;
use crate::state::Portal;

mod decide;
mod review;

pub(crate) use decide::decide;
pub(crate) use review::review;

/// A link with its approval and request.
struct ResolvedLink {
    link: Link,
    approval: Approval,
    request: Request,
}

async fn open(portal: &Portal, key: Result<Path<String>, PathRejection>) -> Result<ResolvedLink, Problem> {
    let key = key.ok().and_then(|Path(key)| LinkKey::parse(&key)).ok_or_else(Problem::no_such_link)?;
    let link = portal.approvals.find_link(&key.digest()).await?.ok_or_else(Problem::no_such_link)?;
    // The request first: between two reads a decision can come, and its end with it. An end without a decision would be
    // taken for one that nobody decided, and who repeats a vote be refused.
    let request = portal.requests.find(link.request_id).await?.ok_or_else(Problem::no_such_link)?;
    let approval = portal.approvals.find(link.request_id).await?.ok_or_else(Problem::no_such_link)?;
    let tags = approval.electorate.plus_tags;
    if link.generation != approval.generation
        || !approval.admits(&link.approver)
        || tags.same_person(request.email(), &link.approver)
    {
        return Err(Problem::no_such_link());
    }
    // Whoever left the policy since the mail went out has no say any more, and nothing to read.
    if approval.outcome.is_none() {
        let policy = portal.policies.current().await?;
        let escalated = approval.escalated_at.is_some();
        let profile = policy.profile(Some(request.profile()));
        if !profile.is_ok_and(|profile| profile.lets_vote(&link.approver, escalated)) {
            tracing::info!(request.id = %request.id(), "a link of somebody whom the policy names no more");
            return Err(Problem::no_such_link());
        }
    }
    Ok(ResolvedLink { link, approval, request })
}
