//! The approvers of a request, by its profile and without its requester.

use super::Profile;
use crate::approver_set::{ApproverSet, GroupQuorum, TooFewApprovers};
use crate::email::Email;

impl Profile {
    /// The approvers for a requester, who never decides about their own request.
    ///
    /// # Errors
    /// [`TooFewApprovers`] if the seats could never be filled; no approver is then asked.
    pub fn approver_set_for(&self, requester: &Email) -> Result<ApproverSet, TooFewApprovers> {
        self.fillable(self.approvers_in_force(requester))
    }

    /// The set, if its approvers can fill every seat.
    ///
    /// # Errors
    /// [`TooFewApprovers`] if they could never.
    pub(crate) fn fillable(&self, approver_set: ApproverSet) -> Result<ApproverSet, TooFewApprovers> {
        match approver_set.missing_approvals(&approver_set.approvers()).into_iter().next() {
            None => Ok(approver_set),
            Some(missing) => Err(TooFewApprovers {
                profile: self.name().to_owned(),
                group: missing.group,
                others: approver_set.approvers().len(),
                quorum: approver_set.quorum(),
            }),
        }
    }

    /// Like [`Profile::approver_set_for`], even if the seats could never be filled. Workers ask
    /// [`approvers_in_force`](crate::request::renewal::approvers_in_force), which knows renewals.
    pub(crate) fn approvers_in_force(&self, requester: &Email) -> ApproverSet {
        let quorums: Vec<GroupQuorum> = self
            .quorums()
            .iter()
            .map(|group| GroupQuorum { members: self.others(&group.members, requester), ..group.clone() })
            .collect();
        let escalation_approvers = self.escalation_approvers_for(requester);
        let (plus_tags, identity) = (self.plus_tags(), self.identity());
        ApproverSet { quorums, escalation_approvers, plus_tags, identity }
    }

    /// Approvers who may vote too once a request of this requester is escalated.
    pub fn escalation_approvers_for(&self, requester: &Email) -> Vec<Email> {
        self.escalation().map(|one| self.others(&one.members, requester)).unwrap_or_default()
    }

    /// Each person of `members` once, without the requester.
    fn others(&self, members: &[Email], requester: &Email) -> Vec<Email> {
        let tags = self.plus_tags();
        tags.distinct(members.iter().filter(|member| !tags.same_person(member, requester)))
    }
}
