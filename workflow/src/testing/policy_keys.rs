//! The keys of the policy language, from the policy reader itself.

use crate::policy::Policy;

/// The keys that a table of a policy may have, as the error about an unknown key lists them. `table` is the path of the
/// table, such as `defaults.names`; empty for the top of the document.
///
/// # Panics
/// If the policy language has no such table.
#[must_use]
pub fn policy_keys(table: &str) -> Vec<String> {
    let dot = if table.is_empty() { "" } else { "." };
    let errors = Policy::parse(&format!("{table}{dot}xyz = 1")).expect_err("no table has this key");
    let listed = errors.all().iter().find_map(|error| error.detail.split_once("expected one of"));
    let (_, listed) = listed.expect("an unknown key is answered with the known ones");
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
