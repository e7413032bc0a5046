//! GET `/approvals/{key}`: the review for an approver.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use workflow::approval::VoteError;
use workflow::approval::voting::VotingError;

use super::open;
use super::revoke::reasons_of;
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
    if resolved.is_over(portal.clock.now()) {
        return Err(VotingError::Vote(VoteError::Expired).into());
    }
    let voting = portal.voting();
    let content = voting.content(&resolved.request).await?;
    if method != Method::HEAD {
        let by = client.as_approver(&resolved.link.approver);
        voting.note_view(&resolved, &content.digest, &by).await;
    }
    let request = resolved.request.clone();
    let review = voting.review(resolved, content).await?;
    Ok(match format {
        ResponseFormat::Json => Json(review).into_response(),
        ResponseFormat::Page => {
            let policy = portal.policies.current().await?;
            let (allowed, now) = (reasons_of(&policy, &request, &review.approver), portal.clock.now());
            let page = ReviewPage::new(&portal, &locale, &review).with_certificate(&request, &allowed, now);
            pages::page(StatusCode::OK, locale.language, &page)
        }
    })
}
