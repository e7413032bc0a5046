//! docs/policy.md held against the policy reader: every example is parsed, every key has its section.
//!
//! Invariant: a block `toml` is a policy or a part of one, and is accepted; a block `toml wrong` is refused with the words of
//! the block `text` after it, which `COUNTERSIGN_WRITE=1` writes. The page itself says how a part is completed.

#![allow(clippy::unwrap_used)] // A test may.

use std::fs;
use std::path::PathBuf;

use toml::{Table, Value};
use workflow::policy::{Policy, PolicyError, PolicyErrors};
use workflow::testing::policy_keys;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/policy.md")
}

/// A fenced block of the page.
struct Block<'a> {
    info: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap()).map(|(info, text)| Block { info, text }).collect()
}

fn table(text: &str) -> Table {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The smallest policy of the page, for a part that has no profile.
fn smallest() -> Table {
    table(
        "[groups]\nsecurity = [\"alice@example.com\", \"bob@example.com\"]\nplatform = [\"carol@example.com\"]\n\
         managers = [\"dave@example.com\"]\n[profiles.server]\napprovers = [\"security@example.com\"]\n\
         names.dns.allow = [\"example.com\"]\nextended_key_usage = [\"serverAuth\"]\n",
    )
}

/// Puts the entries of `part` into `whole`; a list or a value takes the place of the one there.
fn merge(whole: &mut Table, part: Table) {
    for (key, value) in part {
        match (whole.get_mut(&key), value) {
            (Some(Value::Table(there)), Value::Table(here)) => merge(there, here),
            (_, value) => drop(whole.insert(key, value)),
        }
    }
}

/// The policy that an example stands for.
fn completed(example: &str) -> String {
    let part = table(example);
    let top = policy_keys("");
    let is_top = part.keys().all(|key| top.contains(key));
    // A part that says by itself who approves, or for which names, is a whole policy.
    let is_whole = |profile: &Value| profile.get("approvers").is_some() || profile.get("names").is_some();
    let has_profiles = |all: &Table| part.contains_key("defaults") || all.values().all(is_whole);
    if part.get("profiles").and_then(Value::as_table).is_some_and(has_profiles) {
        return example.to_owned();
    }
    let mut whole = smallest();
    if is_top {
        merge(&mut whole, part);
        return toml::to_string(&whole).unwrap();
    }
    let profile = whole["profiles"]["server"].as_table_mut().unwrap();
    if part.contains_key("approval") {
        profile.remove("approvers");
    }
    merge(profile, part);
    toml::to_string(&whole).unwrap()
}

/// The mistakes, one a line: a place counts in the completed text only.
fn details(errors: &PolicyErrors) -> String {
    let without_place = |error: &PolicyError| PolicyError { place: None, ..error.clone() };
    errors.all().iter().map(|error| format!("{}\n", without_place(error))).collect()
}

#[test]
fn every_example_is_accepted_or_refused_as_the_page_says() {
    let page = fs::read_to_string(path()).unwrap();
    let is_to_be_written = std::env::var_os("COUNTERSIGN_WRITE").is_some();
    let (mut accepted, mut refused) = (0, 0);
    let mut words = Vec::new();
    let all = blocks(&page);
    for (at, block) in all.iter().enumerate() {
        match block.info {
            "toml" => {
                let policy = Policy::parse(&completed(block.text));
                assert!(policy.is_ok(), "{}\n{}", block.text, policy.unwrap_err());
                accepted += 1;
            }
            "toml wrong" => {
                let error = Policy::parse(&completed(block.text)).expect_err(block.text);
                let said = all.get(at + 1).filter(|next| next.info == "text").expect(block.text);
                let found = details(&error);
                if is_to_be_written {
                    let from = said.text.as_ptr() as usize - page.as_ptr() as usize;
                    words.push((from..from + said.text.len(), found));
                } else {
                    assert_eq!(said.text, found, "{}", block.text);
                }
                refused += 1;
            }
            _ => {}
        }
    }
    assert!(accepted > 25, "{accepted} examples were found");
    assert!(refused > 25, "{refused} wrong examples were found");
    if is_to_be_written {
        let mut written = page.clone();
        words.into_iter().rev().for_each(|(place, found)| written.replace_range(place, &found));
        fs::write(path(), written).unwrap();
    }
}

#[test]
fn every_key_has_a_section() {
    let page = fs::read_to_string(path()).unwrap();
    let (top, settings) = (policy_keys(""), policy_keys("defaults"));
    assert!(top.len() >= 9 && settings.len() >= 20, "{top:?} {settings:?}");
    for key in top.iter().chain(&settings) {
        assert!(page.contains(&format!("\n### `{key}`\n")), "docs/policy.md has no section {key}");
    }
}
