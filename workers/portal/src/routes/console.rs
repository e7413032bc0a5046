//! `/console`: pages for operators and auditors whom the policy names.
//!
//! Invariant: nobody approves here. Each page needs a session ([`ConsoleCall`]) and reads by queries, never by a scan. Each action needs
//! the form key of the session, the role of an operator, and a reason, which goes into the row and its digest into the trail.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::state::Portal;

mod actions;
mod call;
mod certificates;
mod grants;
mod issuers;
mod overview;
mod passkey;
mod policy;
mod request;
mod requests;
mod sign_in;
mod sign_in_page;

use call::ConsoleCall;
pub(super) use sign_in::{open_signed_in, show_signed_in};

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .route("/console", get(overview::show))
        .route("/console/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route("/console/passkey", get(passkey::show).post(passkey::set_up))
        .route("/console/certificates", get(certificates::show))
        .route("/console/requests", get(requests::show))
        .route("/console/requests/{id}", get(request::show).post(actions::act))
        .route("/console/grants", get(grants::show))
        .route("/console/issuers", get(issuers::show))
        .route("/console/policy", get(policy::show))
}
