//! The first page of the console.

use askama::Template;
use workflow::approval::review::ApprovalProgress;
use workflow::approval::words;
use workflow::email::Email;
use workflow::policy::Policy;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::super::Site;
use super::frame::ConsoleFrame;
use super::rows::{ConsoleRow, requests_path, status_words};
use crate::locale::Locale;
use crate::state::Portal;

/// How many certificates in use end within so many days.
pub(crate) struct CountedCertificates {
    pub(crate) days: u16,
    pub(crate) count: usize,
}

/// What the page shows.
pub(crate) struct ConsoleOverview {
    /// What waits for approvers, and how far it is.
    pub(crate) waiting: Vec<(Request, Option<ApprovalProgress>)>,
    pub(crate) failed: Vec<Request>,
    pub(crate) in_progress: Vec<Request>,
    /// The number of requests that wait for the link in their mail.
    pub(crate) unconfirmed: usize,
    pub(crate) forecast: Vec<CountedCertificates>,
    /// The most rows of a list.
    pub(crate) most: usize,
    /// The most that is counted.
    pub(crate) most_counted: usize,
}

/// One list of the page.
struct OverviewPart {
    title: String,
    rows: Vec<ConsoleRow>,
    /// Said if there is none; a part without it is left out.
    none: Option<String>,
    /// Said if there are more than the page shows.
    more: Option<String>,
    /// Where all of them are.
    links: Vec<OverviewLink>,
}

/// A link to all requests in a status.
struct OverviewLink {
    text: String,
    page: String,
}

/// One line of the forecast.
struct ForecastLine {
    days: String,
    count: String,
    page: String,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
pub(crate) struct ConsoleOverviewPage {
    site: Site,
    frame: ConsoleFrame,
    parts: Vec<OverviewPart>,
    /// The number of requests that nobody has confirmed, with a link to them.
    unconfirmed: Option<OverviewLink>,
    forecast: Vec<ForecastLine>,
}

impl ConsoleOverviewPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        frame: ConsoleFrame,
        policy: &Policy,
        overview: &ConsoleOverview,
    ) -> Self {
        let (site, now) = (Site::of(portal, locale), portal.clock.now());
        let row = |request: &Request, note: Option<String>| ConsoleRow {
            note,
            ..ConsoleRow::of(&site, request, policy.lifecycle(), now)
        };
        let part = |title: &'static str,
                    none: Option<&'static str>,
                    statuses: &[Status],
                    mut rows: Vec<ConsoleRow>| {
            let has_more = rows.len() > overview.most;
            rows.truncate(overview.most);
            let link = |status: &Status| OverviewLink {
                text: site.say(Message::new("console-all-in").with("status", status_words(&site, *status))),
                page: requests_path(&site, *status),
            };
            OverviewPart {
                title: site.text(title),
                rows,
                none: none.map(|text| site.text(text)),
                more: has_more.then(|| site.say(Message::new("console-more").with("count", overview.most))),
                links: statuses.iter().filter(|_| has_more).map(link).collect(),
            }
        };
        let waiting = overview.waiting.iter().map(|(request, progress)| {
            row(request, progress.as_ref().and_then(|progress| still_needed(&site, progress)))
        });
        let failed = overview.failed.iter().map(|request| row(request, request.reason().map(str::to_owned)));
        let in_progress = overview.in_progress.iter().map(|request| row(request, None));
        let under_way = [Status::Submitted, Status::Approved];
        let parts = [
            part(
                "console-waiting",
                Some("console-nothing-waits"),
                &[Status::PendingApproval],
                waiting.collect(),
            ),
            part("console-failed", Some("console-nothing-failed"), &[Status::Failed], failed.collect()),
            part("console-in-progress", None, &under_way, in_progress.collect()),
        ];
        let unconfirmed = |number: usize| {
            let is_all = number < overview.most_counted;
            let message = if is_all { "console-unconfirmed" } else { "console-unconfirmed-many" };
            site.say(Message::new(message).with("count", number))
        };
        let count = |number: usize| {
            let message = if number >= overview.most_counted { "console-at-least" } else { "console-count" };
            site.say(Message::new(message).with("count", number))
        };
        Self {
            frame,
            parts: parts.into_iter().filter(|part| !part.rows.is_empty() || part.none.is_some()).collect(),
            unconfirmed: (overview.unconfirmed > 0).then(|| OverviewLink {
                text: unconfirmed(overview.unconfirmed),
                page: requests_path(&site, Status::Unconfirmed),
            }),
            forecast: overview
                .forecast
                .iter()
                .map(|line| ForecastLine {
                    days: site.say(Message::new("console-within").with("days", line.days)),
                    count: count(line.count),
                    page: format!("{}console/certificates?within={}{}", site.base, line.days, site.also_lang),
                })
                .collect(),
            site,
        }
    }
}

/// Whom a request waits for, with their addresses.
pub(super) fn still_needed(site: &Site, progress: &ApprovalProgress) -> Option<String> {
    words::still_needed(site.language, &progress.needed, Email::to_string)
}
