//! The issuers at the console.

use askama::Template;
use pki::crl::Crl;
use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::texts::Message;

use super::super::{Instant, Site, grouped};
use super::frame::ConsoleFrame;
use crate::locale::Locale;
use crate::state::Portal;

/// An issuer and its revocation list.
pub(crate) struct IssuerAtConsole {
    pub(crate) issuer: Issuer,
    pub(crate) list: Option<Crl>,
    pub(crate) is_in_force: bool,
}

/// A revocation list.
struct ListFacts {
    number: String,
    published: Instant,
    /// The time before which the next one is due.
    next: Instant,
    /// True if that time is over: relying parties refuse the list.
    is_late: bool,
    entries: String,
}

struct IssuerRow {
    subject: String,
    is_in_force: bool,
    key_identifier: String,
    from: Instant,
    until: Instant,
    has_ended: bool,
    certificates: String,
    list: Option<ListFacts>,
}

#[derive(Template)]
#[template(path = "console/issuers.html")]
pub(crate) struct ConsoleIssuersPage {
    site: Site,
    frame: ConsoleFrame,
    rows: Vec<IssuerRow>,
}

impl ConsoleIssuersPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        frame: ConsoleFrame,
        found: &[IssuerAtConsole],
    ) -> Self {
        let (site, now) = (Site::of(portal, locale), portal.clock.now());
        Self { frame, rows: found.iter().map(|one| row(&site, one, now)).collect(), site }
    }
}

fn row(site: &Site, one: &IssuerAtConsole, now: OffsetDateTime) -> IssuerRow {
    let issuer = &one.issuer;
    let list = one.list.as_ref().map(|list| ListFacts {
        number: list.number().to_string(),
        published: site.instant(list.this_update()),
        next: site.instant(list.next_update()),
        is_late: list.next_update() <= now,
        entries: site.say(
            Message::new("console-revoked-count")
                .with("count", list.entries().map_or(0, |entries| entries.len())),
        ),
    });
    let id = issuer.key_identifier();
    IssuerRow {
        subject: issuer.subject(),
        is_in_force: one.is_in_force,
        from: site.instant(issuer.not_before()),
        until: site.instant(issuer.not_after()),
        has_ended: issuer.not_after() <= now,
        certificates: format!("{}console/certificates?by=issuer&q={id}{}", site.base, site.also_lang),
        key_identifier: grouped(&id),
        list,
    }
}
