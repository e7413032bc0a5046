//! A policy in a few lines, for people.

use std::time::Duration;

use serde_json::{Value, json};
use workflow::approver_set::GroupQuorum;
use workflow::policy::{ConsolePeople, Policy, Profile, StandingRules};
use workflow::texts::Language;

use crate::output::{Cell, Document};

/// A group of approvers with its quorum.
pub(super) fn seats(seats: &GroupQuorum) -> String {
    let members: Vec<&str> = seats.members.iter().map(|member| member.as_str()).collect();
    let group = seats.group.as_ref().map(|group| format!("{group}: ")).unwrap_or_default();
    format!("{group}{} of {}", seats.quorum, members.join(", "))
}

/// One line for each profile.
pub(super) fn summary(policy: &Policy) -> (Document, Value) {
    let approved_by = |profile: &Profile| profile.quorums().iter().map(seats).collect::<Vec<_>>();
    let cells = |profile: &Profile| {
        vec![
            Cell::text(profile.name()),
            Cell::text(format!("{} days", profile.validity_days())),
            Cell::text(approved_by(profile).join("; ")),
            Cell::text(span(profile.limit())),
            Cell::text(profile.description(Language::English)),
        ]
    };
    let value = |profile: &Profile| {
        json!({
            "profile": profile.name(),
            "validityDays": profile.validity_days(),
            "approvedBy": approved_by(profile),
            "within": span(profile.limit()),
            "description": profile.description(Language::English),
            "standing": profile.standing().map(|rules| json!({ "maxDays": rules.max_days, "most": rules.most })),
        })
    };
    let headings = ["PROFILE", "VALID", "APPROVED BY", "WITHIN", "FOR"];
    let document = Document::new()
        .line(format!("Version {}", policy.version()))
        .table(&headings, policy.profiles().map(cells).collect());
    let profiles: Vec<Value> = policy.profiles().map(value).collect();
    let value = json!({ "version": policy.version(), "profiles": profiles });
    let lines = [standing(policy), console(policy)];
    (
        lines
            .iter()
            .filter(|line| !line.is_empty())
            .fold(document, |document, line| document.line(line.as_str())),
        value,
    )
}

/// Who may open the console.
fn console(policy: &Policy) -> String {
    let Some(rules) = policy.console() else { return String::new() };
    let people = |one: &ConsolePeople| {
        let named = one.people.iter().map(|person| person.as_str());
        named.chain(one.oidc_groups.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
    };
    let named = [("operators", people(rules.operators())), ("auditors", people(rules.auditors()))];
    let named = named.into_iter().filter(|(_, people)| !people.is_empty());
    let named = named.map(|(role, people)| format!("{role} {people}")).collect::<Vec<_>>().join("; ");
    format!("Console, by {}: {named}.", rules.identity().as_str())
}

/// One line for each profile with standing approvals.
fn standing(policy: &Policy) -> String {
    let line = |(name, rules): (&str, StandingRules)| {
        let StandingRules { max_days, most } = rules;
        format!("Standing approvals of the profile {name}: {most} certificates in {max_days} days at most.")
    };
    let all = policy.profiles().filter_map(|profile| Some((profile.name(), profile.standing()?)));
    all.map(line).collect::<Vec<_>>().join("\n")
}

/// A length of time as it is written in a policy.
pub(super) fn span(limit: Duration) -> String {
    let seconds = limit.as_secs();
    [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_approvals_are_shown_where_a_profile_has_them() {
        let text =
            "[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n";
        let shown = |more: &str| summary(&Policy::parse(&format!("{text}{more}")).unwrap()).0.plain_text();
        assert!(!shown("").contains("Standing"), "{}", shown(""));
        let with = shown("standing = { max = \"90d\", most = 500 }");
        assert!(
            with.ends_with(
                "\nStanding approvals of the profile server: 500 certificates in 90 days at most.\n"
            ),
            "{with}"
        );
    }

    #[test]
    fn the_people_of_the_console_are_shown() {
        let text = "[console]\nidentity = \"passkey\"\noperators = [\"o@example.com\"]\n[profiles.server]\n\
                    approvers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n";
        let shown = summary(&Policy::parse(text).unwrap()).0.plain_text();
        assert!(shown.ends_with("\nConsole, by passkey: operators o@example.com.\n"), "{shown}");
    }

    #[test]
    fn a_limit_is_written_as_in_the_policy() {
        let of = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([of(604_800), of(129_600), of(10), of(90)], ["7d", "36h", "10s", "90s"]);
    }
}
