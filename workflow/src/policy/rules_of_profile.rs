//! The evaluation of one request, or of one name, by one profile.
//!
//! Invariant: every name and every requested value is either granted by the profile or has a finding. The grant is
//! built from the profile; the request contributes its names and its common name, each after a check.

use pki::csr::{Csr, RequestedExtension};
use pki::error::NameError;
use pki::key::KeyKind;
use pki::name::Name;

use super::document::UngrantedAction;
use super::rules::{MailRule, NameScope, Requesters};
use super::{Evaluation, Grant, Policy, Profile};
use crate::email::Email;
use crate::finding::{Code, Finding, Severity, dropped_name, new_key, quoted};
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
        findings.extend(no_usage_left(csr, profile));
        findings.extend(csr.warnings().iter().map(Finding::from));

        let refused = findings.iter().any(Finding::is_refusal);
        let grant = (!refused).then(|| Grant {
            profile: profile.name.clone(),
            subject: subject(csr, profile),
            names: csr.names().iter().map(Name::to_string).collect(),
            key: csr.key().description(),
            key_usage,
            extended_key_usage,
            validity_days: profile.validity_days,
        });
        Evaluation { findings, grant }
    }
}

pub(super) fn key(policy: &Policy, csr: &Csr, profile: &Profile) -> Vec<Finding> {
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

/// No key usage of the profile makes sense for the key.
pub(super) fn no_usage_left(csr: &Csr, profile: &Profile) -> Option<Finding> {
    (!profile.has_use_for(csr.key().kind())).then(|| {
        Finding::refused(
            Code::UnsupportedKey,
            Message::new("finding-profile-no-use")
                .with("profile", &profile.name)
                .with("key", csr.key().description()),
            new_key(),
        )
    })
}

fn names(csr: &Csr, profile: &Profile) -> Vec<Finding> {
    let unusable = csr.unusable_names().iter().map(|error| unusable_name(error, profile));
    let all = csr.names().iter().filter_map(|one| name(one, profile));
    too_many_names(csr, profile).into_iter().chain(unusable).chain(all).collect()
}

pub(super) fn too_many_names(csr: &Csr, profile: &Profile) -> Option<Finding> {
    (csr.names().len() > profile.max_names).then(|| {
        Finding::refused(
            Code::TooLarge,
            Message::new("finding-profile-too-many-names")
                .with("count", csr.names().len())
                .with("profile", &profile.name)
                .with("most", profile.max_names),
            Message::new("finding-spread-names"),
        )
    })
}

pub(super) fn unusable_name(error: &NameError, profile: &Profile) -> Finding {
    match profile.drop_unusable_names {
        true => dropped_name(error),
        false => error.clone().into(),
    }
}

/// The refusal of one name, or of all below a suffix.
pub(super) fn name<'n>(scope: impl Into<NameScope<'n>>, profile: &Profile) -> Option<Finding> {
    let scope = scope.into();
    let not_allowed = |why: Message, advice: Message| {
        Finding::refused(Code::NameNotAllowed, why.with("profile", &profile.name), advice)
    };
    if scope.is_wildcard() && !profile.wildcards {
        let advice = Message::new("finding-wildcard-advice");
        return Some(not_allowed(scope.about("finding-wildcard"), advice));
    }
    let why = profile.names.refuse(scope)?;
    let allowed = profile.names.describe();
    let advice = if allowed.is_empty() {
        Message::new("finding-other-profile")
    } else {
        let allowed = allowed.into_iter().map(Value::from);
        Message::new("finding-allowed-names").with("allowed", Value::list("finding-list-of-rules", allowed))
    };
    Some(not_allowed(why, advice))
}

/// The rules on requesters; a profile without them is open to everyone.
fn asked_by(csr: &Csr, profile: &Profile, requester: Option<&Requester>) -> Vec<Finding> {
    match (requester_finding(profile, requester), requester) {
        (Some(finding), _) => vec![finding],
        (None, None) => Vec::new(),
        (None, Some(requester)) => {
            csr.names().iter().filter_map(|name| not_for_requester(name, profile, requester)).collect()
        }
    }
}

/// The refusal of a requester to whom the profile is closed. A preview without a requester gets a warning.
pub(super) fn requester_finding(profile: &Profile, requester: Option<&Requester>) -> Option<Finding> {
    if profile.requesters.is_empty() {
        return None;
    }
    let Some(Requester::Person(email)) = requester else {
        return Some(Finding::warning(
            Code::NameNotAllowed,
            Message::new("finding-not-for-everybody").with("profile", &profile.name),
            Message::new("finding-not-for-everybody-advice"),
        ));
    };
    entries_for(profile, email.as_str()).next().is_none().then(|| {
        Finding::refused(
            Code::NameNotAllowed,
            Message::new("finding-not-for-domain")
                .with("profile", &profile.name)
                .with("domain", quoted(domain(email))),
            Message::new("finding-not-for-domain-advice"),
        )
    })
}

