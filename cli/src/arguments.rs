//! Times, lengths of time, addresses and names as they are typed.

use std::time::Duration;

use pki::name::Name;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};
use workflow::email::Email;
use workflow::finding::Finding;

use crate::request_id::SHORTEST_BEGINNING;

/// The longest length, in days.
const MAX_DAYS: u64 = 36_500;

/// Reads the address of a person.
///
/// # Errors
/// One line that says what is wrong with it.
pub(crate) fn address(text: &str) -> Result<Email, String> {
    text.parse().map_err(|error: Finding| error.detail)
}

/// Reads a name of a certificate or the beginning of one, in the spelling of certificates.
///
/// # Errors
/// One line that says what a name begins with.
pub(crate) fn name_prefix(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(format!(
            "{text:?} is no beginning of a name; write www.example.com or 10.1., for example"
        ));
    }
    Ok(match text.parse::<Name>() {
        // A dot at the end belongs to the beginning of a name, though to no name.
        Ok(name) if !text.ends_with('.') => name.to_string(),
        // Paths and the first parts of addresses have capitals.
        _ if text.contains(['@', '/']) => text.to_owned(),
        _ => text.to_ascii_lowercase(),
    })
}

/// Reads a domain below which there are names, with or without what stands for the name in front of it.
///
/// # Errors
/// One line that says how to write it.
pub(crate) fn domain(text: &str) -> Result<String, String> {
    let bare = text.trim();
    let bare = bare.strip_prefix("*.").or_else(|| bare.strip_prefix('.')).unwrap_or(bare);
    match Name::dns(bare) {
        Ok(name) if !name.is_wildcard() => Ok(name.to_string()),
        _ => Err(format!("{text:?} is no domain; write one as in example.com")),
    }
}

/// Reads the key identifier of a CA or the beginning of it, as hexadecimal digits with or without colons.
///
/// # Errors
/// One line that says where to find one.
pub(crate) fn key_identifier(text: &str) -> Result<String, String> {
    let digits = text.trim().replace(':', "").to_ascii_lowercase();
    if digits.len() >= SHORTEST_BEGINNING && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(digits)
    } else {
        Err(format!(
            "{text:?} is no key identifier; give {SHORTEST_BEGINNING} or more of its hexadecimal digits. See: countersign ca show"
        ))
    }
}

/// Reads a length of time: hours or days.
///
/// # Errors
/// One line that says how to write it.
pub(crate) fn length(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write hours or days, as in 12h or 30d");
    let (number, hours) = match text.strip_suffix('d') {
        Some(days) => (days, 24),
        None => (text.strip_suffix('h').ok_or_else(wrong)?, 1),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = Some(number).filter(|_| digits).and_then(|number| number.parse::<u64>().ok());
    let hours = number.and_then(|number| number.checked_mul(hours)).ok_or_else(wrong)?;
    if (1..=MAX_DAYS * 24).contains(&hours) {
        Ok(Duration::from_secs(hours * 3600))
    } else {
        Err(format!("{text} is out of range; write 1h to {MAX_DAYS}d"))
    }
}

/// Reads a time in the past: how long ago, a day (its beginning in UTC), or an instant.
///
/// # Errors
/// One line that says how to write it.
pub(crate) fn since(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(at);
    }
    // The parser also takes a time behind the day, and drops it.
    if text.len() == "2026-11-30".len()
        && let Ok(day) = Date::parse(text, &Iso8601::DATE)
    {
        return Ok(day.midnight().assume_utc());
    }
    let length = length(text).map_err(|_| {
        format!("{text:?} is no time; write 12h or 30d for that long ago, 2026-11-30 or 2026-11-30T12:00:00Z")
    })?;
    let ago = time::Duration::try_from(length).unwrap_or(time::Duration::MAX);
    Ok(OffsetDateTime::now_utc().checked_sub(ago).unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_length_is_hours_or_days() {
        let hours = |text: &str| length(text).map(|time| time.as_secs() / 3600);
        assert_eq!([hours("1h"), hours("48h"), hours("30d")], [Ok(1), Ok(48), Ok(720)]);
        assert_eq!(hours("36500d"), Ok(876_000));
        for bad in ["", "d", "30", "-1d", "+1d", "1.5d", "30 d", "2w"] {
            assert!(length(bad).unwrap_err().contains("is no length of time"), "{bad}");
        }
        for bad in ["0d", "0h", "36501d"] {
            assert!(length(bad).unwrap_err().contains("is out of range"), "{bad}");
        }
    }

    #[test]
    fn a_time_is_a_length_a_day_or_an_instant() {
        assert_eq!(since("2026-11-30"), Ok(datetime!(2026-11-30 00:00 UTC)));
        assert_eq!(since("2026-11-30T12:00:00+09:00"), Ok(datetime!(2026-11-30 03:00 UTC)));
        let at = since("2d").unwrap();
        let ago = OffsetDateTime::now_utc() - at;
        assert!((time::Duration::days(2)..time::Duration::days(3)).contains(&ago), "{ago}");
        for bad in ["", "yesterday", "2026-13-01", "2026-11-30T12:00", "-1d"] {
            assert!(since(bad).unwrap_err().contains("is no time"), "{bad}");
        }
    }

    #[test]
    fn names_are_in_the_spelling_of_certificates() {
        let read = |text: &str| name_prefix(text).unwrap();
        assert_eq!(
            [read("WWW.Example.com"), read(" www "), read("WWW.")],
            ["www.example.com", "www", "www."]
        );
        assert_eq!(
            [read("*.example.com"), read("10.1."), read("2001:DB8::1")],
            ["*.example.com", "10.1.", "2001:db8::1"]
        );
        assert_eq!(read("Alice@"), "Alice@");
        for bad in ["", " ", "a\tb"] {
            assert!(name_prefix(bad).unwrap_err().contains("is no beginning of a name"), "{bad:?}");
        }
    }

    #[test]
    fn a_domain_may_have_what_stands_before_it() {
        for text in ["example.com", ".example.com", "*.example.com", " Example.COM "] {
            assert_eq!(domain(text).as_deref(), Ok("example.com"), "{text}");
        }
        for bad in ["", ".", "*.", "a b", "..example.com", "a@example.com"] {
            assert!(domain(bad).unwrap_err().contains("is no domain"), "{bad:?}");
        }
    }

    #[test]
    fn a_key_identifier_is_read_as_programs_print_it() {
        assert_eq!(key_identifier("AB:12:0f").as_deref(), Ok("ab120f"));
        for bad in ["", "ab1", "example"] {
            assert!(key_identifier(bad).unwrap_err().contains("countersign ca show"), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_length_is_a_time_too(text in "[0-9]{1,7}[dh]|.{0,24}") {
            if length(&text).is_ok() {
                prop_assert!(since(&text).is_ok_and(|at| at < OffsetDateTime::now_utc()));
            }
        }
    }
}
