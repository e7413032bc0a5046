//! The approvers of a request and their stand-ins, by its profile and without its requester.

use time::OffsetDateTime;

use super::Profile;
use crate::approver_set::{ApproverSet, GroupQuorum, TooFewApprovers};
use crate::email::Email;
use crate::stand_in::StandIn;

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
        match approver_set.never_filled().into_iter().next() {
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
        let oidc_groups = self.oidc_groups().to_vec();
        let never = Some(requester.clone()).filter(|_| !oidc_groups.is_empty());
        let mut approver_set = ApproverSet {
            quorums,
            escalation_approvers,
            plus_tags,
            identity,
            stand_ins: Vec::new(),
            oidc_groups,
            requester: never,
        };
        let is_requester = |one: &StandIn| plus_tags.same_person(&one.by, requester);
        let stand_ins = self.stand_ins.iter().filter(|one| !is_requester(one));
        // A requester has no seat, so nobody takes it in their place.
        approver_set.stand_ins =
            stand_ins.filter(|one| approver_set.has_voter(&one.person, true)).cloned().collect();
        approver_set
    }

    /// True if the policy lets `person` vote on requests of this profile at this time, as an approver or as a stand-in.
    #[must_use]
    pub fn lets_vote(&self, person: &Email, escalated: bool, at: OffsetDateTime) -> bool {
        let stands_in = |one: &StandIn| {
            self.plus_tags().same_person(&one.by, person)
                && one.is_in_force(at)
                && self.lists(&one.person, escalated)
        };
        self.lists(person, escalated) || self.stand_ins.iter().any(stands_in)
    }

    /// True if the policy lists `person` as an approver of this profile.
    #[must_use]
    pub fn lists(&self, person: &Email, escalated: bool) -> bool {
        let escalation_approvers = self.escalation().filter(|_| escalated).map(|one| one.members.as_slice());
        let members = self.quorums().iter().map(|group| group.members.as_slice());
        members.chain(escalation_approvers).flatten().any(|one| self.plus_tags().same_person(one, person))
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
