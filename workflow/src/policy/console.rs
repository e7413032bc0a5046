//! `[console]`: who may open the console, and what they may do there.

use crate::approver_set::{Identity, PlusTags};
use crate::email::Email;

/// What a person may do at the console. An operator may do all that an auditor may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsoleRole {
    /// Read.
    Auditor,
    /// Act on requests and certificates, too. Nobody approves at the console.
    Operator,
}

impl ConsoleRole {
    /// The role in one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

/// The people of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsolePeople {
    /// Their addresses.
    pub people: Vec<Email>,
    /// Groups of the identity provider whose members have the role, as the ID token names them.
    pub oidc_groups: Vec<String>,
}

impl ConsolePeople {
    fn has(&self, listed: Option<&Email>, groups: &[String], plus_tags: PlusTags) -> bool {
        listed.is_some_and(|person| self.people.iter().any(|one| plus_tags.same_person(one, person)))
            || self.oidc_groups.iter().any(|group| groups.contains(group))
    }
}

/// The rules of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleRules {
    /// How people prove who they are; never by mail alone.
    pub(super) identity: Identity,
    pub(super) operators: ConsolePeople,
    pub(super) auditors: ConsolePeople,
    pub(super) plus_tags: PlusTags,
}

impl ConsoleRules {
    /// How people prove who they are: by a passkey, or at the identity provider.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The operators.
    #[must_use]
    pub fn operators(&self) -> &ConsolePeople {
        &self.operators
    }

    /// The auditors.
    #[must_use]
    pub fn auditors(&self) -> &ConsolePeople {
        &self.auditors
    }

    /// The role of a person by the address in the policy, if they proved that it is theirs, and by the groups of which the identity
    /// provider names them as a member; `None` for strangers.
    #[must_use]
    pub fn role(&self, listed: Option<&Email>, groups: &[String]) -> Option<ConsoleRole> {
        if self.operators.has(listed, groups, self.plus_tags) {
            Some(ConsoleRole::Operator)
        } else if self.auditors.has(listed, groups, self.plus_tags) {
            Some(ConsoleRole::Auditor)
        } else {
            None
        }
    }

    /// True if the policy lists the person by address.
    #[must_use]
    pub fn lists(&self, person: &Email) -> bool {
        self.role(Some(person), &[]).is_some()
    }

    /// Everybody whom the policy lists by address.
    pub fn people(&self) -> impl Iterator<Item = &Email> {
        self.operators.people.iter().chain(&self.auditors.people)
    }

    /// The groups of the identity provider whose members have a role.
    pub fn oidc_groups(&self) -> impl Iterator<Item = &str> {
        self.operators.oidc_groups.iter().chain(&self.auditors.oidc_groups).map(String::as_str)
    }
}
