//! The pages. Each works without a script, on a phone, with a keyboard and with a screen reader.
//!
//! Invariant: the templates escape all text from outside; an approver's page never contains the key of its link.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use pki::name::Name;
use time::{Duration, OffsetDateTime};
use workflow::approval::StatusKey;
use workflow::finding::is_unfit_to_show;
use workflow::ids::RequestId;
use workflow::policy::Lifecycle;
use workflow::request::Request;
use workflow::texts::{Language, Message, Wording};
use workflow::time_zone::TimeZone;
use workflow::timestamp::rfc3339;

use crate::locale::Locale;
use crate::state::Portal;

pub(crate) mod assets;
mod choices;
mod commands;
mod complaints;
mod console;
mod duplicates;
mod findings;
mod form;
mod inbox;
mod key_file;
mod markup;
mod mine;
mod names;
mod new;
mod passkey;
mod passkey_data;
mod picture;
mod problem;
mod questions;
mod related;
mod review;
mod reviewed;
mod revocation;
mod seats;
mod sign_in;
mod standing;
mod status;
mod terms;
mod trust;
mod votes;

pub(crate) use commands::CommandsPage;
pub(crate) use console::{
    CertificateSearch, ConsoleAction, ConsoleCertificatesPage, ConsoleFrame, ConsoleGrantsPage,
    ConsoleIssuersPage, ConsoleOverview, ConsoleOverviewPage, ConsolePolicyPage, ConsoleRequestPage,
    ConsoleRequestsPage, ConsoleSignInPage, ConsoleSignedInPage, CountedCertificates, IssuerAtConsole,
    RequestAtConsole, RequestsInStatus, SearchBy, SearchMistake,
};
pub(crate) use form::FormPage;
pub(crate) use inbox::{AskInboxPage, InboxPage};
pub(crate) use mine::{AskMinePage, MinePage};
pub(crate) use new::MakeKeyPage;
pub(crate) use passkey::{PasskeyPage, PasskeyStage, VouchPage};
pub(crate) use problem::problem;
pub(crate) use review::ReviewPage;
pub(crate) use revocation::{RevocationFacts, RevokeForm};
pub(crate) use sign_in::{ConfirmSignedInPage, SignInPage, SignedInPage};
pub(crate) use standing::CredentialPage;
pub(crate) use status::StatusPage;
pub(crate) use terms::TermsPage;
pub(crate) use trust::TrustPage;

use assets::Paths;
use markup::{Instant, Markup};
use passkey_data::PasskeyData;

/// The parts of every page: paths, language, the zone of times, and links to the other languages.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The path of the base URL, with its trailing slash.
    pub(crate) base: String,
    pub(crate) assets: Paths,
    pub(crate) language: Language,
    time_zone: TimeZone,
    /// `?lang=` if the language was chosen, for links and forms without other parameters.
    only_lang: String,
    /// `&lang=` if the language was chosen, for links with other parameters.
    also_lang: String,
    others: Vec<Other>,
    /// True on a page with a form to be filled in: its other languages are buttons that take the entries along.
    keeps_draft: bool,
}

/// A link to this page in another language; relative, so that an approver's page does not contain the key of its link.
#[derive(Clone, Debug)]
struct Other {
    language: Language,
    href: String,
}

impl Site {
    fn of(portal: &Portal, locale: &Locale) -> Self {
        let base = portal.base_url.path().to_owned();
        Self {
            assets: Paths::below(&base),
            base,
            language: locale.language,
            time_zone: locale.time_zone,
            only_lang: locale.only_lang(),
            also_lang: locale.also_lang(),
            others: Language::ALL
                .into_iter()
                .filter(|language| *language != locale.language)
                .map(|language| Other { language, href: locale.query_in(language) })
                .collect(),
            keeps_draft: false,
        }
    }

    /// Like [`Site::of`], for an answer to a POST: its path has no page, so the other languages link to the form.
    fn of_form(portal: &Portal, locale: &Locale) -> Self {
        let mut site = Self::of(portal, locale);
        for other in &mut site.others {
            other.href.insert_str(0, &site.base);
        }
        site
    }

