//! `/console/passkey?key=KEY`: somebody whom an operator invited sets a passkey up.
//!
//! Invariant: as from an approver's link; the code in the mail to the address decides, and Sign adds the passkey.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use workflow::console::ConsoleInvitation;
use workflow::ids::RequestId;

use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::routes::approvals::passkey::{self, PasskeyOwner};
use crate::state::Portal;

/// The query of the link.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InvitationQuery {
    key: String,
}

pub(super) async fn show(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    Query(query): Query<InvitationQuery>,
) -> Result<Response, Problem> {
    passkey::show(&portal, &locale, &owner(&portal, &query).await?).await
}

pub(super) async fn set_up(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    headers: http::HeaderMap,
    Query(query): Query<InvitationQuery>,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-console-cross-site")?;
    passkey::set_up(&portal, format, &locale, &owner(&portal, &query).await?, &fields).await
}

/// The person of the link. Sign and notify check again that the policy lists them.
async fn owner(portal: &Portal, query: &InvitationQuery) -> Result<PasskeyOwner, Problem> {
    let secret = portal.links.secret().await?;
    let invitation = ConsoleInvitation::open(&query.key, secret, portal.clock.now());
    let invitation = invitation.ok_or_else(Problem::no_such_link)?;
    let base = portal.base_url.path();
    Ok(PasskeyOwner {
        address: invitation.person,
        request: RequestId::random(),
        back: Some(format!("{base}console")),
    })
}
