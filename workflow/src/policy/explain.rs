//! The evaluation of one request, rule by rule, for operators.
//!
//! Invariant: an outcome is the finding of the function that [`Policy::evaluate`] calls for the same thing, or the lack
//! of one; this module adds only which rule granted it. Nothing here decides.

use pki::csr::{Csr, RequestedExtension};
use pki::error::NameError;
use pki::key::KeyKind;
use pki::name::Name;

use super::rules::NameDecision;
use super::rules_of_profile::{
    entries_for, key, name, no_usage_left, not_for_requester, requester_finding, subject, too_many_names,
    unusable_name, wish,
};
use super::{Evaluation, Policy, Profile, StandingRules};
use crate::finding::{Finding, Severity};
use crate::requester::Requester;

/// The evaluation of a request by a profile, with the outcome of each rule.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// One line for each rule and each thing that the rule is about.
    pub rules: Vec<ExplainedRule>,
    /// The result, as the portal has it without an issuer.
    pub evaluation: Evaluation,
}

/// The outcome of one rule for one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedRule {
    /// The kind of thing, such as `DNS name`.
    pub part: &'static str,
    /// The thing, as in the request or as granted.
    pub value: String,
    /// The outcome.
    pub outcome: RuleOutcome,
    /// The rule, or the reason.
    pub reason: String,
}

/// An outcome for a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleOutcome {
    /// It will be in the certificate, or is allowed.
    Granted,
    /// The certificate comes without it.
    LeftOut,
    /// The request is refused.
    Refused,
    /// The rule needs a value that is not known here.
    Open,
}

impl RuleOutcome {
    /// The outcome in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RuleOutcome::Granted => "granted",
            RuleOutcome::LeftOut => "left out",
            RuleOutcome::Refused => "refused",
            RuleOutcome::Open => "open",
        }
    }
}

impl Policy {
    /// Explains the evaluation of a request by a profile, rule by rule.
    #[must_use]
    pub fn explain(&self, csr: &Csr, profile: &Profile, requester: Option<&Requester>) -> Explanation {
        let mut rules = RuleWalk { policy: self, csr, profile, all: Vec::new() };
        rules.key();
        rules.requester(requester);
        rules.names(requester);
        rules.subject();
        rules.key_usage();
        rules.purposes();
        rules.other_wishes();
        rules.validity();
        rules.publication();
        rules.standing();
        Explanation { rules: rules.all, evaluation: self.evaluate(csr, profile, requester) }
    }
}

struct RuleWalk<'a> {
    policy: &'a Policy,
    csr: &'a Csr,
    profile: &'a Profile,
    all: Vec<ExplainedRule>,
}

