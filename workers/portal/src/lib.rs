//! The web front: a form for requesters, a review for approvers, and a JSON API for programs.
//!
//! Invariant: GET and HEAD decide nothing, even if a mail scanner opens the link; only a POST submits or votes, and is
//! idempotent. Unknown, malformed and foreign links all give the same 404. Every failure is a
//! [`Problem`](http::problem) with a stable code: a page for people, `application/problem+json` for programs. No key
//! of a link, no query and no CSR body is logged.
//!
//! - [`routes`]: one handler per route. [`pages`]: the pages, as values. [`forms`]: the bodies of forms, as values.
//! - [`commands`]: the commands that make a CSR, and those of programs with a credential. [`standing`]: a standing approval as its
//!   requester sees it.
//!   [`trusted`]: the roots that clients have to trust.
//! - [`http`]: the protocol: negotiation, bodies, headers, problems, API Gateway.
//! - [`locale`]: the language of an answer. [`state`]: the ports. A module uses only modules below it.

use std::sync::Arc;

mod commands;
mod forms;
mod http;
mod locale;
mod pages;
mod routes;
mod standing;
mod state;
mod trusted;

pub use self::http::fields::MAX_BODY_BYTES;
pub use self::http::gateway;
pub use state::Portal;

impl Portal {
    /// The routes of docs/api.md.
    pub fn router(self) -> axum::Router {
        routes::router(Arc::new(self))
    }
}
