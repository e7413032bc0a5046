//! The evaluation of a request by the policy in force.

use super::Request;
use crate::policy::Policy;
use crate::policy::evaluate::{Judged, Refusal, judge};
use crate::requester::Requester;
use pki::issuer::Issuer;

impl Request {
    /// Evaluates the request by a policy and by the issuer that would sign, if there is one.
    ///
    /// # Errors
    /// [`Refusal`] with every finding.
    pub fn judged_by(&self, policy: &Policy, issuer: Option<&Issuer>) -> Result<Judged, Refusal> {
        let requester = self.requester();
        judge(policy, issuer, &self.csr_content, self.checked_key(), Some(&self.profile), Some(&requester))
    }

    /// The requester.
    pub fn requester(&self) -> Requester {
        Requester::Person(self.email.clone())
    }
}
