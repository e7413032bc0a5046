//! The form of a standing approval: empty, filled in with errors, or with a preview of what it would allow.

use askama::Template;
use workflow::policy::{Policy, StandingRules};
use workflow::standing::StandingTerms;
use workflow::texts::Message;

use super::form::Complaint;
use super::names::NamesView;
use super::{FindingView, Site};
use crate::forms::submission::{FieldError, fresh_key};
use crate::forms::terms::TermsForm;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// One profile to choose, with its bounds.
struct ProfileBounds {
    name: String,
    description: String,
    /// The most days and certificates.
    bounds: String,
    selected: bool,
}

/// What the standing approval would allow.
struct TermsPreviewView {
    names: NamesView,
    days: String,
    most: String,
    each: Option<String>,
}

#[derive(Template)]
#[template(path = "terms.html")]
pub(crate) struct TermsPage<'a> {
    site: Site,
    form: &'a TermsForm,
    idempotency_key: String,
    profiles: Vec<ProfileBounds>,
    heading: Option<String>,
    notice: Option<String>,
    complaints: Vec<Complaint>,
    preview: Option<TermsPreviewView>,
}

impl<'a> TermsPage<'a> {
    pub(crate) fn new(portal: &Portal, locale: &Locale, policy: &Policy, form: &'a TermsForm) -> Self {
        let site = Site::of_form(portal, locale);
        let with_rules = policy.profiles().filter_map(|profile| Some((profile, profile.standing()?)));
        let mut profiles: Vec<ProfileBounds> = with_rules
            .map(|(profile, StandingRules { max_days, most })| ProfileBounds {
                name: profile.name().to_owned(),
                description: profile.description(locale.language).to_owned(),
                bounds: site
                    .say(Message::new("terms-bounds").with("days", max_days).with("certificates", most)),
                selected: form.profile == profile.name(),
            })
            .collect();
        if let Some(first) = profiles.first_mut().filter(|_| form.profile.is_empty()) {
            first.selected = true;
        }
        Self {
            site,
            form,
            idempotency_key: fresh_key(),
            profiles,
            heading: None,
            notice: None,
            complaints: Vec::new(),
            preview: None,
        }
    }

    /// Adds the errors above the form, or the detail of the problem if no field has an error.
    pub(crate) fn with_errors(mut self, wrong: Vec<FieldError>, problem: &Problem) -> Self {
        self.heading = Some(Complaint::heading(&self.site, &wrong, problem));
        self.notice = wrong.is_empty().then(|| problem.detail(self.site.language));
        self.complaints = wrong.iter().map(|error| Complaint::of(&self.site, error)).collect();
        self
    }

    /// Adds the preview below the form.
    pub(crate) fn with_preview(mut self, terms: &StandingTerms, validity_days: Option<u32>) -> Self {
        let site = &self.site;
        self.preview = Some(TermsPreviewView {
            names: NamesView::of_names(site, &terms.names_as_text()),
            days: site.say(Message::new("standing-days").with("days", terms.days())),
            most: site.say(Message::new("standing-most").with("certificates", terms.certificates())),
            each: validity_days.map(|days| site.say(Message::new("days").with("days", days))),
        });
        self
    }

    /// One name a line, as people read them.
    fn names_in_lines(&self) -> String {
        self.form.names.replace(' ', "\n")
    }

    /// The errors of one field.
    fn about(&self, field: &str) -> Vec<&FindingView> {
        Complaint::about(&self.complaints, field)
    }
}
