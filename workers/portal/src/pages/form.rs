//! The form: empty, filled in with errors, or filled in with a preview of the certificate.

use askama::Template;
use workflow::policy::{Policy, RenewalRules};
use workflow::request::Request;
use workflow::request::intake::Preview;
use workflow::texts::Message;

use super::names::NamesView;
use super::{FindingView, Markup, Site};
use crate::commands::TypedNames;
use crate::forms::submission::{FieldError, SubmissionForm, fresh_key};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// One profile to choose.
struct Choice {
    name: String,
    description: String,
    selected: bool,
}

/// One entry of the summary of errors.
pub(super) struct Complaint {
    pub(super) field: &'static str,
    pub(super) remark: FindingView,
}

impl Complaint {
    pub(super) fn of(site: &Site, error: &FieldError) -> Self {
        Self { field: error.field, remark: site.remark(&error.finding) }
    }

    /// The heading of the summary.
    pub(super) fn heading(site: &Site, wrong: &[FieldError], problem: &Problem) -> String {
        match wrong.len() {
            0 | 1 => problem.title(site.language),
            several => site.say(Message::new("form-several-wrong").with("count", several)),
        }
    }

    /// The errors of one field.
    pub(super) fn about<'a>(complaints: &'a [Self], field: &str) -> Vec<&'a FindingView> {
        complaints
            .iter()
            .filter(|complaint| complaint.field == field)
            .map(|complaint| &complaint.remark)
            .collect()
    }
}

/// The texts of the preview.
struct PreviewView {
    subject: String,
    names: NamesView,
    key: String,
    /// The validity and the profile.
    validity: String,
    usages: String,
    remarks: Vec<FindingView>,
}

/// The certificate to renew, and the commands for a new key with its names.
struct RenewalView {
    names: NamesView,
    lead: Markup,
    /// The sentence that the old certificate will be revoked.
    supersedes: Option<String>,
    openssl: Option<String>,
    powershell: Option<String>,
}

impl RenewalView {
    fn of(site: &Site, replaced: &Request, rules: &RenewalRules) -> Option<Self> {
        let (csr, not_after) = (replaced.csr()?, replaced.not_after()?);
        let commands = TypedNames::of_certificate(&csr.names, &csr.subject);
        let commands = commands.filter(|commands| commands.not_in_powershell().is_empty());
        Some(Self {
            names: NamesView::of_names(site, &csr.names),
            lead: site.markup(Message::new("form-renew-lead")).time("until", &site.instant(not_after)),
            supersedes: rules.supersede_after.map(|after| {
                let days = u32::try_from(after.as_secs().div_ceil(86_400)).unwrap_or(u32::MAX);
                site.say(Message::new("form-renew-supersedes").with("days", days))
            }),
            openssl: commands.as_ref().and_then(TypedNames::openssl),
            powershell: commands.as_ref().and_then(TypedNames::powershell),
        })
    }
}

#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct FormPage<'a> {
    site: Site,
    form: &'a SubmissionForm,
    idempotency_key: String,
    renewal: Option<RenewalView>,
    profiles: Vec<Choice>,
    /// True if the policy has standing approvals.
    offers_standing: bool,
    heading: Option<String>,
    notice: Option<String>,
    complaints: Vec<Complaint>,
    preview: Option<PreviewView>,
}

impl<'a> FormPage<'a> {
    pub(crate) fn new(portal: &Portal, locale: &Locale, policy: &Policy, form: &'a SubmissionForm) -> Self {
        let chosen =
            policy.profile(Some(&form.profile)).or_else(|_| policy.profile(None)).ok().map(|one| one.name());
        let profiles = policy
            .profiles()
            .map(|profile| Choice {
                name: profile.name().to_owned(),
                description: profile.description(locale.language).to_owned(),
                selected: chosen == Some(profile.name()),
            })
            .collect();
        let site = Site::of_form(portal, locale);
        Self {
            renewal: form
                .replaced
                .as_ref()
                .and_then(|replaced| RenewalView::of(&site, &replaced.request, policy.renewal())),
            site,
            form,
            idempotency_key: fresh_key(),
            profiles,
            offers_standing: policy.profiles().any(|profile| profile.standing().is_some()),
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
    pub(crate) fn with_preview(mut self, preview: &Preview) -> Self {
        let grant = &preview.grant;
        self.preview = Some(PreviewView {
            subject: grant.subject.clone(),
            names: NamesView::of_names(&self.site, &grant.names),
            key: grant.key.clone(),
            validity: self.site.say(
                Message::new("preview-valid-profile")
                    .with("days", grant.validity_days)
                    .with("profile", &grant.profile),
            ),
            usages: self.site.usages(&grant.extended_key_usage),
            remarks: self.site.remarks(&preview.findings),
        });
        self
    }

    /// The key that proves the renewal, to be sent again with the form.
    fn replaces_key(&self) -> &str {
        self.form.replaces_key.as_ref().map_or("", |key| key.expose())
    }

    /// The errors of one field.
    fn about(&self, field: &str) -> Vec<&FindingView> {
        Complaint::about(&self.complaints, field)
    }
}