/// The refusal of a name that the profile has for other requesters.
pub(super) fn not_for_requester<'n>(
    scope: impl Into<NameScope<'n>>,
    profile: &Profile,
    requester: &Requester,
) -> Option<Finding> {
    let (scope, Requester::Person(email)) = (scope.into(), requester);
    let mut entries = entries_for(profile, email.as_str()).map(|(entry, _)| entry).peekable();
    entries.peek()?;
    entries.all(|entry| !entry.names.is_empty() && entry.names.refuse(scope).is_some()).then(|| {
        Finding::refused(
            Code::NameNotAllowed,
            scope.about("finding-name-not-for-domain").with("domain", quoted(domain(email))),
            Message::new("finding-name-not-for-domain-advice"),
        )
    })
}

fn domain(email: &Email) -> &str {
    email.as_str().rsplit_once('@').map_or(email.as_str(), |(_, domain)| domain)
}

/// The entries of `requesters` for an address, each with its rule that covers the address.
pub(super) fn entries_for<'p>(
    profile: &'p Profile,
    requester: &str,
) -> impl Iterator<Item = (&'p Requesters, &'p MailRule)> {
    profile
        .requesters
        .iter()
        .filter_map(move |entry| Some((entry, entry.domains.iter().find(|rule| rule.covers(requester))?)))
}

fn extensions(policy: &Policy, csr: &Csr, profile: &Profile, key_usage: &[String]) -> Vec<Finding> {
    let of = |extension| wish(policy, csr, profile, key_usage, extension);
    let mut findings: Vec<Finding> = csr.extensions().iter().filter_map(of).collect();
    let parts = csr.extensions().iter().filter_map(|extension| match extension {
        RequestedExtension::SubjectPart(part) => Some(part.as_str()),
        _ => None,
    });
    let parts: Vec<&str> = parts.collect();
    if !parts.is_empty() {
        findings.push(Finding::ignored(
            Code::BadName,
            Message::new("finding-subject-parts").with("parts", parts.join(", ")),
            Message::new("finding-comes-without"),
        ));
    }
    findings
}

/// The finding about one thing that the CSR asks for; `None` if it is granted, and for parts of the subject, which have
/// one finding together.
pub(super) fn wish(
    policy: &Policy,
    csr: &Csr,
    profile: &Profile,
    key_usage: &[String],
    extension: &RequestedExtension,
) -> Option<Finding> {
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
    match extension {
        RequestedExtension::CertificateAuthority => Some(Finding::refused(
            Code::ForbiddenExtension,
            Message::new("finding-authority"),
            Message::new("finding-authority-advice"),
        )),
        RequestedExtension::KeyUsage(usage) => {
            let is_granted = key_usage.iter().any(|granted| granted == usage);
            (!is_granted).then(|| {
                ungranted(
                    Message::new("finding-key-usage")
                        .with("usage", *usage)
                        .with("profile", &profile.name)
                        .with("key", csr.key().description()),
                    without(),
                )
            })
        }
        RequestedExtension::ExtendedKeyUsage(purpose) => {
            let grants =
                |profile: &Profile| profile.extended_key_usage.iter().any(|granted| granted.0 == *purpose);
            (!grants(profile)).then(|| {
                let others: Vec<&str> =
                    policy.profiles().filter(|other| grants(other)).map(Profile::name).collect();
                let advice = if others.is_empty() {
                    without()
                } else {
                    Message::new("finding-choose-for-purpose")
                        .with("without", without())
                        .with("profiles", others.join(", "))
                };
                ungranted(
                    Message::new("finding-purpose").with("purpose", purpose).with("profile", &profile.name),
                    advice,
                )
            })
        }
        RequestedExtension::OtherName(kind) => Some(Finding::refused(
            Code::NameNotAllowed,
            Message::new("finding-other-name").with("kind", *kind),
            Message::new("finding-again-without"),
        )),
        RequestedExtension::Extension(name) => {
            Some(ungranted(Message::new("finding-extension").with("extension", name), without()))
        }
        RequestedExtension::SubjectPart(_) => None,
        RequestedExtension::Attribute(name) => Some(Finding::ignored(
            Code::ForbiddenExtension,
            Message::new("finding-attribute").with("attribute", name),
            comes_without(),
        )),
    }
}

/// The subject: the common name, if it is one of the names, and the fixed parts of the profile.
pub(super) fn subject(csr: &Csr, profile: &Profile) -> String {
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
