//! The approvers of a request, and the quorum that decides about it.
//!
//! Invariant: a person counts once, regardless of the number of groups and spellings; a requester never decides about
//! their own request; if the other approvers could never fill every seat, no approver is asked ([`TooFewApprovers`]).

use serde::{Deserialize, Serialize};

use crate::email::Email;

/// The rule for `alice+ca@example.com` and `alice@example.com`: one person or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlusTags {
    /// The same person: the text after a plus sign is a label (RFC 5233).
    #[default]
    Same,
    /// Another person.
    Distinct,
}

impl PlusTags {
    /// The canonical text of an address, equal for all addresses of one person. Ignores letter case.
    pub fn person(self, email: &Email) -> String {
        let lower = email.as_str().to_ascii_lowercase();
        match (self, lower.split_once('@')) {
            (PlusTags::Same, Some((local, domain))) => match local.split_once('+') {
                Some((name, _)) if !name.is_empty() => format!("{name}@{domain}"),
                _ => lower,
            },
            _ => lower,
        }
    }

    /// The first address of each person.
    pub(crate) fn distinct<'a>(self, people: impl IntoIterator<Item = &'a Email>) -> Vec<Email> {
        let mut distinct: Vec<Email> = Vec::new();
        for person in people {
            if !distinct.iter().any(|one| self.same_person(one, person)) {
                distinct.push(person.clone());
            }
        }
        distinct
    }

    /// True if both addresses belong to the same person.
    pub fn same_person(self, one: &Email, other: &Email) -> bool {
        self.person(one) == self.person(other)
    }
}

/// A group of approvers, and its quorum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupQuorum {
    /// The name of the group; `None` if the profile lists its approvers itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The approvers who may take a seat.
    pub members: Vec<Email>,
    /// The number of seats; at least one.
    pub quorum: usize,
}

/// The approvers who may decide about a request by its profile, and the quorum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApproverSet {
    /// The groups; every seat of each must be filled.
    pub seats: Vec<GroupQuorum>,
    /// Approvers who may take any seat once the request is escalated.
    #[serde(default)]
    pub substitutes: Vec<Email>,
    /// The rule for addresses of one person.
    #[serde(default)]
    pub plus_tags: PlusTags,
}

/// The empty seats of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingApprovals {
    /// See [`GroupQuorum::group`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The number of approvals still needed; at least one.
    pub approvals: usize,
}

impl ApproverSet {
    /// Approvers asked from the beginning, each person once, in the order of the policy.
    pub fn approvers(&self) -> Vec<Email> {
        self.distinct(self.seats.iter().flat_map(|seats| &seats.members))
    }

    /// Approvers who may vote.
    pub fn voters(&self, escalated: bool) -> Vec<Email> {
        let substitutes = self.substitutes.iter().filter(|_| escalated);
        self.distinct(self.seats.iter().flat_map(|seats| &seats.members).chain(substitutes))
    }

    /// The number of approvals needed in all.
    pub fn quorum(&self) -> usize {
        self.seats.iter().map(|seats| seats.quorum.max(1)).sum()
    }

    /// True if `voter` may vote.
    pub fn admits(&self, voter: &Email, escalated: bool) -> bool {
        self.voters(escalated).iter().any(|one| self.plus_tags.same_person(one, voter))
    }

    /// The approvals still needed, given these approvals. A member of several groups counts where it helps most.
    pub fn lacking<'a>(&self, approving: impl IntoIterator<Item = &'a Email>) -> Vec<MissingApprovals> {
        let approving = self.distinct(approving);
        let groups: Vec<usize> = self
            .seats
            .iter()
            .enumerate()
            .flat_map(|(group, seats)| std::iter::repeat_n(group, seats.quorum.max(1)))
            .collect();
        // A maximum matching of people and seats, by augmenting paths (Kuhn). Both sides are small.
        let mut taken: Vec<Option<usize>> = vec![None; groups.len()];
        for person in 0..approving.len() {
            let mut tried = vec![false; groups.len()];
            self.seat(person, &approving, &groups, &mut taken, &mut tried);
        }
        let mut lacking: Vec<MissingApprovals> = Vec::new();
        for (group, seats) in self.seats.iter().enumerate() {
            let empty = groups.iter().zip(&taken).filter(|(of, by)| **of == group && by.is_none()).count();
            if empty > 0 {
                lacking.push(MissingApprovals { group: seats.group.clone(), approvals: empty });
            }
        }
        lacking
    }

    /// Finds a seat for a person, and moves other people to other seats if that makes room.
    fn seat(
        &self,
        person: usize,
        approving: &[Email],
        groups: &[usize],
        taken: &mut [Option<usize>],
        tried: &mut [bool],
    ) -> bool {
        for seat in 0..groups.len() {
            if tried[seat] || !self.may_sit(&approving[person], groups[seat]) {
                continue;
            }
            tried[seat] = true;
            let free = match taken[seat] {
                None => true,
                Some(other) => self.seat(other, approving, groups, taken, tried),
            };
            if free {
                taken[seat] = Some(person);
                return true;
            }
        }
        false
    }

    /// True if the person may take a seat of the group. A substitute whose vote was admitted may take any seat.
    fn may_sit(&self, person: &Email, group: usize) -> bool {
        let same = |one: &Email| self.plus_tags.same_person(one, person);
        self.seats[group].members.iter().any(same) || self.substitutes.iter().any(same)
    }

    fn distinct<'a>(&self, people: impl IntoIterator<Item = &'a Email>) -> Vec<Email> {
        self.plus_tags.distinct(people)
    }
}

