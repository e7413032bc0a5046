//! The form: empty, filled in with errors, or filled in with a preview of the certificate.

use askama::Template;
use pki::certificate::Validity;
use pki::issuer::Issuer;
use time::OffsetDateTime;
use workflow::grant::Grant;
use workflow::policy::{Policy, RenewalRules};
use workflow::request::Request;
use workflow::request::intake::Preview;
use workflow::texts::Message;

use super::choices::ProfileChoice;
use super::complaints::Complaints;
use super::findings::{RemarkList, VerdictLine};
use super::names::NamesView;
use super::{Markup, Site, seats};
use crate::commands::TypedNames;
use crate::forms::submission::{FieldError, SubmissionForm, fresh_key};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// The texts of the preview.
struct PreviewView {
    verdict: VerdictLine,
    /// The same in a few words, with the number of names: read out by screen readers.
    said: String,
    subject: String,
    names: NamesView,
    key: String,
    usages: String,
    /// The label of the validity, and the validity with the profile.
    validity: (String, String),
    /// The subject of the issuer, if there is one.
    issuer: Option<String>,
    approval: Option<String>,
    remarks: RemarkList,
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
    profiles: Vec<ProfileChoice>,
    /// The label of the profiles.
    profile_label: String,
    /// True if the policy has standing approvals.
    offers_standing: bool,
    complaints: Complaints,
    preview: Option<PreviewView>,
}

impl<'a> FormPage<'a> {
    pub(crate) fn new(portal: &Portal, locale: &Locale, policy: &Policy, form: &'a SubmissionForm) -> Self {
        let chosen =
            policy.profile(Some(&form.profile)).or_else(|_| policy.profile(None)).ok().map(|one| one.name());
        let profiles = policy
            .profiles()
            .map(|profile| ProfileChoice {
                name: profile.name().to_owned(),
                description: profile.description(locale.language).to_owned(),
                bounds: None,
                selected: chosen == Some(profile.name()),
            })
            .collect();
        let site = Site::of_draft(portal, locale);
        Self {
            renewal: form
                .replaced
                .as_ref()
                .and_then(|replaced| RenewalView::of(&site, &replaced.request, policy.renewal())),
            profile_label: site.text("form-profile"),
            site,
            form,
            idempotency_key: fresh_key(),
            profiles,
            offers_standing: policy.profiles().any(|profile| profile.standing().is_some()),
            complaints: Complaints::default(),
            preview: None,
        }
    }

    /// Adds the errors above the form, or the detail of the problem if no field has an error.
    pub(crate) fn with_errors(mut self, wrong: &[FieldError], problem: &Problem) -> Self {
        self.complaints = Complaints::of(&self.site, wrong, problem);
        self
    }

    /// Adds the preview of a certificate that `issuer` would issue now.
    pub(crate) fn with_preview(
        mut self,
        preview: &Preview,
        policy: &Policy,
        issuer: Option<&Issuer>,
        now: OffsetDateTime,
    ) -> Self {
        let (site, grant) = (&self.site, &preview.grant);
        let remarks = RemarkList::of(site, &preview.findings);
        let names =
            Message::new("preview-checked").with("count", grant.names.len()).with("profile", &grant.profile);
        let mut said = site.say(names);
        if !remarks.is_empty() {
            said.push_str(&site.text("preview-checked-remarks"));
        }
        self.preview = Some(PreviewView {
            verdict: VerdictLine::allowed(site.text("preview-allowed")),
            said,
            subject: grant.subject.clone(),
            names: NamesView::of_names(site, &grant.names),
            key: grant.key.clone(),
            usages: site.usages(&grant.extended_key_usage),
            validity: validity(site, grant, issuer, now),
            issuer: issuer.map(Issuer::subject),
            approval: policy
                .profile(Some(&grant.profile))
                .ok()
                .map(|profile| seats::in_words(site, &preview.quorums, profile.limit())),
            remarks,
        });
        self
    }

    /// The key that proves the renewal, to be sent again with the form.
    fn replaces_key(&self) -> &str {
        self.form.replaces_key.as_ref().map_or("", |key| key.expose())
    }
}

/// Until when a certificate is valid that `issuer` issues now, under its label; without an issuer, for how long.
fn validity(site: &Site, grant: &Grant, issuer: Option<&Issuer>, now: OffsetDateTime) -> (String, String) {
    let in_profile = |id| Message::new(id).with("profile", &grant.profile);
    let days = grant.validity_days;
    match issuer.and_then(|issuer| Some((Validity::choose(now, days, issuer).ok()?, issuer))) {
        Some((validity, issuer)) => {
            let message = if validity.not_after == issuer.not_after() {
                in_profile("preview-until-issuer")
            } else {
                in_profile("preview-until").with("days", days)
            };
            let until = message.with("until", site.day(validity.not_after));
            (site.text("fact-valid-until"), site.say(until))
        }
        None => {
            let message = in_profile("preview-valid-profile").with("days", days);
            (site.text("preview-valid-for"), site.say(message))
        }
    }
}
