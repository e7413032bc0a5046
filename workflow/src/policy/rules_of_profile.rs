//! The evaluation of one request by one profile.
//!
//! Invariant: every name and every requested value is either granted by the profile or has a finding. The grant is
//! built from the profile; the request contributes its names and its common name, each after a check.

use pki::csr::{Csr, RequestedExtension};
use pki::error::NameError;
use pki::key::KeyKind;
use pki::name::Name;

use super::document::UngrantedAction;
use super::{Evaluation, Grant, Policy, Profile};
use crate::finding::{Code, Finding, Severity, about_name, dropped_name, new_key, quoted};
use crate::requester::Requester;
use crate::texts::{Message, Value};

impl Policy {
    /// Returns the grant, and every finding. A call without a requester is a preview: violations of rules on requesters
    /// are then warnings.
    #[must_use]
    pub fn evaluate(&self, csr: &Csr, profile: &Profile, requester: Option<&Requester>) -> Evaluation {
        let key_usage = profile.key_usage_for(csr.key().kind());
        let extended_key_usage: Vec<String> =
            profile.extended_key_usage.iter().map(|purpose| purpose.0.clone()).collect();

        let mut findings = Vec::new();
        findings.extend(key(self, csr, profile));
        findings.extend(names(csr, profile));
        findings.extend(asked_by(csr, profile, requester));
        findings.extend(extensions(self, csr, profile, &key_usage));
        if !profile.has_use_for(csr.key().kind()) {
            findings.push(Finding::refused(
                Code::UnsupportedKey,
                Message::new("finding-profile-no-use")
                    .with("profile", &profile.name)
                    .with("key", csr.key().description()),
                new_key(),
            ));
        }
        findings.extend(csr.warnings().iter().map(Finding::from));

        let refused = findings.iter().any(Finding::is_refusal);
        let grant = (!refused).then(|| Grant {
            profile: profile.name.clone(),
            subject: subject(csr, profile),
            names: csr.names().iter().map(Name::to_string).collect(),
            key: csr.key().description(),
            key_usage: key_usage.into_iter().map(str::to_owned).collect(),
            extended_key_usage,
            validity_days: profile.validity_days,
        });
        Evaluation { findings, grant }
    }
}

fn key(policy: &Policy, csr: &Csr, profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let kind = csr.key().kind();
    if !profile.keys.iter().any(|rule| rule.allows(kind)) {
        let allowed: Vec<&str> = profile.keys.iter().map(|rule| rule.describe()).collect();
        findings.push(Finding::refused(
            Code::UnsupportedKey,
            Message::new("finding-profile-keys").with("profile", &profile.name).with("key", kind.to_string()),
            Message::new("finding-profile-keys-advice").with("allowed", allowed.join(", ")),
        ));
    }
    if let KeyKind::Rsa { bits } = kind
        && bits < profile.rsa_min_bits
    {
        findings.push(Finding::refused(
            Code::WeakKey,
            Message::new("finding-profile-rsa")
                .with("bits", bits)
                .with("profile", &profile.name)
                .with("fewest", profile.rsa_min_bits),
            new_key(),
        ));
    }
    if !policy.denied_keys.is_empty() && csr.key().is_in(&policy.denied_keys) {
        let detail = Message::new("finding-key-denied").with("digest", csr.key().digest());
        findings.push(Finding::refused(Code::WeakKey, detail, new_key()));
    }
    findings
}

fn names(csr: &Csr, profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if csr.names().len() > profile.max_names {
        findings.push(Finding::refused(
            Code::TooLarge,
            Message::new("finding-profile-too-many-names")
                .with("count", csr.names().len())
                .with("profile", &profile.name)
                .with("most", profile.max_names),
            Message::new("finding-spread-names"),
        ));
    }
    let of_unusable = |error: &NameError| match profile.drop_unusable_names {
        true => dropped_name(error),
        false => error.clone().into(),
    };
    findings.extend(csr.unusable_names().iter().map(of_unusable));
    for name in csr.names() {
        let not_allowed = |why: Message, advice: Message| {
            Finding::refused(Code::NameNotAllowed, why.with("profile", &profile.name), advice)
        };
        if name.is_wildcard() && !profile.wildcards {
            findings.push(not_allowed(
                about_name("finding-wildcard", name),
                Message::new("finding-wildcard-advice"),
            ));
        } else if let Some(why) = profile.names.refuse(name) {
            let allowed = profile.names.describe();
            findings.push(not_allowed(
                why,
                if allowed.is_empty() {
                    Message::new("finding-other-profile")
                } else {
                    let allowed = allowed.into_iter().map(Value::from);
                    Message::new("finding-allowed-names")
                        .with("allowed", Value::list("finding-list-of-rules", allowed))
                },
            ));
        }
    }
    findings
}

