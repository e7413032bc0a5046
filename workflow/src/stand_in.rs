//! Stand-ins: people who vote in the place of an approver who is away, for some days.
//!
//! Invariant: an approver and their stand-in share one seat, and what counts is the day of the vote (UTC), not that of
//! the signing. An entry by itself gives nobody a vote: [`ApproverSet`](crate::approver_set::ApproverSet) has only those
//! for approvers with a seat. Decision 0148.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use crate::email::Email;

time::serde::format_description!(iso_day, Date, "[year]-[month]-[day]");

/// The most days of one entry, the first and the last one included: a year, and the day that leap years have more.
pub const MAX_STAND_IN_DAYS: i64 = 366;

/// An approver who is away, and the person who votes in their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// The approver who is away.
    #[serde(rename = "for")]
    pub person: Email,
    /// The person who votes in their place.
    pub by: Email,
    /// The first day, UTC.
    #[serde(with = "iso_day")]
    pub from: Date,
    /// The last day, UTC.
    #[serde(with = "iso_day")]
    pub until: Date,
}

impl StandIn {
    /// True if the entry covers this time.
    pub fn is_in_force(&self, at: OffsetDateTime) -> bool {
        (self.from..=self.until).contains(&day_of(at))
    }

    /// True if the last day is over.
    pub fn is_over(&self, at: OffsetDateTime) -> bool {
        self.until < day_of(at)
    }

    /// True if both entries cover a day.
    pub fn overlaps(&self, other: &StandIn) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// The number of days, the first and the last one included.
    pub fn days(&self) -> i64 {
        (self.until - self.from + Duration::DAY).whole_days()
    }
}

/// The day of a time, UTC.
pub fn day_of(at: OffsetDateTime) -> Date {
    at.to_offset(UtcOffset::UTC).date()
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn the_first_and_the_last_second_count_and_those_beside_them_do_not() {
        let entry = StandIn {
            person: "alice@example.com".parse().unwrap(),
            by: "carol@example.com".parse().unwrap(),
            from: date!(2026 - 12 - 20),
            until: date!(2027 - 01 - 06),
        };
        for (at, in_force, over) in [
            (datetime!(2026-12-19 23:59:59 UTC), false, false),
            (datetime!(2026-12-20 00:00:00 UTC), true, false),
            (datetime!(2027-01-06 23:59:59 UTC), true, false),
            (datetime!(2027-01-07 00:00:00 UTC), false, true),
            // Another offset is the same instant.
            (datetime!(2026-12-20 08:59:59 +9), false, false),
            (datetime!(2026-12-20 09:00:00 +9), true, false),
        ] {
            assert_eq!((entry.is_in_force(at), entry.is_over(at)), (in_force, over), "{at}");
        }
        assert_eq!(entry.days(), 18);
        let row = r#"{"for":"alice@example.com","by":"carol@example.com","from":"2026-12-20","until":"2027-01-06"}"#;
        assert_eq!(serde_json::to_string(&entry).unwrap(), row);
        assert_eq!(serde_json::from_str::<StandIn>(row).unwrap(), entry);
    }
}
