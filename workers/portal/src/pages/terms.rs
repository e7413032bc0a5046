//! The form of a standing approval: empty, filled in with errors, or with a preview of what it would allow.

use askama::Template;
use workflow::policy::{Policy, Profile, StandingRules};
use workflow::standing::StandingTerms;
use workflow::texts::Message;

use super::choices::ProfileChoice;
use super::complaints::Complaints;
use super::findings::VerdictLine;
use super::names::NamesView;
use super::{Site, seats};
use crate::forms::submission::{FieldError, fresh_key};
use crate::forms::terms::TermsForm;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// What the standing approval would allow.
struct TermsPreviewView {
    names: NamesView,
    days: String,
    most: String,
    each: Option<String>,
    approval: Option<String>,
    verdict: VerdictLine,
}

#[derive(Template)]
#[template(path = "terms.html")]
pub(crate) struct TermsPage<'a> {
    site: Site,
    form: &'a TermsForm,
    idempotency_key: String,
    profiles: Vec<ProfileChoice>,
    /// The label of the profiles.
    profile_label: String,
    complaints: Complaints,
    preview: Option<TermsPreviewView>,
}

impl<'a> TermsPage<'a> {
    pub(crate) fn new(portal: &Portal, locale: &Locale, policy: &Policy, form: &'a TermsForm) -> Self {
        // Without a profile there is no form.
        let site = match policy.profiles().any(|profile| profile.standing().is_some()) {
            true => Site::of_draft(portal, locale),
            false => Site::of_form(portal, locale),
        };
        let with_rules = policy.profiles().filter_map(|profile| Some((profile, profile.standing()?)));
        let mut profiles: Vec<ProfileChoice> = with_rules
            .map(|(profile, StandingRules { max_days, most })| ProfileChoice {
                name: profile.name().to_owned(),
                description: profile.description(locale.language).to_owned(),
                bounds: Some(
                    site.say(Message::new("terms-bounds").with("days", max_days).with("certificates", most)),
                ),
                selected: form.profile == profile.name(),
            })
            .collect();
        if let Some(first) = profiles.first_mut().filter(|_| form.profile.is_empty()) {
            first.selected = true;
        }
        Self {
            profile_label: site.text("terms-profile"),
            site,
            form,
            idempotency_key: fresh_key(),
            profiles,
            complaints: Complaints::default(),
            preview: None,
        }
    }

    /// Adds the errors above the form, or the detail of the problem if no field has an error.
    pub(crate) fn with_errors(mut self, wrong: &[FieldError], problem: &Problem) -> Self {
        self.complaints = Complaints::of(&self.site, wrong, problem);
        self
    }

    /// Adds the preview below the form.
    pub(crate) fn with_preview(mut self, terms: &StandingTerms, profile: Option<&Profile>) -> Self {
        let site = &self.site;
        let validity_days = profile.map(Profile::validity_days);
        self.preview = Some(TermsPreviewView {
            names: NamesView::of_names(site, &terms.names_as_text()),
            days: site.say(Message::new("standing-days").with("days", terms.days())),
            most: site.say(Message::new("standing-most").with("certificates", terms.certificates())),
            each: validity_days.map(|days| site.say(Message::new("days").with("days", days))),
            approval: profile.map(|one| seats::in_words(site, one.quorums(), one.limit())),
            verdict: VerdictLine::allowed(site.text("preview-allowed")),
        });
        self
    }

    /// One name a line, as people read them.
    fn names_in_lines(&self) -> String {
        self.form.names.replace(' ', "\n")
    }
}
