//! `[[stand_ins]]`: who votes in the place of an approver who is away, and on which days.
//!
//! Invariant: on each day, an approver has one stand-in at most, and a stand-in has none for what they stand in for: an
//! entry that could be read in two ways is a mistake.

use std::ops::Range;

use time::Date;
use time::macros::format_description;
use toml::de::DeValue;

use super::keys::{Field, TableKeys, needed};
use super::values::{Approver, FromToml, WrongValue, type_of};
use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::policy::error::{Mistakes, similar};
use crate::policy::profile::Profile;
use crate::stand_in::{MAX_STAND_IN_DAYS, StandIn};

const KEYS: &[&str] = &["for", "by", "from", "until"];

/// A day, as in `2026-12-20`.
#[derive(Clone, Copy, Debug)]
struct Day(Date);

impl FromToml for Day {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, WrongValue> {
        let text = match value {
            DeValue::String(text) => text.to_string(),
            // TOML has dates of its own.
            DeValue::Datetime(written) if written.time.is_none() => written.to_string(),
            other => {
                let found = type_of(other);
                return Err(format!("expected a day, found {found}; write it as \"2026-12-20\"").into());
            }
        };
        let iso = format_description!("[year]-[month]-[day]");
        // Four digits of a year: `time` takes a sign and more digits too.
        let day = Date::parse(&text, iso).ok().filter(|_| text.len() == "2026-12-20".len());
        day.map(Day).ok_or_else(|| format!("\"{text}\" is no day; write it as \"2026-12-20\"").into())
    }
}

/// An entry, and the places of its people.
#[derive(Clone)]
struct StandInEntry {
    stand_in: StandIn,
    at: Range<usize>,
    person_at: Range<usize>,
    by_at: Range<usize>,
}

/// Reads the entries; `None` if one is wrong by itself. [`check`] looks at them together.
pub(super) fn of(
    top: &TableKeys<'_>,
    plus_tags: PlusTags,
    mistakes: &mut Mistakes<'_>,
) -> Option<Vec<PlacedStandIn>> {
    let entries = top.tables("stand_ins", KEYS, mistakes, |keys, mistakes| entry(keys, plus_tags, mistakes));
    let entries = match entries {
        Field::Absent => return Some(Vec::new()),
        entries => entries.values()?,
    };
    Some(entries.into_iter().map(PlacedStandIn).collect())
}

/// An entry that is right by itself.
#[derive(Clone)]
pub(super) struct PlacedStandIn(StandInEntry);

impl PlacedStandIn {
    pub(super) fn stand_in(&self) -> &StandIn {
        &self.0.stand_in
    }

    pub(super) fn at(&self) -> &Range<usize> {
        &self.0.at
    }
}

fn entry(keys: &TableKeys<'_>, plus_tags: PlusTags, mistakes: &mut Mistakes<'_>) -> Option<StandInEntry> {
    let (person, by): (Field<Approver>, Field<Approver>) =
        (needed(keys, "for", mistakes), needed(keys, "by", mistakes));
    let (from, until): (Field<Day>, Field<Day>) =
        (needed(keys, "from", mistakes), needed(keys, "until", mistakes));
    let (person, by) = (person.placed()?, by.placed()?);
    let (from, until) = (from.placed()?, until.placed()?);
    let stand_in = StandIn {
        person: person.value.0.clone(),
        by: by.value.0.clone(),
        from: from.value.0,
        until: until.value.0,
    };
    if plus_tags.same_person(&stand_in.person, &stand_in.by) {
        let detail = format!("{} cannot stand in for themselves; write another address", stand_in.by);
        mistakes.at(&by.at, detail);
        return None;
    }
    if stand_in.until < stand_in.from {
        let detail = format!(
            "the last day, {}, is before the first one, {}; write the first day as from and the last one as until",
            stand_in.until, stand_in.from
        );
        mistakes.at(&until.at, detail);
        return None;
    }
    if stand_in.days() > MAX_STAND_IN_DAYS {
        let detail = format!(
            "{} days are more than a year; write at most {MAX_STAND_IN_DAYS} days, or list {} as an approver instead",
            stand_in.days(),
            stand_in.by
        );
        mistakes.at(&until.at, detail);
        return None;
    }
    Some(StandInEntry { stand_in, at: keys.at.clone(), person_at: person.at.clone(), by_at: by.at.clone() })
}

