//! A standing approval on the status page of its request, and the page that shows a new credential, once.
//!
//! Invariant: only the mailed link offers a credential, the end, and the certificates. The page of a credential is the answer to a POST, and
//! no other page has a secret.

use askama::Template;
use workflow::approval::credentials::MadeCredential;
use workflow::approval::opened::OpenedRequest;
use workflow::approval::standing::StandingError;
use workflow::approval::{LinkGiven, LinkSecret};
use workflow::certificate::revoker_text;
use workflow::name_list::names_in_short;
use workflow::request::Request;
use workflow::texts::Message;

use super::{Instant, Markup, Site, names_for_people, shown};
use crate::commands::clients::{ClientCommands, acme_directory};
use crate::locale::Locale;
use crate::standing::{ListedUse, StandingStatus};
use crate::state::Portal;

/// Certificates shown before the fold.
const SHOWN: usize = 5;

/// The standing approval, as the template `standing.html` shows it.
pub(super) struct StandingFacts {
    /// `3 of 20`.
    pub(super) used: String,
    pub(super) until: Instant,
    /// Who ended it, if somebody did.
    pub(super) ended: Option<EndFacts>,
    /// The order of the requester that sign has yet to do.
    pub(super) is_ending: bool,
    /// The reason why nothing more is issued.
    pub(super) over: Option<StandingError>,
    /// The newest certificates, if the link shows them.
    pub(super) certificates: Option<UseList>,
    pub(super) credential: Option<CredentialForm>,
    /// The path for ending it.
    pub(super) end: Option<String>,
}

/// The person who ended it, and the reason.
pub(super) struct EndFacts {
    pub(super) by: String,
    pub(super) reason: Option<String>,
}

/// The newest certificates.
pub(super) struct UseList {
    pub(super) first: Vec<UseRow>,
    pub(super) rest: Vec<UseRow>,
    /// The label of the fold.
    pub(super) fold: String,
    /// The sentence about those that are not in the list.
    pub(super) beyond: Option<String>,
}

/// One certificate.
pub(super) struct UseRow {
    pub(super) names: String,
    pub(super) status: String,
    /// The end of a certificate that is not revoked.
    pub(super) not_after: Option<Instant>,
    pub(super) number: String,
    pub(super) serial: Option<String>,
    /// The path of its request.
    pub(super) page: String,
}

/// The form for a credential.
pub(super) struct CredentialForm {
    pub(super) action: String,
    /// The number of the latest one; 0 if there is none.
    pub(super) replaces: u32,
    /// When the latest one was made, and what becomes of it.
    pub(super) latest: Option<Markup>,
    pub(super) button: String,
}

impl StandingFacts {
    pub(super) fn of(
        site: &Site,
        opened: &OpenedRequest,
        status: &StandingStatus,
        links: &LinkSecret,
    ) -> Self {
        let (request, approval, outlook) = (&opened.request, &status.approval, status.outlook);
        let used =
            Message::new("mail-statement-used-of").with("used", approval.used()).with("most", outlook.most);
        let is_ending = status.is_ending(request);
        let path = |below: &str| site.request_path(request.id(), below, &opened.key);
        let may_act = opened.is_mailed() && !is_ending;
        // Nothing more is signed, and yet another policy could revive it: only an end by an act is for ever.
        let is_alive = matches!(outlook.over, None | Some(StandingError::UsedUp));
        Self {
            used: site.say(used),
            until: site.instant(outlook.until),
            ended: status.end().map(|(end, reason)| EndFacts {
                by: site.text(revoker_text(&end.by)),
                reason: reason.map(shown),
            }),
            is_ending,
            over: outlook.over,
            certificates: status
                .newest
                .as_ref()
                .map(|newest| UseList::of(site, newest, approval.used(), links)),
            credential: (may_act && is_alive).then(|| CredentialForm::of(site, request, path("/credential"))),
            end: (may_act && outlook.over != Some(StandingError::Ended)).then(|| path("/end")),
        }
    }
}

impl UseList {
    fn of(site: &Site, newest: &[ListedUse], used: u32, links: &LinkSecret) -> Self {
        let mut first: Vec<UseRow> = newest.iter().map(|one| UseRow::of(site, one, links)).collect();
        let rest = first.split_off(first.len().min(SHOWN));
        let listed = u32::try_from(newest.len()).unwrap_or(u32::MAX);
        let beyond = (listed < used)
            .then(|| Message::new("standing-beyond").with("listed", listed).with("used", used))
            .map(|message| site.say(message));
        let fold = site.say(Message::new("standing-fold").with("count", rest.len()));
        Self { first, rest, fold, beyond }
    }
}

impl UseRow {
    fn of(site: &Site, one: &ListedUse, links: &LinkSecret) -> Self {
        let id = one.counted.request_id;
        let row = one.request.as_ref();
        let signed = row.filter(|row| row.is_signed());
        let status = match row {
            Some(row) => Message::new("status-in-words").with("status", row.shown_status().as_str()),
            None => Message::new("standing-no-certificate"),
        };
        let is_revoked = signed.is_some_and(|row| row.revocation().is_some());
        Self {
            names: names_in_short(
                site.language,
                &names_for_people(row.map(Request::names).unwrap_or_default()),
            ),
            status: site.say(status),
            not_after: signed.filter(|_| !is_revoked).and_then(Request::not_after).map(|at| site.instant(at)),
            number: site.say(Message::new("standing-number").with("number", one.counted.number)),
            serial: signed.and_then(Request::serial).map(ToString::to_string),
            page: site.request_path(id, "", &links.status_key(id, LinkGiven::ByMail)),
        }
    }
}

impl CredentialForm {
    fn of(site: &Site, request: &Request, action: String) -> Self {
        let latest = request.credential();
        let button = if latest.is_some() { "credential-another" } else { "credential-make" };
        Self {
            action,
            replaces: latest.map_or(0, |latest| latest.number),
            latest: latest.map(|latest| {
                let text = Message::new("credential-replaces").with("number", latest.number);
                site.markup(text).time("at", &site.instant(latest.made_at))
            }),
            button: site.text(button),
        }
    }
}

/// The page of a new credential.
#[derive(Template)]
#[template(path = "credential.html")]
pub(crate) struct CredentialPage {
    site: Site,
    bearer: String,
    key_id: String,
    mac_key: String,
    directory: String,
    commands: ClientCommands,
    /// The path of the status page.
    back: String,
}

impl CredentialPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        opened: &OpenedRequest,
        made: &MadeCredential,
    ) -> Self {
        let site = Site::of_form(portal, locale);
        Self {
            bearer: made.bearer.expose(),
            key_id: made.key_id.to_string(),
            mac_key: made.mac_key.expose(),
            directory: acme_directory(&portal.base_url),
            commands: ClientCommands::of(&portal.base_url, made),
            back: site.request_path(opened.request.id(), "", &opened.key),
            site,
        }
    }
}
