//! `[console]`: who may open the console.
//!
//! Invariant: a mailbox alone opens no console, and a group whose members the identity provider names is one only where people
//! sign in there.

use std::ops::Range;

use super::keys::{Field, PlacedValue, TableKeys};
use super::settings::Common;
use super::values::{Approver, FromText as _};
use crate::approver_set::Identity;
use crate::policy::console::{ConsolePeople, ConsoleRules};
use crate::policy::error::Mistakes;

pub(super) const KEYS: &[&str] = &["operators", "auditors", "identity"];

/// Reads the section; its mistakes are reported.
pub(super) fn of(keys: &TableKeys<'_>, common: &Common, mistakes: &mut Mistakes<'_>) -> Option<ConsoleRules> {
    let identity = identity(keys, common, mistakes);
    let operators = people(keys, "operators", common, mistakes);
    let auditors = people(keys, "auditors", common, mistakes);
    let (identity, operators, auditors) = (identity?, operators?, auditors?);
    for (place, group) in [&operators.groups_at, &auditors.groups_at].into_iter().flatten() {
        if identity != Identity::Oidc {
            let detail = format!(
                "the identity provider names the members of the group {group}, so [console] needs identity = \"oidc\""
            );
            mistakes.at(place, detail);
            return None;
        }
    }
    if operators.people == ConsolePeople::default() && auditors.people == ConsolePeople::default() {
        mistakes
            .at(&keys.at, "nobody may open the console; name operators or auditors, or leave [console] out");
        return None;
    }
    let plus_tags = common.people.plus_tags();
    Some(ConsoleRules { identity, operators: operators.people, auditors: auditors.people, plus_tags })
}

/// How people prove who they are: as the section says, or as approvers do.
fn identity(keys: &TableKeys<'_>, common: &Common, mistakes: &mut Mistakes<'_>) -> Option<Identity> {
    let own: Field<Identity> = keys.field("identity", mistakes);
    let (at, identity) = match own.or(&common.people.identity) {
        Field::Is(placed) => (&placed.at, placed.value),
        Field::Absent => (&keys.at, Identity::Mail),
        Field::Wrong => return None,
    };
    match identity {
        Identity::Passkey => Some(identity),
        Identity::Oidc if common.people.oidc.is_absent() => {
            // The document is told once that identity = "oidc" needs a provider: of [people] by its own check.
            super::oidc::needs_provider("identity", &own, Identity::Oidc, mistakes);
            None
        }
        Identity::Oidc => Some(identity),
        Identity::Mail => {
            let detail =
                "a mailbox alone opens no console; write identity = \"passkey\" or \"oidc\" in [console]";
            mistakes.at(at, detail);
            None
        }
    }
}

/// The people of a role, and where groups of the identity provider stand among them.
struct PlacedPeople {
    people: ConsolePeople,
    groups_at: Vec<(Range<usize>, String)>,
}

/// A list of addresses and names of groups: an address has an `@`, and a name has none.
fn people(
    keys: &TableKeys<'_>,
    key: &'static str,
    common: &Common,
    mistakes: &mut Mistakes<'_>,
) -> Option<PlacedPeople> {
    let list: Field<Vec<PlacedValue<String>>> = keys.list(key, mistakes);
    let mut found = PlacedPeople { people: ConsolePeople::default(), groups_at: Vec::new() };
    if list.is_wrong() {
        return None;
    }
    let mut is_right = true;
    for entry in list.get().into_iter().flatten() {
        if entry.value.contains('@') {
            match Approver::from_text(&entry.value) {
                Ok(address) => found.people.people.push(address.0),
                Err(wrong) => {
                    mistakes.at(&entry.at, wrong.detail);
                    is_right = false;
                }
            }
            continue;
        }
        match common.group(entry, mistakes) {
            Some(group) => match group.oidc() {
                Some(group) => {
                    found.people.oidc_groups.push(group.name.clone());
                    found.groups_at.push((entry.at.clone(), entry.value.clone()));
                }
                None => found.people.people.extend(group.members()),
            },
            None => is_right = false,
        }
    }
    is_right.then_some(found)
}

#[cfg(test)]
mod tests {
    use crate::email::Email;
    use crate::policy::{ConsoleRole, Policy};

    const REST: &str =
        "[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n";
    const PROVIDER: &str = "[people]\noidc = { issuer = \"https://id.example.com\", client_id = \"c\" }\n";

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    fn mistakes(text: &str) -> Vec<String> {
        let errors = Policy::parse(&format!("{text}\n{REST}")).map(|_| ()).unwrap_err();
        errors.all().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn operators_and_auditors_are_people_and_groups() {
        let text = format!(
            "{PROVIDER}[groups]\nops = [\"olivia@example.com\"]\npki = {{ oidc_group = \"PKI\", mail = \"pki@example.com\" }}\n\
             [console]\nidentity = \"oidc\"\noperators = [\"ops\", \"omar@example.com\"]\nauditors = [\"pki\", \"ops\"]\n{REST}"
        );
        let policy = Policy::parse(&text).unwrap();
        let console = policy.console().unwrap();
        let role = |person: &str, groups: &[&str]| {
            console.role(Some(&email(person)), &groups.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(role("Olivia+x@example.com", &[]), Some(ConsoleRole::Operator), "the higher role counts");
        assert_eq!(role("omar@example.com", &[]), Some(ConsoleRole::Operator));
        assert_eq!(role("eve@example.com", &["PKI"]), Some(ConsoleRole::Auditor));
        assert_eq!(role("eve@example.com", &["Others"]), None);
        // The mailbox of a group is no person.
        assert_eq!(role("pki@example.com", &[]), None);
        assert!(console.lists(&email("omar@example.com")) && !console.lists(&email("eve@example.com")));
        assert!(Policy::parse(REST).unwrap().console().is_none());
    }

    #[test]
    fn people_prove_who_they_are_as_approvers_do_but_never_by_mail() {
        let own = "[people]\nidentity = \"passkey\"\n[console]\nauditors = [\"b@example.com\"]";
        let policy = Policy::parse(&format!("{own}\n{REST}")).unwrap();
        assert_eq!(policy.console().unwrap().identity().as_str(), "passkey");
        for (text, said) in [
            ("[console]\nauditors = [\"b@example.com\"]", "a mailbox alone opens no console"),
            (
                "[console]\nidentity = \"mail\"\nauditors = [\"b@example.com\"]",
                "a mailbox alone opens no console",
            ),
            ("[console]\nidentity = \"oidc\"\nauditors = [\"b@example.com\"]", "needs a provider"),
            ("[console]\nidentity = \"passkey\"", "nobody may open the console"),
            ("[console]\nidentity = \"passkey\"\noperators = []", "nobody may open the console"),
            ("[console]\nidentity = \"passkey\"\noperators = [\"ops\"]", "there is no group \"ops\""),
            ("[console]\nidentity = \"passkey\"\noperators = [\"a@b\"]", "is no e-mail address"),
            ("[console]\nidentity = \"passkey\"\noperator = [\"a@example.com\"]", "did you mean `operators`"),
            (
                "[groups]\npki = { oidc_group = \"PKI\", mail = \"pki@example.com\" }\n[console]\nidentity = \"passkey\"\nauditors = [\"pki\"]",
                "so [console] needs identity = \"oidc\"",
            ),
        ] {
            let found = mistakes(text);
            assert!(found.len() == 1 && found[0].contains(said), "{text}: {found:?}");
        }
    }
}
