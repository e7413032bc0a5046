//! GET `/approvals/{key}`: everything an approver needs to decide.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use workflow::approval::history::RequestHistory;
use workflow::approval::review::{Review, ReviewContent};
use workflow::decision::{Outcome, ReviewDigest};
use workflow::finding::Code;
use workflow::request::Request;
use workflow::request::audit::{EventKind, PendingEvent};
use workflow::store::{change_audited, issuer_in_force};

use super::{ResolvedLink, open};
use crate::http::client_addr::ClientAddr;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, ReviewPage};
use crate::state::Portal;

pub(crate) async fn review(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    client: ClientAddr,
    method: Method,
    key: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let resolved = open(&portal, key).await?;
    let over = match resolved.approval.outcome {
        Some(outcome) => outcome == Outcome::Expired,
        None => resolved.approval.is_over(portal.clock.now()),
    };
    if over {
        return Err(expired());
    }
    let content = content(&portal, &resolved.request).await?;
    if method != Method::HEAD {
        note_view(&portal, &resolved, &client, &content.digest).await;
    }
    let review = review_of(&portal, resolved, content).await?;
    Ok(match format {
        ResponseFormat::Json => Json(review).into_response(),
        ResponseFormat::Page => {
            pages::page(StatusCode::OK, locale.language, &ReviewPage::new(&portal, &locale, &review))
        }
    })
}

pub(super) fn expired() -> Problem {
    Problem::new(Code::Expired, "problem-expired")
}

/// The contents of the review, by the policy and the issuer in force: those that will hold when the certificate is signed.
pub(super) async fn content(portal: &Portal, request: &Request) -> Result<ReviewContent, Problem> {
    let policy = portal.policies.current().await?;
    let issuer = issuer_in_force(&*portal.archive).await?;
    ReviewContent::of(request, &policy, issuer.as_ref()).map_err(|error| {
        tracing::error!(request.id = %request.id(), %error, "request {} has an approval without a CSR summary", request.id());
        Problem::new(Code::TryAgain, "problem-still-being-read")
    })
}

/// The review that shows these contents.
pub(super) async fn review_of(
    portal: &Portal,
    resolved: ResolvedLink,
    content: ReviewContent,
) -> Result<Review, Problem> {
    let ResolvedLink { link, approval, request } = resolved;
    let (requests, names) = (&*portal.requests, &*portal.names);
    let now = portal.clock.now();
    let history = RequestHistory::read(requests, names, &request, content.public_key_digest(), now).await?;
    Ok(Review::new(link.approver, &request, approval, content, history))
}

/// Notes that the approver has opened the review, once. Showing it does not depend on that.
async fn note_view(portal: &Portal, resolved: &ResolvedLink, client: &ClientAddr, shown: &ReviewDigest) {
    if resolved.approval.outcome.is_some() || resolved.approval.viewed_by.contains(&resolved.link.approver) {
        return;
    }
    let (now, approver) = (portal.clock.now(), &resolved.link.approver);
    let by = client.as_approver(approver);
    let id = resolved.request.id();
    let noted = change_audited(&*portal.approvals, &*portal.requests, id, &by, |approval| {
        let entry = PendingEvent::new(EventKind::Viewed, now).with_digest(shown.as_str());
        Ok::<_, std::convert::Infallible>(((), approval.viewed(approver).then_some(entry)))
    })
    .await;
    if let Err(error) = noted {
        tracing::warn!(request.id = %id, %error, "shown, but not noted in the audit trail");
    }
}
