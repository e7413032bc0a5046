//! The approvers of a request, and the quorum that decides about it.
//!
//! Invariant: a person counts once, regardless of the number of groups and spellings; an approver and their stand-in fill
//! one seat together; a requester never decides about their own request; if the other approvers could never fill every
//! seat, no approver is asked ([`TooFewApprovers`]).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::decision::{Decision, Evidence, Vote};
use crate::email::Email;
use crate::stand_in::StandIn;

mod seats;

pub(crate) use seats::Approving;

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

impl GroupQuorum {
    /// True if no member is the mailbox of a group of the identity provider, so that the policy knows who can fill the seats.
    pub(crate) fn is_of_people(&self, oidc_groups: &[OidcGroup]) -> bool {
        !oidc_groups.iter().any(|group| self.members.contains(&group.mail))
    }
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
    /// Stand-ins for these approvers, each for some days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<StandIn>,
    /// Those of the addresses above that are the mailbox of a group of the identity provider. Whoever the provider names as
    /// its member may take its seats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oidc_groups: Vec<OidcGroup>,
    /// The requester, who may be in such a group and never decides. Set only if there is one: of lists, the requester is
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<Email>,
}

/// A group whose members the identity provider names. Decision 0138.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcGroup {
    /// Its name in the ID token.
    pub name: String,
    /// The mailbox that its members share.
    pub mail: Email,
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

    /// Approvers who may vote in their own right.
    pub fn voters(&self, escalated: bool) -> Vec<Email> {
        let escalation_approvers = self.escalation_approvers.iter().filter(|_| escalated);
        self.distinct(self.quorums.iter().flat_map(|group| &group.members).chain(escalation_approvers))
    }

    /// Approvers who may vote at this time, and then the stand-ins.
    pub fn voters_at(&self, escalated: bool, at: OffsetDateTime) -> Vec<Email> {
        let voters = self.voters(escalated);
        let stand_ins = self.stand_ins.iter().filter(|one| one.is_in_force(at));
        let stand_ins = stand_ins.filter(|one| self.is_among(&voters, &one.person)).map(|one| &one.by);
        self.distinct(voters.iter().chain(stand_ins))
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

    /// True if `voter` may vote in their own right.
    pub fn has_voter(&self, voter: &Email, escalated: bool) -> bool {
        self.is_among(&self.voters(escalated), voter)
    }

    /// The members of a group of the identity provider who vote through its mailbox, if `address` is one.
    pub fn oidc_group(&self, address: &Email) -> Option<&OidcGroup> {
        self.oidc_groups.iter().find(|group| self.plus_tags.same_person(&group.mail, address))
    }

    /// True if whoever has the link of `voter` may vote at this time, as an approver or as a stand-in.
    pub fn admits(&self, voter: &Email, escalated: bool, at: OffsetDateTime) -> bool {
        self.is_among(&self.voters_at(escalated, at), voter)
    }

    /// The entries by which `voter` votes in the place of others at this time.
    pub fn stand_ins_of(&self, voter: &Email, escalated: bool, at: OffsetDateTime) -> Vec<&StandIn> {
        let voters = self.voters(escalated);
        let is_own = |one: &&StandIn| self.plus_tags.same_person(&one.by, voter) && one.is_in_force(at);
        self.stand_ins.iter().filter(is_own).filter(|one| self.is_among(&voters, &one.person)).collect()
    }

    /// The votes that count as approvals: of those who may vote, or could at the time of their vote as stand-ins, with the
    /// proof that the set asks for. Whether the proof is right is checked when a vote is cast, and by Sign.
    pub fn counted<'a>(&self, votes: &'a [Vote], escalated: bool) -> Vec<&'a Vote> {
        let voters = self.voters(escalated);
        let has_seat = |vote: &Vote| self.approving(vote).is_one_of(self, &voters);
        votes
            .iter()
            .filter(|vote| vote.decision == Decision::Approve)
            .filter(|vote| self.identity.accepts(vote.evidence.as_ref()))
            .filter(|vote| has_seat(vote))
            .collect()
    }

    fn is_among<'a>(&self, people: impl IntoIterator<Item = &'a Email>, person: &Email) -> bool {
        people.into_iter().any(|one| self.plus_tags.same_person(one, person))
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
mod tests;
