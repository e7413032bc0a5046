//! GET `/console/grants`: the standing approvals that are not over with everything under them reported.

use axum::response::Response;
use http::StatusCode;

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::ConsoleGrantsPage;

/// The most standing approvals that the page shows.
const MAX_ROWS: usize = 100;

pub(super) async fn show(call: ConsoleCall) -> Result<Response, Problem> {
    let portal = &call.portal;
    let mut found = Vec::new();
    for listed in portal.requests.open_standing(MAX_ROWS + 1).await? {
        if let Some(approval) = portal.standing.find(listed.id).await? {
            found.push(approval);
        }
    }
    found.sort_by_key(|approval| (approval.until(), approval.id()));
    let page = ConsoleGrantsPage::new(portal, &call.locale, call.frame(), &found, &call.policy, MAX_ROWS);
    Ok(call.page(StatusCode::OK, &page))
}
