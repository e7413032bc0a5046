//! GET `/console`: what waits and for whom, what failed, and which certificates end soon.

use axum::response::Response;
use futures_util::future::{try_join, try_join5};
use http::StatusCode;
use time::{Duration, OffsetDateTime};
use workflow::approval::review::ApprovalProgress;
use workflow::ports::PortError;
use workflow::request::{Request, Status};

use super::ConsoleCall;
use super::requests::{rows_of, with_progress};
use crate::http::problem::Problem;
use crate::pages::{ConsoleOverview, ConsoleOverviewPage, CountedCertificates};
use crate::state::Portal;

/// The most requests that one list shows; the rest is at `/console/requests`.
const MAX_ROWS: usize = 10;
/// The most that is counted.
const MAX_COUNTED: usize = 100;
/// The days of the forecast.
const FORECAST: [u16; 3] = [7, 30, 90];

pub(super) async fn show(call: ConsoleCall) -> Result<Response, Problem> {
    let portal = &call.portal;
    let (waiting, failed, in_progress, unconfirmed, forecast) = try_join5(
        waiting(portal),
        rows_in(portal, Status::Failed),
        in_progress(portal),
        portal.requests.list(Status::Unconfirmed, MAX_COUNTED),
        forecast(portal),
    )
    .await?;
    let overview = ConsoleOverview {
        waiting,
        failed,
        in_progress,
        unconfirmed: unconfirmed.len(),
        forecast,
        most: MAX_ROWS,
        most_counted: MAX_COUNTED,
    };
    let page = ConsoleOverviewPage::new(portal, &call.locale, call.frame(), &call.policy, &overview);
    Ok(call.page(StatusCode::OK, &page))
}

/// The requests that wait for approvers, those that wait longest first, and how far each is.
async fn waiting(portal: &Portal) -> Result<Vec<(Request, Option<ApprovalProgress>)>, PortError> {
    with_progress(portal, rows_in(portal, Status::PendingApproval).await?).await
}

/// The requests that a worker has, oldest first.
async fn in_progress(portal: &Portal) -> Result<Vec<Request>, PortError> {
    let (submitted, approved) =
        try_join(rows_in(portal, Status::Submitted), rows_in(portal, Status::Approved)).await?;
    let mut rows = [submitted, approved].concat();
    rows.sort_by_key(|row| (row.registration_date(), row.id()));
    Ok(rows)
}

/// The rows in a status, oldest first: one more than is shown, so that the page says that there are more.
async fn rows_in(portal: &Portal, status: Status) -> Result<Vec<Request>, PortError> {
    rows_of(portal, &portal.requests.list(status, MAX_ROWS + 1).await?).await
}

/// How many certificates in use end in each time.
async fn forecast(portal: &Portal) -> Result<Vec<CountedCertificates>, PortError> {
    let now = portal.clock.now();
    let within = |days: u16| now + Duration::days(days.into());
    let until = within(FORECAST.into_iter().max().unwrap_or_default());
    // At most so many: of one that is reached, the page says "or more".
    let ending = |status| portal.requests.ending(status, now, until, MAX_COUNTED);
    let (issued, delivered) = try_join(ending(Status::Issued), ending(Status::Delivered)).await?;
    let ends: Vec<OffsetDateTime> = issued.into_iter().chain(delivered).map(|one| one.not_after).collect();
    let count = |days| ends.iter().filter(|end| **end <= within(days)).count().min(MAX_COUNTED);
    Ok(FORECAST.into_iter().map(|days| CountedCertificates { days, count: count(days) }).collect())
}