    /// Like [`Site::of_form`], for the page of the form with the id `request`: the other languages show it with its entries.
    fn of_draft(portal: &Portal, locale: &Locale) -> Self {
        let mut site = Self::of(portal, &locale.without_query());
        for other in &mut site.others {
            other.href.insert_str(0, &format!("{}requests/preview", site.base));
        }
        site.keeps_draft = true;
        site
    }

    /// The path of a request, or of a resource below it (`/certificate.zip`), with the key of its link.
    fn request_path(&self, id: RequestId, below: &str, key: &StatusKey) -> String {
        format!("{}requests/{id}{below}?key={}{}", self.base, key.expose(), self.also_lang)
    }

    /// The path of the form, filled in `for_what` (`again` or `renew`) with the values of a request.
    fn form_path(&self, for_what: &str, id: RequestId, key: &StatusKey) -> String {
        format!("{}?{for_what}={id}&key={}{}", self.base, key.expose(), self.also_lang)
    }

    fn text(&self, id: &'static str) -> String {
        self.language.text(id)
    }

    fn say(&self, message: Message) -> String {
        self.language.say(&message)
    }

    fn markup(&self, message: Message) -> Markup {
        Markup::new(self.language, message)
    }

    /// The time left of a certificate in use.
    fn time_left(&self, request: &Request, lifecycle: &Lifecycle, now: OffsetDateTime) -> Option<TimeLeft> {
        let validity = request.validity().filter(|_| request.has_live_certificate(now))?;
        let days = (validity.not_after - now).whole_days();
        Some(TimeLeft {
            text: self.say(Message::new("ends-in").with("days", days)),
            is_short: lifecycle.reached(validity, now, Duration::ZERO).is_some(),
        })
    }

    fn instant(&self, at: OffsetDateTime) -> Instant {
        Instant { machine: rfc3339(at), people: self.wording().instant(at) }
    }

    fn day(&self, at: OffsetDateTime) -> String {
        self.wording().day(at)
    }

    fn wording(&self) -> Wording {
        Wording { language: self.language, time_zone: self.time_zone }
    }

    /// Usages such as `digitalSignature`, in words.
    fn usages<'a>(&self, usages: impl IntoIterator<Item = &'a String>) -> String {
        let words = usages.into_iter().map(|usage| match usage.as_str() {
            "serverAuth" => self.text("usage-server"),
            "clientAuth" => self.text("usage-client"),
            "digitalSignature" => self.text("usage-digital-signature"),
            "keyEncipherment" => self.text("usage-key-encipherment"),
            "keyAgreement" => self.text("usage-key-agreement"),
            other => other.to_owned(),
        });
        words.collect::<Vec<_>>().join(&self.text("list-separator"))
    }
}

/// What is left of a certificate's validity.
struct TimeLeft {
    /// "ends in 12 days".
    text: String,
    /// True if the certificate has reached its first reminder.
    is_short: bool,
}

/// Names for people: internationalized ones in both forms.
fn names_for_people(names: &[String]) -> Vec<String> {
    names
        .iter()
        .map(|name| name.parse::<Name>().map_or_else(|_| name.clone(), |name| name.for_people()))
        .collect()
}

/// A text from outside, with the characters that change how the text around them looks written as their code points.
/// The joiners stay: scripts and emoji need them.
fn shown(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        match c {
            '\n' | '\t' | '\u{200c}' | '\u{200d}' => shown.push(c),
            c if is_unfit_to_show(c) => shown.push_str(&format!("[U+{:04X}]", u32::from(c))),
            c => shown.push(c),
        }
        shown
    })
}

/// A hex digest in groups, for comparison by eye.
fn grouped(hex: &str) -> String {
    hex.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// Redirects to the status page. To a path, not a URL, so that a browser behind a tunnel stays in it.
pub(crate) fn see_status(portal: &Portal, locale: &Locale, id: RequestId, key: &StatusKey) -> Response {
    let path = Site::of(portal, locale).request_path(id, "", key);
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}

pub(crate) fn page(status: StatusCode, language: Language, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = (status, html).into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
            response
        }
        Err(error) => {
            tracing::error!(%error, "cannot render a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_turns_text_around_is_shown() {
        assert_eq!(shown("pay\u{202e}lap\u{2066}\u{200b}.\n\tEnd"), "pay[U+202E]lap[U+2066][U+200B].\n\tEnd");
        let family = "👩\u{200d}👧 می\u{200c}خواهم";
        assert_eq!(shown(family), family);
    }
}
