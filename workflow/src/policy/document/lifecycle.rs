//! `[lifecycle]` of a policy document.
//!
//! Invariant: a reminder that no certificate could ever get is an error. The usual reminders apply as far as they fit.

use super::keys::{Field, PlacedValue, TableKeys};
use super::values::{Approver, WholeDays};
use crate::policy::error::Mistakes;
use crate::policy::lifecycle::Lifecycle;
use crate::policy::profile::Profile;

/// Most reminders.
const MAX_REMINDERS: usize = 8;

/// The fields of `[lifecycle]`.
#[derive(Clone, Default)]
pub(super) struct LifecycleSection {
    remind: Field<Vec<PlacedValue<WholeDays>>>,
    escalate_to: Field<Approver>,
}

impl LifecycleSection {
    pub(super) const KEYS: &[&str] = &["remind", "escalate_to", "renewal"];

    pub(super) fn of(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> LifecycleSection {
        let remind: Field<Vec<PlacedValue<WholeDays>>> = keys.list("remind", mistakes);
        let remind = remind.checked(mistakes, |list| match list.len() {
            ..=MAX_REMINDERS => Ok(()),
            many => Err(format!("{many} reminders are too many; write at most {MAX_REMINDERS}")),
        });
        let list = remind.get().map(Vec::as_slice).unwrap_or_default();
        for pair in list.windows(2) {
            let (before, after) = (pair[0].value.0, pair[1].value.0);
            let detail = match after.cmp(&before) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal => format!("\"{after}d\" stands twice; write each reminder once"),
                std::cmp::Ordering::Greater => {
                    format!(
                        "\"{after}d\" comes after the shorter \"{before}d\"; write the longest time first"
                    )
                }
            };
            mistakes.at(&pair[1].at, detail);
        }
        LifecycleSection { remind, escalate_to: keys.field("escalate_to", mistakes) }
    }

    /// The settings. Reports reminders that are too long for every profile.
    pub(super) fn settings(&self, profiles: &[Option<Profile>], mistakes: &mut Mistakes<'_>) -> Lifecycle {
        let usual = Lifecycle::default();
        let longest_life = profiles.iter().flatten().map(|profile| profile.validity_days).max();
        // A profile with a mistake may be one with a longer validity.
        if let Some(life) = longest_life.filter(|_| profiles.iter().all(Option::is_some)) {
            for late in self.remind.get().into_iter().flatten().filter(|one| one.value.0 * 2 > life) {
                let detail = format!(
                    "\"{}d\" is never sent: reminders are for the second half of a life, and no profile has more than validity_days = {life}; write a shorter time",
                    late.value.0
                );
                mistakes.at(&late.at, detail);
            }
        }
        let days = self.remind.get().map(|list| list.iter().map(|one| one.value.0).collect());
        Lifecycle {
            remind: days.unwrap_or(usual.remind),
            escalate_to: self.escalate_to.get().map(|team| team.0.clone()),
        }
    }
}
