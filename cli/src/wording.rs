//! Counts and durations in words.

use std::time::Duration;

/// A number with its noun: "1 event", "14 events".
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Number of broken audit trails, as the beginning of an error.
pub(crate) fn broken_trails(number: usize) -> String {
    format!("{} {} broken", count(number, "audit trail"), if number == 1 { "is" } else { "are" })
}

/// A duration in its two largest units: "4.2 s", "2 min 35 s", "3 h 0 min", "2 d 4 h".
pub(crate) fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let two = |large: u64, unit: &str, small: u64, part: &str| {
        format!("{} {unit} {} {part}", seconds / large, seconds % large / small)
    };
    match seconds {
        0..60 => format!("{:.1} s", length.as_millis() as f64 / 1000.0),
        60..3_600 => two(60, "min", 1, "s"),
        3_600..86_400 => two(3_600, "h", 60, "min"),
        _ => two(86_400, "d", 3_600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|number| count(number, "event")), ["0 events", "1 event", "2 events"]);
    }

    #[test]
    fn a_duration_has_its_two_largest_units() {
        let of = |milliseconds| duration(Duration::from_millis(milliseconds));
        assert_eq!([of(0), of(4_230), of(59_940)], ["0.0 s", "4.2 s", "59.9 s"]);
        assert_eq!([of(60_000), of(155_000), of(10_800_000)], ["1 min 0 s", "2 min 35 s", "3 h 0 min"]);
        assert_eq!(of(187_200_000), "2 d 4 h");
    }
}
