use der::Decode as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use super::*;

fn read(text: &str) -> Subject {
    Subject::read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The mistake, and the text at its place.
fn wrong(text: &str) -> (String, &str) {
    let error = Subject::read(text).expect_err(text);
    (error.to_string(), &text[error.at])
}

#[test]
fn blanks_case_and_long_names_are_taken() {
    for text in [
        "O=Example,C=DE",
        "O=Example, C=DE",
        " o = Example ,  c=de ",
        "organizationName=Example, countryName=DE",
        "2.5.4.10=Example,2.5.4.6=DE",
        "O=\\45xample,C=DE",
    ] {
        assert_eq!(read(text).to_string(), "O=Example,C=DE", "{text}");
    }
    assert_eq!(read("S=Bavaria, E=a@example.com").to_string(), "ST=Bavaria,emailAddress=a@example.com");
    assert_eq!(
        read("ou=a + cn=b, dc=example, dc=com").to_string(),
        "OU=a+CN=b,DC=example,DC=com".replace("OU=a+CN=b", "CN=b+OU=a")
    );
}

#[test]
fn values_keep_what_is_escaped() {
    for (text, canonical) in [
        ("O=Smith\\, Sons", "O=Smith\\, Sons"),
        ("O=a\\\\\\,b,C=DE", "O=a\\\\\\,b,C=DE"),
        ("O=\\ a\\ ", "O=\\ a\\ "),
        ("O=a=b", "O=a=b"),
        ("O=\\#1", "O=\\#1"),
        ("O=M\\c3\\bcller", "O=Müller"),
        ("1.2.3.4=x", "1.2.3.4=x"),
        ("1.2.3.4=#020105", "1.2.3.4=#020105"),
    ] {
        assert_eq!(read(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn each_type_is_encoded_in_its_string_type() {
    let der = read("CN=Root, O=Smith\\, Sons,C=DE,DC=example,DC=com,serialNumber=7").to_der();
    let has = |bytes: &[u8]| der.windows(bytes.len()).any(|window| window == bytes);
    // DC=com comes before DC=example.
    assert!(has(&[0x16, 3, b'c', b'o', b'm']) && has(&[0x13, 2, b'D', b'E']) && has(&[0x13, 1, b'7']));
    assert!(has(&[0x0c, 4, b'R', b'o', b'o', b't']));
}

#[test]
fn mistakes_are_named_with_their_place() {
    let long = format!("O={}", "x".repeat(65));
    for (text, words, place) in [
        ("", "a part is empty", ""),
        ("O=a,", "a part is empty", ""),
        ("O=a,,C=DE", "a part is empty", ""),
        ("Example", "no \"=\"", "Example"),
        ("O=Smith, Sons", "no \"=\"", "Sons"),
        ("X=Example", "\"X\" is no attribute type", "X"),
        ("/O=Example/C=DE", "the character '/'", "/"),
        ("O=\"Example\"", "the character '\"'", "\""),
        ("O=Example;C=DE", "the character ';'", ";"),
        ("O=a\\b", "backslash", "\\"),
        ("O=a\\", "backslash", "\\"),
        ("O=\\ff", "not UTF-8", "\\ff"),
        ("O=#0c0161", "write it as text", "#0c0161"),
        ("1.2.3.4=#0c0161", "write it as text", "#0c0161"),
        ("1.2.3.4=#05", "not the DER", "#05"),
        ("O=a\\00b", "U+0000", "a\\00b"),
        ("O=a\u{202e}b", "U+202E", "a\u{202e}b"),
        ("O=", "O has no value", ""),
        ("1.2.3.4=", "1.2.3.4 has no value", ""),
        ("O=Example,C=Germany", "\"Germany\" is not two letters", "Germany"),
        (&long, "65 characters; at most 64", &long[2..]),
        ("serialNumber=a_b", "cannot have the character '_'", "a_b"),
        ("O=a,O=b", "O stands twice", "O"),
        ("C=DE,O=a,c=US", "C stands twice", "c"),
        ("OU=a+OU=b", "OU stands twice", "OU"),
    ] {
        let (said, at) = wrong(text);
        assert!(said.contains(words), "{text}: {said}");
        assert_eq!(at, place, "{text}");
    }
    assert_eq!(read("OU=a,OU=b,DC=x,DC=y").to_string(), "OU=a,OU=b,DC=x,DC=y");
}

#[test]
fn another_common_name_takes_the_place_of_its_own() {
    let subject = read("CN=Issuing,O=Smith\\, Sons");
    assert!(subject.has_common_name());
    assert_eq!(subject.with_common_name("a, b").unwrap().to_string(), "CN=a\\, b,O=Smith\\, Sons");
    assert_eq!(read("O=X").with_common_name("y").unwrap().to_string(), "CN=y,O=X");
    assert_eq!(Subject::of_parts(&[("O", "a,b+c #1 ")]).unwrap().to_der()[13..], *b"a,b+c #1 ".as_slice());
    assert!(read("O=X").with_common_name(&"x".repeat(65)).is_err());
}

/// Types and values that are subjects more often than not, and the specials that make them none.
fn texts() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "CN",
        "o",
        "OU",
        "C",
        "L",
        "st",
        "DC",
        "UID",
        "serialNumber",
        "email",
        "1.2.3",
        "X",
    ]);
    let value = prop_oneof![
        4 => "[A-Za-z]{2}",
        4 => "[A-Za-z0-9 .-]{1,70}",
        2 => "(\\\\[,+;\"\\\\#= ]|\\\\[0-7][0-9a-f]|[a-zäöü日])*",
        1 => "\\PC{0,8}",
    ];
    prop::collection::vec((kind, value, "[ ]{0,2}", prop::sample::select(vec![",", ", ", "+"])), 1..4)
        .prop_map(|parts| {
            let mut text = String::new();
            for (kind, value, blanks, separator) in parts {
                let before = if text.is_empty() { "" } else { separator };
                text.push_str(&format!("{before}{kind}={value}{blanks}"));
            }
            text
        })
}

/// Reads as many generated texts as are needed for both outcomes; x509-cert reads every accepted one back.
#[test]
fn an_accepted_subject_is_read_back_the_same() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..4000 {
        let text = texts().new_tree(&mut runner).unwrap().current();
        match Subject::read(&text) {
            Ok(subject) => {
                let der = subject.to_der();
                let back = RdnSequence::from_der(&der).unwrap();
                assert_eq!(back, subject.name, "{text}");
                assert_eq!(read(&subject.to_string()), subject, "{text}");
                assert_eq!(encode_subject(&subject.to_string()).as_ref(), Some(&back), "{text}");
                for attribute in back.iter().flat_map(|rdn| rdn.iter()) {
                    let value = std::str::from_utf8(attribute.value.value()).unwrap();
                    assert!(
                        bound(attribute.oid.as_bytes()).is_none_or(|bound| bound.check(value).is_ok()),
                        "{text}"
                    );
                }
                accepted += 1;
            }
            Err(error) => {
                assert!(text.get(error.at).is_some(), "{text}");
                refused += 1;
            }
        }
    }
    assert!(accepted > 500 && refused > 500, "{accepted} accepted, {refused} refused");
}
