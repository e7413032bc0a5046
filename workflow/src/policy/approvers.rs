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
        let seats: Vec<GroupQuorum> = self
            .seats()
            .iter()
            .map(|seats| GroupQuorum { members: self.others(&seats.members, requester), ..seats.clone() })
            .collect();
        let substitutes = self.substitutes_for(requester);
        let electorate = ApproverSet { seats, substitutes, plus_tags: self.plus_tags() };
        match electorate.lacking(&electorate.approvers()).into_iter().next() {
            None => Ok(electorate),
            Some(lacking) => Err(TooFewApprovers {
                profile: self.name().to_owned(),
                group: lacking.group,
                others: electorate.approvers().len(),
                quorum: electorate.quorum(),
            }),
        }
    }

    /// Approvers who may vote too once a request of this requester is escalated.
    pub fn substitutes_for(&self, requester: &Email) -> Vec<Email> {
        self.escalation().map(|one| self.others(&one.members, requester)).unwrap_or_default()
    }

    /// Each person of `members` once, without the requester.
    fn others(&self, members: &[Email], requester: &Email) -> Vec<Email> {
        let tags = self.plus_tags();
        tags.distinct(members.iter().filter(|member| !tags.same_person(member, requester)))
    }
}
