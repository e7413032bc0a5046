//! The evaluation of a request by the policy in force.

use super::{Request, RequestContent, renewal};
use crate::finding::{Code, Finding};
use crate::policy::Policy;
use crate::policy::evaluate::{GrantedCsr, PolicyRejection, evaluate_csr};
use crate::requester::Requester;
use crate::standing::StandingTerms;
use crate::texts::Message;
use pki::csr::Csr;
use pki::issuer::Issuer;

impl Request {
    /// Evaluates the request by a policy and by the issuer that would sign, if there is one. `replaced` is the request
    /// that it renews, if it renews one that is known.
    ///
    /// # Errors
    /// [`PolicyRejection`] with every finding; also of the request of a standing approval, which has no certificate.
    pub fn evaluate(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
        replaced: Option<&Request>,
    ) -> Result<GrantedCsr, PolicyRejection> {
        let requester = self.requester();
        let Some(certificate) = self.certificate() else {
            return Err(PolicyRejection(vec![no_certificate()]));
        };
        let evaluated = evaluate_csr(
            policy,
            issuer,
            &certificate.csr_content,
            certificate.checked_key.as_ref(),
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

    /// Evaluates the request of a standing approval by a policy and by the issuer that would sign.
    ///
    /// # Errors
    /// [`PolicyRejection`] with every finding; also of the request of a certificate, which has no terms.
    pub fn evaluate_terms(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
    ) -> Result<&StandingTerms, PolicyRejection> {
        let reject = |finding| PolicyRejection(vec![finding]);
        let terms = self.terms().ok_or_else(|| reject(no_terms()))?;
        let profile = policy.profile(Some(&self.profile)).map_err(reject)?;
        let mut findings: Vec<Finding> = self.lacks_sign_in(policy).into_iter().collect();
        findings.extend(policy.evaluate_standing(terms, profile, issuer, &self.requester()));
        if findings.is_empty() { Ok(terms) } else { Err(PolicyRejection(findings)) }
    }

    /// The names in the row, or those in the CSR if the row has none yet; of a standing approval, those of its terms.
    pub fn requested_names(&self) -> Vec<String> {
        match (self.content(), self.csr()) {
            (RequestContent::Certificate(certificate), None) => Csr::read(&certificate.csr_content)
                .map(|csr| csr.names().iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            _ => self.known_names(),
        }
    }

    /// The SHA-256 of the CSR's DER in hex; `None` if there is no CSR that can be read.
    pub fn requested_csr_digest(&self) -> Option<String> {
        Csr::read(self.csr_content()?).ok().map(|csr| csr.digest())
    }

    /// The requester.
    pub fn requester(&self) -> Requester {
        Requester::Person(self.email.clone())
    }
}

fn no_certificate() -> Finding {
    let advice = Message::new("finding-standing-only-advice");
    Finding::refused(Code::BadRequest, Message::new("finding-standing-only"), advice)
}

fn no_terms() -> Finding {
    let advice = Message::new("finding-certificate-only-advice");
    Finding::refused(Code::BadRequest, Message::new("finding-certificate-only"), advice)
}
