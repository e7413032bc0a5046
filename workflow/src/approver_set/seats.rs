//! The seats that approvals fill.
//!
//! Invariant: of each seat, each voter and each approver whose seat is taken, one use at most. So a voter takes one seat
//! in all, however many people they stand in for, and the approvals of an approver and their stand-in count once.

use super::{ApproverSet, GroupQuorum, MissingApprovals};
use crate::decision::Vote;
use crate::email::Email;

/// An approval: its voter, and the approvers whose seats it may take.
#[derive(Clone, Debug)]
pub(crate) struct Approving {
    pub(crate) voter: Email,
    /// The voter, and the approvers in whose place they voted.
    pub(crate) seats_of: Vec<Email>,
    /// The groups of the identity provider of which the voter is a member, by its ID token.
    oidc_groups: Vec<String>,
}

impl Approving {
    /// An approval in the voter's own right.
    pub(crate) fn own(voter: &Email) -> Self {
        Self { voter: voter.clone(), seats_of: vec![voter.clone()], oidc_groups: Vec::new() }
    }

    /// An approval in the voter's own right or in the place of `person`.
    pub(crate) fn also_for(voter: &Email, person: Email) -> Self {
        Self { seats_of: vec![voter.clone(), person], ..Self::own(voter) }
    }

    /// True if it may take a seat of one of these approvers of the set.
    pub(super) fn is_one_of(&self, set: &ApproverSet, approvers: &[Email]) -> bool {
        self.seats_of.iter().any(|person| set.is_among(approvers, person))
            || self.mailboxes(set).any(|mailbox| set.is_among(approvers, mailbox))
    }

    /// The mailboxes of the voter's groups.
    pub(super) fn mailboxes<'a>(&'a self, set: &'a ApproverSet) -> impl Iterator<Item = &'a Email> {
        let groups = set.oidc_groups.iter().filter(|group| self.oidc_groups.contains(&group.name));
        groups.map(|group| &group.mail)
    }
}

