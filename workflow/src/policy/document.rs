//! The TOML document behind a policy.
//!
//! Invariant: unknown keys are errors, so a misspelt rule cannot be overlooked; a value missing in a profile comes
//! from `[defaults]`, and a value missing there from a constant here. All mistakes are reported, each once.

mod console;
mod deciders;
mod groups;
mod keys;
mod lifecycle;
mod notes;
mod notices;
mod oidc;
mod people;
mod renewal;
mod revocation;
mod settings;
mod stand_ins;
mod standing;
mod usages;
mod values;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use time::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::console::ConsoleRules;
use super::error::{Mistakes, PolicyErrors, similar};
use super::key_list::KeyListDigest;
use super::lifecycle::Lifecycle;
use super::oidc::OidcSettings;
use super::profile::Profile;
use super::renewal::RenewalRules;
use super::wording::PeopleWording;
use crate::approver_set::{Identity, PlusTags};
use crate::stand_in::StandIn;
use pki::certificate::Publication;

pub(super) use deciders::Deciders;
pub use deciders::Escalation;
use deciders::contradictions_of_defaults;
use keys::{Field, PlacedValue, TableKeys, table};
use lifecycle::LifecycleSection;
pub use notes::PolicyNote;
pub use notices::Receiver;
use people::PeopleSection;
pub use revocation::RevocationRules;
use settings::{Common, FEWEST_RSA_BITS, NameRules, Settings};
pub use values::MAX_LIST_SHARDS;
pub use values::{EnrolmentRule, LONGEST_LIMIT, RequesterProof};
use values::{KeyDigest, ListShards, WebAddress};
pub(super) use values::{KeyRule, KeyUsageName, PurposeName, UngrantedAction};

/// The limit of undecided requests per address if the document sets none.
const USUAL_PENDING_LIMIT: NonZeroU32 = NonZeroU32::new(200).expect("not zero");

/// The limit of requests per address and hour if the document sets none.
const USUAL_HOURLY_LIMIT: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

/// The keys at the top of a document.
const TOP: &[&str] = &[
    "default",
    "pending_limit",
    "hourly_limit",
    "denied_keys",
    "denied_key_list",
    "groups",
    "people",
    "console",
    "stand_ins",
    "publication",
    "revocation",
    "lifecycle",
    "notices",
    "defaults",
    "profiles",
];

/// The checked contents of the document.
pub(super) struct Checked {
    pub(super) masks_addresses: bool,
    pub(super) plus_tags: PlusTags,
    pub(super) wording: PeopleWording,
    pub(super) enrolment: EnrolmentRule,
    pub(super) console: Option<ConsoleRules>,
    pub(super) oidc: Option<OidcSettings>,
    pub(super) publication: Publication,
    /// Number of shards of a list; 1 for none.
    pub(super) list_shards: u16,
    pub(super) revocation: RevocationRules,
    pub(super) lifecycle: Lifecycle,
    pub(super) renewal: RenewalRules,
    pub(super) receivers: Vec<Receiver>,
    pub(super) pending_limit: u32,
    pub(super) hourly_limit: u32,
    pub(super) requesters: RequesterProof,
    pub(super) denied_keys: Vec<[u8; 32]>,
    pub(super) denied_key_list: Option<KeyListDigest>,
    pub(super) stand_ins: Vec<StandIn>,
    pub(super) profiles: Vec<Profile>,
    pub(super) notes: Vec<PolicyNote>,
}

/// Reads and checks a document. Notes are for operators, as of `today`: workers read a policy without them.
pub(super) fn read(text: &str, today: Option<Date>) -> Result<Checked, PolicyErrors> {
    let mut mistakes = Mistakes::of(text);
    // A recovered table has guesses in it, so an error of syntax stands alone.
    let (table, errors) = DeTable::parse_recoverable(text);
    let first = errors.into_iter().min_by_key(|error| error.span().map(|span| span.start));
    let checked = match first {
        Some(error) => {
            mistakes.add(error.span(), error.message(), None);
            None
        }
        None => check(table.get_ref(), today, &mut mistakes),
    };
    mistakes.or(checked)
}

