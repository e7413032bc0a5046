//! The approvals that a previewed certificate would need.

use super::ReplacedRequest;
use crate::approver_set::GroupQuorum;
use crate::grant::CsrSummary;
use crate::policy::{Policy, Profile};
use crate::request::renewal::{self, RenewalTerms};
use crate::requester::Requester;

/// The groups whose approvals are needed: those of the profile, or fewer for some renewals.
pub(super) fn needed(
    policy: &Policy,
    profile: &Profile,
    requester: Option<&Requester>,
    csr: &CsrSummary,
    replaced: Option<&ReplacedRequest>,
) -> Vec<GroupQuorum> {
    let (Some(Requester::Person(requester)), Some(replaced)) = (requester, replaced) else {
        return profile.quorums().to_vec();
    };
    let terms = RenewalTerms { requester, profile: profile.name(), csr, submitted_at: replaced.at };
    let approver_set = renewal::approvers_in_force(policy, &terms, Some(&replaced.request));
    approver_set.map_or_else(|_| profile.quorums().to_vec(), |approver_set| approver_set.quorums)
}