/// A profile names too few approvers beside the requester.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the profile {profile} names {others} approvers other than the requester, who cannot fill the {quorum} seats{}",
    group.as_ref().map(|group| format!(" (group {group})")).unwrap_or_default()
)]
pub struct TooFewApprovers {
    /// The profile.
    pub profile: String,
    /// A group with seats that stay empty.
    pub group: Option<String>,
    /// The number of approvers other than the requester.
    pub others: usize,
    /// The number of approvals needed.
    pub quorum: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    fn people(names: &str) -> Vec<Email> {
        names.chars().map(|name| email(&format!("{name}@example.com"))).collect()
    }

    fn electorate(seats: &[(&str, usize)]) -> ApproverSet {
        let seats = seats.iter().map(|(members, quorum)| GroupQuorum {
            group: Some((*members).to_owned()),
            members: people(members),
            quorum: *quorum,
        });
        ApproverSet { seats: seats.collect(), substitutes: Vec::new(), plus_tags: PlusTags::Same }
    }

    fn is_enough(electorate: &ApproverSet, approving: &str) -> bool {
        electorate.lacking(&people(approving)).is_empty()
    }

    #[test]
    fn two_of_three_are_any_two() {
        let electorate = electorate(&[("abc", 2)]);
        assert!(is_enough(&electorate, "ab") && is_enough(&electorate, "ca"));
        assert!(
            !is_enough(&electorate, "a") && !is_enough(&electorate, "aa") && !is_enough(&electorate, "xy")
        );
    }

    #[test]
    fn a_member_of_two_groups_takes_one_seat_where_it_helps() {
        let electorate = electorate(&[("ab", 1), ("bc", 1)]);
        assert!(!is_enough(&electorate, "b"), "one person is not two");
        assert!(is_enough(&electorate, "ba") && is_enough(&electorate, "bc") && is_enough(&electorate, "ac"));
        let lacking = electorate.lacking(&people("a"));
        assert_eq!(lacking, [MissingApprovals { group: Some("bc".into()), approvals: 1 }]);
        assert_eq!(electorate.approvers(), people("abc"));
    }

    #[test]
    fn spellings_of_one_address_are_one_person() {
        let same = electorate(&[("ab", 2)]);
        let twice = [email("A@EXAMPLE.com"), email("a+ca@example.com")];
        assert!(!same.lacking(&twice).is_empty());
        let distinct = ApproverSet {
            seats: vec![GroupQuorum { group: None, members: twice.to_vec(), quorum: 2 }],
            plus_tags: PlusTags::Distinct,
            ..same
        };
        assert!(distinct.lacking(&twice).is_empty());
        assert_eq!(PlusTags::Same.person(&email("+x@example.com")), "+x@example.com");
    }

    #[test]
    fn substitutes_vote_once_the_request_is_escalated() {
        let electorate = ApproverSet { substitutes: people("z"), ..electorate(&[("a", 1), ("b", 1)]) };
        assert!(!electorate.admits(&people("z")[0], false) && electorate.admits(&people("z")[0], true));
        assert!(is_enough(&electorate, "az") && is_enough(&electorate, "zb") && !is_enough(&electorate, "z"));
    }

    /// True if the seats can be filled, by trying every assignment.
    fn by_trying(electorate: &ApproverSet, approving: &[Email]) -> bool {
        fn fill(electorate: &ApproverSet, slots: &[usize], left: &[Email]) -> bool {
            let Some((slot, rest)) = slots.split_first() else { return true };
            left.iter().enumerate().any(|(index, person)| {
                let mut others = left.to_vec();
                others.remove(index);
                electorate.may_sit(person, *slot) && fill(electorate, rest, &others)
            })
        }
        let slots: Vec<usize> = electorate
            .seats
            .iter()
            .enumerate()
            .flat_map(|(group, seats)| std::iter::repeat_n(group, seats.quorum))
            .collect();
        fill(electorate, &slots, &electorate.distinct(approving))
    }

    proptest! {
        #[test]
        fn seats_are_filled_whenever_they_can_be(
            groups in proptest::collection::vec(("[a-f]{1,4}", 1usize..3), 1..4),
            approving in "[a-g]{0,6}",
            substitutes in "[e-g]{0,2}",
        ) {
            let seats: Vec<(&str, usize)> =
                groups.iter().map(|(members, quorum)| (members.as_str(), *quorum)).collect();
            let electorate = ApproverSet { substitutes: people(&substitutes), ..electorate(&seats) };
            let approving = people(&approving);
            prop_assert_eq!(electorate.lacking(&approving).is_empty(), by_trying(&electorate, &approving));
        }
    }
}