fn check(table: &DeTable<'_>, today: Option<Date>, mistakes: &mut Mistakes<'_>) -> Option<Checked> {
    let top = TableKeys::of(table, 0..0, TOP, mistakes);
    let pending_limit = top.field("pending_limit", mistakes);
    let hourly_limit = top.field("hourly_limit", mistakes);
    let denied_keys: Field<Vec<PlacedValue<KeyDigest>>> = top.list("denied_keys", mistakes);
    let denied_key_list: Field<KeyListDigest> = top.field("denied_key_list", mistakes);
    let (publication, list_shards) = publication(&top, mistakes);
    let revocation = top.table("revocation", RevocationRules::KEYS, mistakes, RevocationRules::of);
    let lifecycle = top.table("lifecycle", LifecycleSection::KEYS, mistakes, |keys, mistakes| {
        let section = LifecycleSection::of(keys, mistakes);
        Some((section, renewal::of(keys, mistakes)?))
    });
    let people = top.table("people", PeopleSection::KEYS, mistakes, |keys, mistakes| {
        Some(PeopleSection::of(keys, mistakes))
    });
    let people = people.get().cloned().unwrap_or_default();
    let common = Common { groups: groups::of(&top, mistakes), people };
    let console =
        top.table("console", console::KEYS, mistakes, |keys, mistakes| console::of(keys, &common, mistakes));
    let defaults = match top.value("defaults") {
        Some(value) => settings(value, &common, mistakes).unwrap_or_default(),
        None => Settings::default(),
    };
    let sections = profile_sections(&top, &common, mistakes);
    let identities = sections.iter().map(|(_, own)| &own.identity);
    let identities = [&common.people.identity, &defaults.identity].into_iter().chain(identities);
    if common.people.oidc.is_absent() {
        for identity in identities {
            oidc::needs_provider("identity", identity, Identity::Oidc, mistakes);
        }
        oidc::needs_provider("requesters", &common.people.requesters, RequesterProof::Oidc, mistakes);
    }
    contradictions_of_defaults(&defaults, &sections, &common, mistakes);
    let profiles: Vec<Option<Profile>> =
        sections.iter().map(|(name, own)| profile(name, own, &defaults, &common, mistakes)).collect();
    let stand_ins = stand_ins::of(&top, common.people.plus_tags(), mistakes);
    if let Some(entries) = &stand_ins {
        stand_ins::check(entries, &profiles, common.people.plus_tags(), mistakes);
    }
    // A section with a mistake is reported; the default takes its place for what follows.
    let (section, renewal) = lifecycle.get().cloned().unwrap_or_default();
    let lifecycle = section.settings(&profiles, mistakes);
    let default = default_profile(&top, &sections, mistakes);
    let receivers = notices::receivers(&top, &sections, mistakes);
    let notes = match today {
        Some(today) => {
            let entries = stand_ins.as_deref().unwrap_or_default();
            notes::of(mistakes.text(), &sections, &defaults, &common, &profiles, entries, today)
        }
        None => Vec::new(),
    };

    let mut profiles = profiles.into_iter().collect::<Option<Vec<_>>>()?;
    let stand_ins: Vec<StandIn> = stand_ins?.iter().map(|one| one.stand_in().clone()).collect();
    for profile in &mut profiles {
        profile.stand_ins = stand_ins::of_profile(&stand_ins, profile);
    }
    profiles.get_mut(..=default?)?.rotate_right(1);
    let mut denied_keys: Vec<[u8; 32]> =
        denied_keys.values().unwrap_or_default().into_iter().map(|key| key.0).collect();
    denied_keys.sort_unstable();
    Some(Checked {
        masks_addresses: common.people.masks_addresses(),
        plus_tags: common.people.plus_tags(),
        wording: common.people.wording(),
        enrolment: common.people.enrolment(),
        console: if console.is_wrong() { return None } else { console.get().cloned() },
        oidc: common.people.oidc.get().cloned(),
        publication,
        list_shards,
        revocation: revocation.or_usual(RevocationRules::default())?,
        lifecycle,
        renewal,
        receivers: receivers?,
        pending_limit: pending_limit.or_usual(USUAL_PENDING_LIMIT)?.get(),
        hourly_limit: hourly_limit.or_usual(USUAL_HOURLY_LIMIT)?.get(),
        requesters: common.people.requesters(),
        denied_keys,
        denied_key_list: denied_key_list.get().cloned(),
        stand_ins,
        profiles,
        notes,
    })
}

