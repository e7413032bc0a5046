//! GET `/console`: what waits and for whom, what failed, and which certificates end soon.

use axum::response::Response;
use http::StatusCode;
use time::Duration;
use workflow::approval::review::ApprovalProgress;
use workflow::ids::RequestId;
use workflow::ports::{ListedRequest, PortError};
use workflow::request::{Request, Status};

use super::ConsoleCall;
use crate::http::problem::Problem;
use crate::pages::{ConsoleOverview, ConsoleOverviewPage, CountedCertificates};
use crate::state::Portal;

/// The most requests that one list shows.
const MAX_ROWS: usize = 50;
/// The most certificates that are counted.
const MAX_COUNTED: usize = 1_000;
/// The days of the forecast.
const FORECAST: [u16; 3] = [7, 30, 90];

pub(super) async fn show(call: ConsoleCall) -> Result<Response, Problem> {
    let portal = &call.portal;
    let overview = ConsoleOverview {
        waiting: waiting(portal).await?,
        failed: rows_in(portal, &[Status::Failed]).await?,
        in_progress: rows_in(portal, &[Status::Submitted, Status::Approved]).await?,
        unconfirmed: portal.requests.list(Status::Unconfirmed, MAX_COUNTED).await?.len(),
        forecast: forecast(portal).await?,
        most: MAX_ROWS,
        most_counted: MAX_COUNTED,
    };
    let page = ConsoleOverviewPage::new(portal, &call.locale, call.frame(), &call.policy, &overview);
    Ok(call.page(StatusCode::OK, &page))
}

/// The requests that wait for approvers, those that wait longest first, and how far each is.
async fn waiting(portal: &Portal) -> Result<Vec<(Request, Option<ApprovalProgress>)>, PortError> {
    let mut rows = Vec::new();
    for request in rows_in(portal, &[Status::PendingApproval]).await? {
        let approval = portal.approvals.find(request.id()).await?;
        let progress = match &approval {
            Some(approval) => Some(portal.voting().progress(&request, approval).await?),
            None => None,
        };
        rows.push((request, progress));
    }
    Ok(rows)
}

/// The rows in one of these statuses, oldest first.
async fn rows_in(portal: &Portal, statuses: &[Status]) -> Result<Vec<Request>, PortError> {
    let mut listed: Vec<ListedRequest> = Vec::new();
    for status in statuses {
        // One more than is shown: the page says that there are more.
        listed.extend(portal.requests.list(*status, MAX_ROWS + 1).await?);
    }
    let ids: Vec<RequestId> = listed.iter().map(|one| one.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = portal.requests.find_all(&ids).await?;
    // The index may lag behind the rows.
    rows.retain(|row| statuses.contains(&row.status()));
    rows.sort_by_key(|row| (row.registration_date(), row.id()));
    Ok(rows)
}

/// How many certificates in use end in each time.
async fn forecast(portal: &Portal) -> Result<Vec<CountedCertificates>, PortError> {
    let now = portal.clock.now();
    let until = now + Duration::days(FORECAST.into_iter().max().unwrap_or_default().into());
    let mut ends = Vec::new();
    for status in [Status::Issued, Status::Delivered] {
        let listed = portal.requests.ending(status, now, until, MAX_COUNTED).await?;
        ends.extend(listed.into_iter().map(|one| one.not_after));
    }
    let within = |days: u16| now + Duration::days(days.into());
    let count = |days| ends.iter().filter(|end| **end <= within(days)).count();
    Ok(FORECAST.into_iter().map(|days| CountedCertificates { days, count: count(days) }).collect())
}
