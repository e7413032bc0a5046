//! `[lifecycle.renewal]` of a policy document.

use super::keys::{Field, TableKeys};
use super::values::Span;
use crate::policy::error::Mistakes;
use crate::policy::renewal::{RenewalRules, SameKeyAction};

const KEYS: &[&str] = &["approvals", "within", "same_key", "supersede_after"];

/// Reads the table `renewal` of `[lifecycle]`; `None` if a value in it is wrong.
pub(super) fn of(lifecycle: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<RenewalRules> {
    lifecycle.table("renewal", KEYS, mistakes, rules).or_usual(RenewalRules::default())
}

fn rules(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<RenewalRules> {
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
    let supersede_after: Field<Span> = keys.field("supersede_after", mistakes);
    Some(RenewalRules {
        approvals: if approvals.is_absent() { None } else { Some(*approvals.get()?) },
        within: within.or_usual(Span(usual.within))?.0,
        same_key: same_key.or_usual(usual.same_key)?,
        supersede_after: if supersede_after.is_absent() { None } else { Some(supersede_after.get()?.0) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn rules_of(section: &str) -> Result<RenewalRules, String> {
        let text = include_str!("../../../../infra/policy.toml");
        let policy = Policy::parse(&format!("{text}\n[lifecycle.renewal]\n{section}"));
        policy.map(|policy| policy.renewal().clone()).map_err(|errors| errors.to_string())
    }

    #[test]
    fn rules_that_are_left_out_are_the_usual_ones() {
        assert_eq!(rules_of("").unwrap(), RenewalRules::default());
        let rules = rules_of("approvals = 2\nwithin = \"400d\"\nsame_key = \"warn\"").unwrap();
        assert_eq!((rules.approvals, rules.same_key), (Some(2), SameKeyAction::Warn));
        assert_eq!(rules.within.as_secs(), 400 * 86_400);
    }

    #[test]
    fn a_rule_that_cannot_be_kept_is_a_mistake_at_its_place() {
        for (section, says) in [
            ("approvals = 0", "approvals = 0 is out of range"),
            ("approvals = -1", "-1 is out of range"),
            ("approvals = \"1\"", "expected a whole number"),
            ("within = \"0d\"", "write between 1s and 3650d"),
            ("within = \"4000d\"", "write between 1s and 3650d"),
            ("within = 30", "expected a text"),
            ("supersede_after = \"never\"", "is no length of time"),
            ("same_key = \"ignore\"", "write refuse or warn"),
            ("approval = 1", "did you mean `approvals`"),
        ] {
            let errors = rules_of(section).unwrap_err();
            assert!(errors.contains(says), "{section}: {errors}");
        }
    }
}
