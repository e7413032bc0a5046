//! `[groups]`: lists of people, and groups whose members the identity provider names.
//!
//! Invariant: the mailbox of a group of the provider is no person, so in a profile it stands for that group alone.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::keys::{Field, PlacedValue, TableKeys, elements, needed, read, table};
use super::values::Approver;
use crate::approver_set::{Identity, OidcGroup, PlusTags};
use crate::email::Email;
use crate::policy::error::Mistakes;

const KEYS: &[&str] = &["oidc_group", "mail"];

/// A group of `[groups]`.
#[derive(Clone, Debug)]
pub(super) enum ApproverGroup {
    /// A list of people.
    People(Vec<Email>),
    /// Those whom the identity provider names as its members.
    Oidc(OidcGroup),
}

/// Reads the section. A group with a reported mistake is [`Field::Wrong`].
pub(super) fn of(top: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> BTreeMap<String, Field<ApproverGroup>> {
    let named = top.named("groups", mistakes);
    let mut groups = BTreeMap::new();
    for (name, value) in named.get().into_iter().flatten() {
        let group = match value.get_ref() {
            DeValue::Table(_) => oidc_group(value, mistakes).map(ApproverGroup::Oidc),
            _ => people(&name.value, value, mistakes).map(ApproverGroup::People),
        };
        let group =
            group.map_or(Field::Wrong, |group| Field::Is(PlacedValue { value: group, at: value.span() }));
        groups.insert(name.value.clone(), group);
    }
    groups
}

fn people(name: &str, value: &Spanned<DeValue<'_>>, mistakes: &mut Mistakes<'_>) -> Option<Vec<Email>> {
    let members = elements(value, mistakes, read::<Approver>)?;
    if members.is_empty() {
        mistakes.at(&value.span(), format!("the group {name} has no members"));
        return None;
    }
    Some(members.into_iter().map(|one| one.value.0).collect())
}

fn oidc_group(value: &Spanned<DeValue<'_>>, mistakes: &mut Mistakes<'_>) -> Option<OidcGroup> {
    let keys = TableKeys::of(table(value, mistakes)?, value.span(), KEYS, mistakes);
    let name: Field<String> = needed(&keys, "oidc_group", mistakes);
    let name = name.checked(mistakes, |text| provider_name(text));
    let mail: Field<Approver> = needed(&keys, "mail", mistakes);
    Some(OidcGroup { name: name.get()?.clone(), mail: mail.get()?.0.clone() })
}

/// The name of a group at a provider may have spaces and any letters; a control character would be a slip.
fn provider_name(text: &str) -> Result<(), String> {
    const MAX_BYTES: usize = 256;
    if text.trim() != text || text.is_empty() || text.len() > MAX_BYTES || text.chars().any(char::is_control)
    {
        return Err(format!(
            "{text:?} is no oidc_group; write it as the ID token has it, at most {MAX_BYTES} bytes"
        ));
    }
    Ok(())
}

/// A group where a profile uses it.
#[derive(Clone, Debug)]
pub(super) struct UsedGroup {
    /// Its name in `[groups]`; `None` for the approvers that a profile lists itself.
    pub(super) name: Option<String>,
    group: ApproverGroup,
}

impl UsedGroup {
    /// A group of `[groups]`.
    pub(super) fn named(name: &str, group: &ApproverGroup) -> Self {
        Self { name: Some(name.to_owned()), group: group.clone() }
    }

    /// The approvers that a profile lists itself.
    pub(super) fn listed(members: Vec<Email>) -> Self {
        Self { name: None, group: ApproverGroup::People(members) }
    }

    /// The addresses to which mail about requests goes: those of the members, or the mailbox that they share.
    pub(super) fn members(&self) -> Vec<Email> {
        match &self.group {
            ApproverGroup::People(members) => members.clone(),
            ApproverGroup::Oidc(group) => vec![group.mail.clone()],
        }
    }

    /// The group of the identity provider, if it is one.
    pub(super) fn oidc(&self) -> Option<&OidcGroup> {
        match &self.group {
            ApproverGroup::People(_) => None,
            ApproverGroup::Oidc(group) => Some(group),
        }
    }
}

/// The groups of the provider that a profile uses; `None` if there is a mistake among them, which is reported at `at`.
pub(super) fn oidc_groups(
    profile: &str,
    used: &[UsedGroup],
    (identity, plus_tags): (Identity, PlusTags),
    at: &Range<usize>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Vec<OidcGroup>> {
    let mut groups: Vec<OidcGroup> = Vec::new();
    for one in used {
        let (Some(group), name) = (one.oidc(), one.name.as_deref().unwrap_or_default()) else {
            continue;
        };
        if identity != Identity::Oidc {
            let detail = format!(
                "the identity provider names the members of the group {name}, so the profile {profile} needs identity = \"oidc\""
            );
            mistakes.at(at, detail);
            return None;
        }
        let is_mailbox = |member: &Email| plus_tags.same_person(member, &group.mail);
        let mut others = used.iter().filter(|other| other.oidc() != Some(group));
        if others.any(|other| other.members().iter().any(is_mailbox)) {
            let detail = format!(
                "{} is the mailbox of the group {name}, and another approver of the profile {profile}; give the group a mailbox of its own",
                group.mail
            );
            mistakes.at(at, detail);
            return None;
        }
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    /// A policy with a provider, these groups, and these lines in its one profile.
    fn with(groups: &str, profile: &str) -> String {
        format!(
            "[people]\noidc = {{ issuer = \"https://id.example.com\", client_id = \"c\" }}\n[groups]\n{groups}\n\
             [profiles.server]\nnames.dns.allow = [\"example.com\"]\n{profile}\n"
        )
    }

    fn mistakes(text: &str) -> Vec<String> {
        let errors = Policy::parse(text).map(|_| ()).unwrap_err();
        errors.all().iter().map(ToString::to_string).collect()
    }

    const PKI: &str = "pki = { oidc_group = \"PKI approvers\", mail = \"pki@example.com\" }";

    #[test]
    fn a_group_of_the_provider_has_its_seats_by_its_mailbox() {
        let profile = "identity = \"oidc\"\napproval = [{ group = \"pki\", quorum = 2 }]";
        let policy = Policy::parse(&with(PKI, profile)).unwrap();
        let server = policy.profile(None).unwrap();
        let mailbox: Email = "pki@example.com".parse().unwrap();
        assert_eq!(server.quorums()[0].members, std::slice::from_ref(&mailbox));
        assert_eq!(server.quorums()[0].quorum, 2);
        assert_eq!(server.oidc_groups(), [OidcGroup { name: "PKI approvers".into(), mail: mailbox }]);
        let asked = server.approver_set_for(&"a@example.com".parse().unwrap()).unwrap();
        assert_eq!(asked.requester.unwrap().as_str(), "a@example.com");
        // Whoever asks by the mailbox has nobody to decide.
        assert!(server.approver_set_for(&"pki@example.com".parse().unwrap()).is_err());
        // As escalation approvers too.
        let escalating = "identity = \"oidc\"\napprovers = [\"a@example.com\"]\nescalation = { after = \"1d\", group = \"pki\" }";
        let policy = Policy::parse(&with(PKI, escalating)).unwrap();
        assert_eq!(policy.profile(None).unwrap().oidc_groups().len(), 1);
        // A group that no profile uses changes nothing.
        let plain = Policy::parse(&with(PKI, "approvers = [\"a@example.com\"]")).unwrap();
        let asked = plain.profile(None).unwrap().approver_set_for(&"b@example.com".parse().unwrap()).unwrap();
        assert!(asked.oidc_groups.is_empty() && asked.requester.is_none());
    }

    #[test]
    fn each_mistake_is_told_once_and_where_it_stands() {
        let uses = "identity = \"oidc\"\napproval = [{ group = \"pki\" }]";
        for (groups, profile, line, said) in [
            ("pki = { mail = \"pki@example.com\" }", uses, 4, "the key `oidc_group` is missing"),
            ("pki = { oidc_group = \"PKI\" }", uses, 4, "the key `mail` is missing"),
            ("pki = { oidc_group = \"PKI\", mail = \"pki\" }", uses, 4, "is no e-mail address"),
            ("pki = { oidc_group = \" PKI\", mail = \"pki@example.com\" }", uses, 4, "is no oidc_group"),
            ("pki = { oidc_group = \"\", mail = \"pki@example.com\" }", uses, 4, "is no oidc_group"),
            (
                "pki = { oidc_grup = \"PKI\", mail = \"pki@example.com\" }",
                uses,
                4,
                "did you mean `oidc_group`",
            ),
            ("pki = \"PKI\"", uses, 4, "expected a list, found the text"),
            (PKI, "approval = [{ group = \"pki\" }]", 7, "so the profile server needs identity = \"oidc\""),
            (
                &format!("{PKI}\nb = [\"PKI+x@example.com\"]"),
                "identity = \"oidc\"\napproval = [{ group = \"pki\" }, { group = \"b\" }]",
                9,
                "give the group a mailbox of its own",
            ),
        ] {
            let found = mistakes(&with(groups, profile));
            assert_eq!(found.len(), 1, "{groups} {profile}: {found:?}");
            assert!(
                found[0].contains(said) && found[0].contains(&format!("line {line}")),
                "{groups}: {found:?}"
            );
        }
    }

    #[test]
    fn nobody_stands_in_for_a_mailbox() {
        let profile = "identity = \"oidc\"\napproval = [{ group = \"pki\" }]\n[[stand_ins]]\nfor = \"pki@example.com\"\n\
                       by = \"b@example.com\"\nfrom = \"2026-12-20\"\nuntil = \"2026-12-24\"";
        let found = mistakes(&with(PKI, profile));
        assert!(found.len() == 1 && found[0].contains("another member can vote"), "{found:?}");
    }
}
