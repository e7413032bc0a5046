//! What a request asks for, on the review page: a certificate, or a standing approval with the most that may come of it.

use time::OffsetDateTime;
use workflow::approval::review::{ReviewedCertificate, ReviewedTerms};
use workflow::request::renewal::RenewalDifferences;
use workflow::texts::Message;

use super::names::NamesView;
use super::{Markup, Site, grouped, shown};

/// What a renewal replaces, and what changes.
pub(super) struct RenewalSummary {
    pub(super) replaces: Markup,
    /// One line: that nothing changed, or what did.
    pub(super) headline: String,
    pub(super) added: Option<NamesView>,
    pub(super) removed: Option<NamesView>,
    /// Labels and former values.
    pub(super) before: Vec<(String, String)>,
}

/// What is said only about a certificate.
pub(super) struct CertificateDetails {
    pub(super) subject: String,
    pub(super) key: String,
    pub(super) public_key_digest: String,
    pub(super) csr_digest: String,
    pub(super) usages: String,
    pub(super) renewal: Option<RenewalSummary>,
}

impl CertificateDetails {
    pub(super) fn of(site: &Site, certificate: &ReviewedCertificate) -> Self {
        Self {
            subject: certificate.subject.clone(),
            key: certificate.key.clone(),
            public_key_digest: grouped(&certificate.public_key_digest),
            csr_digest: grouped(&certificate.csr_digest),
            usages: site.usages(certificate.extended_key_usage.iter().chain(&certificate.key_usage)),
            renewal: certificate
                .differences
                .as_ref()
                .map(|differences| RenewalSummary::of(site, differences)),
        }
    }
}

/// How many certificates may come of a standing approval, and for how long.
pub(super) fn terms_lead(site: &Site, days: u32, certificates: u32) -> Markup {
    site.markup(Message::new("review-terms-lead").with("days", days).with("certificates", certificates))
}

/// The most that may come of a standing approval.
pub(super) struct TermsView {
    /// How many certificates, and for how long.
    pub(super) lead: Markup,
    /// The validity of each certificate, if the policy allows the terms.
    pub(super) each: Option<String>,
    /// The ends, while it is undecided.
    pub(super) ends: Option<String>,
    /// What a name with a dot at its beginning means, if there is one.
    pub(super) suffix_hint: Option<String>,
}

impl TermsView {
    pub(super) fn of(site: &Site, terms: &ReviewedTerms, undecided_at: Option<OffsetDateTime>) -> Self {
        let after =
            |at: OffsetDateTime, days: u32| site.day(at.saturating_add(time::Duration::days(days.into())));
        let ends = undecided_at.zip(terms.days_of_last()).map(|(at, last)| {
            let message = Message::new("review-terms-last").with("until", after(at, terms.days));
            site.say(message.with("last", after(at, last)))
        });
        let has_suffix = terms.names.iter().any(|name| name.starts_with('.'));
        Self {
            lead: terms_lead(site, terms.days, terms.certificates),
            each: terms
                .validity_days
                .map(|days| site.say(Message::new("review-terms-each").with("days", days))),
            ends,
            suffix_hint: has_suffix.then(|| site.text("standing-suffix-hint")),
        }
    }
}

impl RenewalSummary {
    pub(super) fn of(site: &Site, differences: &RenewalDifferences) -> Self {
        let id = if differences.revoked { "renewal-of-revoked" } else { "renewal-of" };
        let replaces = Message::new(id).with("serial", differences.serial.to_string());
        let count = |id, names: &[String]| {
            (!names.is_empty()).then(|| site.say(Message::new(id).with("count", names.len())))
        };
        let days =
            differences.validity_days_before.map(|days| site.say(Message::new("days").with("days", days)));
        let others = [
            ("renewal-other-subject", "renewal-subject", differences.subject_before.as_deref().map(shown)),
            ("renewal-other-profile", "renewal-profile", differences.profile_before.clone()),
            ("renewal-other-key", "renewal-key", differences.key_before.clone()),
            ("renewal-other-validity", "renewal-validity", days),
        ];
        let counts = [
            count("renewal-added-count", &differences.names_added),
            count("renewal-removed-count", &differences.names_removed),
        ];
        let words =
            others.iter().filter(|(_, _, before)| before.is_some()).map(|(word, _, _)| site.text(word));
        let changes: Vec<String> = counts.into_iter().flatten().chain(words).collect();
        let changes = changes.join(&site.text("list-separator"));
        let names = |names: &[String]| (!names.is_empty()).then(|| NamesView::of_names(site, names));
        Self {
            replaces: site.markup(replaces).time("until", &site.instant(differences.not_after)),
            headline: if differences.is_empty() {
                site.text("renewal-nothing")
            } else {
                site.say(Message::new("renewal-changed").with("changes", changes))
            },
            added: names(&differences.names_added),
            removed: names(&differences.names_removed),
            before: others
                .into_iter()
                .filter_map(|(_, label, before)| {
                    let before = before?;
                    let shown = if before.is_empty() { site.text("none") } else { before };
                    Some((site.text(label), shown))
                })
                .collect(),
        }
    }

    /// True if there is nothing to fold.
    pub(super) fn is_unchanged(&self) -> bool {
        self.added.is_none() && self.removed.is_none() && self.before.is_empty()
    }
}
