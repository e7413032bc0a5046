//! One judgement of a submitted text: what every part of the flow that judges uses, so that all judge alike.

use crate::csr::Csr;
use crate::finding::Finding;
use crate::policy::{Grant, Policy};
use crate::request::{Facts, Request};
use crate::step::{ErrorName, Fault};

/// A CSR that the policy grants.
#[derive(Debug)]
pub struct Judged {
    /// What was read.
    pub csr: Csr,
    /// What would be issued.
    pub grant: Grant,
    /// Warnings, and wishes that are not granted.
    pub findings: Vec<Finding>,
}

impl Judged {
    /// What the row keeps of it, and what an approval binds.
    pub fn facts(&self, policy: &Policy) -> Facts {
        Facts {
            csr_digest: self.csr.digest(),
            subject: self.grant.subject.clone(),
            names: self.grant.names.clone(),
            public_key_digest: self.csr.key().digest(),
            key: self.grant.key.clone(),
            policy_version: policy.version().to_owned(),
        }
    }
}

/// A text that the policy does not grant, with every finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal(pub Vec<Finding>);

impl Refusal {
    /// The finding that matters most.
    pub fn main(&self) -> Option<&Finding> {
        self.0.iter().find(|finding| finding.is_refusal())
    }

    /// The codes of all refusing findings, for logs and the console, where names and values have no place.
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

impl From<Refusal> for Fault {
    /// By codes only: names and values stay in the table, where RecordRefusal finds the words again.
    fn from(refusal: Refusal) -> Self {
        Self::refused(ErrorName::Refused, refusal.codes())
    }
}

/// Reads a CSR and makes all checks that need no policy, those that take milliseconds included.
///
/// # Errors
/// [`Refusal`] with every finding.
pub fn read(csr_content: &str) -> Result<Csr, Refusal> {
    let csr = Csr::read(csr_content).map_err(Refusal)?;
    let weak = csr.inspect();
    if weak.iter().any(Finding::is_refusal) { Err(Refusal(weak)) } else { Ok(csr) }
}

/// Reads and judges a CSR.
///
/// # Errors
/// [`Refusal`] with every finding.
pub fn judge(
    policy: &Policy,
    csr_content: &str,
    profile: Option<&str>,
    requester: &str,
) -> Result<Judged, Refusal> {
    let csr = read(csr_content)?;
    let profile = policy.profile(profile).map_err(|finding| Refusal(vec![finding]))?;
    let verdict = policy.judge(&csr, profile, requester);
    match verdict.grant {
        Some(grant) => Ok(Judged { csr, grant, findings: verdict.findings }),
        None => Err(Refusal(verdict.findings)),
    }
}

impl Request {
    /// Judges the request by a policy.
    ///
    /// # Errors
    /// [`Refusal`] with every finding.
    pub fn judged_by(&self, policy: &Policy) -> Result<Judged, Refusal> {
        judge(policy, &self.csr_content, Some(&self.profile), self.email.as_str())
    }
}
