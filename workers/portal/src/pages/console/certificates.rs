//! The certificates at the console: the search, and a page of what was found.

use askama::Template;
use url::form_urlencoded::Serializer;
use workflow::policy::{Lifecycle, Policy};
use workflow::store::{CertificateState, InventoryPage};
use workflow::texts::Message;

use super::super::Site;
use super::frame::ConsoleFrame;
use super::rows::ConsoleRow;
use crate::locale::Locale;
use crate::state::Portal;

/// The property by which certificates are searched for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SearchBy {
    /// By the beginning of a name.
    #[default]
    Name,
    /// Every name below a domain.
    Domain,
    /// By the address of the requester.
    Requester,
    /// By the name of the profile.
    Profile,
    /// By the key identifier of the issuer, or its beginning.
    Issuer,
    /// By the serial number.
    Serial,
}

impl SearchBy {
    const ALL: [Self; 6] =
        [Self::Name, Self::Domain, Self::Requester, Self::Profile, Self::Issuer, Self::Serial];

    /// The value in the query.
    fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Domain => "domain",
            Self::Requester => "requester",
            Self::Profile => "profile",
            Self::Issuer => "issuer",
            Self::Serial => "serial",
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }

    fn label(self) -> &'static str {
        match self {
            Self::Name => "console-by-name",
            Self::Domain => "console-by-domain",
            Self::Requester => "console-by-requester",
            Self::Profile => "console-by-profile",
            Self::Issuer => "console-by-issuer",
            Self::Serial => "console-by-serial",
        }
    }
}

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub(crate) struct CertificateSearch {
    pub(crate) by: SearchBy,
    pub(crate) text: String,
    /// `None` for every state.
    pub(crate) state: Option<CertificateState>,
    /// Those in use that end within so many days, in place of all else.
    pub(crate) within: Option<u16>,
}

/// What is wrong with what was searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchMistake {
    Address,
    Profile,
    Issuer,
    Serial,
    /// The place in the list, of a link that was edited.
    Place,
}

impl SearchMistake {
    fn text(self) -> &'static str {
        match self {
            Self::Address => "console-no-address",
            Self::Profile => "console-no-profile",
            Self::Issuer => "console-no-issuer",
            Self::Serial => "console-no-serial",
            Self::Place => "console-no-place",
        }
    }
}

/// One choice of a list.
struct SearchChoice {
    value: &'static str,
    text: String,
    selected: bool,
}

#[derive(Template)]
#[template(path = "console/certificates.html")]
pub(crate) struct ConsoleCertificatesPage {
    site: Site,
    frame: ConsoleFrame,
    search: CertificateSearch,
    ways: Vec<SearchChoice>,
    states: Vec<SearchChoice>,
    lifecycle: Lifecycle,
    rows: Vec<ConsoleRow>,
    /// What the list is of, if not of the search.
    ending: Option<String>,
    /// The page after this one.
    next: Option<String>,
    /// What is wrong with what was searched for.
    mistake: Option<String>,
}

impl ConsoleCertificatesPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        frame: ConsoleFrame,
        search: &CertificateSearch,
        policy: &Policy,
    ) -> Self {
        let site = Site::of(portal, locale);
        let way = |by: SearchBy| SearchChoice {
            value: by.as_str(),
            text: site.text(by.label()),
            selected: by == search.by,
        };
        let state = |state: Option<CertificateState>| SearchChoice {
            value: state.map(CertificateState::as_str).unwrap_or_default(),
            text: site.text(match state {
                None => "console-any-state",
                Some(CertificateState::Valid) => "console-state-valid",
                Some(CertificateState::Ended) => "console-state-ended",
                Some(CertificateState::Revoked) => "console-state-revoked",
            }),
            selected: state == search.state,
        };
        Self {
            frame,
            ways: SearchBy::ALL.into_iter().map(way).collect(),
            states: std::iter::once(None)
                .chain(CertificateState::ALL.into_iter().map(Some))
                .map(state)
                .collect(),
            lifecycle: policy.lifecycle().clone(),
            rows: Vec::new(),
            ending: search
                .within
                .map(|days| site.say(Message::new("console-ending-within").with("days", days))),
            next: None,
            mistake: None,
            search: search.clone(),
            site,
        }
    }

    pub(crate) fn with_certificates(mut self, portal: &Portal, found: &InventoryPage) -> Self {
        let now = portal.clock.now();
        let row = |request| ConsoleRow::of(&self.site, request, &self.lifecycle, now);
        self.rows = found.rows.iter().map(row).collect();
        self.next = found.next.as_ref().map(|entry| {
            let mut query = Serializer::new(String::new());
            match self.search.within {
                Some(days) => query.append_pair("within", &days.to_string()),
                None => query.append_pair("by", self.search.by.as_str()).append_pair("q", &self.search.text),
            };
            if let Some(state) = self.search.state {
                query.append_pair("state", state.as_str());
            }
            let query = query.append_pair("after", &entry.to_string()).finish();
            format!("{}console/certificates?{query}{}", self.site.base, self.site.also_lang)
        });
        self
    }

    pub(crate) fn with_mistake(mut self, mistake: SearchMistake) -> Self {
        self.mistake = Some(self.site.text(mistake.text()));
        self
    }
}
