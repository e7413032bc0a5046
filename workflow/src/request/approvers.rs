//! The approvers of a request, by its kind.

use super::renewal::{ApproverSetError, approvers_in_force};
use super::{Request, RequestContent};
use crate::approver_set::ApproverSet;
use crate::policy::Policy;

/// The approvers whose approvals cover the request, by the policy in force. `replaced` is the request that it renews, if it is
/// known.
///
/// # Errors
/// [`ApproverSetError`], but never [`ApproverSetError::TooFew`].
pub fn approvers_of(
    request: &Request,
    policy: &Policy,
    replaced: Option<&Request>,
) -> Result<ApproverSet, ApproverSetError> {
    match request.content() {
        RequestContent::Certificate(certificate) => {
            let csr = certificate.csr.as_ref().ok_or(ApproverSetError::NotRead)?;
            let terms = request.renewal_terms(csr);
            approvers_in_force(policy, &terms, replaced).map_err(ApproverSetError::Profile)
        }
        RequestContent::Standing(_) => {
            let profile = policy.profile(Some(request.profile())).map_err(ApproverSetError::Profile)?;
            Ok(profile.approvers_in_force(request.email()))
        }
    }
}

/// Like [`approvers_of`], for the question to the approvers: they can fill every seat.
///
/// # Errors
/// See [`ApproverSetError`]; no approver is then asked.
pub fn approvers_to_ask(
    request: &Request,
    policy: &Policy,
    replaced: Option<&Request>,
) -> Result<ApproverSet, ApproverSetError> {
    let approvers = approvers_of(request, policy, replaced)?;
    let profile = policy.profile(Some(request.profile())).map_err(ApproverSetError::Profile)?;
    Ok(profile.fillable(approvers)?)
}
