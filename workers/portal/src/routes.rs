//! The router, and one handler per route.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};

use crate::http::{gateway, headers, own_throttle};
use crate::state::Portal;
use crate::trusted::RecentRoots;

mod approvals;
mod assets;
mod commands;
mod confirmation;
mod confirmation_view;
mod console;
mod downloads;
mod draft;
mod form;
mod health;
mod inbox;
mod mine;
mod new;
mod problems;
mod prompt;
mod questions;
mod renewal;
mod requests;
mod revocation_view;
mod revocations;
mod sign_in;
mod standing;
mod standing_view;
mod submission;
mod terms;
mod trust;
mod vouch;

pub(crate) fn router(portal: Arc<Portal>) -> Router {
    let routes = Router::new()
        .route("/", get(form::show))
        .route("/new", get(new::show))
        .route("/requests", post(form::submit).layer(from_fn(own_throttle::required)))
        .route("/requests/preview", post(form::preview).layer(from_fn(own_throttle::required)))
        .route("/requests/{id}", get(requests::status))
        .route("/requests/{id}/confirm", get(confirmation::ask_to_confirm).post(confirmation::confirm))
        .route("/requests/{id}/answer", post(questions::answer))
        .route("/requests/{id}/remind", post(prompt::remind))
        .route("/requests/{id}/cancel", post(requests::cancel))
        .route("/requests/{id}/revoke", post(revocations::by_requester))
        .route("/requests/{id}/credential", post(standing::make_credential))
        .route("/requests/{id}/end", post(standing::end))
        .route("/revocations", post(revocations::by_key_holder))
        .route("/requests/{id}/certificate", get(downloads::certificate))
        .route("/requests/{id}/certificate.pem", get(downloads::pem))
        .route("/requests/{id}/certificate.der", get(downloads::der))
        .route("/requests/{id}/fullchain.pem", get(downloads::fullchain))
        .route("/requests/{id}/ca.pem", get(downloads::chain))
        .route("/requests/{id}/certificate.zip", get(downloads::zip))
        .route("/approvals", post(inbox::send).layer(from_fn(own_throttle::required)).get(inbox::ask))
        .route("/approvals/mine/{key}", get(inbox::show))
        .route("/approvals/mine/{key}/", get(inbox::show))
        .route("/approvals/mine/{key}/{id}", get(approvals::review).post(approvals::decide))
        .route("/approvals/{key}", get(approvals::review).post(approvals::decide))
        .route("/signed-in", get(sign_in::show).post(sign_in::decide))
        .route("/people/vouch", get(vouch::show).post(vouch::vouch))
        .route("/mine", post(mine::send).layer(from_fn(own_throttle::required)).get(mine::ask))
        .route("/mine/{key}", get(mine::show))
        .route("/commands", get(commands::show).layer(from_fn(own_throttle::required)))
        .route("/trust", get(trust::show))
        .route("/ca.pem", get(trust::file))
        .route("/assets/{file}", get(assets::serve))
        .route("/healthz", get(health::healthz))
        .merge(console::routes())
        .fallback(problems::no_such_page)
        .method_not_allowed_fallback(problems::method_not_allowed)
        // `http::fields` enforces the limit with a problem of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(Arc::new(RecentRoots::default())))
        .layer(middleware::from_fn_with_state(Arc::clone(&portal), problems::render))
        .layer(middleware::from_fn_with_state(Arc::clone(&portal), headers::add))
        .with_state(Arc::clone(&portal));
    gateway::below(portal.base_url.path(), routes)
}