/// Checks the entries together, and against the approvers of all profiles. `profiles` has `None` for one with a reported
/// mistake: then nobody is called unknown.
pub(super) fn check(
    entries: &[PlacedStandIn],
    profiles: &[Option<Profile>],
    plus_tags: PlusTags,
    mistakes: &mut Mistakes<'_>,
) {
    let same = |one: &Email, other: &Email| plus_tags.same_person(one, other);
    for (index, PlacedStandIn(one)) in entries.iter().enumerate() {
        let (own, days) = (&one.stand_in, |entry: &StandIn| format!("{} to {}", entry.from, entry.until));
        let is_known = |profile: &Option<Profile>| {
            profile.as_ref().is_none_or(|profile| profile.lists(&own.person, true))
        };
        if !profiles.iter().any(is_known) {
            let approvers: Vec<Email> = profiles.iter().flatten().flat_map(all_approvers).collect();
            let meant = similar(own.person.as_str(), approvers.iter().map(Email::as_str));
            let detail = format!(
                "{} is not an approver of any profile, so there is no vote to cast for them; write the address of an approver",
                own.person
            );
            let meant = meant.map(|meant| format!("\"{meant}\""));
            mistakes.add(Some(one.person_at.clone()), detail, meant);
        }
        let is_mailbox =
            |profile: &Profile| profile.oidc_groups().iter().any(|one| same(&one.mail, &own.person));
        if profiles.iter().flatten().any(is_mailbox) {
            let detail = format!(
                "{} is the mailbox of a group, whose members the identity provider names; leave the entry out, since another member can vote",
                own.person
            );
            mistakes.at(&one.person_at, detail);
        }
        let earlier = entries[..index].iter().map(|PlacedStandIn(entry)| entry);
        let twice =
            |entry: &&StandInEntry| same(&entry.stand_in.person, &own.person) && entry.stand_in.overlaps(own);
        if let Some(twice) = earlier.clone().find(twice) {
            let detail = format!(
                "{} has another stand-in on some of these days ({}: {}); write one after the other",
                own.person,
                twice.stand_in.by,
                days(&twice.stand_in)
            );
            mistakes.at(&one.person_at, detail);
        }
        // Whoever stands in is away too on some of these days. Their own stand-in would not take over this seat.
        let others = entries.iter().map(|PlacedStandIn(entry)| entry);
        let away =
            |entry: &&StandInEntry| same(&entry.stand_in.person, &own.by) && entry.stand_in.overlaps(own);
        if let Some(away) = others.clone().find(away) {
            let detail = format!(
                "{} has a stand-in on some of these days ({}: {}), and nobody stands in for a stand-in; write somebody else for {}, or other days",
                own.by,
                away.stand_in.by,
                days(&away.stand_in),
                own.person
            );
            mistakes.at(&one.by_at, detail);
        }
    }
}

/// Approvers and escalation approvers of a profile.
fn all_approvers(profile: &Profile) -> Vec<Email> {
    let members = profile.quorums().iter().flat_map(|group| &group.members);
    members.chain(profile.escalation().into_iter().flat_map(|one| &one.members)).cloned().collect()
}

/// The entries that concern a profile.
pub(super) fn of_profile(entries: &[StandIn], profile: &Profile) -> Vec<StandIn> {
    entries.iter().filter(|one| profile.lists(&one.person, true)).cloned().collect()
}

#[cfg(test)]
mod tests;
