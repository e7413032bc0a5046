//! GET `/console/requests`: the requests in one status, a page at a time, oldest first.
//!
//! Invariant: a page is one query and the rows of its entries, and the approval of each that waits, however many requests there are.

use std::collections::HashMap;

use axum::extract::Query;
use axum::response::Response;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use serde::Deserialize;
use workflow::approval::review::ApprovalProgress;
use workflow::ids::RequestId;
use workflow::ports::{ListedRequest, PortError};
use workflow::request::{Request, Status};

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::{ConsoleRequestsPage, RequestsInStatus};
use crate::state::Portal;

/// The requests of one page.
const PAGE: usize = 20;
/// Approvals that are read at the same time.
const AT_ONCE: usize = 10;

/// The query of the page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RequestsQuery {
    status: String,
    /// The id of the request after which the page begins.
    after: String,
}

pub(super) async fn show(call: ConsoleCall, Query(query): Query<RequestsQuery>) -> Result<Response, Problem> {
    let portal = &call.portal;
    let status = Status::ALL.into_iter().find(|status| status.as_str() == query.status);
    let status = status.ok_or_else(Problem::no_such_page)?;
    let mut listed = match query.after.as_str() {
        "" => portal.requests.list(status, PAGE + 1).await?,
        id => {
            let id = id.parse::<RequestId>().map_err(|_| Problem::no_such_page())?;
            let after = portal.requests.find(id).await?.ok_or_else(Problem::no_such_page)?;
            portal.requests.list_after(status, &after, PAGE + 1).await?
        }
    };
    // One more than is shown: the page says that there are more.
    let has_more = listed.len() > PAGE;
    listed.truncate(PAGE);
    let found = RequestsInStatus {
        status,
        next: listed.last().filter(|_| has_more).map(|last| last.id),
        rows: with_progress(portal, rows_of(portal, &listed).await?).await?,
    };
    let page = ConsoleRequestsPage::new(portal, &call.locale, call.frame(), &call.policy, &found);
    Ok(call.page(StatusCode::OK, &page))
}

/// The rows of these requests, in this order, that still have the status in which they are listed: the index may lag behind the rows.
pub(super) async fn rows_of(portal: &Portal, listed: &[ListedRequest]) -> Result<Vec<Request>, PortError> {
    let ids: Vec<RequestId> = listed.iter().map(|one| one.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = portal.requests.find_all(&ids).await?;
    let mut rows: HashMap<RequestId, Request> = rows.into_iter().map(|row| (row.id(), row)).collect();
    let row = |one: &ListedRequest| rows.remove(&one.id).filter(|row| row.status() == one.status);
    Ok(listed.iter().filter_map(row).collect())
}

/// The requests, and how far the approval of each is that waits for one.
pub(super) async fn with_progress(
    portal: &Portal,
    rows: Vec<Request>,
) -> Result<Vec<(Request, Option<ApprovalProgress>)>, PortError> {
    let reads: Vec<_> = rows.into_iter().map(|row| progress(portal, row)).collect();
    stream::iter(reads).buffered(AT_ONCE).try_collect().await
}

async fn progress(
    portal: &Portal,
    request: Request,
) -> Result<(Request, Option<ApprovalProgress>), PortError> {
    if request.status() != Status::PendingApproval {
        return Ok((request, None));
    }
    let progress = match portal.approvals.find(request.id()).await? {
        Some(approval) => Some(portal.voting().progress(&request, &approval).await?),
        None => None,
    };
    Ok((request, progress))
}
