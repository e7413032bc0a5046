//! The pages for signing in to the console.

use askama::Template;
use workflow::texts::Message;

use super::super::{PasskeyData, Site};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// Asks for a passkey, or leads on to the identity provider.
#[derive(Template)]
#[template(path = "console/sign-in.html")]
pub(crate) struct ConsoleSignInPage {
    site: Site,
    /// What the script of passkeys needs; `None` if people sign in at the identity provider.
    passkey: Option<PasskeyData>,
    /// The random text in the challenge.
    nonce: String,
    base_url: String,
    problem: Option<String>,
}

impl ConsoleSignInPage {
    /// The page; `nonce` is that of a ticket for a passkey.
    pub(crate) fn new(portal: &Portal, locale: &Locale, nonce: Option<&str>) -> Self {
        Self {
            site: Site::of(portal, locale),
            // No credentials: the page tells nobody who has one.
            passkey: nonce.map(|_| PasskeyData::of(portal, &[])),
            nonce: nonce.unwrap_or_default().to_owned(),
            base_url: portal.base_url.to_string(),
            problem: None,
        }
    }

    pub(crate) fn with_problem(self, problem: &Problem) -> Self {
        Self { problem: Some(problem.detail(self.site.language)), ..self }
    }
}

/// Who signed in at the identity provider, and the button that opens the console.
#[derive(Template)]
#[template(path = "console/signed-in.html")]
pub(crate) struct ConsoleSignedInPage {
    site: Site,
    /// Empty while the provider's key is not known yet.
    person: String,
    token: String,
    problem: Option<String>,
}

impl ConsoleSignedInPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, person: &str, token: &str) -> Self {
        Self {
            site: Site::of_form(portal, locale),
            person: person.to_owned(),
            token: token.to_owned(),
            problem: None,
        }
    }

    pub(crate) fn with_problem(self, problem: &Problem) -> Self {
        Self { problem: Some(problem.detail(self.site.language)), ..self }
    }
}
