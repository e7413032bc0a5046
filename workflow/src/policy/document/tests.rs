use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::policy::Policy;

const TODAY: time::Date = time::macros::date!(2026 - 06 - 01);

/// Each mistake as line, column and text.
fn mistakes(text: &str) -> Vec<String> {
    let errors = Policy::parse(text).map(|_| ()).unwrap_err();
    let line = |error: &crate::policy::PolicyError| match &error.place {
        Some(place) => format!("{}:{} {}", place.line, place.column, without_line(&error.to_string())),
        None => error.to_string(),
    };
    errors.all().iter().map(line).collect()
}

fn without_line(error: &str) -> &str {
    error.split_once(": ").map_or(error, |(_, rest)| rest)
}

const SERVER: &str = "[profiles.server]\nnames.dns.allow = [\"example.com\"]\n";

#[test]
fn contradictions_of_defaults_are_found_where_they_stand() {
    let defaults = |lines: &str| format!("[defaults]\n{lines}\n{SERVER}");
    let with = |lines: &str| defaults(&format!("approvers = [\"a@example.com\"]\n{lines}"));
    for (text, said) in [
        (with("limit = \"7d\"\nreminders = [\"1d\", \"7d\"]"), "4:20 \"7d\" is not before the limit \"7d\""),
        (with("reminders = [\"8d\"]"), "3:14 \"8d\" is not before the usual limit of 7 days"),
        (
            with(
                "limit = \"1d\"\nescalation = { after = \"2d\", group = \"m\" }\n[groups]\nm = [\"m@example.com\"]",
            ),
            "4:24 \"2d\" is not before the limit \"1d\"",
        ),
        (with("quorum = 2"), "3:10 1 approver and a quorum of 2"),
        (with("quorum = 0"), "3:10 a quorum of 0"),
        (with("validity_days = 0"), "3:17 a validity of 0 days"),
        (with("rsa_min_bits = 1024"), "3:16 rsa_min_bits = 1024"),
        (with("keys = []"), "3:8 the list is empty"),
        (with("key_usage = []"), "3:13 the list is empty"),
        (with("approval = [{ group = \"x\" }]"), "3:23 there is no group \"x\""),
        (with("escalation = { after = \"1d\", group = \"x\" }"), "3:38 there is no group \"x\""),
        (defaults("approvers = []"), "2:13 there are no approvers"),
        (defaults("approvers = [\"a@example.com\", \"A+x@example.com\"]"), "2:31 the same approver twice"),
        (
            defaults("approval = [{ group = \"m\", quorum = 2 }]\n[groups]\nm = [\"m@example.com\"]"),
            "2:12 1 approver and a quorum of 2",
        ),
    ] {
        let found = mistakes(&text);
        assert!(found.iter().any(|found| found.starts_with(said)), "{said}: {found:?}\n{text}");
    }
}

