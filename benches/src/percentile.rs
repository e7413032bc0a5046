//! Percentiles by nearest rank.

use std::time::Duration;

/// The percentile, 1 to 100, of these times; zero without times.
pub fn percentile(times: &[Duration], percentage: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get((sorted.len() * percentage).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_secs).collect();
        let of = |percentage| percentile(&times, percentage).as_secs();
        assert_eq!((of(50), of(99), of(100)), (100, 198, 200));
        assert_eq!(percentile(&times[..1], 1).as_secs(), 200);
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