impl RuleWalk<'_> {
    fn add(
        &mut self,
        part: &'static str,
        value: impl Into<String>,
        outcome: RuleOutcome,
        reason: impl Into<String>,
    ) {
        self.all.push(ExplainedRule { part, value: value.into(), outcome, reason: reason.into() });
    }

    /// Adds the findings about a value, or its grant.
    fn judged(
        &mut self,
        part: &'static str,
        value: impl Into<String>,
        findings: impl IntoIterator<Item = Finding>,
        granted_by: impl FnOnce() -> String,
    ) {
        let value = value.into();
        let before = self.all.len();
        for finding in findings {
            let outcome = match finding.severity {
                Severity::Refused => RuleOutcome::Refused,
                Severity::Ignored => RuleOutcome::LeftOut,
                _ => RuleOutcome::Open,
            };
            self.add(part, value.clone(), outcome, finding.detail);
        }
        if self.all.len() == before {
            self.add(part, value, RuleOutcome::Granted, granted_by());
        }
    }

    fn key(&mut self) {
        let profile = self.profile;
        let findings = key(self.policy, self.csr, profile);
        self.judged("key", self.csr.key().description(), findings, || {
            let kinds: Vec<&str> = profile.keys.iter().map(|rule| rule.describe()).collect();
            let bits = match self.csr.key().kind() {
                KeyKind::Rsa { .. } => format!("; rsa_min_bits = {}", profile.rsa_min_bits),
                _ => String::new(),
            };
            format!("keys: {}{bits}", kinds.join(", "))
        });
        if self.policy.denied_key_list().is_some() {
            let reason = "denied_key_list: the stack looks the key up when the request comes";
            self.add("key", self.csr.key().description(), RuleOutcome::Open, reason);
        }
    }

    fn requester(&mut self, requester: Option<&Requester>) {
        let profile = self.profile;
        let finding = requester_finding(profile, requester);
        match requester {
            Some(Requester::Person(email)) => self.judged("requester", email.as_str(), finding, || {
                let rule = entries_for(profile, email.as_str()).next().map(|(_, rule)| rule.to_string());
                rule.map_or_else(
                    || "no requesters, so every address may ask".to_owned(),
                    |rule| format!("requesters.domains: {rule}"),
                )
            }),
            None if finding.is_some() => self.judged("requester", "not given", finding, String::new),
            None => {}
        }
    }

    fn names(&mut self, requester: Option<&Requester>) {
        let (csr, profile) = (self.csr, self.profile);
        self.judged("number of names", csr.names().len().to_string(), too_many_names(csr, profile), || {
            format!("max_names = {}", profile.max_names)
        });
        for error in csr.unusable_names() {
            let value = match error {
                NameError::Dns { name, .. } => name.clone(),
                other => other.to_string(),
            };
            self.judged("DNS name", value, [unusable_name(error, profile)], String::new);
        }
        for one in csr.names() {
            let of_requester = requester.and_then(|requester| not_for_requester(one, profile, requester));
            let is_usual = profile.wildcards || !one.is_wildcard();
            let is_outside = is_usual && matches!(profile.names.decide(one), NameDecision::Outside);
            let of_profile = name(one, profile).map(|mut finding| {
                if is_outside {
                    finding.detail.push_str(&format!(" No entry of names.{}.allow covers it.", kind(one)));
                }
                finding
            });
            let findings = of_profile.into_iter().chain(of_requester);
            self.judged(one.kind(), one.to_string(), findings, || granted_by(one, profile));
        }
    }

    fn subject(&mut self) {
        let text = subject(self.csr, self.profile);
        let common_name = text.strip_prefix("CN=");
        match (self.csr.common_name(), common_name) {
            (Some(asked), None) => {
                self.add(
                    "common name",
                    asked,
                    RuleOutcome::LeftOut,
                    "it is not one of the names, or too long",
                );
            }
            (Some(asked), Some(_)) => {
                self.add("common name", asked, RuleOutcome::Granted, "it is one of the names");
            }
            (None, _) => {}
        }
        let value = if text.is_empty() { "empty".to_owned() } else { text };
        let fixed = match self.profile.subject.as_str() {
            "" => "the profile has no subject".to_owned(),
            fixed => format!("subject = \"{fixed}\""),
        };
        self.add("subject", value, RuleOutcome::Granted, fixed);
        for extension in self.csr.extensions() {
            if let RequestedExtension::SubjectPart(part) = extension {
                self.add("subject", part, RuleOutcome::LeftOut, "only the profile's subject is written");
            }
        }
    }

    fn key_usage(&mut self) {
        let (csr, profile) = (self.csr, self.profile);
        let granted = profile.key_usage_for(csr.key().kind());
        if let Some(finding) = no_usage_left(csr, profile) {
            self.judged("key usage", "none", [finding], String::new);
        }
        for usage in &profile.key_usage {
            let fits = granted.iter().any(|granted| granted == usage.0);
            if fits {
                self.add("key usage", usage.0, RuleOutcome::Granted, "key_usage of the profile");
            } else {
                let reason = format!("an {} key cannot do that", csr.key().description());
                self.add("key usage", usage.0, RuleOutcome::LeftOut, reason);
            }
        }
        self.wishes("key usage", |extension| match extension {
            RequestedExtension::KeyUsage(usage) => Some((*usage).to_owned()),
            _ => None,
        });
    }

    fn purposes(&mut self) {
        for purpose in &self.profile.extended_key_usage {
            self.add("purpose", &purpose.0, RuleOutcome::Granted, "extended_key_usage of the profile");
        }
        self.wishes("purpose", |extension| match extension {
            RequestedExtension::ExtendedKeyUsage(purpose) => Some(purpose.clone()),
            _ => None,
        });
    }

    fn other_wishes(&mut self) {
        self.wishes("extension", |extension| match extension {
            RequestedExtension::CertificateAuthority => Some("CA:TRUE".to_owned()),
            RequestedExtension::Extension(name) => Some(name.clone()),
            _ => None,
        });
        self.wishes("other name", |extension| match extension {
            RequestedExtension::OtherName(kind) => Some((*kind).to_owned()),
            _ => None,
        });
        self.wishes("attribute", |extension| match extension {
            RequestedExtension::Attribute(name) => Some(name.clone()),
            _ => None,
        });
    }

    /// Adds the requested values that the profile does not grant; `of` picks the kind.
    fn wishes(&mut self, part: &'static str, of: impl Fn(&RequestedExtension) -> Option<String>) {
        let key_usage = self.profile.key_usage_for(self.csr.key().kind());
        for extension in self.csr.extensions() {
            let finding = wish(self.policy, self.csr, self.profile, &key_usage, extension);
            if let (Some(value), Some(finding)) = (of(extension), finding) {
                self.judged(part, value, [finding], String::new);
            }
        }
    }

    fn validity(&mut self) {
        let days = format!("{} days", self.profile.validity_days);
        self.add("validity", days, RuleOutcome::Granted, "validity_days; not after the CA's own certificate");
    }

    fn standing(&mut self) {
        if let Some(StandingRules { max_days, most }) = self.profile.standing() {
            let value = format!("at most {max_days} days, {most} certificates");
            let reason = "standing: nobody is asked if an approved one covers the request";
            self.add("standing approval", value, RuleOutcome::Open, reason);
        }
    }

    fn publication(&mut self) {
        let publication = self.policy.publication();
        let shards = self.policy.list_shards();
        if shards > 1 {
            let what = "CRL of [publication] list_shards, chosen by the serial";
            self.add("published at", format!("one of {shards} lists"), RuleOutcome::Granted, what);
        }
        let lists =
            [("CRL", &publication.crl), ("CA certificate", &publication.issuer), ("OCSP", &publication.ocsp)];
        for (what, addresses) in lists {
            for address in addresses {
                self.add("published at", address, RuleOutcome::Granted, format!("{what} of [publication]"));
            }
        }
    }
}

/// The rule that allows a name, for people.
fn granted_by(name: &Name, profile: &Profile) -> String {
    match profile.names.decide(name) {
        NameDecision::Allowed(rule) => format!("names.{}.allow: {rule}", kind(name)),
        // Refused names have a finding.
        NameDecision::NoRules | NameDecision::Denied(_) | NameDecision::Outside => String::new(),
    }
}

/// The key of the rules on this kind of name.
fn kind(name: &Name) -> &'static str {
    match name {
        Name::Dns(_) => "dns",
        Name::Ip(_) => "ip",
        Name::Email(_) => "email",
        Name::Uri(_) => "uri",
    }
}

#[cfg(test)]
mod tests;
