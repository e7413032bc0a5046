//! What the status page says of the requester's other requests for the same names, and what to do instead.
//!
//! Invariant: only on the page of the mailed link, since its rows have the mailed links of the other requests
//! (docs/decisions/0162).

use time::OffsetDateTime;
use workflow::approval::duplicates::Duplicates;
use workflow::approval::{LinkGiven, LinkSecret};
use workflow::policy::Policy;
use workflow::request::{Request, Status};
use workflow::texts::Message;

use super::{Markup, Site};

/// The warning.
pub(super) struct DuplicatesView {
    pub(super) rows: Vec<DuplicateRow>,
    pub(super) advice: Vec<String>,
}

/// One other request.
pub(super) struct DuplicateRow {
    pub(super) id: String,
    /// How far it is, or until when its certificate is valid.
    pub(super) about: Markup,
    pub(super) page: String,
    /// The link to the form that renews its certificate.
    pub(super) renew: Option<String>,
}

impl DuplicatesView {
    pub(super) fn of(
        site: &Site,
        request: &Request,
        found: &Duplicates,
        links: &LinkSecret,
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Self {
        let row = |other: &Request, about: Markup| {
            let key = links.status_key(other.id(), LinkGiven::ByMail);
            let may_renew = request.replaces().is_none() && other.not_renewable(policy, now).is_none();
            DuplicateRow {
                id: other.id().to_string(),
                about,
                page: site.request_path(other.id(), "", &key),
                renew: may_renew.then(|| site.form_path("renew", other.id(), &key)),
            }
        };
        let waiting = found.waiting.iter().map(|other| row(other, waits(site, other)));
        let certified = found.certified.iter().filter_map(|other| {
            let until = site.instant(other.not_after()?);
            Some(row(other, site.markup(Message::new("duplicate-certificate")).time("until", &until)))
        });
        let rows: Vec<DuplicateRow> = waiting.chain(certified).collect();
        let either = match request.status() {
            Status::Unconfirmed => "duplicate-unconfirmed-advice",
            _ => "duplicate-waiting-advice",
        };
        let renews = rows.iter().any(|row| row.renew.is_some()).then_some("duplicate-renew-advice");
        let advice = std::iter::once(either).chain(renews).map(|id| site.text(id)).collect();
        Self { rows, advice }
    }
}

/// How far another request is.
fn waits(site: &Site, other: &Request) -> Markup {
    let status = site.say(Message::new("status-in-words").with("status", other.shown_status().as_str()));
    let about = Message::new("duplicate-waiting").with("status", status);
    site.markup(about).time("at", &site.instant(other.registration_date()))
}
