use std::cell::Cell;

use proptest::prelude::*;

use super::*;

fn text(names: &[&str], days: u32, certificates: u32) -> String {
    serde_json::json!({ "kind": "grant", "names": names, "days": days, "certificates": certificates })
        .to_string()
}

fn codes(text: &str) -> Vec<Code> {
    StandingTerms::read(text).unwrap_err().into_iter().map(|finding| finding.code).collect()
}

#[test]
fn terms_are_sorted_in_lower_case_and_without_duplicates() {
    let names = [
        "WWW.example.com",
        ".Web.Example.com",
        "10.0.0.1",
        "a.example.com",
        "www.example.com",
        "::1",
        ".web.example.com",
    ];
    let terms = StandingTerms::read(&text(&names, 90, 500)).unwrap();
    assert_eq!(
        terms.names_as_text(),
        ["a.example.com", "www.example.com", "10.0.0.1", "::1", ".web.example.com"]
    );
    assert_eq!((terms.days(), terms.certificates()), (90, 500));
    let reversed: Vec<&str> = names.into_iter().rev().collect();
    assert_eq!(StandingTerms::read(&text(&reversed, 90, 500)).unwrap(), terms);
}

#[test]
fn a_suffix_covers_every_name_below_it_and_nothing_else() {
    let terms =
        StandingTerms::read(&text(&[".web.example.com", "www.example.com", "10.0.0.1"], 1, 1)).unwrap();
    let covers = |name: &str| terms.cover(&[name.to_owned()]);
    for inside in
        ["a.web.example.com", "a.b.web.example.com", "*.web.example.com", "www.example.com", "10.0.0.1"]
    {
        assert!(covers(inside), "{inside}");
    }
    for outside in [
        "web.example.com",
        "xweb.example.com",
        "a.web.example.com.evil.org",
        "*.example.com",
        "*.www.example.com",
        "a.www.example.com",
        "10.0.0.2",
        "::ffff:10.0.0.1",
        "a@web.example.com",
        "spiffe://a.web.example.com/b",
        "",
        "a..web.example.com",
    ] {
        assert!(!covers(outside), "{outside}");
    }
    assert!(!terms.cover(&[]), "a certificate without names is not one that was agreed to");
    let both = ["a.web.example.com", "a.example.com"].map(str::to_owned);
    assert!(!terms.cover(&both), "one name outside is enough");
}

#[test]
fn every_mistake_in_the_terms_has_its_finding() {
    use Code::{BadName, BadRequest, MissingField, TooLarge};
    for (names, expected) in [
        (&[][..], &[MissingField][..]),
        (&["a b.example.com"], &[BadName]),
        (&["localhost"], &[BadName]),
        (&["alice@example.com"], &[BadName]),
        (&["spiffe://example.com/a"], &[BadName]),
        (&[".com"], &[BadName]),
        (&["."], &[BadName]),
        (&["..example.com"], &[BadName]),
        (&[".*.example.com"], &[BadName]),
        (&["0.0.0.0"], &[BadName]),
        (&["x", "y", "www.example.com"], &[BadName, BadName]),
    ] {
        assert_eq!(codes(&text(names, 1, 1)), expected, "{names:?}");
    }
    assert_eq!(codes(&text(&["x"], 0, 0)), [BadName, BadRequest, BadRequest]);
    let many: Vec<String> = (0..=MAX_STANDING_NAMES).map(|number| format!("h{number}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(codes(&text(&many, 1, 1)), [TooLarge]);
    assert!(StandingTerms::read(&text(&many[1..], 1, 1)).is_ok());
    assert_eq!(codes(&" ".repeat(MAX_TERMS_BYTES + 1)), [TooLarge]);
}

#[test]
fn a_text_that_is_not_the_json_of_terms_is_refused_with_its_place_and_an_example() {
    for wrong in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"kind":"certificate","names":["www.example.com"],"days":1,"certificates":1}"#,
        r#"{"kind":"grants","names":["www.example.com"],"days":1,"certificates":1}"#,
        r#"{"names":["www.example.com"],"days":1,"certificates":1}"#,
        r#"{"kind":"grant","names":"www.example.com","days":1,"certificates":1}"#,
        r#"{"kind":"grant","names":["www.example.com"],"days":-1,"certificates":1}"#,
        r#"{"kind":"grant","names":["www.example.com"],"days":1.5,"certificates":1}"#,
        r#"{"kind":"grant","names":["www.example.com"],"days":4294967296,"certificates":1}"#,
        r#"{"kind":"grant","names":["www.example.com"],"days":1}"#,
        r#"{"kind":"grant","names":["www.example.com"],"days":1,"days":2,"certificates":1}"#,
        r#"{"kind":"grant","names":["www.example.com"],"days":1,"certificates":1,"profile":"server"}"#,
    ] {
        let findings = StandingTerms::read(wrong).unwrap_err();
        let [finding] = findings.as_slice() else { panic!("{wrong}: {findings:?}") };
        assert_eq!(finding.code, Code::BadRequest, "{wrong}");
        assert!(
            finding.detail.contains("line") && finding.advice.contains("\"kind\":\"grant\""),
            "{finding:?}"
        );
    }
    let example = StandingTerms::read("").unwrap_err()[0].advice.clone();
    let example = &example[example.find('{').unwrap()..];
    assert!(StandingTerms::read(example).is_ok(), "{example}");
}

