//! The pages around a sign-in at the identity provider.

use askama::Template;
use url::Url;
use workflow::approval::VoteInput;
use workflow::approval::voting::ResolvedLink;
use workflow::decision::Decision;
use workflow::request::Request;
use workflow::standing::RequestKind;
use workflow::texts::Message;

use super::names::NamesView;
use super::reviewed::terms_lead;
use super::{Markup, Site, grouped, shown};
use crate::http::problem::Problem;
use crate::http::sign_in_cookie::SignInPurpose;
use crate::locale::Locale;
use crate::state::Portal;

/// Leads on to the identity provider.
#[derive(Template)]
#[template(path = "sign-in.html")]
pub(crate) struct SignInPage {
    site: Site,
    title: String,
    text: String,
    url: String,
}

impl SignInPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, purpose: &SignInPurpose, url: &Url) -> Self {
        let site = Site::of_form(portal, locale);
        let (title, text) = match purpose {
            SignInPurpose::Vote(_) => ("sign-in-title", "sign-in-text"),
            SignInPurpose::Confirm(_) => ("sign-in-confirm-title", "sign-in-confirm-text"),
            SignInPurpose::Console(_) => ("console-title", "console-lead-on"),
        };
        let text = Message::new(text).with("host", url.host_str().unwrap_or_default());
        Self { title: site.text(title), text: site.say(text), url: url.to_string(), site }
    }
}

/// Shows the request that a sign-in confirms, and asks for it.
#[derive(Template)]
#[template(path = "signed-in-to-confirm.html")]
pub(crate) struct ConfirmSignedInPage {
    site: Site,
    /// The kind of request, which chooses the words.
    kind: RequestKind,
    names: NamesView,
    terms: Option<Markup>,
    email: String,
    profile: String,
    comment: String,
    csr_digest: String,
    renews: bool,
    token: String,
    problem: Option<String>,
}

impl ConfirmSignedInPage {
    pub(crate) fn new(portal: &Portal, locale: &Locale, request: &Request, token: &str) -> Self {
        let site = Site::of_form(portal, locale);
        Self {
            kind: request.kind(),
            names: NamesView::of_names(&site, &request.requested_names()),
            terms: lead_of(&site, request),
            email: request.email().to_string(),
            profile: request.profile().to_owned(),
            comment: shown(request.comment()),
            csr_digest: request.requested_csr_digest().map(|digest| grouped(&digest)).unwrap_or_default(),
            renews: request.replaces().is_some(),
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

/// What a standing approval allows; `None` for a certificate.
fn lead_of(site: &Site, request: &Request) -> Option<Markup> {
    request.terms().map(|terms| terms_lead(site, terms.days(), terms.certificates()))
}

/// Shows the decision that a sign-in proves, and asks for it.
#[derive(Template)]
#[template(path = "signed-in.html")]
pub(crate) struct SignedInPage {
    site: Site,
    approves: bool,
    /// The kind of request, which chooses the words.
    kind: RequestKind,
    approver: String,
    names: NamesView,
    terms: Option<Markup>,
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
        let request = &resolved.request;
        Self {
            approves: vote_input.decision == Decision::Approve,
            kind: request.kind(),
            approver: vote_input.approver.to_string(),
            names: NamesView::of_names(&site, &request.known_names()),
            terms: lead_of(&site, request),
            requester: request.email().to_string(),
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
