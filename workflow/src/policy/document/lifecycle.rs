//! `[lifecycle]` of a policy document: renewals.

use super::keys::{Field, TableKeys};
use super::values::Span;
use crate::policy::error::Mistakes;
use crate::policy::renewal::{RenewalRules, SameKeyAction};

/// The keys of `[lifecycle]`.
const KEYS: &[&str] = &["renewal"];

/// The keys of `[lifecycle.renewal]`.
const RENEWAL_KEYS: &[&str] = &["approvals", "within", "same_key"];

/// Reads `[lifecycle]`; `None` if a value in it is wrong.
pub(super) fn of(top: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<RenewalRules> {
    let read = top.table("lifecycle", KEYS, mistakes, |keys, mistakes| {
        keys.table("renewal", RENEWAL_KEYS, mistakes, renewal).or_usual(RenewalRules::default())
    });
    read.or_usual(RenewalRules::default())
}

fn renewal(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<RenewalRules> {
    let usual = RenewalRules::default();
    let approvals: Field<usize> =
        keys.field("approvals", mistakes).checked(mistakes, |approvals| match *approvals {
            0 => {
                Err("approvals = 0 is out of range; write at least 1: nothing is signed without an approval"
                    .to_owned())
            }
            _ => Ok(()),
        });
    let within: Field<Span> = keys.field("within", mistakes);
    let same_key: Field<SameKeyAction> = keys.field("same_key", mistakes);
    Some(RenewalRules {
        approvals: if approvals.is_absent() { None } else { Some(*approvals.get()?) },
        within: within.or_usual(Span(usual.within))?.0,
        same_key: same_key.or_usual(usual.same_key)?,
    })
}
