//! Entries of `[[stand_ins]]`: read, refused with a place, and noted.

use proptest::prelude::*;
use time::macros::{date, datetime};

use super::*;
use crate::policy::Policy;

/// Two profiles: alice and bob approve one, dave after an escalation; erin the other.
const POLICY: &str = "default = \"server\"\n[groups]\nm = [\"dave@example.com\"]\n\
    [profiles.server]\nnames.dns.allow = [\"*\"]\napprovers = [\"alice@example.com\", \"bob@example.com\"]\n\
    escalation = { after = \"1d\", group = \"m\" }\n\
    [profiles.client]\nnames.dns.allow = [\"*\"]\napprovers = [\"erin@example.com\"]\n";

fn entry(person: &str, by: &str, from: &str, until: &str) -> String {
    let address = |name: &str| format!("\"{name}@example.com\"");
    let (person, by) = (address(person), address(by));
    format!("[[stand_ins]]\nfor = {person}\nby = {by}\nfrom = \"{from}\"\nuntil = \"{until}\"\n")
}

fn policy(entries: &[String]) -> Result<Policy, String> {
    Policy::parse(&format!("{POLICY}{}", entries.concat()))
        .map_err(|errors| errors.all().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn notes(entries: &[String], today: Date) -> Vec<String> {
    let (_, notes) = Policy::parse_with_notes(&format!("{POLICY}{}", entries.concat()), today).unwrap();
    // Other notes are about the profiles.
    let notes = notes.into_iter().filter(|note| note.place.line > POLICY.lines().count());
    notes.map(|note| format!("{}: {} {}", note.place.line, note.detail, note.advice)).collect()
}

#[test]
fn an_entry_is_for_every_profile_in_which_the_person_approves() {
    let policy = policy(&[
        entry("alice", "carol", "2026-12-20", "2027-01-06"),
        entry("dave", "carol", "2026-12-20", "2026-12-20"),
        entry("alice", "bob", "2027-01-07", "2027-01-07"),
    ])
    .unwrap();
    let [server, client] = ["server", "client"].map(|name| policy.profile(Some(name)).unwrap());
    assert_eq!((policy.stand_ins().len(), server.stand_ins().len(), client.stand_ins().len()), (3, 3, 0));
    let carol = "Carol+x@example.com".parse().unwrap();
    let day = datetime!(2026-12-24 12:00 UTC);
    assert!(server.lets_vote(&carol, false, day) && !server.lists(&carol, true));
    assert!(!server.lets_vote(&carol, false, datetime!(2026-12-19 23:59:59 UTC)));
    assert!(!client.lets_vote(&carol, true, day));
}

#[test]
fn nobody_votes_in_the_place_of_a_requester_or_on_their_own_request() {
    let policy = policy(&[
        entry("alice", "carol", "2026-12-20", "2027-01-06"),
        entry("bob", "frank", "2026-12-20", "2027-01-06"),
    ])
    .unwrap();
    let server = policy.profile(Some("server")).unwrap();
    let at = datetime!(2026-12-24 12:00 UTC);
    let votes = |requester: &str| -> Vec<String> {
        let set = server.approver_set_for(&requester.parse().unwrap()).unwrap();
        set.voters_at(true, at).iter().map(|one| one.as_str().replace("@example.com", "")).collect()
    };
    assert_eq!(votes("someone@example.com"), ["alice", "bob", "dave", "carol", "frank"]);
    // Alice has no seat in her own request, so carol has none.
    assert_eq!(votes("Alice+x@example.com"), ["bob", "dave", "frank"]);
    // Carol asks: alice votes, and nobody in her place.
    assert_eq!(votes("carol@example.com"), ["alice", "bob", "dave", "frank"]);
}

#[test]
fn dates_of_toml_are_days_too() {
    let text = entry("alice", "carol", "2026-12-20", "2027-01-06").replace("\"2026-12-20\"", "2026-12-20");
    assert_eq!(policy(&[text]).unwrap().stand_ins()[0].from, date!(2026 - 12 - 20));
}

#[test]
fn an_entry_that_cannot_be_kept_is_a_mistake_with_its_remedy() {
    let ok = || entry("alice", "carol", "2026-12-20", "2027-01-06");
    for (entries, says) in [
        (
            vec![entry("alice", "Alice+x", "2026-12-20", "2027-01-06")],
            "cannot stand in for themselves; write another",
        ),
        (
            vec![entry("alicia", "carol", "2026-12-20", "2027-01-06")],
            "alicia@example.com is not an approver of any profile",
        ),
        (vec![entry("alicia", "carol", "2026-12-20", "2027-01-06")], "did you mean \"alice@example.com\"?"),
        (
            vec![entry("alice", "carol", "2026-12-20", "2026-12-19")],
            "the last day, 2026-12-19, is before the first one",
        ),
        (
            vec![entry("alice", "carol", "2026-01-01", "2027-01-02")],
            "367 days are more than a year; write at most 366 days, or list carol@example.com",
        ),
        (
            vec![ok(), entry("ALICE", "bob", "2027-01-06", "2027-01-07")],
            "has another stand-in on some of these days (carol@example.com: 2026-12-20 to 2027-01-06)",
        ),
        (vec![ok(), ok()], "has another stand-in on some of these days"),
        (
            vec![
                entry("alice", "bob", "2026-12-20", "2027-01-06"),
                entry("bob", "carol", "2027-01-06", "2027-01-06"),
            ],
            "bob@example.com has a stand-in on some of these days (carol@example.com: 2027-01-06 to 2027-01-06), and nobody stands in for a stand-in; write somebody else for alice@example.com",
        ),
        (
            vec![ok().replace("2026-12-20", "20.12.2026")],
            "\"20.12.2026\" is no day; write it as \"2026-12-20\"",
        ),
        (vec![ok().replace("2026-12-20", "2026-02-30")], "\"2026-02-30\" is no day"),
        (
            vec![ok().replace("\"2026-12-20\"", "2026-12-20T00:00:00Z")],
            "expected a day, found a date or time",
        ),
        (vec![ok().replace("\"2026-12-20\"", "20261220")], "expected a day, found the whole number 20261220"),
        (vec![ok().replace("by = \"carol@example.com\"\n", "")], "the key `by` is missing"),
        (
            vec![ok().replace("until", "till")],
            "unknown key `till`, expected one of `for`, `by`, `from`, `until`",
        ),
        (vec![ok().replace("\"carol@example.com\"", "\"carol\"")], "\"carol\" is no e-mail address"),
    ] {
        let said = policy(&entries).unwrap_err();
        assert!(said.contains(says), "{says}: {said}");
    }
    let said = Policy::parse(&format!("stand_ins = \"carol\"\n{POLICY}")).unwrap_err().to_string();
    assert!(said.contains("expected a list, found the text \"carol\""), "{said}");
    // Alternating days are no chain, and neither are two people for whom the same one stands in.
    assert!(
        policy(&[
            entry("alice", "bob", "2026-12-20", "2027-01-06"),
            entry("bob", "alice", "2027-01-07", "2027-02-01"),
            entry("erin", "bob", "2026-12-20", "2027-01-06"),
            entry("alice", "carol", "2027-01-07", "2027-01-08").replace("alice", "dave"),
        ])
        .is_ok()
    );
}

#[test]
fn an_entry_that_is_over_and_one_that_leaves_a_seat_empty_have_a_note() {
    let over = || entry("erin", "carol", "2026-12-20", "2027-01-06");
    assert_eq!(notes(&[over()], date!(2027 - 01 - 06)), [""; 0]);
    let said = notes(&[over()], date!(2027 - 01 - 07));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with(
            "11: carol@example.com stood in for erin@example.com until 2027-01-06, which is over Remove it"
        ),
        "{said:?}"
    );

    // One of two is enough, also without alice.
    let by_bob = || entry("alice", "bob", "2026-12-20", "2027-01-06");
    let today = date!(2026 - 12 - 01);
    assert_eq!(notes(&[by_bob()], today), [""; 0]);
    let two = format!("{}{}", POLICY.replace("[profiles.client]", "quorum = 2\n[profiles.client]"), by_bob());
    let (_, said) = Policy::parse_with_notes(&two, today).unwrap();
    let says = "while alice@example.com is away, the approvers of the profile server and bob@example.com cannot fill its seats";
    assert!(said.iter().any(|note| note.detail.starts_with(says)), "{said:?}");
    let by_carol = two.replace("by = \"bob@example.com\"", "by = \"carol@example.com\"");
    let (_, said) = Policy::parse_with_notes(&by_carol, today).unwrap();
    assert!(!said.iter().any(|note| note.detail.starts_with("while ")), "{said:?}");
}

/// A day of three months, as a number.
fn day() -> impl Strategy<Value = Date> {
    (0_i64..90).prop_map(|days| date!(2026 - 11 - 15) + time::Duration::days(days))
}

proptest! {
    #[test]
    fn a_policy_that_is_accepted_has_one_stand_in_a_day_and_no_chain(
        all in proptest::collection::vec(("[a-d]", "[a-e]", day(), day()), 0..5),
    ) {
        let approvers = r#"["a@example.com", "b@example.com", "c@example.com", "d@example.com"]"#;
        let head = format!("[profiles.server]\nnames.dns.allow = [\"*\"]\napprovers = {approvers}\n");
        let entries: Vec<String> = all
            .iter()
            .map(|(person, by, from, until)| entry(person, by, &from.to_string(), &until.to_string()))
            .collect();
        let read = Policy::parse(&format!("{head}{}", entries.concat()));
        let overlaps = |one: &(String, String, Date, Date), other: &(String, String, Date, Date)| {
            one.2 <= other.3 && other.2 <= one.3
        };
        let mut is_right = all.iter().all(|one| one.0 != one.1 && one.2 <= one.3);
        for (at, one) in all.iter().enumerate() {
            is_right &= !all[..at].iter().any(|other| one.0 == other.0 && overlaps(one, other));
            is_right &= !all.iter().any(|other| one.1 == other.0 && overlaps(one, other));
        }
        prop_assert_eq!(read.is_ok(), is_right, "{:?}", read.err());
    }
}
