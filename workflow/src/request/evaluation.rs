//! The evaluation of a request by the policy in force.

use super::{Request, renewal};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::policy::evaluate::{GrantedCsr, PolicyRejection, evaluate_csr};
use crate::requester::Requester;
use pki::csr::Csr;
use pki::issuer::Issuer;

impl Request {
    /// Evaluates the request by a policy and by the issuer that would sign, if there is one. `replaced` is the request
    /// that it renews, if it renews one that is known.
    ///
    /// # Errors
    /// [`PolicyRejection`] with every finding.
    pub fn evaluate(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
        replaced: Option<&Request>,
    ) -> Result<GrantedCsr, PolicyRejection> {
        let requester = self.requester();
        let evaluated = evaluate_csr(
            policy,
            issuer,
            &self.csr_content,
            self.checked_key(),
            Some(&self.profile),
            Some(&requester),
        );
        if let Some(finding) = self.lacks_sign_in(policy) {
            let others = evaluated.err().map(|rejection| rejection.0).unwrap_or_default();
            return Err(PolicyRejection([vec![finding], others].concat()));
        }
        let mut granted = evaluated?;
        if let Some(replaced) = replaced {
            let csr = granted.csr_summary();
            let mut findings = renewal::findings(policy, &self.renewal_terms(&csr), replaced);
            findings.append(&mut granted.findings);
            if findings.iter().any(Finding::is_refusal) {
                return Err(PolicyRejection(findings));
            }
            granted.findings = findings;
        }
        Ok(granted)
    }

    /// The names in the row, or those in the CSR if the row has none yet.
    pub fn requested_names(&self) -> Vec<String> {
        if self.csr().is_some() {
            return self.names().to_vec();
        }
        Csr::read(&self.csr_content)
            .map(|csr| csr.names().iter().map(ToString::to_string).collect())
            .unwrap_or_default()
    }

    /// The SHA-256 of the CSR's DER in hex; `None` if the CSR cannot be read.
    pub fn requested_csr_digest(&self) -> Option<String> {
        Csr::read(&self.csr_content).ok().map(|csr| csr.digest())
    }

    /// The requester.
    pub fn requester(&self) -> Requester {
        Requester::Person(self.email.clone())
    }
}
