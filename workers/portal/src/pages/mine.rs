//! My certificates: the page that asks for an address, and the list.

use askama::Template;
use time::OffsetDateTime;
use workflow::approval::{LinkGiven, LinkSecret};
use workflow::email::Email;
use workflow::finding::Finding;
use workflow::policy::Policy;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::names::{self, NamesView};
use super::{FindingView, Instant, Site};
use crate::locale::Locale;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "ask-mine.html")]
pub(crate) struct AskMinePage {
    site: Site,
    /// The address of the mail with the link; shown even if there are no requests of that address.
    sent_to: Option<String>,
    problem: Option<FindingView>,
}

impl AskMinePage {
    pub(crate) fn new(portal: &Portal, locale: &Locale) -> Self {
        Self { site: Site::of(portal, locale), sent_to: None, problem: None }
    }

    pub(crate) fn sent(mut self, email: &Email) -> Self {
        self.sent_to = Some(email.to_string());
        self
    }

    pub(crate) fn with_problem(mut self, finding: &Finding) -> Self {
        self.problem = Some(self.site.remark(finding));
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
    asked_at: Instant,
    not_after: Option<Instant>,
    /// The time left, if the certificate ends soon.
    ends_in: Option<String>,
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
        let row = |request: &Request| RequestRow {
            ends_in: site.ends_in(request, policy.lifecycle(), now),
            ..row(&site, request, links, policy, now)
        };
        let rows = |wanted: &dyn Fn(&Request) -> bool| -> Vec<RequestRow> {
            requests.iter().filter(|one| wanted(one)).map(row).collect()
        };
        let parts = vec![
            Part { title: site.text("mine-live"), rows: rows(&is_live) },
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
    let (title, names) = names::title(site, &request.requested_names());
    RequestRow {
        title,
        names,
        profile: request.profile().to_owned(),
        status: site.say(Message::new("status-in-words").with("status", request.shown_status().as_str())),
        asked_at: site.instant(request.registration_date()),
        not_after: request.not_after().filter(|_| request.is_signed()).map(|at| site.instant(at)),
        ends_in: None,
        page: path(""),
        zip: request.may_be_handed_out().then(|| path("/certificate.zip")),
        renew: (request.not_renewable(policy, now).is_none())
            .then(|| site.form_path("renew", request.id(), &key)),
    }
}
