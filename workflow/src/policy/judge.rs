//! Judging one request by one profile.
//!
//! Invariant: every name and every wish of the request is either granted by the profile or has a finding. The grant
//! is built from the profile; the request contributes its names and its common name, each after it was allowed.

use super::document::Ungranted;
use super::{Grant, Policy, Profile, Verdict};
use crate::csr::{Csr, KeyKind, NEW_KEY, Name, Wish};
use crate::finding::{Code, Finding, Severity, quoted};

pub(super) fn judge(policy: &Policy, csr: &Csr, profile: &Profile, requester: &str) -> Verdict {
    let key_usage = key_usage(profile, csr.key().kind());
    let extended_key_usage: Vec<String> =
        profile.extended_key_usage.iter().map(|purpose| purpose.0.clone()).collect();

    let mut findings = Vec::new();
    findings.extend(key(policy, csr, profile));
    findings.extend(names(csr, profile));
    findings.extend(asked_by(csr, profile, requester));
    findings.extend(wishes(policy, csr, profile, &key_usage));
    if key_usage.is_empty() {
        findings.push(Finding::refused(
            Code::UnsupportedKey,
            format!(
                "The profile {} has no use for a key of the kind {}.",
                profile.name,
                csr.key().description()
            ),
            NEW_KEY,
        ));
    }
    findings.extend(csr.warnings().iter().cloned());

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
    Verdict { findings, grant }
}

fn key(policy: &Policy, csr: &Csr, profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let kind = csr.key().kind();
    if !profile.keys.iter().any(|rule| rule.allows(kind)) {
        let allowed: Vec<&str> = profile.keys.iter().map(|rule| rule.describe()).collect();
        findings.push(Finding::refused(
            Code::UnsupportedKey,
            format!("The profile {} does not allow {kind} keys.", profile.name),
            format!("It allows: {}.", allowed.join(", ")),
        ));
    }
    if let KeyKind::Rsa { bits } = kind
        && bits < profile.rsa_min_bits
    {
        findings.push(Finding::refused(
            Code::WeakKey,
            format!(
                "RSA key of {bits} bits; the profile {} needs at least {}.",
                profile.name, profile.rsa_min_bits
            ),
            NEW_KEY,
        ));
    }
    if !policy.denied_keys.is_empty() && csr.key().is_in(&policy.denied_keys) {
        let digest = csr.key().digest();
        findings.push(Finding::refused(
            Code::WeakKey,
            format!("The key with the SHA-256 {digest} is on the list of keys that are known to others."),
            NEW_KEY,
        ));
    }
    findings
}

fn names(csr: &Csr, profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if csr.names().len() > profile.max_names {
        findings.push(Finding::refused(
            Code::TooLarge,
            format!(
                "{} names; the profile {} allows {}.",
                csr.names().len(),
                profile.name,
                profile.max_names
            ),
            "Spread them over several certificates.",
        ));
    }
    for name in csr.names() {
        let not_allowed = |why: &str, advice: String| {
            Finding::refused(
                Code::NameNotAllowed,
                format!("The {} {} {why}.", name.kind(), quoted(&name.to_string())),
                advice,
            )
        };
        if name.is_wildcard() && !profile.wildcards {
            findings.push(not_allowed(
                &format!("is a wildcard, which the profile {} does not allow", profile.name),
                "List the names one by one, or choose a profile that allows wildcards.".to_owned(),
            ));
        } else if let Some(why) = profile.names.refuse(name) {
            let allowed = profile.names.describe();
            findings.push(not_allowed(
                &format!("{why} by the profile {}", profile.name),
                if allowed.is_empty() {
                    "Choose another profile.".to_owned()
                } else {
                    format!("Allowed are {}.", allowed.join("; "))
                },
            ));
        }
    }
    findings
}

/// Who may ask for what: nobody is asked for where the profile has no such rules.
fn asked_by(csr: &Csr, profile: &Profile, requester: &str) -> Vec<Finding> {
    if profile.requesters.is_empty() {
        return Vec::new();
    }
    if requester.is_empty() {
        return vec![Finding::warning(
            Code::NameNotAllowed,
            format!("The profile {} is not for everybody.", profile.name),
            "Whether you may ask for these names shows when you submit with your e-mail address.",
        )];
    }
    let domain = requester.rsplit_once('@').map_or(requester, |(_, domain)| domain);
    let mine: Vec<_> = profile
        .requesters
        .iter()
        .filter(|entry| entry.domains.iter().any(|rule| rule.covers(requester)))
        .collect();
    if mine.is_empty() {
        return vec![Finding::refused(
            Code::NameNotAllowed,
            format!(
                "The profile {} is not for requesters with e-mail addresses in {}.",
                profile.name,
                quoted(domain)
            ),
            "Choose another profile, or ask with the e-mail address of the team that owns these names.",
        )];
    }
    csr.names()
        .iter()
        .filter(|name| mine.iter().all(|entry| !entry.names.is_empty() && entry.names.refuse(name).is_some()))
        .map(|name| {
            Finding::refused(
                Code::NameNotAllowed,
                format!(
                    "The {} {} may not be asked for with an e-mail address in {}.",
                    name.kind(),
                    quoted(&name.to_string()),
                    quoted(domain)
                ),
                "Ask with the e-mail address of the team that owns this name.",
            )
        })
        .collect()
}