/// Reads `[publication]`: the addresses, and the number of shards.
fn publication(top: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> (Publication, u16) {
    const KEYS: &[&str] = &["crl", "issuer", "ocsp", "list_shards"];
    let read = top.table("publication", KEYS, mistakes, |keys, mistakes| {
        let shards: Field<ListShards> = keys.field("list_shards", mistakes);
        let mut addresses = |key| {
            let list: Field<Vec<PlacedValue<WebAddress>>> = keys.list(key, mistakes);
            list.values().unwrap_or_default().into_iter().map(|address| address.0).collect()
        };
        let addresses =
            Publication { crl: addresses("crl"), issuer: addresses("issuer"), ocsp: addresses("ocsp") };
        if let (Some(shards), false) = (shards.placed(), addresses.crl.is_empty()) {
            let detail = "list_shards is for lists at the stack's own address; leave out crl or list_shards";
            mistakes.at(&shards.at, detail);
        }
        Some((addresses, shards.get().map_or(1, |shards| shards.0)))
    });
    read.get().cloned().unwrap_or((Publication::default(), 1))
}

fn settings(value: &Spanned<DeValue<'_>>, common: &Common, mistakes: &mut Mistakes<'_>) -> Option<Settings> {
    Some(Settings::of(table(value, mistakes)?, value.span(), common, mistakes))
}

/// Reads each profile's own settings.
fn profile_sections(
    top: &TableKeys<'_>,
    common: &Common,
    mistakes: &mut Mistakes<'_>,
) -> Vec<(String, Settings)> {
    let named = top.named("profiles", mistakes);
    let entries = match &named {
        Field::Is(named) if !named.value.is_empty() => &named.value,
        Field::Wrong => return Vec::new(),
        Field::Is(_) | Field::Absent => {
            let at = named.placed().map(|named| named.at.clone());
            mistakes.add(at, "there is no profile; write one as [profiles.server]", None);
            return Vec::new();
        }
    };
    let mut sections = Vec::new();
    for (name, value) in entries {
        profile_name(name, mistakes);
        if let Some(settings) = settings(value, common, mistakes) {
            sections.push((name.value.clone(), settings));
        }
    }
    sections
}

fn profile_name(name: &PlacedValue<String>, mistakes: &mut Mistakes<'_>) {
    const LONGEST_NAME: usize = 32;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let text = &name.value;
    if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(is_name) {
        let detail =
            format!("\"{text}\" is no name for a profile; use a-z, 0-9 and hyphens, at most {LONGEST_NAME}");
        mistakes.at(&name.at, detail);
    }
}

/// The place of the default profile.
fn default_profile(
    top: &TableKeys<'_>,
    sections: &[(String, Settings)],
    mistakes: &mut Mistakes<'_>,
) -> Option<usize> {
    let default: Field<String> = top.field("default", mistakes);
    match default {
        Field::Wrong => None,
        Field::Absent => {
            if sections.len() > 1 {
                let detail =
                    "there are several profiles; say which one is the default, as in default = \"server\"";
                mistakes.add(None, detail, None);
            }
            (sections.len() == 1).then_some(0)
        }
        Field::Is(default) => {
            let at = sections.iter().position(|(name, _)| *name == default.value);
            if at.is_none() && !sections.is_empty() {
                let meant = similar(&default.value, sections.iter().map(|(name, _)| name.as_str()));
                let detail = format!("default: there is no profile \"{}\"", default.value);
                mistakes.add(Some(default.at), detail, meant.map(|meant| format!("\"{meant}\"")));
            }
            at
        }
    }
}

/// Fills in missing values, and checks values that depend on each other.
fn profile(
    name: &str,
    own: &Settings,
    defaults: &Settings,
    common: &Common,
    mistakes: &mut Mistakes<'_>,
) -> Option<Profile> {
    let deciders = deciders::deciders(name, own, defaults, common, mistakes);
    let names = NameRules::merged(&own.names, &defaults.names);
    if names.as_ref().is_some_and(super::rules::Names::is_empty) {
        let detail = format!("the profile {name} allows no names; write names.dns.allow = [\"example.com\"]");
        mistakes.at(&own.at, detail);
    }
    /// The values of a list, or `usual`.
    fn list<T: Clone>(
        own: &Field<Vec<PlacedValue<T>>>,
        defaults: &Field<Vec<PlacedValue<T>>>,
        usual: Vec<T>,
    ) -> Option<Vec<T>> {
        match own.or(defaults) {
            Field::Absent => Some(usual),
            field => field.values(),
        }
    }
    let profile = Profile {
        name: name.to_owned(),
        description: own.description.or(&defaults.description).or_usual(String::new())?,
        descriptions: own.descriptions.or(&defaults.descriptions).or_usual(BTreeMap::new())?,
        keys: list(&own.keys, &defaults.keys, KeyRule::ALL.to_vec())?,
        rsa_min_bits: own.rsa_min_bits.or(&defaults.rsa_min_bits).or_usual(FEWEST_RSA_BITS)?,
        key_usage: list(&own.key_usage, &defaults.key_usage, vec![KeyUsageName("digitalSignature")])?,
        extended_key_usage: list(&own.extended_key_usage, &defaults.extended_key_usage, Vec::new())?,
        validity_days: own.validity_days.or(&defaults.validity_days).or_usual(365)?,
        max_names: own.max_names.or(&defaults.max_names).or_usual(100)?,
        wildcards: own.wildcards.or(&defaults.wildcards).or_usual(false)?,
        drop_unusable_names: own.drop_unusable_names.or(&defaults.drop_unusable_names).or_usual(false)?,
        names: names?,
        requesters: list(&own.requesters, &defaults.requesters, Vec::new())?,
        ungranted: own.ungranted.or(&defaults.ungranted).or_usual(UngrantedAction::Ignored)?,
        subject: match own.subject.or(&defaults.subject) {
            Field::Absent => String::new(),
            field => field.get()?.0.clone(),
        },
        deciders: deciders?,
        standing: match own.standing.or(&defaults.standing) {
            Field::Absent => None,
            field => Some(*field.get()?),
        },
        // Those of the document are added once all profiles are read.
        stand_ins: Vec::new(),
    };
    if !profile.keys.iter().any(|rule| profile.has_use_for(rule.kind())) {
        let rule = "no purpose fits the key usages that its keys can have (RFC 5280 section 4.2.1.12)";
        mistakes.at(&own.at, format!("the profile {name}: {rule}; add \"digitalSignature\" to key_usage"));
    }
    Some(profile)
}

#[cfg(test)]
mod tests;
