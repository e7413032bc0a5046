//! GET `/new`: the page that makes a key in the browser.
//!
//! Invariant: its form is that of `/`, so `POST /requests` and its preview get nothing but a CSR.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, MakeKeyPage};
use crate::state::Portal;

pub(crate) async fn show(State(portal): State<Arc<Portal>>, locale: Locale) -> Result<Response, Problem> {
    let policy = portal.policies.current().await?;
    Ok(pages::page(StatusCode::OK, locale.language, &MakeKeyPage::new(&portal, &locale, &policy)))
}
