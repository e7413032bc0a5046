//! GET `/approvals/{key}`: the review for an approver.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Deserialize;
use workflow::approval::VoteError;
use workflow::approval::voting::VotingError;

use super::passkey::{self, PasskeyOwner};
use super::revoke::reasons_of;
use super::{link_of, passkeys, resolve};
use crate::http::client_addr::ClientAddr;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::http::review_path::ReviewPath;
use crate::locale::Locale;
use crate::pages::{self, ReviewPage};
use crate::state::Portal;

/// The query of a review.
#[derive(Deserialize)]
pub(crate) struct ReviewQuery {
    /// Asks for the page of the approver's passkeys.
    passkey: Option<String>,
}

pub(crate) async fn review(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    client: ClientAddr,
    method: Method,
    Query(query): Query<ReviewQuery>,
    path: Result<Path<ReviewPath>, PathRejection>,
) -> Result<Response, Problem> {
    let resolved = resolve(&portal, &link_of(path)?).await?;
    if resolved.is_over(portal.clock.now()) {
        return Err(VotingError::Vote(VoteError::Expired).into());
    }
    if query.passkey.is_some() && format == ResponseFormat::Page {
        return passkey::show(&portal, &locale, &PasskeyOwner::of(&resolved)).await;
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
            let now = portal.clock.now();
            let allowed = reasons_of(&policy, &request, &review.approver, now);
            let passkeys = passkeys(&portal, &review).await?;
            let page = ReviewPage::new(&portal, &locale, &review, &passkeys)
                .with_certificate(&request, &allowed, now);
            pages::page(StatusCode::OK, locale.language, &page)
        }
    })
}
