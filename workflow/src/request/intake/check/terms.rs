//! The checks of the request of a standing approval.

use pki::issuer::Issuer;

use super::{CheckedRequest, InputError, SubmissionPart, errors_of_texts, no_approvers};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::request::{RequestContent, Submission};
use crate::requester::Requester;
use crate::standing::StandingTerms;
use crate::texts::Language;

/// The request of a standing approval, not yet checked.
#[derive(Clone, Debug)]
pub struct NewStandingRequest {
    /// The requester, or the finding of an invalid address; the other parts are checked in either case.
    pub requester: Result<Requester, Finding>,
    /// The comment to the approvers.
    pub comment: String,
    /// The terms, or the findings about them.
    pub terms: Result<StandingTerms, Vec<Finding>>,
    /// The name of the profile; the default profile if `None`.
    pub profile: Option<String>,
    /// The language of mails to the requester.
    pub language: Language,
    /// The key by which the requester repeats a submission; `None` makes each submission a request of its own.
    pub idempotency_key: Option<String>,
}

impl NewStandingRequest {
    /// Makes every check that needs neither a table nor the clock.
    ///
    /// # Errors
    /// Every error of every part.
    pub fn check(self, policy: &Policy, issuer: Option<&Issuer>) -> Result<CheckedRequest, Vec<InputError>> {
        let error = |input, finding| InputError { input, finding };
        let mut errors = Vec::new();
        let requester =
            self.requester.map_err(|finding| errors.push(error(SubmissionPart::Requester, finding)));
        errors.extend(errors_of_texts(&self.comment, self.idempotency_key.as_deref()));
        let of_terms = |findings: Vec<Finding>| {
            findings.into_iter().map(|finding| error(SubmissionPart::Terms, finding)).collect::<Vec<_>>()
        };
        let terms = self.terms.map_err(|findings| errors.extend(of_terms(findings)));
        let profile = policy
            .profile(self.profile.as_deref())
            .map_err(|finding| errors.push(error(SubmissionPart::Profile, finding)));
        if let (Ok(requester), Ok(terms), Ok(profile)) = (&requester, &terms, &profile) {
            errors.extend(of_terms(policy.evaluate_standing(terms, profile, issuer, requester)));
            let Requester::Person(email) = requester;
            errors.extend(
                profile.approver_set_for(email).err().map(|error| no_approvers(&error, profile.name())),
            );
        }
        match (requester, terms, profile) {
            (Ok(Requester::Person(email)), Ok(terms), Ok(profile)) if errors.is_empty() => {
                let content = RequestContent::Standing(terms);
                Ok(CheckedRequest {
                    idempotency_key: self.idempotency_key,
                    content_text: content.submitted_text(),
                    over: None,
                    fixed_id: None,
                    submission: Submission {
                        email,
                        language: self.language,
                        comment: self.comment,
                        content,
                        profile: profile.name().to_owned(),
                        policy_version: policy.version().to_owned(),
                    },
                })
            }
            _ => Err(errors),
        }
    }
}
