//! Transitions to one state as one net: lines that join on their way and end in one arrow.
//!
//! A net runs in channels, the spaces between two rows, and in one lane, which passes the rows between the first of its
//! states and its target. A lane is in a gap between columns, or in a column where those rows are free. Invariant: no
//! lane passes a state, and no two lanes have the same place in the same row.

use std::collections::BTreeMap;

use super::asl::StateGraph;
use super::layers::Grid;

/// Cost of a lane in a gap: the gap becomes wider.
const GAP: usize = 2;
/// Cost of the gaps at both sides: the picture becomes wider.
const SIDE: usize = 3;

/// The lines to one state, all for errors or none, all back or none.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) target: usize,
    pub(super) is_catch: bool,
    /// The transitions, by index.
    pub(super) ways: Vec<usize>,
    /// None if all lines come from the row above.
    pub(super) lane: Option<Lane>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    /// The rows that it passes: the first and the last.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) place: LanePlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LanePlace {
    /// In the middle of a column.
    Column(usize),
    /// Left of the column with this number, in a track of that gap.
    Gap { gap: usize, track: usize },
}

impl LanePlace {
    /// Its place from left to right: gaps are even, columns odd.
    fn position(self) -> usize {
        match self {
            Self::Column(column) => 2 * column + 1,
            Self::Gap { gap, .. } => 2 * gap,
        }
    }
}

impl Lane {
    /// True if another lane of the same track would touch this one.
    fn meets(&self, first: usize, last: usize) -> bool {
        self.first <= last + 1 && first <= self.last + 1
    }
}

/// The nets of a state machine.
#[derive(Debug)]
pub(super) struct Nets {
    pub(super) nets: Vec<Net>,
    /// Number of tracks in each gap; there is one gap more than columns.
    pub(super) tracks: Vec<usize>,
}

impl Nets {
    pub(super) fn of(graph: &StateGraph, grid: &Grid) -> Self {
        let mut groups: BTreeMap<(usize, bool, bool), Vec<usize>> = BTreeMap::new();
        for (way, one) in graph.transitions.iter().enumerate() {
            groups.entry((one.to, grid.is_back[way], one.is_catch)).or_default().push(way);
        }
        let mut nets: Vec<Net> = Vec::new();
        for ((target, is_back, is_catch), ways) in groups {
            let row = grid.rows[target];
            let of = |way: &usize| grid.rows[graph.transitions[*way].from];
            let rows = if is_back {
                ways.iter().map(of).max().map(|last| (row, last))
            } else {
                let far = ways.iter().map(of).filter(|from| from + 1 < row);
                far.min().map(|first| (first + 1, row.saturating_sub(1)))
            };
            let lane = rows.map(|(first, last)| {
                let column = |way: &usize| 2 * grid.columns[graph.transitions[*way].from] + 1;
                let from: Vec<usize> =
                    ways.iter().filter(|way| is_back || of(way) + 1 < row).map(column).collect();
                let place = place(grid, &nets, (first, last), &from, grid.columns[target]);
                Lane { first, last, place }
            });
            nets.push(Net { target, is_catch, ways, lane });
        }
        let tracks = (0..=grid.width).map(|gap| set_tracks(&mut nets, grid, gap)).collect();
        Self { nets, tracks }
    }
}

/// The place of a lane through `rows` with the shortest lines from the columns `from` and to the column of the target.
fn place(
    grid: &Grid,
    nets: &[Net],
    (first, last): (usize, usize),
    from: &[usize],
    target: usize,
) -> LanePlace {
    let lanes = || nets.iter().filter_map(|net| net.lane);
    let is_free = |column: &usize| {
        (first..=last).all(|row| grid.is_free(row, *column))
            && !lanes().any(|lane| lane.place == LanePlace::Column(*column) && lane.meets(first, last))
    };
    let columns = (0..grid.width).filter(is_free).map(LanePlace::Column);
    let gaps = (0..=grid.width).map(|gap| LanePlace::Gap { gap, track: 0 });
    let cost = |place: &LanePlace| {
        let position = place.position();
        let lines: usize = from.iter().map(|from| from.abs_diff(position)).sum();
        let wider = match place {
            LanePlace::Column(_) => 0,
            LanePlace::Gap { gap, .. } if *gap == 0 || *gap == grid.width => GAP + SIDE,
            LanePlace::Gap { .. } => GAP,
        };
        lines + 2 * (2 * target + 1).abs_diff(position) + wider
    };
    columns.chain(gaps).min_by_key(cost).unwrap_or(LanePlace::Gap { gap: 0, track: 0 })
}

/// Gives each lane of a gap its track, and returns the number of tracks. A lane that turns off early is on the side to
/// which it turns, so that it does not cross the others.
fn set_tracks(nets: &mut [Net], grid: &Grid, gap: usize) -> usize {
    let is_here = |net: &Net| {
        net.lane.filter(|lane| matches!(lane.place, LanePlace::Gap { gap: one, .. } if one == gap))
    };
    let mut order: Vec<(usize, Lane, (bool, usize))> = Vec::new();
    for (index, net) in nets.iter().enumerate() {
        if let Some(lane) = is_here(net) {
            let turns_right = grid.columns[net.target] >= gap;
            let length = if turns_right { grid.height - lane.last } else { lane.last };
            order.push((index, lane, (turns_right, length)));
        }
    }
    order.sort_by_key(|(index, _, side)| (*side, *index));
    let mut placed: Vec<(usize, Lane)> = Vec::new();
    for (index, lane, _) in order {
        let beside = placed.iter().filter(|(_, one)| one.meets(lane.first, lane.last));
        let track = beside.map(|(track, _)| track + 1).max().unwrap_or(0);
        placed.push((track, lane));
        nets[index].lane = Some(Lane { place: LanePlace::Gap { gap, track }, ..lane });
    }
    placed.iter().map(|(track, _)| track + 1).max().unwrap_or(0)
}
