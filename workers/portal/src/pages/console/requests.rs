//! The requests in one status at the console, a page at a time.

use askama::Template;
use workflow::approval::review::ApprovalProgress;
use workflow::ids::RequestId;
use workflow::policy::Policy;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::super::Site;
use super::frame::ConsoleFrame;
use super::overview::still_needed;
use super::rows::{ConsoleRow, requests_path, status_words};
use crate::locale::Locale;
use crate::state::Portal;

/// What the page shows.
pub(crate) struct RequestsInStatus {
    pub(crate) status: Status,
    /// The requests, and how far the approval of each is.
    pub(crate) rows: Vec<(Request, Option<ApprovalProgress>)>,
    /// The request after which the next page begins.
    pub(crate) next: Option<RequestId>,
}

#[derive(Template)]
#[template(path = "console/requests.html")]
pub(crate) struct ConsoleRequestsPage {
    site: Site,
    frame: ConsoleFrame,
    title: String,
    rows: Vec<ConsoleRow>,
    /// The page after this one.
    next: Option<String>,
}

impl ConsoleRequestsPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        frame: ConsoleFrame,
        policy: &Policy,
        found: &RequestsInStatus,
    ) -> Self {
        let (site, now) = (Site::of(portal, locale), portal.clock.now());
        let row = |(request, progress): &(Request, Option<ApprovalProgress>)| ConsoleRow {
            note: match progress {
                Some(progress) => still_needed(&site, progress),
                None => request.reason().map(str::to_owned),
            },
            ..ConsoleRow::of(&site, request, policy.lifecycle(), now)
        };
        let rows = found.rows.iter().map(row).collect();
        Self {
            frame,
            title: site
                .say(Message::new("console-in-status").with("status", status_words(&site, found.status))),
            rows,
            next: found.next.map(|after| format!("{}&after={after}", requests_path(&site, found.status))),
            site,
        }
    }
}
