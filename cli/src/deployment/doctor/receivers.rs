//! Checks of the receivers that the policy names: whether the stack tells them, and whether each has an address.

use workflow::policy::Policy;

use super::check::Check;

const ABOUT: &str = "receivers";

/// Findings about the receivers of a policy. `set` are the names with a parameter, `is_telling` is true if the stack was
/// deployed with `StatusEvents=yes`.
pub(super) fn receivers(stack: &str, policy: &str, is_telling: bool, set: &[String]) -> Vec<Check> {
    // The check of the policy reports one that cannot be read.
    let Ok(policy) = Policy::parse(policy) else { return Vec::new() };
    if policy.receivers().is_empty() {
        return Vec::new();
    }
    if !is_telling {
        return vec![Check::wrong(
            ABOUT,
            "the policy has [notices], and the stack tells nobody",
            "Switch notices on: countersign deploy --parameter StatusEvents=yes.",
        )];
    }
    let without = policy.receivers().iter().filter(|one| {
        one.kind.has_address() && !set.iter().any(|name| name.rsplit('/').next() == Some(one.name.as_str()))
    });
    let mut checks: Vec<Check> = without
        .map(|one| {
            Check::wrong(
                ABOUT,
                format!("{} has no address, so it is told nothing", one.name),
                format!("Set it: countersign webhooks set {} --stack {stack}.", one.name),
            )
        })
        .collect();
    if checks.is_empty() {
        let names: Vec<&str> = policy.receivers().iter().map(|one| one.name.as_str()).collect();
        checks.push(Check::good(ABOUT, names.join(", ")));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_is_told_nothing_is_named() {
        let profile = "[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"*\"]\n";
        let policy =
            format!("[notices.ops]\nkind = \"slack\"\n[notices.bus]\nkind = \"eventbridge\"\n{profile}");
        let of = |policy: &str, is_telling, set: &[&str]| {
            let set: Vec<String> =
                set.iter().map(|name| format!("/countersign/ca/webhooks/{name}")).collect();
            let checks = receivers("ca", policy, is_telling, &set);
            checks.into_iter().map(|check| format!("{} {}", check.found, check.advice)).collect::<Vec<_>>()
        };
        assert_eq!(of(profile, false, &[]), [""; 0]);
        assert!(of(&policy, false, &["ops"])[0].contains("StatusEvents=yes"));
        assert!(of(&policy, true, &["other"])[0].contains("countersign webhooks set ops --stack ca"));
        assert_eq!(of(&policy, true, &["ops"]), ["bus, ops "]);
    }
}
