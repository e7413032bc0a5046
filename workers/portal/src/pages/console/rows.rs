//! A request or a certificate as one line of a list.

use time::OffsetDateTime;
use workflow::policy::Lifecycle;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::super::names::{self, NamesView};
use super::super::status::headline;
use super::super::{Instant, Site, TimeLeft};

/// One line.
pub(super) struct ConsoleRow {
    pub(super) title: String,
    /// All names, if the title has not all.
    pub(super) names: Option<NamesView>,
    pub(super) status: String,
    /// The CSS class of the status.
    pub(super) class: &'static str,
    pub(super) requester: String,
    pub(super) profile: String,
    pub(super) asked_at: Instant,
    pub(super) serial: Option<String>,
    pub(super) not_after: Option<Instant>,
    /// The time left of a certificate in use.
    pub(super) time_left: Option<TimeLeft>,
    /// Whom it waits for, or the reason why it ended.
    pub(super) note: Option<String>,
    pub(super) page: String,
}

impl ConsoleRow {
    pub(super) fn of(site: &Site, request: &Request, lifecycle: &Lifecycle, now: OffsetDateTime) -> Self {
        let (title, names) = names::title(site, &request.requested_names());
        let status = request.shown_status();
        let is_signed = request.is_signed();
        Self {
            title,
            names,
            status: status_text(site, request),
            class: headline(status).0,
            requester: request.email().to_string(),
            profile: request.profile().to_owned(),
            asked_at: site.instant(request.registration_date()),
            serial: request.serial().filter(|_| is_signed).map(ToString::to_string),
            not_after: request.not_after().filter(|_| is_signed).map(|at| site.instant(at)),
            time_left: site.time_left(request, lifecycle, now),
            note: None,
            page: format!("{}console/requests/{}{}", site.base, request.id(), site.only_lang),
        }
    }
}

/// The status of a request in words.
pub(super) fn status_text(site: &Site, request: &Request) -> String {
    status_words(site, request.shown_status())
}

/// A status in words.
pub(super) fn status_words(site: &Site, status: Status) -> String {
    site.say(Message::new("console-status").with("status", status.as_str()))
}

/// The first page of all requests in a status.
pub(super) fn requests_path(site: &Site, status: Status) -> String {
    format!("{}console/requests?status={status}{}", site.base, site.also_lang)
}