#[test]
fn a_row_is_read_with_the_same_checks() {
    let terms = StandingTerms::read(&text(&["b.example.com", ".a.example.com"], 30, 5)).unwrap();
    let row = serde_json::to_value(&terms).unwrap();
    let expected =
        serde_json::json!({ "names": ["b.example.com", ".a.example.com"], "days": 30, "certificates": 5 });
    assert_eq!(row, expected);
    assert_eq!(serde_json::from_value::<StandingTerms>(row).unwrap(), terms);
    // A later version may add a column.
    let later =
        serde_json::json!({ "names": ["b.example.com"], "days": 30, "certificates": 5, "more": true });
    assert!(serde_json::from_value::<StandingTerms>(later).is_ok());
    for wrong in [
        serde_json::json!({ "names": [], "days": 30, "certificates": 5 }),
        serde_json::json!({ "names": ["*"], "days": 30, "certificates": 5 }),
        serde_json::json!({ "names": ["b.example.com"], "days": 0, "certificates": 5 }),
        serde_json::json!({ "names": ["b.example.com"], "days": 30 }),
    ] {
        assert!(serde_json::from_value::<StandingTerms>(wrong.clone()).is_err(), "{wrong}");
    }
}

/// Names as people write them, most of them right.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[.]?[a-zA-Z]{1,5}[.](web[.])?example[.](com|NET)",
        2 => "10[.]0[.]0[.][1-9]",
        1 => "[*][.][a-z]{1,3}[.]example[.]com",
        1 => "[.*a-z0-9@:/-]{0,20}",
        1 => ".{0,12}",
    ]
}

#[test]
fn what_is_read_is_canonical_and_reads_back_and_most_is_read() {
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let all = (proptest::collection::vec(names(), 0..5), 0..400_u32, 0..20_000_u32);
    proptest!(|((names, days, certificates) in all)| {
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        let Ok(terms) = StandingTerms::read(&text(&listed, days, certificates)) else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        accepted.set(accepted.get() + 1);
        let shown = terms.names_as_text();
        prop_assert_eq!(shown.iter().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>(), shown.clone());
        prop_assert!(terms.names().is_sorted() && terms.names().windows(2).all(|pair| pair[0] != pair[1]));
        // Each name that was asked for is there, in its canonical spelling, and covered if it is no suffix.
        for name in &names {
            let read = StandingName::read(name).unwrap();
            prop_assert!(terms.names().contains(&read));
            prop_assert_eq!(StandingName::read(&read.to_string()).unwrap(), read.clone());
            if let StandingName::Exactly(name) = &read {
                prop_assert!(terms.cover(&[name.to_string()]));
            }
        }
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        prop_assert_eq!(StandingTerms::read(&text(&shown, days, certificates)).unwrap(), terms.clone());
        prop_assert_eq!(serde_json::from_value::<StandingTerms>(serde_json::to_value(&terms).unwrap()).unwrap(), terms);
    });
    assert!(accepted.get() > 60 && refused.get() > 30, "{} read, {} refused", accepted.get(), refused.get());
}

