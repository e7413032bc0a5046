//! A burst of requests, second by second through stages with token buckets as in AWS.
//!
//! Invariant: the number of requests is constant; a stage passes as many as it has tokens. Without retries and
//! latency: the result is the delay by quotas alone.

/// A stage that every request passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    /// Its name.
    pub(crate) name: &'static str,
    /// Certificates a second.
    pub(crate) rate: f64,
    /// Size of the token bucket, in certificates.
    pub(crate) burst: f64,
}

/// Course of a burst.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Passed {
    /// Seconds until the last request has passed.
    pub(crate) seconds: u64,
    /// The stage with the longest queue, and its length.
    pub(crate) longest_queue: (&'static str, u64),
}

/// Runs a burst of this size. `None` if it has not passed after 30 days.
pub(crate) fn burst(stages: &[Stage], requests: u64) -> Option<Passed> {
    let mut queues = vec![0.0; stages.len() + 1];
    let mut tokens: Vec<f64> = stages.iter().map(|stage| stage.burst).collect();
    queues[0] = requests as f64;
    let mut longest_queue = ("", 0);
    for second in 1..=30 * 86_400 {
        // From the end, so that no request passes two stages in one second.
        for at in (0..stages.len()).rev() {
            let pass = f64::min(queues[at], tokens[at]).floor();
            queues[at] -= pass;
            queues[at + 1] += pass;
            tokens[at] = f64::min(tokens[at] - pass + stages[at].rate, stages[at].burst.max(stages[at].rate));
        }
        // Requests before the first stage are not in a queue yet.
        for (stage, queue) in stages.iter().zip(&queues).skip(1) {
            if *queue as u64 > longest_queue.1 {
                longest_queue = (stage.name, *queue as u64);
            }
        }
        if queues[stages.len()] >= requests as f64 {
            return Some(Passed { seconds: second, longest_queue });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &'static str, rate: f64, burst: f64) -> Stage {
        Stage { name, rate, burst }
    }

    #[test]
    fn the_slowest_stage_says_how_long_it_takes() {
        let stages = [stage("door", 100.0, 100.0), stage("mail", 5.0, 5.0), stage("end", 50.0, 50.0)];
        let passed = burst(&stages, 1_000).unwrap();
        assert!((200..=205).contains(&passed.seconds), "{passed:?}");
        assert_eq!(passed.longest_queue.0, "mail");
        assert!((900..1_000).contains(&passed.longest_queue.1), "{passed:?}");
    }

    #[test]
    fn a_burst_that_the_buckets_hold_passes_at_once() {
        let stages = [stage("door", 1.0, 1_000.0), stage("end", 1.0, 1_000.0)];
        assert_eq!(burst(&stages, 1_000).unwrap().seconds, 2);
        assert!(burst(&stages, 2_000).unwrap().seconds > 900);
    }

    #[test]
    fn less_than_one_a_second_still_passes() {
        let passed = burst(&[stage("mail", 0.25, 1.0)], 10).unwrap();
        assert!((36..=44).contains(&passed.seconds), "{passed:?}");
    }

    #[test]
    fn what_never_ends_is_not_waited_for() {
        assert_eq!(burst(&[stage("shut", 0.0, 0.0)], 1), None);
    }
}
