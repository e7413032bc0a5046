//! Everything that waits for an approver: the page that asks for an address, and the list.

use askama::Template;
use workflow::approval::InboxLink;
use workflow::approval::inbox::Waiting;
use workflow::approval::review::ApprovalProgress;
use workflow::email::Email;
use workflow::finding::Finding;
use workflow::texts::Message;

use super::findings::FindingView;
use super::names::{self, NamesView};
use super::{Instant, Markup, Site};
use crate::locale::Locale;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "ask-inbox.html")]
pub(crate) struct AskInboxPage {
    site: Site,
    /// The address of the mail with the link; shown even if nothing waits for that address.
    sent_to: Option<String>,
    /// What was typed, if that is no address.
    typed: String,
    problem: Option<FindingView>,
}

impl AskInboxPage {
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
struct WaitingRow {
    title: String,
    /// All names, if the title has not all.
    names: Option<NamesView>,
    asked: Markup,
    progress: String,
    until: Instant,
    /// Relative to the page.
    page: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
pub(crate) struct InboxPage {
    site: Site,
    approver: String,
    rows: Vec<WaitingRow>,
    until: Instant,
}

impl InboxPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        inbox: &InboxLink,
        rows: &[(Waiting, ApprovalProgress)],
        below: &str,
    ) -> Self {
        let site = Site::of(portal, locale);
        Self {
            approver: inbox.approver.to_string(),
            rows: rows.iter().map(|(one, progress)| row(&site, one, progress, below)).collect(),
            until: site.instant(inbox.until),
            site,
        }
    }
}

fn row(site: &Site, one: &Waiting, progress: &ApprovalProgress, below: &str) -> WaitingRow {
    let Waiting { request, approval } = one;
    let (title, names) = names::title(site, &request.known_names());
    let asked = Message::new("inbox-asked")
        .with("requester", request.email().as_str())
        .with("profile", request.profile());
    let so_far = Message::new("review-approvals")
        .with("approvals", progress.approvals())
        .with("quorum", progress.quorum);
    WaitingRow {
        title,
        names,
        asked: site.markup(asked).time("at", &site.instant(request.registration_date())),
        progress: site.say(so_far),
        until: site.instant(approval.expires_at),
        page: format!("{below}{}{}", request.id(), site.only_lang),
    }
}
