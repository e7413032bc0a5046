//! What an approver sees and says. GET shows, POST decides.
//!
//! Invariant: the digest that is shown is computed from what is shown, so a vote binds exactly that; the requester
//! never votes; a link that does not open anything, whatever the cause, is one and the same 404.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use workflow::approval::{Approval, Link, LinkKey};
use workflow::request::Request;

use crate::Portal;
use crate::problem::Problem;

mod decide;
mod review;

pub(crate) use decide::decide;
pub(crate) use review::{LiveCertificate, Review, review};

/// What a link opens.
struct Opened {
    link: Link,
    approval: Approval,
    request: Request,
}

async fn open(portal: &Portal, key: Result<Path<String>, PathRejection>) -> Result<Opened, Problem> {
    let key = key.ok().and_then(|Path(key)| LinkKey::parse(&key)).ok_or_else(Problem::no_such_link)?;
    let link = portal.approvals.find_link(&key.digest()).await?.ok_or_else(Problem::no_such_link)?;
    let approval = portal.approvals.find(link.request_id).await?.ok_or_else(Problem::no_such_link)?;
    let request = portal.requests.find(link.request_id).await?.ok_or_else(Problem::no_such_link)?;
    let is_approver = approval.approvers.iter().any(|one| one.same_person(&link.approver));
    if !is_approver || request.email.same_person(&link.approver) {
        return Err(Problem::no_such_link());
    }
    Ok(Opened { link, approval, request })
}
