//! Standing approvals at the console.

use askama::Template;
use workflow::approval::standing::StandingApproval;
use workflow::policy::Policy;
use workflow::texts::Message;

use super::super::names::{self, NamesView};
use super::super::{Instant, Site};
use super::frame::ConsoleFrame;
use crate::locale::Locale;
use crate::state::Portal;

/// One standing approval.
struct GrantRow {
    title: String,
    names: Option<NamesView>,
    requester: String,
    profile: String,
    /// "12 of 100 certificates".
    used: String,
    until: Instant,
    /// Why nothing more is signed under it.
    over: Option<String>,
    page: String,
}

#[derive(Template)]
#[template(path = "console/grants.html")]
pub(crate) struct ConsoleGrantsPage {
    site: Site,
    frame: ConsoleFrame,
    rows: Vec<GrantRow>,
    more: Option<String>,
}

impl ConsoleGrantsPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        frame: ConsoleFrame,
        found: &[StandingApproval],
        policy: &Policy,
        most: usize,
    ) -> Self {
        let (site, now) = (Site::of(portal, locale), portal.clock.now());
        let row = |approval: &StandingApproval| {
            let (title, names) = names::title(&site, &approval.terms().names_as_text());
            let used = Message::new("console-used")
                .with("used", approval.used())
                .with("most", approval.terms().certificates());
            let over = approval.ensure_alive(policy, now).err();
            GrantRow {
                title,
                names,
                requester: approval.requester().to_string(),
                profile: approval.profile().to_owned(),
                used: site.say(used),
                until: site.instant(approval.until()),
                over: over.map(|error| error.finding().detail_in(site.language).into_owned()),
                page: format!("{}console/requests/{}{}", site.base, approval.id(), site.only_lang),
            }
        };
        Self {
            frame,
            rows: found.iter().take(most).map(row).collect(),
            more: (found.len() > most).then(|| site.say(Message::new("console-more").with("count", most))),
            site,
        }
    }
}
