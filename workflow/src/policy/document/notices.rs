//! `[notices]`: who is told of events of requests, by name. Addresses are secrets and not in the policy.

use super::keys::{Field, PlacedValue, TableKeys, table};
use super::settings::Settings;
use super::values::{FromText, WrongValue, word};
use crate::policy::error::{Mistakes, similar};
use crate::receiver::{NoticeEvent, ReceiverKind, ReceiverName};

/// The most receivers: each event is one message for each.
const MAX_RECEIVERS: usize = 10;

/// A receiver of notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The name: also that of the parameter with the address.
    pub name: ReceiverName,
    /// The kind.
    pub kind: ReceiverKind,
    /// The events that it is told of.
    pub events: Vec<NoticeEvent>,
    /// The profiles whose requests it is told of; empty for all.
    pub profiles: Vec<String>,
}

impl Receiver {
    const KEYS: &[&str] = &["kind", "events", "profiles"];

    /// True if it is told of this event of requests of this profile.
    #[must_use]
    pub fn is_told(&self, event: NoticeEvent, profile: &str) -> bool {
        self.events.contains(&event)
            && (self.profiles.is_empty() || self.profiles.iter().any(|one| one == profile))
    }
}

impl FromText for ReceiverKind {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "kind of receiver", ReceiverKind::ALL.map(|kind| (kind.as_str(), kind)))
    }
}

impl FromText for NoticeEvent {
    fn from_text(text: &str) -> Result<Self, WrongValue> {
        word(text, "event", NoticeEvent::ALL.map(|event| (event.as_str(), event)))
    }
}

/// Reads `[notices]`; `None` if there is a mistake.
pub(super) fn receivers(
    top: &TableKeys<'_>,
    profiles: &[(String, Settings)],
    mistakes: &mut Mistakes<'_>,
) -> Option<Vec<Receiver>> {
    let named = match top.named("notices", mistakes) {
        Field::Absent => return Some(Vec::new()),
        Field::Wrong => return None,
        Field::Is(named) => named,
    };
    if named.value.len() > MAX_RECEIVERS {
        let many = named.value.len();
        mistakes.at(&named.at, format!("{many} receivers are too many; write at most {MAX_RECEIVERS}"));
    }
    let mut all = Vec::new();
    for (name, value) in &named.value {
        let parsed = name.value.parse::<ReceiverName>();
        if let Err(error) = &parsed {
            mistakes.at(&name.at, error.to_string());
        }
        let keys =
            table(value, mistakes).map(|table| TableKeys::of(table, value.span(), Receiver::KEYS, mistakes));
        let read = keys.and_then(|keys| receiver(parsed.ok()?, &keys, profiles, mistakes));
        all.push(read);
    }
    all.into_iter().collect::<Option<Vec<_>>>().filter(|all| all.len() <= MAX_RECEIVERS)
}

fn receiver(
    name: ReceiverName,
    keys: &TableKeys<'_>,
    profiles: &[(String, Settings)],
    mistakes: &mut Mistakes<'_>,
) -> Option<Receiver> {
    let kind: Field<ReceiverKind> = keys.field("kind", mistakes);
    if kind.is_absent() {
        let detail = format!("the receiver {name} has no kind; write kind = \"slack\"");
        mistakes.at(&keys.at, detail);
    }
    let events: Field<Vec<PlacedValue<NoticeEvent>>> = keys.list("events", mistakes);
    let events = events.checked(mistakes, |list| match list.is_empty() {
        true => Err("there are no events; leave out events for the usual ones".to_owned()),
        false => Ok(()),
    });
    let named: Field<Vec<PlacedValue<String>>> = keys.list("profiles", mistakes);
    let mut are_known = true;
    for one in named.get().into_iter().flatten() {
        if !profiles.iter().any(|(name, _)| *name == one.value) {
            let meant = similar(&one.value, profiles.iter().map(|(name, _)| name.as_str()));
            let detail = format!("there is no profile \"{}\"", one.value);
            mistakes.add(Some(one.at.clone()), detail, meant.map(|meant| format!("\"{meant}\"")));
            are_known = false;
        }
    }
    let kind = *kind.get()?;
    let events = match events {
        Field::Absent => kind.usual_events(),
        list => list.values()?,
    };
    let profiles = match named {
        Field::Absent => Vec::new(),
        list => list.values()?,
    };
    are_known.then_some(Receiver { name, kind, events, profiles })
}