proptest! {
    #[test]
    fn a_text_of_anything_is_refused_in_words(text in ".{0,300}") {
        let findings = StandingTerms::read(&text).unwrap_err();
        prop_assert!(findings.iter().all(|finding| !finding.advice.is_empty()));
    }
}

#[test]
fn names_are_covered_as_their_text_says() {
    let label = "(a|b|web|xweb)";
    let dns =
        || proptest::string::string_regex(&format!("([*][.])?({label}[.]){{0,2}}example[.]com")).unwrap();
    let one = || prop_oneof![3 => dns(), 1 => "10[.]0[.]0[.][1-3]"];
    let term =
        prop_oneof![2 => one(), 1 => dns().prop_map(|name| format!(".{}", name.trim_start_matches("*.")))];
    let all = (proptest::collection::vec(term, 1..4), proptest::collection::vec(one(), 1..3));
    let (inside, outside) = (Cell::new(0), Cell::new(0));
    proptest!(|((terms, names) in all)| {
        let listed: Vec<&str> = terms.iter().map(String::as_str).collect();
        let read = StandingTerms::read(&text(&listed, 1, 1)).unwrap();
        let is_inside = |name: &String| {
            terms.contains(name) || terms.iter().any(|term| term.starts_with('.') && name.ends_with(term.as_str()))
        };
        let expected = names.iter().all(is_inside);
        prop_assert_eq!(read.cover(&names), expected, "{:?} {:?}", terms, names);
        let counter = if expected { &inside } else { &outside };
        counter.set(counter.get() + 1);
    });
    assert!(inside.get() > 10 && outside.get() > 100, "{} inside, {} outside", inside.get(), outside.get());
}

#[test]
fn an_extension_has_more_names_and_is_of_one_standing_approval() {
    let base = StandingTerms::read(&text(&[".web.example.com", "www.example.com"], 90, 500)).unwrap();
    let id = RequestId::random();
    let more = ["a.web.example.com", "shop.example.com", "www.example.com"].map(str::to_owned);
    let extended = base.extended(id, &more, 30, 20).unwrap();
    assert_eq!((extended.extends(), extended.days(), extended.certificates()), (Some(id), 30, 20));
    assert_eq!(extended.names_beyond(&base), ["shop.example.com"], "the others are in it");
    assert!(base.names_beyond(&extended).is_empty());
    let suffix = StandingTerms::read(&text(&[".a.web.example.com"], 90, 500)).unwrap();
    assert_eq!(suffix.names_beyond(&base), [".a.web.example.com"], "a suffix is named as it is");
    let row = serde_json::to_value(&extended).unwrap();
    assert_eq!(row["extends"], id.to_string());
    assert_eq!(serde_json::from_value::<StandingTerms>(row).unwrap(), extended);
    assert!(serde_json::to_value(&base).unwrap().get("extends").is_none(), "as in rows of before");
    assert!(base.extended(id, &["no name".to_owned()], 1, 1).is_err());
}

#[test]
fn nobody_asks_for_an_extension_by_a_text() {
    let id = RequestId::random().to_string();
    let mut asked: serde_json::Value = serde_json::from_str(&text(&["www.example.com"], 1, 1)).unwrap();
    asked["extends"] = id.into();
    assert_eq!(codes(&asked.to_string()), [Code::BadRequest]);
}
