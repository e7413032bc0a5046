//! My certificates: the page that asks for an address, and the list.

use askama::Template;
use time::OffsetDateTime;
use workflow::approval::{LinkGiven, LinkSecret};
use workflow::email::Email;
use workflow::finding::Finding;
use workflow::policy::Policy;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::findings::FindingView;
use super::names::{self, NamesView};
use super::status::headline;
use super::{Instant, Site, TimeLeft};
use crate::locale::Locale;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "ask-mine.html")]
pub(crate) struct AskMinePage {
    site: Site,
    /// The address of the mail with the link; shown even if there are no requests of that address.
    sent_to: Option<String>,
    /// What was typed, if that is no address.
    typed: String,
    problem: Option<FindingView>,
}

impl AskMinePage {
    pub(crate) fn new(portal: &Portal, locale: &Locale) -> Self {
        Self { site: Site::of(portal, locale), sent_to: None, typed: String::new(), problem: None }
    }

    pub(crate) fn sent(mut self, email: &Email) -> Self {
        self.sent_to = Some(email.to_string());
        self
    }

    /// Adds what is wrong with the address, and what was typed.
    pub(crate) fn with_problem(mut self, finding: &Finding, typed: String) -> Self {
        self.problem = Some(FindingView::of(&self.site, finding));
        self.typed = typed;
        self
    }
}

/// One request.
struct RequestRow {
    title: String,
    /// All names, if the title has not all.
    names: Option<NamesView>,
    profile: String,
    status: String,
    /// The CSS class of the status.
    class: &'static str,
    asked_at: Instant,
    not_after: Option<Instant>,
    /// The time left of a certificate in use.
    time_left: Option<TimeLeft>,
    page: String,
    zip: Option<String>,
    renew: Option<String>,
}

/// Requests under one heading.
struct Part {
    title: String,
    rows: Vec<RequestRow>,
}

#[derive(Template)]
#[template(path = "mine.html")]
pub(crate) struct MinePage {
    site: Site,
    email: String,
    parts: Vec<Part>,
}

impl MinePage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        email: &Email,
        requests: &[Request],
        links: &LinkSecret,
        policy: &Policy,
    ) -> Self {
        let site = Site::of(portal, locale);
        let now = portal.clock.now();
        let is_live = |request: &Request| request.has_live_certificate(now);
        let is_waiting =
            |request: &Request| !request.status().is_terminal() && request.status() != Status::Issued;
        let row = |request: &Request| row(&site, request, links, policy, now);
        let rows = |wanted: &dyn Fn(&Request) -> bool| -> Vec<RequestRow> {
            requests.iter().filter(|one| wanted(one)).map(row).collect()
        };
        // The first to end first: that is what there is to do.
        let mut live: Vec<&Request> = requests.iter().filter(|one| is_live(one)).collect();
        live.sort_by_key(|one| one.not_after());
        let parts = vec![
            Part { title: site.text("mine-live"), rows: live.into_iter().map(row).collect() },
            Part { title: site.text("mine-waiting"), rows: rows(&is_waiting) },
            Part { title: site.text("mine-ended"), rows: rows(&|one| !is_live(one) && !is_waiting(one)) },
        ];
        let parts = parts.into_iter().filter(|part| !part.rows.is_empty()).collect();
        Self { email: email.to_string(), parts, site }
    }
}

fn row(
    site: &Site,
    request: &Request,
    links: &LinkSecret,
    policy: &Policy,
    now: OffsetDateTime,
) -> RequestRow {
    let key = links.status_key(request.id(), LinkGiven::ByMail);
    let path = |below: &str| site.request_path(request.id(), below, &key);
    let all = request.requested_names();
    RequestRow {
        title: names::in_short(site, &all),
        names: (all.len() > 1).then(|| NamesView::of_names(site, &all)),
        profile: request.profile().to_owned(),
        status: site.say(Message::new("status-in-words").with("status", request.shown_status().as_str())),
        class: headline(request.shown_status()).0,
        asked_at: site.instant(request.registration_date()),
        not_after: request.not_after().filter(|_| request.is_signed()).map(|at| site.instant(at)),
        time_left: site.time_left(request, policy.lifecycle(), now),
        page: path(""),
        zip: request.may_be_handed_out().then(|| path("/certificate.zip")),
        renew: (request.not_renewable(policy, now).is_none())
            .then(|| site.form_path("renew", request.id(), &key)),
    }
}
