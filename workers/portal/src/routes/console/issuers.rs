//! GET `/console/issuers`: the issuers in force and before, and how old the revocation list of each is.

use axum::response::Response;
use http::StatusCode;
use workflow::certificate::ListName;
use workflow::ids::IssuerId;

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::{ConsoleIssuersPage, IssuerAtConsole};

pub(super) async fn show(call: ConsoleCall) -> Result<Response, Problem> {
    let portal = &call.portal;
    let in_force = portal.issuers.in_force(&IssuerId::DEFAULT).await?;
    let mut found = Vec::new();
    for issuer in portal.issuers.all().await? {
        let name = ListName { key_identifier: issuer.key_identifier(), shard: None };
        let list = portal.lists.list(&name).await?.map(|published| published.crl);
        let is_in_force =
            in_force.as_ref().is_some_and(|current| current.chain_digest() == issuer.chain_digest());
        found.push(IssuerAtConsole { issuer, list, is_in_force });
    }
    found.sort_by_key(|one| (!one.is_in_force, std::cmp::Reverse(one.issuer.not_after())));
    let page = ConsoleIssuersPage::new(portal, &call.locale, call.frame(), &found);
    Ok(call.page(StatusCode::OK, &page))
}
