//! Whose votes an approval waits for, and which approvals are missing.
//!
//! Invariant: pure. The stand-ins of the row are those of the policy when approvers were last asked or reminded; a vote
//! counts only if the policy in force has the entry too.

use time::{Date, OffsetDateTime};

use super::{Approval, VoteInput};
use crate::approver_set::{ApproverSet, MissingApprovals, OidcGroup};
use crate::decision::Vote;
use crate::email::Email;
use crate::stand_in::StandIn;

impl Approval {
    /// True if `person` may vote at this time.
    pub fn admits(&self, person: &Email, at: OffsetDateTime) -> bool {
        self.approver_set.admits(person, self.is_escalated(), at)
    }

    /// True if the vote is of somebody who may vote at this time: by their own link, or as a member of a group of the
    /// identity provider.
    pub(super) fn admits_vote(&self, vote_input: &VoteInput, at: OffsetDateTime) -> bool {
        let (set, voter) = (&self.approver_set, &vote_input.approver);
        let is_requester = || set.requester.as_ref().is_some_and(|one| set.plus_tags.same_person(one, voter));
        let is_of = |group: &&OidcGroup| vote_input.oidc_groups.contains(&group.name);
        let is_member = || set.oidc_groups.iter().filter(is_of).any(|group| self.admits(&group.mail, at));
        let is_person = set.oidc_group(voter).is_none();
        (is_person && self.admits(voter, at)) || (is_member() && !is_requester())
    }

    /// True if escalation approvers may vote too.
    pub fn is_escalated(&self) -> bool {
        self.escalated_at.is_some()
    }

    /// Approvers in whose place `person` votes at this time, by the policy of the question and by that in force.
    pub(super) fn stands_in_for(
        &self,
        person: &Email,
        in_force: &ApproverSet,
        at: OffsetDateTime,
    ) -> Vec<Email> {
        let escalated = self.is_escalated();
        let allowed = in_force.stand_ins_of(person, escalated, at);
        let is_allowed =
            |one: &Email| allowed.iter().any(|entry| in_force.plus_tags.same_person(&entry.person, one));
        let asked = self.approver_set.stand_ins_of(person, escalated, at);
        let people: Vec<&Email> =
            asked.iter().map(|entry| &entry.person).filter(|one| is_allowed(one)).collect();
        self.approver_set.plus_tags.distinct(people)
    }

    /// Approvers and stand-ins who may vote at this time and whose vote is still waited for.
    pub fn undecided(&self, at: OffsetDateTime) -> Vec<Email> {
        let mut voters = self.approver_set.voters_at(self.is_escalated(), at);
        voters.retain(|voter| self.waits_for(voter, at));
        voters
    }

    /// True if a vote of `person` is waited for: they may vote, have not, and have a seat that nobody has taken: their own,
    /// or that of an approver in whose place they vote.
    pub fn waits_for(&self, person: &Email, at: OffsetDateTime) -> bool {
        let (set, escalated) = (&self.approver_set, self.is_escalated());
        let has_own = set.has_voter(person, escalated) && self.has_free_seat(person);
        let of_others = set.stand_ins_of(person, escalated, at);
        let is_free = |absent: &Email| self.vote_of(absent).is_none() && !self.is_represented(absent, set);
        self.vote_of(person).is_none() && (has_own || of_others.iter().any(|entry| is_free(&entry.person)))
    }

    /// True if a seat of `person` is free; of a group of the identity provider, as long as one of its approvals is missing.
    fn has_free_seat(&self, person: &Email) -> bool {
        let set = &self.approver_set;
        if set.oidc_group(person).is_none() {
            return !self.is_represented(person, set);
        }
        let missing = set.missing_given(set.counted(&self.votes, self.is_escalated()));
        missing.iter().any(|missing| set.may_take(person, missing))
    }

    /// True if somebody with no seat of their own has taken that of `person`, by this set.
    fn is_represented(&self, person: &Email, set: &ApproverSet) -> bool {
        let is_taken_by = |vote: &Vote| {
            let seats_of = set.approving(vote).seats_of;
            !set.has_voter(&vote.approver, self.is_escalated())
                && seats_of.iter().any(|one| set.plus_tags.same_person(one, person))
        };
        self.votes.iter().any(is_taken_by)
    }

    /// The approvals still needed: by the policy of the question, and by that in force (`in_force`). The approval of
    /// somebody who has left the policy no longer counts.
    pub fn missing_approvals(&self, in_force: &ApproverSet) -> Vec<MissingApprovals> {
        let counted = in_force.counted(&self.votes, self.is_escalated());
        let missing = self.approver_set.missing_given(counted.iter().copied());
        if missing.is_empty() { in_force.missing_given(counted) } else { missing }
    }

    /// Those who could give an approval that is missing from `group` at this time: they may vote, and none of theirs
    /// counts yet. Each has the entries by which they stand in, unless they have a seat of their own in the group.
    pub fn who_may_approve<'a>(
        &self,
        group: Option<&str>,
        in_force: &'a ApproverSet,
        at: OffsetDateTime,
    ) -> Vec<(Email, Vec<&'a StandIn>)> {
        let (escalated, plus_tags) = (self.is_escalated(), in_force.plus_tags);
        let counted = in_force.counted(&self.votes, escalated);
        let has_counted = |one: &Email| counted.iter().any(|vote| plus_tags.same_person(&vote.approver, one));
        let members = in_force
            .quorums
            .iter()
            .chain(&self.approver_set.quorums)
            .find(|one| one.group.as_deref() == group);
        let members = members.map(|group| group.members.as_slice()).unwrap_or_default();
        let seated: Vec<&Email> = members.iter().chain(&self.approver_set.escalation_approvers).collect();
        let has_free_seat = |one: &Email| {
            seated.iter().any(|member| plus_tags.same_person(member, one))
                && !has_counted(one)
                && !self.is_represented(one, in_force)
        };
        let may_approve = |voter: Email| {
            if has_counted(&voter) || !in_force.admits(&voter, escalated, at) {
                return None;
            }
            if in_force.has_voter(&voter, escalated) && has_free_seat(&voter) {
                return Some((voter, Vec::new()));
            }
            let mut entries = in_force.stand_ins_of(&voter, escalated, at);
            entries.retain(|entry| has_free_seat(&entry.person));
            (!entries.is_empty()).then_some((voter, entries))
        };
        self.approver_set.voters_at(escalated, at).into_iter().filter_map(may_approve).collect()
    }

    /// The last day on which `person` stood in, if that is why they may not vote any more.
    pub fn stood_in_until(&self, person: &Email, at: OffsetDateTime) -> Option<Date> {
        let set = &self.approver_set;
        let ended =
            set.stand_ins.iter().filter(|one| one.is_over(at) && set.plus_tags.same_person(&one.by, person));
        ended.map(|one| one.until).max().filter(|_| !self.admits(person, at))
    }
}
