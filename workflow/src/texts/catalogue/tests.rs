use proptest::prelude::*;
use time::macros::date;

use super::*;

#[test]
fn a_language_is_its_code_everywhere() {
    for language in Language::ALL {
        assert_eq!(serde_json::to_value(language).unwrap(), language.code());
        assert_eq!(serde_json::from_value::<Language>(language.code().into()).unwrap(), language);
        assert_eq!(Language::from_tag(language.code()), Some(language));
    }
    assert!(serde_json::from_str::<Language>("\"tlh\"").is_err());
    assert_eq!(Language::from_tag("JA-jp"), Some(Language::Japanese));
    assert_eq!(Language::from_tag("jav"), None);
    assert_eq!(Language::from_tag(""), None);
    assert_eq!(Language::Japanese.name_in_itself(), "日本語");
}

#[test]
fn the_language_is_the_one_that_the_reader_likes_best() {
    use Language::{English, Japanese};
    for (accept, language) in [
        ("", English),
        ("*", English),
        ("ja", Japanese),
        ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", Japanese),
        ("en-US,en;q=0.9,ja;q=0.8", English),
        ("en;q=0.5, ja;q=0.6", Japanese),
        ("ja ; q=0.600 , en;q=0.5", Japanese),
        ("fr,ja;q=0.2", Japanese),
        ("fr,de;q=0.8", English),
        ("ja,en", Japanese),
        ("en,ja", English),
        ("ja;q=0.5, *;q=0.8", English),
        ("en;q=0.2, *;q=0.8", Japanese),
        ("en;q=0, *", Japanese),
        ("ja;q=0", English),
        ("en;q=0", English),
        ("ja;q=0, ja-JP;q=0.1", Japanese),
        ("ja;q=2, en;q=0.1", English),
        ("ja;q=0.1234, en;q=0.1", English),
        ("ja;q=nonsense, en;q=0.1", English),
        ("ja;Q=1.000, en;q=0.1", Japanese),
        (";;,,=;q", English),
    ] {
        assert_eq!(Language::negotiate(accept), language, "{accept:?}");
    }
}

proptest! {
    #[test]
    fn any_header_leads_to_a_language(bytes in any::<Vec<u8>>()) {
        let _ = Language::negotiate(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_looks_like_a_wish_is_read(text in "((ja|en|fr|\\*|-|[a-z]{0,9})(;q=[0-9.]{0,6})?[, ;]){0,6}") {
        let chosen = Language::negotiate(&text);
        // Japanese needs "ja" or "*" in the header.
        prop_assert!(chosen == Language::English || text.contains("ja") || text.contains('*'));
    }

    #[test]
    fn a_value_is_said_as_it_is(value in any::<String>()) {
        let message = Message::new("date-instant").with("year", 1u8).with("month", 1u8).with("day", 1u8);
        let said = Language::English.say(&message.with("time", value.clone()).with("zone", "JST"));
        prop_assert_eq!(said, format!("1 January 1, {value} JST"));
    }
}

#[test]
fn a_message_is_stored_and_said_later_or_is_not_known_any_more() {
    let message = dated("date-day", date!(2026 - 02 - 03));
    let stored = serde_json::to_string(&message).unwrap();
    assert_eq!(stored, r#"{"id":"date-day","values":{"day":3,"month":2,"year":2026}}"#);
    let message: Message = serde_json::from_str(&stored).unwrap();
    assert_eq!(Language::Japanese.find(&message).as_deref(), Some("2026年2月3日"));
    let gone: Message = serde_json::from_str(r#"{"id":"no-such-text"}"#).unwrap();
    assert_eq!(Language::Japanese.find(&gone), None);
    let nested = Message::new("date-instant").with("time", dated("date-day", date!(2026 - 02 - 03)));
    let nested = nested.with("year", 2026u16).with("month", 2u8).with("day", 3u8).with("zone", "UTC");
    let stored = serde_json::to_string(&nested).unwrap();
    let read: Message = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, nested);
    assert_eq!(Language::Japanese.find(&read).as_deref(), Some("2026年2月3日 2026年2月3日 UTC"));
    let less: Message = serde_json::from_str(r#"{"id":"date-day","values":{"day":3}}"#).unwrap();
    assert_eq!(Language::English.find(&less), None);
}
