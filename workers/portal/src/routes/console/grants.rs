//! GET `/console/grants`: the standing approvals that are not over with everything under them reported.

use axum::response::Response;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use workflow::approval::standing::StandingApproval;

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::ConsoleGrantsPage;

/// The most standing approvals that the page shows.
const MAX_ROWS: usize = 100;
/// Standing approvals that are read at the same time.
const AT_ONCE: usize = 10;

pub(super) async fn show(call: ConsoleCall) -> Result<Response, Problem> {
    let portal = &call.portal;
    let listed = portal.requests.open_standing(MAX_ROWS + 1).await?;
    let reads: Vec<_> = listed.iter().map(|one| portal.standing.find(one.id)).collect();
    let read: Vec<Option<StandingApproval>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    let mut found: Vec<StandingApproval> = read.into_iter().flatten().collect();
    found.sort_by_key(|approval| (approval.until(), approval.id()));
    let page = ConsoleGrantsPage::new(portal, &call.locale, call.frame(), &found, &call.policy, MAX_ROWS);
    Ok(call.page(StatusCode::OK, &page))
}
