//! The evaluation of a submitted text, shared by every part of the flow, so that all parts give the same result.
//!
//! Invariant: a request is granted only if the policy grants it and the issuer in force may certify its key, names and
//! purposes. Without
//! an issuer, no request is refused for its absence: Sign waits for an issuer, and evaluates again with it.

use super::{Evaluation, Policy, Profile};
use crate::finding::{Code, Finding, about_name, findings, new_key, quoted};
use crate::grant::{CheckedKey, CsrSummary, Grant};
use crate::requester::Requester;
use crate::texts::Message;
use pki::csr::Csr;
use pki::issuer::{Issuer, NameConstraintViolation};
use pki::name::Name;

/// A CSR that the policy grants.
#[derive(Debug)]
pub struct GrantedCsr {
    /// The CSR.
    pub csr: Csr,
    /// The record that the key passed every check.
    pub checked_key: CheckedKey,
    /// The contents of the certificate to issue.
    pub grant: Grant,
    /// Warnings, and requested values that are not granted.
    pub findings: Vec<Finding>,
}

impl GrantedCsr {
    /// The summary that is stored in the row and bound by an approval.
    pub fn csr_summary(&self) -> CsrSummary {
        self.grant.csr_summary(&self.csr)
    }
}

/// A text that the policy does not grant, with every finding.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRejection(pub Vec<Finding>);

impl PolicyRejection {
    /// The first finding that refuses.
    pub fn main(&self) -> Option<&Finding> {
        self.0.iter().find(|finding| finding.is_refusal())
    }

    /// The codes of all refusing findings, for logs and the console, which must not contain names and values.
    pub fn codes(&self) -> String {
        let mut codes: Vec<&str> = Vec::new();
        for finding in self.0.iter().filter(|finding| finding.is_refusal()) {
            if !codes.contains(&finding.code.as_str()) {
                codes.push(finding.code.as_str());
            }
        }
        codes.join(", ")
    }
}

/// Reads a CSR and makes all checks that need no policy. Skips the checks that take milliseconds if `checked` covers
/// the key.
///
/// # Errors
/// [`PolicyRejection`] with every finding.
pub fn read(csr_content: &str, checked: Option<&CheckedKey>) -> Result<(Csr, CheckedKey), PolicyRejection> {
    let csr = Csr::read(csr_content).map_err(|errors| PolicyRejection(findings(errors)))?;
    let checked = CheckedKey::check(&csr, checked).map_err(|finding| PolicyRejection(vec![finding]))?;
    Ok((csr, checked))
}

/// Returns the grant with this issuer, and every finding. A call without a requester is a preview: see
/// [`Policy::evaluate`].
pub fn evaluate_with_issuer(
    policy: &Policy,
    issuer: Option<&Issuer>,
    csr: &Csr,
    profile: &Profile,
    requester: Option<&Requester>,
) -> Evaluation {
    let mut verdict = policy.evaluate(csr, profile, requester);
    if let Some(issuer) = issuer {
        let mut beyond = beyond(issuer, csr, verdict.grant.as_ref());
        beyond.extend(key_of_authority(issuer, csr));
        beyond.extend(verdict.grant.iter().flat_map(|grant| forbidden_purposes(issuer, grant)));
        if !beyond.is_empty() {
            verdict.grant = None;
            // Refusals go before the warnings, because people read findings from the top.
            let at = verdict.findings.iter().take_while(|finding| finding.is_refusal()).count();
            verdict.findings.splice(at..at, beyond);
        }
    }
    verdict
}

/// The violations of the issuer's name constraints (RFC 5280 section 4.2.1.10).
fn beyond(issuer: &Issuer, csr: &Csr, grant: Option<&Grant>) -> Vec<Finding> {
    let subject = grant.and_then(|grant| {
        let violation = issuer.subject_violation(&grant.subject)?;
        let detail = Message::new("finding-constrained-subject").with("subject", quoted(&grant.subject));
        Some(constrained(violation, detail))
    });
    csr.names().iter().filter_map(|name| beyond_name(issuer, name)).chain(subject).collect()
}

/// The violation of the issuer's name constraints by one name.
pub(super) fn beyond_name(issuer: &Issuer, name: &Name) -> Option<Finding> {
    Some(constrained(issuer.violation(name)?, about_name("finding-constrained-name", name)))
}

fn constrained(violation: NameConstraintViolation, detail: Message) -> Finding {
    let detail = detail.with("forbid", violation.to_string());
    Finding::refused(Code::NameNotAllowed, detail, Message::new("finding-constrained-advice"))
}

/// The key of an authority, present or former, is nobody else's: its certificate would pass for the authority.
fn key_of_authority(issuer: &Issuer, csr: &Csr) -> Option<Finding> {
    let detail = || Message::new("finding-key-of-authority").with("digest", csr.key().digest());
    issuer.is_authority_key(csr.key()).then(|| Finding::refused(Code::WeakKey, detail(), new_key()))
}

/// The purposes that the chain of the issuer does not allow (RFC 5280 section 4.2.1.12): verifiers refuse them.
fn forbidden_purposes(issuer: &Issuer, grant: &Grant) -> Vec<Finding> {
    let forbidden = grant.extended_key_usage.iter().filter(|purpose| issuer.forbids_purpose(purpose));
    forbidden
        .map(|purpose| {
            Finding::refused(
                Code::ForbiddenExtension,
                Message::new("finding-forbidden-purpose")
                    .with("purpose", purpose)
                    .with("profile", &grant.profile),
                Message::new("finding-forbidden-purpose-advice"),
            )
        })
        .collect()
}

/// Reads and evaluates a CSR.
///
/// # Errors
/// [`PolicyRejection`] with every finding.
pub fn evaluate_csr(
    policy: &Policy,
    issuer: Option<&Issuer>,
    csr_content: &str,
    checked: Option<&CheckedKey>,
    profile: Option<&str>,
    requester: Option<&Requester>,
) -> Result<GrantedCsr, PolicyRejection> {
    let (csr, checked_key) = read(csr_content, checked)?;
    let profile = policy.profile(profile).map_err(|finding| PolicyRejection(vec![finding]))?;
    let verdict = evaluate_with_issuer(policy, issuer, &csr, profile, requester);
    match verdict.grant {
        Some(grant) => Ok(GrantedCsr { csr, checked_key, grant, findings: verdict.findings }),
        None => Err(PolicyRejection(verdict.findings)),
    }
}

#[cfg(test)]
mod tests;