/// The profile's key usages that make sense for the kind of key (RFC 5280 section 4.2.1.3, RFC 8410 section 5): only RSA
/// enciphers, only EC agrees.
fn key_usage(profile: &Profile, kind: KeyKind) -> Vec<String> {
    let rsa = matches!(kind, KeyKind::Rsa { .. });
    let agrees = matches!(kind, KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521);
    profile
        .key_usage
        .iter()
        .map(|usage| usage.0)
        .filter(|usage| match *usage {
            "keyEncipherment" | "dataEncipherment" => rsa,
            "keyAgreement" | "encipherOnly" | "decipherOnly" => agrees,
            _ => true,
        })
        .map(str::to_owned)
        .collect()
}

fn wishes(policy: &Policy, csr: &Csr, profile: &Profile, key_usage: &[String]) -> Vec<Finding> {
    let severity = match profile.ungranted {
        Ungranted::Ignored => Severity::Ignored,
        Ungranted::Refused => Severity::Refused,
    };
    let ungranted =
        |detail: String, advice: String| Finding { code: Code::ForbiddenExtension, severity, detail, advice };
    let comes_without = || "The certificate comes without it.".to_owned();
    let without = || match severity {
        Severity::Refused => "Make the request again without it.".to_owned(),
        _ => comes_without(),
    };
    let mut findings = Vec::new();
    let mut subject = Vec::new();
    for wish in csr.wishes() {
        match wish {
            Wish::CertificateAuthority => findings.push(Finding::refused(
                Code::ForbiddenExtension,
                "The request asks for the certificate of an authority (basicConstraints CA:TRUE).",
                "No profile issues those. Make the request again without that extension.",
            )),
            Wish::KeyUsage(usage) => {
                if !key_usage.iter().any(|granted| granted == usage) {
                    findings.push(ungranted(
                        format!(
                            "The key usage {usage} is not granted by the profile {} for {} keys.",
                            profile.name,
                            csr.key().description()
                        ),
                        without(),
                    ));
                }
            }
            Wish::ExtendedKeyUsage(purpose) => {
                let grants = |profile: &Profile| {
                    profile.extended_key_usage.iter().any(|granted| granted.0 == *purpose)
                };
                if !grants(profile) {
                    let others: Vec<&str> =
                        policy.profiles().filter(|other| grants(other)).map(Profile::name).collect();
                    let advice = if others.is_empty() {
                        without()
                    } else {
                        format!("{} If you need it, choose: {}.", without(), others.join(", "))
                    };
                    findings.push(ungranted(
                        format!("The purpose {purpose} is not granted by the profile {}.", profile.name),
                        advice,
                    ));
                }
            }
            Wish::OtherName(kind) => findings.push(Finding::refused(
                Code::NameNotAllowed,
                format!("The request has a name of the kind {kind}, which is not certified."),
                "Make the request again without it.",
            )),
            Wish::Extension(name) => findings.push(ungranted(
                format!("The requested extension {name} is not granted: the profile sets the extensions."),
                without(),
            )),
            Wish::SubjectPart(part) => subject.push(part.as_str()),
            Wish::Attribute(name) => findings.push(Finding::ignored(
                Code::ForbiddenExtension,
                format!("The attribute {name} of the request has no place in a certificate."),
                comes_without(),
            )),
        }
    }
    if !subject.is_empty() {
        findings.push(Finding::ignored(
            Code::BadName,
            format!(
                "Of the requested subject, {} is left out: only names that were checked are certified.",
                subject.join(", ")
            ),
            comes_without(),
        ));
    }
    findings
}

/// The common name, where it is one of the names, and what the profile adds.
fn subject(csr: &Csr, profile: &Profile) -> String {
    let common_name = csr
        .common_name()
        .and_then(|text| csr.names().iter().map(Name::to_string).find(|name| name.eq_ignore_ascii_case(text)))
        // Characters that RFC 4514 would escape do not occur in names of hosts.
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
