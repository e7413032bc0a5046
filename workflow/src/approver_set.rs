//! The approvers of a request, and the quorum that decides about it.
//!
//! Invariant: a person counts once, regardless of the number of groups and spellings; a requester never decides about
//! their own request; if the other approvers could never fill every seat, no approver is asked ([`TooFewApprovers`]).

use serde::{Deserialize, Serialize};

use crate::decision::{Decision, Evidence, Vote};
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

/// How an approver proves who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// By reading the mailbox of their address.
    #[default]
    Mail,
    /// By a passkey that signs the decision.
    Passkey,
    /// By an ID token of the identity provider about the decision.
    Oidc,
}

impl Identity {
    /// All identities.
    pub const ALL: [Identity; 3] = [Self::Mail, Self::Passkey, Self::Oidc];

    /// The name in policies and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
        }
    }

    /// True if the evidence is of the kind that the identity asks for. Whether it is right is checked elsewhere.
    pub fn accepts(self, evidence: Option<&Evidence>) -> bool {
        match self {
            Self::Mail => true,
            Self::Passkey => matches!(evidence, Some(Evidence::Passkey(_))),
            Self::Oidc => matches!(evidence, Some(Evidence::IdToken(_))),
        }
    }

    /// True for rows as they were before there were passkeys.
    fn is_mail(&self) -> bool {
        *self == Identity::Mail
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
    #[serde(rename = "seats")]
    pub quorums: Vec<GroupQuorum>,
    /// Approvers who may take any seat once the request is escalated.
    #[serde(default, rename = "substitutes")]
    pub escalation_approvers: Vec<Email>,
    /// The rule for addresses of one person.
    #[serde(default)]
    pub plus_tags: PlusTags,
    /// The proof without which no vote counts.
    #[serde(default, skip_serializing_if = "Identity::is_mail")]
    pub identity: Identity,
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
        self.distinct(self.quorums.iter().flat_map(|group| &group.members))
    }

    /// Approvers who may vote.
    pub fn voters(&self, escalated: bool) -> Vec<Email> {
        let escalation_approvers = self.escalation_approvers.iter().filter(|_| escalated);
        self.distinct(self.quorums.iter().flat_map(|group| &group.members).chain(escalation_approvers))
    }

    /// The number of approvals needed in all.
    pub fn quorum(&self) -> usize {
        self.quorums.iter().map(|group| group.quorum.max(1)).sum()
    }

    /// The set in which any `approvals` of these approvers are enough; unchanged if that is not less than the quorum.
    #[must_use]
    pub fn any(self, approvals: usize) -> Self {
        if approvals >= self.quorum() {
            return self;
        }
        let quorum = GroupQuorum { group: None, members: self.approvers(), quorum: approvals.max(1) };
        Self { quorums: vec![quorum], ..self }
    }

    /// True if `voter` may vote.
    pub fn admits(&self, voter: &Email, escalated: bool) -> bool {
        self.voters(escalated).iter().any(|one| self.plus_tags.same_person(one, voter))
    }

    /// The approvers whose approvals count: those who may still vote, with the proof that the set asks for. Whether the
    /// proof is right is checked when a vote is cast, and by Sign.
    pub fn counted<'a>(&self, votes: &'a [Vote], escalated: bool) -> impl Iterator<Item = &'a Email> {
        let voters = self.voters(escalated);
        let (plus_tags, identity) = (self.plus_tags, self.identity);
        votes
            .iter()
            .filter(|vote| vote.decision == Decision::Approve)
            .filter(move |vote| identity.accepts(vote.evidence.as_ref()))
            .map(|vote| &vote.approver)
            .filter(move |one| voters.iter().any(|voter| plus_tags.same_person(voter, one)))
    }

    /// The approvals still needed, given these approvals. A member of several groups counts where it helps most.
    pub fn missing_approvals<'a>(
        &self,
        approving: impl IntoIterator<Item = &'a Email>,
    ) -> Vec<MissingApprovals> {
        let approving = self.distinct(approving);
        let groups: Vec<usize> = self
            .quorums
            .iter()
            .enumerate()
            .flat_map(|(index, group)| std::iter::repeat_n(index, group.quorum.max(1)))
            .collect();
        // A maximum matching of people and seats, by augmenting paths (Kuhn). Both sides are small.
        let mut taken: Vec<Option<usize>> = vec![None; groups.len()];
        for person in 0..approving.len() {
            let mut tried = vec![false; groups.len()];
            self.seat(person, &approving, &groups, &mut taken, &mut tried);
        }
        let mut missing: Vec<MissingApprovals> = Vec::new();
        for (index, group) in self.quorums.iter().enumerate() {
            let empty = groups.iter().zip(&taken).filter(|(of, by)| **of == index && by.is_none()).count();
            if empty > 0 {
                missing.push(MissingApprovals { group: group.group.clone(), approvals: empty });
            }
        }
        missing
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

    /// True if the person may take a seat of the group. A substitute with an admitted vote may take any seat.
    fn may_sit(&self, person: &Email, group: usize) -> bool {
        let same = |one: &Email| self.plus_tags.same_person(one, person);
        self.quorums[group].members.iter().any(same) || self.escalation_approvers.iter().any(same)
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

    fn approver_set(quorums: &[(&str, usize)]) -> ApproverSet {
        let quorums = quorums.iter().map(|(members, quorum)| GroupQuorum {
            group: Some((*members).to_owned()),
            members: people(members),
            quorum: *quorum,
        });
        ApproverSet {
            quorums: quorums.collect(),
            escalation_approvers: Vec::new(),
            plus_tags: PlusTags::Same,
            identity: Identity::Mail,
        }
    }

    fn is_enough(approver_set: &ApproverSet, approving: &str) -> bool {
        approver_set.missing_approvals(&people(approving)).is_empty()
    }

    #[test]
    fn two_of_three_are_any_two() {
        let approver_set = approver_set(&[("abc", 2)]);
        assert!(is_enough(&approver_set, "ab") && is_enough(&approver_set, "ca"));
        assert!(
            !is_enough(&approver_set, "a")
                && !is_enough(&approver_set, "aa")
                && !is_enough(&approver_set, "xy")
        );
    }

    #[test]
    fn a_member_of_two_groups_takes_one_seat_where_it_helps() {
        let approver_set = approver_set(&[("ab", 1), ("bc", 1)]);
        assert!(!is_enough(&approver_set, "b"), "one person is not two");
        assert!(
            is_enough(&approver_set, "ba")
                && is_enough(&approver_set, "bc")
                && is_enough(&approver_set, "ac")
        );
        let missing = approver_set.missing_approvals(&people("a"));
        assert_eq!(missing, [MissingApprovals { group: Some("bc".into()), approvals: 1 }]);
        assert_eq!(approver_set.approvers(), people("abc"));
    }

    #[test]
    fn spellings_of_one_address_are_one_person() {
        let same = approver_set(&[("ab", 2)]);
        let twice = [email("A@EXAMPLE.com"), email("a+ca@example.com")];
        assert!(!same.missing_approvals(&twice).is_empty());
        let distinct = ApproverSet {
            quorums: vec![GroupQuorum { group: None, members: twice.to_vec(), quorum: 2 }],
            plus_tags: PlusTags::Distinct,
            ..same
        };
        assert!(distinct.missing_approvals(&twice).is_empty());
        assert_eq!(PlusTags::Same.person(&email("+x@example.com")), "+x@example.com");
    }

    #[test]
    fn substitutes_vote_once_the_request_is_escalated() {
        let approver_set =
            ApproverSet { escalation_approvers: people("z"), ..approver_set(&[("a", 1), ("b", 1)]) };
        assert!(!approver_set.admits(&people("z")[0], false) && approver_set.admits(&people("z")[0], true));
        assert!(
            is_enough(&approver_set, "az")
                && is_enough(&approver_set, "zb")
                && !is_enough(&approver_set, "z")
        );
    }

    /// True if the seats can be filled, by trying every assignment.
    fn by_trying(approver_set: &ApproverSet, approving: &[Email]) -> bool {
        fn fill(approver_set: &ApproverSet, slots: &[usize], left: &[Email]) -> bool {
            let Some((slot, rest)) = slots.split_first() else { return true };
            left.iter().enumerate().any(|(index, person)| {
                let mut others = left.to_vec();
                others.remove(index);
                approver_set.may_sit(person, *slot) && fill(approver_set, rest, &others)
            })
        }
        let slots: Vec<usize> = approver_set
            .quorums
            .iter()
            .enumerate()
            .flat_map(|(index, group)| std::iter::repeat_n(index, group.quorum))
            .collect();
        fill(approver_set, &slots, &approver_set.distinct(approving))
    }

    proptest! {
        #[test]
        fn seats_are_filled_whenever_they_can_be(
            groups in proptest::collection::vec(("[a-f]{1,4}", 1usize..3), 1..4),
            approving in "[a-g]{0,6}",
            escalation_approvers in "[e-g]{0,2}",
        ) {
            let quorums: Vec<(&str, usize)> =
                groups.iter().map(|(members, quorum)| (members.as_str(), *quorum)).collect();
            let approver_set = ApproverSet { escalation_approvers: people(&escalation_approvers), ..approver_set(&quorums) };
            let approving = people(&approving);
            prop_assert_eq!(approver_set.missing_approvals(&approving).is_empty(), by_trying(&approver_set, &approving));
        }
    }
}
