//! Zones of the IANA time zone database, for times in texts for people.
//!
//! Invariant: the label of a local time tells its offset: it is UTC, UTC with an offset, or an abbreviation that has one
//! offset in all zones. The data is `time_zone/zones.txt`, made from the database by `tests/time_zones.rs`, since a Lambda
//! function has no such files (docs/decisions/0161). Never fails: a time that no zone can show is in UTC.

use std::fmt;

use jiff::Timestamp;
use time::{OffsetDateTime, UtcOffset};

/// Each line: a name, and the POSIX rule in force since the beginning of the table; then, for each later change, its second
/// (Unix time) and the rule from then on.
const TABLE: &str = include_str!("time_zone/zones.txt");

/// A zone. The default is UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeZone {
    name: &'static str,
    rules: &'static str,
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::UTC
    }
}

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: TimeZone = TimeZone { name: "UTC", rules: "UTC0" };

    /// All zones, by name.
    pub fn all() -> impl Iterator<Item = TimeZone> {
        let zone = |line: &'static str| line.split_once(' ').map(|(name, rules)| TimeZone { name, rules });
        TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(zone)
    }

    /// The zone of this name; letter case counts.
    #[must_use]
    pub fn named(name: &str) -> Option<TimeZone> {
        Self::all().find(|zone| zone.name == name)
    }

    /// The name in the database, such as `Asia/Tokyo`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The time in this zone.
    #[must_use]
    pub fn local(self, at: OffsetDateTime) -> LocalTime {
        self.observed(at).unwrap_or_else(|| {
            let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
            LocalTime { at, label: label("", at.offset()) }
        })
    }

    fn observed(self, at: OffsetDateTime) -> Option<LocalTime> {
        let seconds = at.unix_timestamp();
        let zone = jiff::tz::TimeZone::posix(self.rule_at(seconds)).ok()?;
        let observed = zone.to_offset_info(Timestamp::from_second(seconds).ok()?);
        let offset = UtcOffset::from_whole_seconds(observed.offset().seconds()).ok()?;
        Some(LocalTime { at: at.checked_to_offset(offset)?, label: label(observed.abbreviation(), offset) })
    }

    /// The POSIX rule in force at a second.
    fn rule_at(self, seconds: i64) -> &'static str {
        let mut words = self.rules.split(' ');
        let mut rule = words.next().unwrap_or_default();
        while let (Some(since), Some(next)) = (words.next(), words.next()) {
            if !since.parse::<i64>().is_ok_and(|since| since <= seconds) {
                break;
            }
            rule = next;
        }
        rule
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A time in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The time, with the offset of the zone at that time.
    pub at: OffsetDateTime,
    /// What tells the offset: `JST`, `UTC`, `UTC-03:00`.
    pub label: String,
}

/// An abbreviation of letters, or the offset. The table has letters only where they have one offset in all zones.
fn label(abbreviation: &str, offset: UtcOffset) -> String {
    let is_word = !abbreviation.is_empty() && abbreviation.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_word {
        return abbreviation.to_owned();
    }
    match offset.as_hms() {
        (0, 0, 0) => "UTC".to_owned(),
        (hours, minutes, _) => {
            let sign = if offset.is_negative() { '-' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", hours.unsigned_abs(), minutes.unsigned_abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn shown(zone: &str, at: OffsetDateTime) -> String {
        let local = TimeZone::named(zone).unwrap().local(at);
        assert_eq!(local.at, at, "the same instant");
        let (date, time) = (local.at.date(), local.at.time());
        format!("{date} {:02}:{:02} {}", time.hour(), time.minute(), local.label)
    }

    #[test]
    fn summer_time_begins_and_ends_with_its_second() {
        for (at, says) in [
            (datetime!(2026-03-29 00:59:59 UTC), "2026-03-29 01:59 CET"),
            (datetime!(2026-03-29 01:00:00 UTC), "2026-03-29 03:00 CEST"),
            (datetime!(2026-10-25 00:30:00 UTC), "2026-10-25 02:30 CEST"),
            (datetime!(2026-10-25 00:59:59 UTC), "2026-10-25 02:59 CEST"),
            (datetime!(2026-10-25 01:00:00 UTC), "2026-10-25 02:00 CET"),
            (datetime!(2026-10-25 01:30:00 UTC), "2026-10-25 02:30 CET"),
        ] {
            assert_eq!(shown("Europe/Berlin", at), says);
        }
        let at = datetime!(2026-03-29 01:00 UTC);
        let before = TimeZone::named("Europe/Berlin").unwrap().local(at - time::Duration::nanoseconds(1));
        assert_eq!(before.label, "CET");
    }

    #[test]
    fn a_zone_without_summer_time_has_one_label() {
        assert_eq!(shown("Asia/Tokyo", datetime!(2026-01-01 03:11 UTC)), "2026-01-01 12:11 JST");
        assert_eq!(shown("Asia/Tokyo", datetime!(2026-07-31 20:00 UTC)), "2026-08-01 05:00 JST");
        assert_eq!(shown("UTC", datetime!(2026-07-31 20:00 +9)), "2026-07-31 11:00 UTC");
        assert_eq!(TimeZone::named("UTC"), Some(TimeZone::default()));
    }

    #[test]
    fn a_label_with_several_meanings_is_an_offset() {
        // CST is a time in Chicago, in Shanghai and in Havana.
        assert_eq!(shown("America/Chicago", datetime!(2026-01-01 12:00 UTC)), "2026-01-01 06:00 UTC-06:00");
        assert_eq!(shown("Asia/Shanghai", datetime!(2026-01-01 12:00 UTC)), "2026-01-01 20:00 UTC+08:00");
        assert_eq!(shown("Asia/Kolkata", datetime!(2026-01-01 12:00 UTC)), "2026-01-01 17:30 UTC+05:30");
        assert_eq!(shown("America/Sao_Paulo", datetime!(2026-01-01 12:00 UTC)), "2026-01-01 09:00 UTC-03:00");
    }

    #[test]
    fn a_zone_may_change_at_times_that_no_rule_tells() {
        // Morocco's clocks went back for Ramadan, and in September 2026 for good.
        assert_eq!(shown("Africa/Casablanca", datetime!(2026-01-20 12:00 UTC)), "2026-01-20 13:00 UTC+01:00");
        assert_eq!(shown("Africa/Casablanca", datetime!(2026-03-01 12:00 UTC)), "2026-03-01 12:00 UTC");
        assert_eq!(shown("Africa/Casablanca", datetime!(2026-04-20 12:00 UTC)), "2026-04-20 13:00 UTC+01:00");
        assert_eq!(shown("Africa/Casablanca", datetime!(2027-01-20 12:00 UTC)), "2027-01-20 12:00 UTC");
    }

    #[test]
    fn a_time_at_the_ends_of_the_calendar_is_shown() {
        for at in [datetime!(9999-12-31 23:59:59 UTC), datetime!(-9999-01-01 0:00 UTC)] {
            for zone in ["Asia/Tokyo", "Pacific/Honolulu", "UTC"] {
                assert_eq!(TimeZone::named(zone).unwrap().local(at).at, at, "{zone}");
            }
        }
    }

    #[test]
    fn an_unknown_name_is_no_zone() {
        for name in ["", "Asia/Tokio", "asia/tokyo", "JST", "# Zones", "Asia/Tokyo JST-9"] {
            assert_eq!(TimeZone::named(name), None, "{name}");
        }
    }
}
