//! The pages around a sign-in at the identity provider.

use askama::Template;
use url::Url;
use workflow::approval::VoteInput;
use workflow::approval::voting::ResolvedLink;
use workflow::decision::Decision;
use workflow::texts::Message;

use super::names::NamesView;
use super::{Site, shown};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// Leads on to the identity provider.
#[derive(Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage {
    site: Site,
    url: String,
    host: String,
}

impl SignInPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        Self { site: Site::of_form(portal, locale), url: url.to_string(), host }
    }
}

/// Shows the decision that a sign-in proves, and asks for it.
#[derive(Template)]
#[template(path = "signed-in.html")]
pub(crate) struct SignedInPage {
    site: Site,
    approves: bool,
    approver: String,
    names: NamesView,
    requester: String,
    reason: String,
    token: String,
    problem: Option<String>,
}

impl SignedInPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        resolved: &ResolvedLink,
        vote_input: &VoteInput,
        token: &str,
    ) -> Self {
        let site = Site::of_form(portal, locale);
        let names = resolved.request.csr().map(|csr| csr.names.as_slice()).unwrap_or_default();
        Self {
            approves: vote_input.decision == Decision::Approve,
            approver: vote_input.approver.to_string(),
            names: NamesView::of_names(&site, names),
            requester: resolved.request.email().to_string(),
            reason: shown(vote_input.reason.as_deref().unwrap_or_default()),
            token: token.to_owned(),
            problem: None,
            site,
        }
    }

    /// Adds the error of the attempt, above the button that tries again.
    pub(crate) fn with_problem(self, problem: &Problem) -> Self {
        Self { problem: Some(problem.detail(self.site.language)), ..self }
    }
}
