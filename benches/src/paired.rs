//! Paired measurements: each round makes every call, so that load on the machine affects all calls alike and their
//! medians can be compared.

use std::time::{Duration, Instant};

/// Median times of these calls, in microseconds, over rounds of about `budget` in total. Each round starts with another
/// call, so that no call always runs first.
pub fn medians<const N: usize>(budget: Duration, calls: [&mut dyn FnMut(); N]) -> [f64; N] {
    const FEWEST: usize = 51;
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    let begin = Instant::now();
    let mut round = 0;
    while begin.elapsed() < budget || round < FEWEST {
        for turn in 0..N {
            let at = (turn + round) % N;
            let start = Instant::now();
            (calls[at])();
            times[at].push(start.elapsed());
        }
        round += 1;
    }
    times.map(|times| median(times).as_secs_f64() * 1e6)
}

/// The median; of two middle values, the smaller.
#[must_use]
pub fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3, 1, 2]), 2);
        assert_eq!(median(vec![4, 1, 3, 2]), 2);
    }

    #[test]
    fn every_call_is_made_as_often_as_the_others() {
        let (mut first, mut second) = (0, 0);
        let [a, b] = medians(Duration::ZERO, [&mut || first += 1, &mut || second += 1]);
        assert!(a >= 0.0 && b >= 0.0);
        assert_eq!((first, second), (51, 51));
    }
}
