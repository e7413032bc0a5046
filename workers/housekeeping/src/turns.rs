//! Turns: many rows are looked at in several runs, a part of them in each.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use time::OffsetDateTime;
use workflow::ids::RequestId;

/// Runs in which all rows get their turn. Primes above 3, so that a schedule of every 10, 15 or 60 minutes leaves out no turn.
const TURNS: [usize; 11] = [1, 5, 11, 23, 47, USUAL_TURNS, 131, 257, 521, 1031, 2053];
/// Turns that take about five hours.
pub(crate) const USUAL_TURNS: usize = 67;

/// The number of turns for so many rows, of which about `per_run` are looked at in one run.
pub(crate) fn turns(number: usize, per_run: usize) -> usize {
    let wanted = number.div_ceil(per_run);
    TURNS.into_iter().find(|turns| *turns >= wanted).unwrap_or(wanted)
}

/// Those whose turn it is, one of `turns`, which change every five minutes, like the schedule. The turn follows from the id, so it
/// does not depend on the number of others.
pub(crate) fn turn<T>(
    all: Vec<T>,
    turns: usize,
    now: OffsetDateTime,
    id: impl Fn(&T) -> RequestId,
) -> Vec<T> {
    all.into_iter().filter(|one| is_turn(id(one), turns, now)).collect()
}

/// True if it is the turn of this row.
pub(crate) fn is_turn(id: RequestId, turns: usize, now: OffsetDateTime) -> bool {
    let turns = u64::try_from(turns).unwrap_or(u64::MAX).max(1);
    let current = u64::try_from(now.unix_timestamp() / 300).unwrap_or_default() % turns;
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish() % turns == current
}