impl ApproverSet {
    /// The approvals still needed if these approvers approve, each in their own right. A member of several groups counts
    /// where it helps most.
    pub fn missing_approvals<'a>(
        &self,
        approving: impl IntoIterator<Item = &'a Email>,
    ) -> Vec<MissingApprovals> {
        let approving: Vec<Approving> = approving.into_iter().map(Approving::own).collect();
        self.missing_beside(&approving)
    }

    /// The approvals still needed, given these votes, all of which approve.
    pub fn missing_given<'a>(&self, votes: impl IntoIterator<Item = &'a Vote>) -> Vec<MissingApprovals> {
        let approving: Vec<Approving> = votes.into_iter().map(|vote| self.approving(vote)).collect();
        self.missing_beside(&approving)
    }

    /// The seats that a vote may take: in the place of another only if the vote says so, and if this set has the entry and
    /// its days cover the time of the vote.
    pub(crate) fn approving(&self, vote: &Vote) -> Approving {
        let same = |one: &Email, other: &Email| self.plus_tags.same_person(one, other);
        let stands_in = |person: &&Email| {
            self.stand_ins.iter().any(|one| {
                same(&one.by, &vote.approver) && same(&one.person, person) && one.is_in_force(vote.at)
            })
        };
        let others = vote.stands_in_for.iter().filter(stands_in);
        // A mailbox is no person: only the ID token makes somebody a member of its group.
        let own = std::iter::once(&vote.approver).filter(|own| self.oidc_group(own).is_none());
        let seats_of = own.chain(others).cloned().collect();
        let is_requester = self.requester.as_ref().is_some_and(|requester| same(requester, &vote.approver));
        let oidc_groups = if is_requester { Vec::new() } else { vote.oidc_groups.clone() };
        Approving { voter: vote.approver.clone(), seats_of, oidc_groups }
    }

    /// The approvals that stay missing even if all approvers approve.
    pub fn never_filled(&self) -> Vec<MissingApprovals> {
        let of_people = self.of_people();
        of_people.missing_approvals(&of_people.approvers())
    }

    /// The set without the seats that a group of the identity provider can fill, whose members are not known.
    pub(crate) fn of_people(&self) -> Self {
        let quorums =
            self.quorums.iter().filter(|group| group.is_of_people(&self.oidc_groups)).cloned().collect();
        Self { quorums, ..self.clone() }
    }

    /// The approvals still needed beside these.
    pub(crate) fn missing_beside(&self, approving: &[Approving]) -> Vec<MissingApprovals> {
        // More seats than approvals stay empty, so that the network has a bound, however high a quorum a policy writes.
        let seats = |(index, group): (usize, &GroupQuorum)| {
            std::iter::repeat_n(index, group.quorum.max(1).min(approving.len()))
        };
        let groups: Vec<usize> = self.quorums.iter().enumerate().flat_map(seats).collect();
        let filled = self.filled(approving, &groups);
        let mut missing: Vec<MissingApprovals> = Vec::new();
        for (index, group) in self.quorums.iter().enumerate() {
            let filled =
                groups.iter().zip(&filled).filter(|(of, is_filled)| **of == index && **is_filled).count();
            let empty = group.quorum.max(1) - filled;
            if empty > 0 {
                missing.push(MissingApprovals { group: group.group.clone(), approvals: empty });
            }
        }
        missing
    }

    /// For each seat, whether it is filled if as many as possible are. `groups` has the group of each seat.
    ///
    /// A maximum flow with edges of capacity one, by augmenting paths (Ford and Fulkerson): from the source to each voter,
    /// to the people whose seat it may take, through each of these people once, to the seats of their groups, to the sink.
    /// All sides are small.
    fn filled(&self, approving: &[Approving], groups: &[usize]) -> Vec<bool> {
        let voters = self.distinct(approving.iter().map(|one| &one.voter));
        let people = self.distinct(approving.iter().flat_map(|one| &one.seats_of));
        const SINK: usize = 0;
        const SOURCE: usize = 1;
        let voter = |at: usize| 2 + at;
        let person_in = |at: usize| voter(voters.len()) + at;
        let person_out = |at: usize| person_in(people.len()) + at;
        let seat = |at: usize| person_out(people.len()) + at;
        let mut network = SeatNetwork::new(seat(groups.len()));
        let place =
            |all: &[Email], one: &Email| all.iter().position(|it| self.plus_tags.same_person(it, one));
        for one in approving {
            let Some(from) = place(&voters, &one.voter) else { continue };
            network.join(SOURCE, voter(from));
            for person in &one.seats_of {
                network.extend(place(&people, person).map(|to| (voter(from), person_in(to))));
            }
            // Members of a group of the identity provider share no seat with anybody.
            for mailbox in one.mailboxes(self) {
                let seats = groups.iter().enumerate().filter(|(_, group)| self.may_sit(mailbox, **group));
                network.extend(seats.map(|(seat_at, _)| (voter(from), seat(seat_at))));
            }
        }
        for (at, person) in people.iter().enumerate() {
            network.join(person_in(at), person_out(at));
            let seats = groups.iter().enumerate().filter(|(_, group)| self.may_sit(person, **group));
            network.extend(seats.map(|(seat_at, _)| (person_out(at), seat(seat_at))));
        }
        network.extend((0..groups.len()).map(|at| (seat(at), SINK)));
        while network.augment(SOURCE, SINK) {}
        (0..groups.len()).map(|at| !network.has_room(seat(at), SINK)).collect()
    }

    /// True if `person` may give one of these missing approvals.
    pub(crate) fn may_take(&self, person: &Email, missing: &MissingApprovals) -> bool {
        let is_of = |group: &GroupQuorum| group.group == missing.group;
        (0..self.quorums.len()).any(|index| is_of(&self.quorums[index]) && self.may_sit(person, index))
    }

    /// True if the person may take a seat of the group. An escalation approver with an admitted vote may take any seat.
    pub(super) fn may_sit(&self, person: &Email, group: usize) -> bool {
        self.is_among(&self.quorums[group].members, person)
            || self.is_among(&self.escalation_approvers, person)
    }
}

/// A network of edges that carry one unit each.
struct SeatNetwork {
    /// For each node and each other one, whether a unit can still go that way.
    room: Vec<Vec<bool>>,
}

impl SeatNetwork {
    fn new(nodes: usize) -> Self {
        Self { room: vec![vec![false; nodes]; nodes] }
    }

    fn join(&mut self, from: usize, to: usize) {
        self.room[from][to] = true;
    }

    fn extend(&mut self, edges: impl IntoIterator<Item = (usize, usize)>) {
        for (from, to) in edges {
            self.join(from, to);
        }
    }

    fn has_room(&self, from: usize, to: usize) -> bool {
        self.room[from][to]
    }

    /// Sends one unit more from `from` to `to`, and diverts other units if that makes room.
    fn augment(&mut self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.room.len()];
        self.send(from, to, &mut seen)
    }

    fn send(&mut self, from: usize, to: usize, seen: &mut [bool]) -> bool {
        seen[from] = true;
        for next in 0..self.room.len() {
            if self.room[from][next] && !seen[next] && (next == to || self.send(next, to, seen)) {
                self.room[from][next] = false;
                // What came this way can be sent back.
                self.room[next][from] = true;
                return true;
            }
        }
        false
    }
}
