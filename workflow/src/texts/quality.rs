//! Quality values of `Accept` and `Accept-Language` (RFC 9110 section 12.4.2).
//!
//! Invariant: a quality is a whole number of thousandths from 0 to 1000; ranges with a malformed weight are ignored.

/// The highest quality; also the quality of a range without a weight.
pub const MAX_QUALITY: u16 = 1000;

/// The ranges of a header in order, each with its quality in thousandths. Ignores parameters other than `q`.
pub fn preferences(header: &str) -> impl Iterator<Item = (&str, u16)> {
    header.split(',').filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let range = parts.next()?;
        let weight = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
        });
        Some((range, weight.map_or(Some(MAX_QUALITY), thousandths)?))
    })
}

/// RFC 9110 section 12.4.2: at most 1, with at most three decimals.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{decimals:0<3}").parse::<u16>().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(MAX_QUALITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_come_with_their_weights() {
        let read = |header| preferences(header).collect::<Vec<_>>();
        assert_eq!(read("ja ; q=0.600 , en;Q=1.000,*;q=0"), [("ja", 600), ("en", 1000), ("*", 0)]);
        assert_eq!(read("text/html;level=1;q=0.05, */*"), [("text/html", 50), ("*/*", 1000)]);
        assert_eq!(read("application/json; charset=utf-8"), [("application/json", 1000)]);
    }

    #[test]
    fn a_range_with_a_malformed_weight_is_left_out() {
        for weight in ["", "2", "1.001", "0.1234", ".5", "-0", "0.-1", "nonsense"] {
            let header = format!("ja;q={weight}");
            assert!(preferences(&header).all(|(range, _)| range != "ja"), "{weight}");
        }
        assert_eq!(preferences("ja;q").count(), 0);
    }

    proptest! {
        #[test]
        fn every_quality_is_at_most_the_highest(header in "([a-z*/]{0,9}(;q=[0-9.]{0,6})?[, ;]){0,6}") {
            prop_assert!(preferences(&header).all(|(_, quality)| quality <= MAX_QUALITY));
        }

        #[test]
        fn thousandths_are_read_exactly(quality in 0..=MAX_QUALITY) {
            let weight = format!("{}.{:03}", quality / 1000, quality % 1000);
            prop_assert_eq!(thousandths(&weight), Some(quality));
        }
    }
}
