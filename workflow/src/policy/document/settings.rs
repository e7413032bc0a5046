//! The sections of a policy document with the settings of profiles.
//!
//! Invariant: a value that is wrong by itself is reported here, in a profile and in `[defaults]` alike.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use super::groups::{ApproverGroup, UsedGroup};
use super::keys::{Field, PlacedValue, TableKeys, missing, needed, read};
use super::people::PeopleSection;
use super::standing;
use super::usages::{key_usages, purposes};
use super::values::{
    Approver, FixedSubject, FromText as _, FromToml, KeyRule, KeyUsageName, Limit, PurposeName,
    UngrantedAction,
};
use crate::approver_set::{Identity, PlusTags};
use crate::policy::error::{Mistakes, similar};
use crate::policy::rules::{DnsRule, MailRule, Names, Network, Requesters, Rules, UriRule};
use crate::policy::standing::StandingRules;
use crate::texts::Language;

/// The smallest RSA key that any profile may allow.
pub(super) const FEWEST_RSA_BITS: u32 = 2048;

/// Values shared by all profiles.
pub(super) struct Common {
    /// A group with a reported mistake is [`Field::Wrong`].
    pub(super) groups: BTreeMap<String, Field<ApproverGroup>>,
    pub(super) people: PeopleSection,
}

impl Common {
    /// The group of this name, or a report that there is none.
    pub(super) fn group(&self, name: &PlacedValue<String>, mistakes: &mut Mistakes<'_>) -> Option<UsedGroup> {
        let Some(group) = self.groups.get(&name.value) else {
            let meant = similar(&name.value, self.groups.keys().map(String::as_str));
            let detail = format!(
                "there is no group \"{0}\"; write it as [groups] {0} = [\"a@example.com\"]",
                name.value
            );
            mistakes.add(Some(name.at.clone()), detail, meant.map(|meant| format!("\"{meant}\"")));
            return None;
        };
        group.get().map(|group| UsedGroup::named(&name.value, group))
    }
}

/// One line of `approval`: a group, and the number of its approvals needed.
#[derive(Clone, Debug)]
pub(super) struct ApprovalLine {
    pub(super) group: UsedGroup,
    pub(super) quorum: usize,
}

/// `escalation`: the escalation approvers, and the time after which they may vote.
#[derive(Clone, Debug)]
pub(super) struct EscalationSection {
    pub(super) after: PlacedValue<Limit>,
    pub(super) group: UsedGroup,
}

/// The rules on names, each kind by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct NameRules {
    dns: Field<Rules<DnsRule>>,
    ip: Field<Rules<Network>>,
    email: Field<Rules<MailRule>>,
    uri: Field<Rules<UriRule>>,
}

impl NameRules {
    const KEYS: &[&str] = &["dns", "ip", "email", "uri"];

