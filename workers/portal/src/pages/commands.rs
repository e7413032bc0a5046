//! The page with commands for making a key and a CSR.

use askama::Template;
use workflow::finding::Finding;
use workflow::texts::Message;

use super::findings::FindingView;
use super::names::NamesView;
use super::{Site, shown};
use crate::commands::TypedNames;
use crate::locale::Locale;
use crate::state::Portal;

/// The most characters of a text that is not a name.
const MAX_QUOTED: usize = 300;

/// The most texts that are left out with a reason each.
const MAX_REASONS: usize = 20;

/// A text that is not in the commands, and the reason.
struct LeftOut {
    text: String,
    remark: FindingView,
}

#[derive(Template)]
#[template(path = "commands.html")]
pub(crate) struct CommandsPage {
    site: Site,
    typed: String,
    /// The error of the whole input.
    problem: Option<FindingView>,
    left_out: Vec<LeftOut>,
    /// Further texts that are not names, under a sentence that says so.
    further: Option<(String, NamesView)>,
    /// Names beyond the most names of a request, under a sentence that says so.
    beyond: Option<(String, NamesView)>,
    openssl: Option<String>,
    powershell: Option<String>,
    /// Names that only the PowerShell command leaves out.
    not_in_powershell: Option<NamesView>,
}

impl CommandsPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, typed: &str, names: &TypedNames) -> Self {
        let site = Site::of(portal, locale);
        let view = |names: Vec<String>| NamesView::of_names(&site, &names);
        let beyond: Vec<String> = names.beyond.iter().map(ToString::to_string).collect();
        let not_in_powershell: Vec<String> =
            names.not_in_powershell().iter().map(ToString::to_string).collect();
        Self {
            typed: typed.to_owned(),
            problem: None,
            left_out: names.left_out.iter().take(MAX_REASONS).map(|one| left_out(&site, one)).collect(),
            further: (names.left_out.len() > MAX_REASONS).then(|| {
                let texts: Vec<String> =
                    names.left_out.iter().skip(MAX_REASONS).map(|(text, _)| quoted(text)).collect();
                (site.say(Message::new("commands-further").with("count", texts.len())), view(texts))
            }),
            beyond: (!beyond.is_empty()).then(|| {
                let most = Message::new("commands-beyond").with("most", names.names.len());
                (site.say(most), view(beyond))
            }),
            openssl: names.openssl(),
            powershell: names.powershell(),
            not_in_powershell: (!not_in_powershell.is_empty()).then(|| view(not_in_powershell)),
            site,
        }
    }

    /// The page of an input that is not shown again.
    pub(crate) fn without_names(portal: &Portal, locale: &Locale, problem: &Finding) -> Self {
        let page = Self::new(portal, locale, "", &TypedNames::default());
        Self { problem: Some(FindingView::of(&page.site, problem)), ..page }
    }

    /// True if the openssl command has every typed name.
    pub(crate) fn is_complete(&self) -> bool {
        self.problem.is_none() && self.left_out.is_empty() && self.beyond.is_none()
    }
}

fn left_out(site: &Site, (text, finding): &(String, Finding)) -> LeftOut {
    LeftOut { text: quoted(text), remark: FindingView::of(site, finding) }
}

fn quoted(text: &str) -> String {
    let mut quoted = shown(text);
    if let Some((end, _)) = quoted.char_indices().nth(MAX_QUOTED) {
        quoted.truncate(end);
        quoted.push('…');
    }
    quoted
}
