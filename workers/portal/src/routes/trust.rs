//! GET `/trust`: how to trust the CA. GET `/ca.pem`: its certificates.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use url::form_urlencoded;
use workflow::finding::Code;
use workflow::ids::IssuerId;

use super::downloads::{PEM, attachment};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, TrustPage};
use crate::state::Portal;
use crate::trusted::RecentRoots;

/// GET `/trust`.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    Extension(recent): Extension<Arc<RecentRoots>>,
    locale: Locale,
) -> Result<Response, Problem> {
    let roots = recent.read(&portal).await?;
    if roots.is_empty() {
        return Err(no_ca());
    }
    Ok(pages::page(StatusCode::OK, locale.language, &TrustPage::new(&portal, &locale, &roots)))
}

/// GET `/ca.pem`; with `?root=` and the SHA-256 of a root of `/trust`, the certificates up to that one.
pub(crate) async fn file(
    State(portal): State<Arc<Portal>>,
    Extension(recent): Extension<Arc<RecentRoots>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let wanted = query.into_iter().find(|(name, _)| name == "root").map(|(_, value)| value);
    let pem = match wanted {
        None => {
            let in_force = portal.issuers.in_force(&IssuerId::DEFAULT).await?;
            in_force.map(|issuer| issuer.chain_pem().to_owned())
        }
        Some(wanted) => {
            let roots = recent.read(&portal).await?;
            let root = roots.iter().find(|root| root.certificate.fingerprint() == wanted);
            root.map(|root| root.chain_pem.clone())
        }
    };
    Ok(attachment(PEM, "ca.pem", pem.ok_or_else(no_ca)?))
}

fn no_ca() -> Problem {
    Problem::new(Code::NotFound, "problem-no-ca")
}
