//! The web front: a form for requesters, a review for approvers, and the same as JSON for programs.
//!
//! Invariant: reading never decides. GET and HEAD change nothing, whatever opens the link; only a POST submits or
//! votes, and both are safe to repeat. Unknown, malformed and foreign links give one and the same 404. Every failure
//! is a [`Problem`](problem) with a stable code: a page for people, `application/problem+json` for programs. No key of
//! a link, no query and no CSR body reaches the log.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use workflow::approval::BaseUrl;
use workflow::ports::{
    Approvals, CertificateStore, Clock, Executions, Issuers, LinkSecrets, NameIndex, Policies, Requests,
    WorkerQueue,
};

mod approvals;
mod assets;
mod caller;
mod commands;
mod cross_site;
mod fields;
mod form;
pub mod gateway;
mod headers;
mod mine;
mod negotiate;
mod pages;
mod problem;
mod reader;
mod requests;
mod submission;

pub use fields::MAX_BODY_BYTES;

/// What the web front works with.
pub struct Portal {
    /// The rows.
    pub requests: Arc<dyn Requests>,
    /// Which requests ask for which names.
    pub names: Arc<dyn NameIndex>,
    /// Links and votes.
    pub approvals: Arc<dyn Approvals>,
    /// Certificates and issuers.
    pub certificates: Arc<dyn CertificateStore>,
    /// Issuers, in force and former.
    pub issuers: Arc<dyn Issuers>,
    /// What is allowed.
    pub policies: Arc<dyn Policies>,
    /// The secret of requesters' links.
    pub links: Arc<dyn LinkSecrets>,
    /// Where people find us.
    pub base_url: BaseUrl,
    /// Starts the flow.
    pub executions: Arc<dyn Executions>,
    /// Wakes the flow after a vote.
    pub approval_queue: Arc<dyn WorkerQueue>,
    /// The queue of notify: what is mailed on demand.
    pub notify_queue: Arc<dyn WorkerQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Portal {
    /// The routes of DESIGN.md section 4.
    pub fn router(self) -> Router {
        let portal = Arc::new(self);
        let routes = Router::new()
            .route("/", get(form::show))
            .route("/requests", post(form::submit))
            .route("/requests/preview", post(form::preview))
            .route("/requests/{id}", get(requests::status))
            .route("/requests/{id}/cancel", post(requests::cancel))
            .route("/requests/{id}/certificate", get(requests::certificate))
            .route("/requests/{id}/certificate.pem", get(requests::certificate_pem))
            .route("/requests/{id}/certificate.zip", get(requests::certificate_zip))
            .route("/approvals/{key}", get(approvals::review).post(approvals::decide))
            .route("/mine", get(mine::ask).post(mine::send))
            .route("/mine/{key}", get(mine::show))
            .route("/commands", get(commands::show))
            .route("/ca.pem", get(requests::issuer))
            .route("/assets/{file}", get(assets::serve))
            .route("/healthz", get(healthz))
            .fallback(problem::no_such_page)
            .method_not_allowed_fallback(problem::method_not_allowed)
            // The limit is ours, in `fields`: its answer is a problem like any other.
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(Arc::clone(&portal), problem::render))
            .layer(middleware::from_fn_with_state(Arc::clone(&portal), headers::add))
            .with_state(Arc::clone(&portal));
        gateway::below(portal.base_url.path(), routes)
    }
}

/// Liveness of the process alone: asks nothing of anybody.
async fn healthz() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({ "status": "ok" }))
}