#[test]
fn a_value_of_defaults_that_some_profile_can_use_is_no_contradiction() {
    let late = "[defaults]\napprovers = [\"a@example.com\"]\nlimit = \"2d\"\nreminders = [\"1d\", \"5d\"]\n";
    assert!(mistakes(&format!("{late}{SERVER}"))[0].starts_with("4:20"));
    assert!(mistakes(&format!("{late}{SERVER}limit = \"3d\"\n"))[0].starts_with("4:20"));
    assert!(Policy::parse(&format!("{late}{SERVER}limit = \"7d\"\n")).is_ok());
    let quorum = "[defaults]\napprovers = [\"a@example.com\"]\nquorum = 2\n";
    let two = "approvers = [\"b@example.com\", \"c@example.com\"]\n";
    assert!(Policy::parse(&format!("{quorum}{SERVER}{two}")).is_ok());
    // A profile that takes both has the contradiction of [defaults], once.
    let found =
        mistakes(&format!("default = \"server\"\n{quorum}{SERVER}[profiles.a]\nnames.dns.allow = [\"*\"]\n"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("4:10"), "{found:?}");
}

#[test]
fn mistakes_of_different_sections_hide_nothing_and_cause_no_others() {
    let text = "[people]\nplus_tags = \"sane\"\n[groups]\nm = [\"x\"]\n[profiles.server]\n\
                aprovers = [\"a@example.com\"]\nnames.dn.allow = [\"*\"]\nescalation = { after = \"1d\", group = \"m\" }\n";
    assert_eq!(
        mistakes(text),
        [
            "2:13 \"sane\" is no value of plus_tags; write same or distinct; did you mean \"same\"?",
            "4:6 \"x\" is no e-mail address",
            "6:1 unknown key `aprovers`; did you mean `approvers`?",
            "7:7 unknown key `dn`; did you mean `dns`?",
        ]
    );
    assert_eq!(mistakes("[profile.server]\n"), ["1:2 unknown key `profile`; did you mean `profiles`?"]);
    let many = Policy::parse(text).unwrap_err().to_string();
    assert_eq!(
        many,
        "policy, line 2: \"sane\" is no value of plus_tags; write same or distinct; did you mean \"same\"? (and 3 more)"
    );
}

#[test]
fn a_place_counts_characters_and_stays_in_the_text() {
    assert_eq!(
        mistakes(&format!("{SERVER}approvers = [\"a@example.com\"]\ndescription = \"サ\"; x = 1\n"))[0]
            .split(' ')
            .next(),
        Some("4:18")
    );
    let notes = |lines: &str| {
        let text = format!("{SERVER}approvers = [\"a@example.com\", \"b@example.com\"]\n{lines}");
        let (_, notes) = Policy::parse_with_notes(&text, TODAY).unwrap();
        notes
            .into_iter()
            .map(|note| format!("{}:{} {}", note.place.line, note.place.column, note.detail))
            .collect::<Vec<_>>()
    };
    assert_eq!(notes("extended_key_usage = [\"serverAuth\"]"), Vec::<String>::new());
    for (days, noted) in [
        (398, ""),
        (399, "browsers enforce that for public CAs only"),
        (825, "browsers"),
        (826, "Apple's systems refuse"),
    ] {
        let found = notes(&format!("validity_days = {days}\nextended_key_usage = [\"serverAuth\"]")).concat();
        assert!(found.contains(noted) && found.is_empty() == noted.is_empty(), "{days}: {found}");
        let client =
            notes(&format!("validity_days = {days}\nextended_key_usage = [\"clientAuth\"]")).concat();
        assert!(!client.contains("days"), "{client}");
    }
    assert!(notes("")[0].contains("has no purpose"));
}

#[test]
fn one_approval_for_many_certificates_is_noted() {
    let notes = |quorum: usize| {
        let text = format!(
            "{SERVER}extended_key_usage = [\"serverAuth\"]\napprovers = [\"a@example.com\", \"b@example.com\", \"c@example.com\"]\n\
             quorum = {quorum}\nstanding = {{ max = \"90d\", most = 500 }}"
        );
        let (_, notes) = Policy::parse_with_notes(&text, TODAY).unwrap();
        notes
            .into_iter()
            .map(|note| format!("{}:{} {}", note.place.line, note.place.column, note.detail))
            .collect::<Vec<_>>()
    };
    let expected = "6:12 in the profile server, one approval can let 500 certificates be issued in 90 days without asking anyone again";
    assert_eq!(notes(1), [expected]);
    assert_eq!(notes(2), [""; 0]);
}

const EXAMPLES: [&str; 3] = [
    include_str!("../../../../infra/policy.toml"),
    include_str!("../../../tests/interop/any-name-policy.toml"),
    "default = \"a\"\n[groups]\nsecurity = [\"a@example.com\", \"b@example.com\"]\n[defaults]\nlimit = \"3d\"\n\
     subject = \"O=Example, C=DE\"\nnames.uri.allow = [\"spiffe://example.org\"]\n[profiles.a]\n\
     approval = [{ group = \"security\", quorum = 2 }]\nescalation = { after = \"1d\", group = \"security\" }\n\
     [profiles.b]\napprovers = [\"x@example.com\"]\n[[profiles.b.requesters]]\ndomains = [\"example.com\"]\n",
];

/// One change of an example.
#[derive(Clone, Debug)]
enum Mutation {
    Remove {
        at: usize,
        length: usize,
    },
    Insert {
        at: usize,
        text: String,
    },
    /// Another line of the example, again.
    Repeat {
        at: usize,
        from: usize,
    },
    Number {
        at: usize,
        number: i64,
    },
}

impl Mutation {
    fn apply(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let chars: Vec<char> = text.chars().collect();
        match self {
            Mutation::Remove { at, length } => {
                let at = at % chars.len();
                chars.iter().take(at).chain(chars.iter().skip(at + length)).collect()
            }
            Mutation::Insert { at, text } => {
                let at = at % chars.len();
                chars[..at].iter().copied().chain(text.chars()).chain(chars[at..].iter().copied()).collect()
            }
            Mutation::Repeat { at, from } => {
                let mut changed = lines.clone();
                changed.insert(at % lines.len(), lines[from % lines.len()]);
                changed.join("\n")
            }
            Mutation::Number { at, number } => {
                let digits: Vec<usize> = (0..chars.len()).filter(|at| chars[*at].is_ascii_digit()).collect();
                let at = digits.get(at % digits.len().max(1)).copied().unwrap_or_default();
                let before: String = chars[..at].iter().collect();
                format!("{before}{number}{}", chars[at..].iter().skip(1).collect::<String>())
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let words = prop::sample::select(vec![
        "\"",
        "[",
        "]\n",
        "\n[x]\n",
        "é",
        "0",
        " = ",
        "server",
        "\nquorum = 9\n",
        "#",
        "{",
        ", \"\"",
    ]);
    prop_oneof![
        (any::<usize>(), 1..12_usize).prop_map(|(at, length)| Mutation::Remove { at, length }),
        (any::<usize>(), words).prop_map(|(at, text)| Mutation::Insert { at, text: text.to_owned() }),
        (any::<usize>(), any::<usize>()).prop_map(|(at, from)| Mutation::Repeat { at, from }),
        (any::<usize>(), -1..100_000_i64).prop_map(|(at, number)| Mutation::Number { at, number }),
    ]
}

#[test]
fn a_changed_example_is_accepted_or_refused_with_places_inside_of_it() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut accepted, mut refused, mut several) = (0, 0, 0);
    for _ in 0..150 {
        let mutations = prop::collection::vec(mutation(), 1..3).new_tree(&mut runner).unwrap().current();
        for example in EXAMPLES {
            let text = mutations.iter().fold(example.to_owned(), |text, mutation| mutation.apply(&text));
            match Policy::parse_with_notes(&text, TODAY) {
                Ok((_, notes)) => {
                    assert!(notes.iter().all(|note| note.place.line <= text.lines().count()), "{text}");
                    accepted += 1;
                }
                Err(errors) => {
                    let lines = text.matches('\n').count() + 1;
                    for error in errors.all() {
                        assert!(!error.to_string().contains('\n'), "{error}");
                        let Some(place) = &error.place else { continue };
                        assert!((1..=lines).contains(&place.line), "{error}\n{text}");
                        assert!(text.get(place.span.clone()).is_some(), "{error}\n{text}");
                    }
                    let starts = errors
                        .all()
                        .iter()
                        .map(|error| error.place.as_ref().map_or(usize::MAX, |place| place.span.start));
                    assert!(starts.is_sorted(), "{errors:?}");
                    assert!(!errors.all().is_empty());
                    refused += 1;
                    several += usize::from(errors.all().len() > 1);
                }
            }
        }
    }
    assert!(
        accepted > 60 && refused > 60 && several > 10,
        "{accepted} accepted, {refused} refused, {several} with several mistakes"
    );
}

#[test]
fn impossible_reminders_are_found_where_they_stand() {
    let policy = |lines: &str, days: u32| {
        format!("[lifecycle]\n{lines}\n{SERVER}approvers = [\"a@example.com\"]\nvalidity_days = {days}\n")
    };
    let nine = (1..=9).rev().map(|days| format!("\"{days}d\"")).collect::<Vec<_>>().join(", ");
    for (lines, days, said) in [
        ("remind = [\"0d\"]", 365, "2:11 \"0d\" is out of range; write between 1d and 365d"),
        ("remind = [\"400d\"]", 3650, "2:11 \"400d\" is out of range; write between 1d and 365d"),
        ("remind = [\"99999999999d\"]", 3650, "2:11 \"99999999999d\" is out of range"),
        ("remind = [\"12h\"]", 365, "2:11 \"12h\" is no number of days; write whole days, as in 30d"),
        ("remind = [\"d\"]", 365, "2:11 \"d\" is no number of days"),
        ("remind = [\"-1d\"]", 365, "2:11 \"-1d\" is no number of days"),
        ("remind = [30]", 365, "2:11 expected a text in quotation marks, found the whole number 30"),
        ("remind = \"30d\"", 365, "2:10 expected a list, found the text \"30d\""),
        ("remind = [\"7d\", \"7d\"]", 365, "2:17 \"7d\" stands twice; write each reminder once"),
        (
            "remind = [\"7d\", \"14d\"]",
            365,
            "2:17 \"14d\" comes after the shorter \"7d\"; write the longest time first",
        ),
        (&format!("remind = [{nine}]"), 365, "2:10 9 reminders are too many; write at most 8"),
        (
            "remind = [\"30d\", \"7d\"]",
            47,
            "2:11 \"30d\" is never sent: reminders are for the second half of a life, and no profile has more than validity_days = 47",
        ),
        ("escalate_to = \"pki-team\"", 365, "2:15 \"pki-team\" is no e-mail address"),
        ("reminds = [\"30d\"]", 365, "2:1 unknown key `reminds`; did you mean `remind`?"),
    ] {
        let found = mistakes(&policy(lines, days));
        assert_eq!(found.len(), 1, "{lines}: {found:?}");
        assert!(found[0].starts_with(said), "{said}: {found:?}");
    }
    for (lines, days, reminders) in [
        ("", 365, &[30, 14, 7, 1][..]),
        // The usual reminders are no mistake of a policy with short lives.
        ("", 7, &[30, 14, 7, 1]),
        ("remind = []", 365, &[]),
        ("remind = [\"182d\", \"1d\"]", 365, &[182, 1]),
    ] {
        let policy = Policy::parse(&policy(lines, days)).unwrap();
        assert_eq!(policy.lifecycle().reminders(), reminders, "{lines}");
    }
}