    fn of(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<NameRules> {
        Some(NameRules {
            dns: rules(keys, "dns", mistakes),
            ip: rules(keys, "ip", mistakes),
            email: rules(keys, "email", mistakes),
            uri: rules(keys, "uri", mistakes),
        })
    }

    /// The rules of `own`, or those of `fallback` for a kind without rules in `own`; `None` if any of them is wrong.
    pub(super) fn merged(own: &Field<NameRules>, fallback: &Field<NameRules>) -> Option<Names> {
        fn kind<R: Clone>(own: &Field<Rules<R>>, fallback: &Field<Rules<R>>) -> Option<Option<Rules<R>>> {
            match own.or(fallback) {
                Field::Wrong => None,
                field => Some(field.get().cloned()),
            }
        }
        let own = own.or_usual(NameRules::default())?;
        let fallback = fallback.or_usual(NameRules::default())?;
        Some(Names {
            dns: kind(&own.dns, &fallback.dns)?,
            ip: kind(&own.ip, &fallback.ip)?,
            email: kind(&own.email, &fallback.email)?,
            uri: kind(&own.uri, &fallback.uri)?,
        })
    }
}

fn rules<R: FromToml + Clone>(
    keys: &TableKeys<'_>,
    kind: &'static str,
    mistakes: &mut Mistakes<'_>,
) -> Field<Rules<R>> {
    keys.table(kind, &["allow", "deny"], mistakes, |keys, mistakes| {
        let allow = keys.list("allow", mistakes);
        let deny = keys.list("deny", mistakes);
        if allow.is_wrong() || deny.is_wrong() {
            return None;
        }
        Some(Rules { allow: allow.values().unwrap_or_default(), deny: deny.values().unwrap_or_default() })
    })
}

fn names(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Field<NameRules> {
    keys.table("names", NameRules::KEYS, mistakes, NameRules::of)
}

/// The fields of a profile, all optional because `[defaults]` has the same fields.
#[derive(Clone, Default)]
pub(super) struct Settings {
    /// The head of the section.
    pub(super) at: Range<usize>,
    pub(super) description: Field<String>,
    /// The description in other languages.
    pub(super) descriptions: Field<BTreeMap<Language, String>>,
    pub(super) keys: Field<Vec<PlacedValue<KeyRule>>>,
    pub(super) rsa_min_bits: Field<u32>,
    pub(super) key_usage: Field<Vec<PlacedValue<KeyUsageName>>>,
    pub(super) extended_key_usage: Field<Vec<PlacedValue<PurposeName>>>,
    pub(super) validity_days: Field<u32>,
    pub(super) max_names: Field<usize>,
    pub(super) wildcards: Field<bool>,
    pub(super) drop_unusable_names: Field<bool>,
    pub(super) ungranted: Field<UngrantedAction>,
    pub(super) subject: Field<FixedSubject>,
    pub(super) approvers: Field<Vec<PlacedValue<Approver>>>,
    pub(super) quorum: Field<usize>,
    pub(super) approval: Field<Vec<PlacedValue<ApprovalLine>>>,
    pub(super) identity: Field<Identity>,
    pub(super) limit: Field<Limit>,
    pub(super) reminders: Field<Vec<PlacedValue<Limit>>>,
    pub(super) escalation: Field<EscalationSection>,
    pub(super) names: Field<NameRules>,
    pub(super) requesters: Field<Vec<PlacedValue<Requesters>>>,
    pub(super) standing: Field<StandingRules>,
}

impl Settings {
    pub(super) const KEYS: &[&str] = &[
        "description",
        "descriptions",
        "keys",
        "rsa_min_bits",
        "key_usage",
        "extended_key_usage",
        "validity_days",
        "max_names",
        "wildcards",
        "drop_unusable_names",
        "ungranted",
        "subject",
        "approvers",
        "quorum",
        "approval",
        "identity",
        "limit",
        "reminders",
        "escalation",
        "names",
        "requesters",
        "standing",
    ];

    /// Reads a section, and reports values that are wrong by themselves.
    pub(super) fn of(
        table: &DeTable<'_>,
        at: Range<usize>,
        common: &Common,
        mistakes: &mut Mistakes<'_>,
    ) -> Settings {
        let keys = &TableKeys::of(table, at.clone(), Settings::KEYS, mistakes);
        let settings = Settings {
            at,
            description: keys.field("description", mistakes),
            descriptions: descriptions(keys, mistakes),
            keys: keys.list("keys", mistakes).checked(mistakes, |list| some(list, "keys = [\"ec-p256\"]")),
            rsa_min_bits: keys.field("rsa_min_bits", mistakes).checked(mistakes, |bits| match *bits {
                FEWEST_RSA_BITS.. => Ok(()),
                bits => Err(format!(
                    "rsa_min_bits = {bits} is out of range; at least {FEWEST_RSA_BITS} are needed"
                )),
            }),
            key_usage: keys
                .list("key_usage", mistakes)
                .checked(mistakes, |list| some(list, "key_usage = [\"digitalSignature\"]"))
                .checked(mistakes, |list| key_usages(list)),
            extended_key_usage: keys
                .list("extended_key_usage", mistakes)
                .checked(mistakes, |list| purposes(list)),
            validity_days: keys.field("validity_days", mistakes).checked(mistakes, |days| match *days {
                1..=36_500 => Ok(()),
                days => Err(format!("a validity of {days} days is out of range; write 1 to 36500")),
            }),
            max_names: keys.field("max_names", mistakes),
            wildcards: keys.field("wildcards", mistakes),
            drop_unusable_names: keys.field("drop_unusable_names", mistakes),
            ungranted: keys.field("ungranted", mistakes),
            subject: keys.field("subject", mistakes),
            approvers: keys.list("approvers", mistakes),
            quorum: keys.field("quorum", mistakes).checked(mistakes, at_least_one),
            approval: keys.tables("approval", &["group", "quorum"], mistakes, |keys, mistakes| {
                approval(keys, common, mistakes)
            }),
            identity: keys.field("identity", mistakes),
            limit: keys.field("limit", mistakes),
            reminders: keys.list("reminders", mistakes),
            escalation: keys.table("escalation", &["after", "group"], mistakes, |keys, mistakes| {
                escalation(keys, common, mistakes)
            }),
            names: names(keys, mistakes),
            requesters: keys.tables("requesters", &["domains", "names"], mistakes, requesters),
            standing: keys.table("standing", standing::KEYS, mistakes, standing::of),
        };
        settings.same_person_twice(common.people.plus_tags(), mistakes);
        settings
    }

    fn same_person_twice(&self, plus_tags: PlusTags, mistakes: &mut Mistakes<'_>) {
        let approvers = self.approvers.get().map(Vec::as_slice).unwrap_or_default();
        for (at, one) in approvers.iter().enumerate() {
            let same =
                |earlier: &&PlacedValue<Approver>| plus_tags.same_person(&earlier.value.0, &one.value.0);
            if let Some(earlier) = approvers[..at].iter().find(same) {
                mistakes
                    .at(&one.at, format!("the same approver twice: {} is {}", one.value.0, earlier.value.0));
            }
        }
    }
}

fn some<T>(list: &[T], example: &str) -> Result<(), String> {
    if list.is_empty() {
        Err(format!("the list is empty; write at least one, as in {example}"))
    } else {
        Ok(())
    }
}

fn at_least_one(quorum: &usize) -> Result<(), String> {
    if *quorum == 0 { Err("a quorum of 0 is out of range; write at least 1".to_owned()) } else { Ok(()) }
}

fn descriptions(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Field<BTreeMap<Language, String>> {
    let named = match keys.named("descriptions", mistakes) {
        Field::Is(named) => named,
        Field::Absent => return Field::Absent,
        Field::Wrong => return Field::Wrong,
    };
    let mut all = BTreeMap::new();
    let mut is_wrong = false;
    for (language, text) in named.value {
        let text = read::<String>(text, mistakes);
        match (Language::from_text(&language.value), text) {
            (Ok(language), Some(text)) => drop(all.insert(language, text)),
            (Err(wrong), _) => {
                mistakes.add(Some(language.at), wrong.detail, wrong.meant);
                is_wrong = true;
            }
            (Ok(_), None) => is_wrong = true,
        }
    }
    if is_wrong { Field::Wrong } else { Field::Is(PlacedValue { value: all, at: named.at }) }
}

fn approval(keys: &TableKeys<'_>, common: &Common, mistakes: &mut Mistakes<'_>) -> Option<ApprovalLine> {
    let group = needed(keys, "group", mistakes);
    let quorum = keys.field("quorum", mistakes).checked(mistakes, at_least_one);
    let group = common.group(group.placed()?, mistakes)?;
    Some(ApprovalLine { group, quorum: quorum.or_usual(1)? })
}

fn escalation(
    keys: &TableKeys<'_>,
    common: &Common,
    mistakes: &mut Mistakes<'_>,
) -> Option<EscalationSection> {
    let after = needed(keys, "after", mistakes);
    let group = needed(keys, "group", mistakes);
    let group = common.group(group.placed()?, mistakes)?;
    Some(EscalationSection { after: after.placed()?.clone(), group })
}

fn requesters(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<Requesters> {
    let domains: Field<Vec<PlacedValue<MailRule>>> = keys.list("domains", mistakes);
    if domains.is_absent() {
        missing(keys, "domains", mistakes);
    }
    let names = NameRules::merged(&names(keys, mistakes), &Field::Absent);
    Some(Requesters { domains: domains.values()?, names: names? })
}