/// The rules on requesters; a profile without them is open to everyone. A preview without a requester gets a warning.
fn asked_by(csr: &Csr, profile: &Profile, requester: Option<&Requester>) -> Vec<Finding> {
    if profile.requesters.is_empty() {
        return Vec::new();
    }
    let Some(Requester::Person(email)) = requester else {
        return vec![Finding::warning(
            Code::NameNotAllowed,
            Message::new("finding-not-for-everybody").with("profile", &profile.name),
            Message::new("finding-not-for-everybody-advice"),
        )];
    };
    let requester = email.as_str();
    let domain = requester.rsplit_once('@').map_or(requester, |(_, domain)| domain);
    let mine: Vec<_> = profile
        .requesters
        .iter()
        .filter(|entry| entry.domains.iter().any(|rule| rule.covers(requester)))
        .collect();
    if mine.is_empty() {
        return vec![Finding::refused(
            Code::NameNotAllowed,
            Message::new("finding-not-for-domain")
                .with("profile", &profile.name)
                .with("domain", quoted(domain)),
            Message::new("finding-not-for-domain-advice"),
        )];
    }
    csr.names()
        .iter()
        .filter(|name| mine.iter().all(|entry| !entry.names.is_empty() && entry.names.refuse(name).is_some()))
        .map(|name| {
            Finding::refused(
                Code::NameNotAllowed,
                about_name("finding-name-not-for-domain", name).with("domain", quoted(domain)),
                Message::new("finding-name-not-for-domain-advice"),
            )
        })
        .collect()
}

fn extensions(policy: &Policy, csr: &Csr, profile: &Profile, key_usage: &[&str]) -> Vec<Finding> {
    let severity = match profile.ungranted {
        UngrantedAction::Ignored => Severity::Ignored,
        UngrantedAction::Refused => Severity::Refused,
    };
    let ungranted =
        |detail: Message, advice: Message| Finding::new(severity, Code::ForbiddenExtension, detail, advice);
    let comes_without = || Message::new("finding-comes-without");
    let without = || match severity {
        Severity::Refused => Message::new("finding-again-without"),
        _ => comes_without(),
    };
    let mut findings = Vec::new();
    let mut subject = Vec::new();
    for extension in csr.extensions() {
        match extension {
            RequestedExtension::CertificateAuthority => findings.push(Finding::refused(
                Code::ForbiddenExtension,
                Message::new("finding-authority"),
                Message::new("finding-authority-advice"),
            )),
            RequestedExtension::KeyUsage(usage) => {
                if !key_usage.iter().any(|granted| granted == usage) {
                    findings.push(ungranted(
                        Message::new("finding-key-usage")
                            .with("usage", *usage)
                            .with("profile", &profile.name)
                            .with("key", csr.key().description()),
                        without(),
                    ));
                }
            }
            RequestedExtension::ExtendedKeyUsage(purpose) => {
                let grants = |profile: &Profile| {
                    profile.extended_key_usage.iter().any(|granted| granted.0 == *purpose)
                };
                if !grants(profile) {
                    let others: Vec<&str> =
                        policy.profiles().filter(|other| grants(other)).map(Profile::name).collect();
                    let advice = if others.is_empty() {
                        without()
                    } else {
                        Message::new("finding-choose-for-purpose")
                            .with("without", without())
                            .with("profiles", others.join(", "))
                    };
                    findings.push(ungranted(
                        Message::new("finding-purpose")
                            .with("purpose", purpose)
                            .with("profile", &profile.name),
                        advice,
                    ));
                }
            }
            RequestedExtension::OtherName(kind) => findings.push(Finding::refused(
                Code::NameNotAllowed,
                Message::new("finding-other-name").with("kind", *kind),
                Message::new("finding-again-without"),
            )),
            RequestedExtension::Extension(name) => {
                findings.push(ungranted(Message::new("finding-extension").with("extension", name), without()))
            }
            RequestedExtension::SubjectPart(part) => subject.push(part.as_str()),
            RequestedExtension::Attribute(name) => findings.push(Finding::ignored(
                Code::ForbiddenExtension,
                Message::new("finding-attribute").with("attribute", name),
                comes_without(),
            )),
        }
    }
    if !subject.is_empty() {
        findings.push(Finding::ignored(
            Code::BadName,
            Message::new("finding-subject-parts").with("parts", subject.join(", ")),
            comes_without(),
        ));
    }
    findings
}

/// The subject: the common name, if it is one of the names, and the fixed parts of the profile.
fn subject(csr: &Csr, profile: &Profile) -> String {
    let common_name = csr
        .common_name()
        .and_then(|text| csr.names().iter().map(Name::to_string).find(|name| name.eq_ignore_ascii_case(text)))
        // Names of hosts have no characters that RFC 4514 would escape.
        .filter(|name| {
            name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.*:@_".contains(&b))
        })
        .map(|name| format!("CN={name}"));
    match (common_name, profile.subject.as_str()) {
        (Some(common_name), "") => common_name,
        (Some(common_name), fixed) => format!("{common_name},{fixed}"),
        (None, fixed) => fixed.to_owned(),
    }
}
