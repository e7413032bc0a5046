//! docs/threat-model.md has every attack on an approval that the tests try on every path.

use std::fs;

use workflow::runtime::step::ErrorName;
use workflow::wire_name::WireName as _;

use super::{coverage, oidc_groups, passkeys, requesters, sign_ins, standing, terms};

const BEGIN: &str =
    "<!-- The attacks are written by workers/sign/tests/sign/matrix.rs; do not edit them. -->\n";
const END: &str = "<!-- The end of the attacks. -->";

fn table() -> String {
    let paths: Vec<String> = coverage::PATHS.iter().map(|path| format!("{path:?}").to_lowercase()).collect();
    let mut text = format!(
        "Paths: {}; where requesters sign in, also the terms of a standing approval.\n\n| attack | answer |\n| --- | --- |\n",
        paths.join(", ")
    );
    let mut add = |condition: &str, what: &str, error: ErrorName| {
        text += &format!("| {condition}{what} | `{}` |\n", error.wire_name());
    };
    coverage::ATTACKS.iter().for_each(|(what, error, _)| add("", what, *error));
    let condition = "under a standing approval: ";
    standing::ATTACKS.iter().for_each(|(what, error, _)| add(condition, what, *error));
    let condition = "for a standing approval itself: ";
    terms::ATTACKS.iter().for_each(|(what, error, _)| add(condition, what, *error));
    let condition = "where the policy asks for passkeys: ";
    passkeys::ATTACKS.iter().for_each(|(what, error, _)| add(condition, what, *error));
    let condition = "where the policy asks for sign-ins: ";
    sign_ins::ATTACKS.iter().for_each(|(what, error, _)| add(condition, what, *error));
    let condition = "where the approvers are a group of the identity provider: ";
    oidc_groups::ATTACKS.iter().for_each(|(what, error, _)| add(condition, what, *error));
    let condition = "where the policy has requesters sign in: ";
    requesters::ATTACKS.iter().for_each(|(what, error, _)| add(condition, what, *error));
    text
}

#[test]
fn the_page_has_every_attack() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/threat-model.md");
    let text = fs::read_to_string(page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        fs::write(page, wanted).unwrap();
    } else {
        assert!(
            text == wanted,
            "docs/threat-model.md is stale; COUNTERSIGN_WRITE=1 cargo test -p sign writes it"
        );
    }
}
