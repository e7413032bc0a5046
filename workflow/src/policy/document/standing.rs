//! The table `standing` of a profile.

use super::keys::{Field, TableKeys, needed};
use super::values::WholeDays;
use crate::policy::error::Mistakes;
use crate::policy::standing::StandingRules;

/// The keys of the table.
pub(super) const KEYS: &[&str] = &["max", "most"];

/// The most certificates of one standing approval: one an hour for a year, and some more.
const MAX_CERTIFICATES: u32 = 10_000;

/// Reads the table; `None` if a value is missing or wrong.
pub(super) fn of(keys: &TableKeys<'_>, mistakes: &mut Mistakes<'_>) -> Option<StandingRules> {
    let max: Field<WholeDays> = needed(keys, "max", mistakes);
    let most: Field<u32> = needed(keys, "most", mistakes).checked(mistakes, |most| match *most {
        1..=MAX_CERTIFICATES => Ok(()),
        most => Err(format!("most = {most} is out of range; write 1 to {MAX_CERTIFICATES}")),
    });
    Some(StandingRules { max_days: max.get()?.0, most: *most.get()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn rules_of(section: &str) -> Result<Option<StandingRules>, String> {
        let profile =
            "[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n";
        let policy = Policy::parse(&format!("{profile}{section}"));
        policy.map(|policy| policy.profile(None).unwrap().standing()).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_profile_has_standing_approvals_only_with_both_bounds() {
        assert_eq!(rules_of("").unwrap(), None);
        let rules = StandingRules { max_days: 365, most: 500 };
        assert_eq!(rules_of("[profiles.server.standing]\nmax = \"365d\"\nmost = 500").unwrap(), Some(rules));
        assert_eq!(rules_of("standing = { max = \"1d\", most = 10000 }").unwrap().unwrap().most, 10_000);
    }

    #[test]
    fn bounds_of_defaults_are_those_of_profiles_without_their_own() {
        let text = "default = \"server\"\n[defaults]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n\
                    standing = { max = \"30d\", most = 10 }\n[profiles.server]\n[profiles.client]\nstanding = { max = \"7d\", most = 2 }\n";
        let policy = Policy::parse(text).unwrap();
        let of = |profile| policy.profile(Some(profile)).unwrap().standing().unwrap();
        assert_eq!([of("server").most, of("client").most], [10, 2]);
        // A table is taken over whole: a bound of one level never joins that of another.
        let text = text.replace("{ max = \"7d\", most = 2 }", "{ max = \"7d\" }");
        assert!(Policy::parse(&text).unwrap_err().to_string().contains("the key `most` is missing"));
    }

    #[test]
    fn a_bound_that_cannot_be_kept_is_a_mistake_at_its_place() {
        for (section, says) in [
            ("max = \"30d\"", "the key `most` is missing"),
            ("most = 5", "the key `max` is missing"),
            ("max = \"30d\"\nmost = 0", "most = 0 is out of range; write 1 to 10000"),
            ("max = \"30d\"\nmost = 10001", "most = 10001 is out of range; write 1 to 10000"),
            ("max = \"30d\"\nmost = -1", "-1 is out of range"),
            ("max = \"30d\"\nmost = \"5\"", "expected a whole number"),
            ("max = \"0d\"\nmost = 5", "\"0d\" is out of range; write between 1d and 365d"),
            ("max = \"366d\"\nmost = 5", "\"366d\" is out of range; write between 1d and 365d"),
            ("max = \"12h\"\nmost = 5", "\"12h\" is no number of days; write whole days, as in 30d"),
            ("max = 30\nmost = 5", "expected a text"),
            ("max = \"30d\"\nmots = 5", "unknown key `mots`; did you mean `most`?"),
        ] {
            let errors = rules_of(&format!("[profiles.server.standing]\n{section}")).unwrap_err();
            assert!(errors.contains(says), "{section}: {errors}");
        }
        assert!(rules_of("standing = true").unwrap_err().contains("expected a table"));
    }
}
