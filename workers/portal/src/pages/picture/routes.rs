//! Coordinates: the frame of each state and the line of each transition.
//!
//! Lines run straight down or across: from the lower edge of a state into the channel below its row, across to the lane
//! of its net or to its target, and into the upper edge of the target. Invariant: frames do not overlap, and no line
//! passes through a frame.

use std::collections::BTreeMap;

use super::asl::StateGraph;
use super::labels;
use super::layers::Grid;
use super::nets::{LanePlace, Net, Nets};

/// Space around everything; a sign stands out on the left.
const MARGIN: i32 = 18;
/// Height of a state.
const HEIGHT: i32 = 50;
/// Space left and right of the name of a state.
const PADDING: i32 = 20;
/// Distance of the outermost port from the corner of a state.
const CORNER: i32 = 18;
/// Distances of ports, of lines in a channel, and of lanes in a gap.
const PORTS: i32 = 14;
const RAILS: i32 = 11;
const TRACKS: i32 = 12;
/// Space between columns without a lane, and beside the lanes of a gap.
const GAP: i32 = 28;
const BESIDE: i32 = 20;
/// Space above and below the lines of a channel; the arrow needs some.
const ABOVE: i32 = 14;
const BELOW: i32 = 20;
/// Height of a channel without lines across.
const CHANNEL: i32 = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) x: i32,
    pub(super) y: i32,
}

/// The rectangle of a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Frame {
    pub(super) fn middle(&self) -> Point {
        Point { x: self.x + self.width / 2, y: self.y + self.height / 2 }
    }
}

/// Lines that share one arrow: the transitions, the longest first.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) is_catch: bool,
    pub(super) ways: Vec<usize>,
}

/// A state machine with coordinates.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) width: i32,
    pub(super) height: i32,
    /// By state.
    pub(super) frames: Vec<Frame>,
    /// The corners of each line, by transition.
    pub(super) routes: Vec<Vec<Point>>,
    pub(super) bundles: Vec<Bundle>,
    /// The line into the start.
    pub(super) start: Option<[Point; 2]>,
}

/// The line of a net across a channel.
struct Rail {
    net: usize,
    /// Where lines come from above, and where they go on below.
    tops: Vec<i32>,
    bottoms: Vec<i32>,
    level: i32,
}

impl Rail {
    fn span(&self) -> (i32, i32) {
        let all = || self.tops.iter().chain(&self.bottoms);
        (all().min().copied().unwrap_or_default(), all().max().copied().unwrap_or_default())
    }

    /// Crossings with `below` if it is the lower one. Two lines one upon the other are the worst.
    fn crossings(&self, below: &Rail) -> usize {
        let within = |(from, to): (i32, i32), x: &&i32| from < **x && **x < to;
        let across = below.tops.iter().filter(|x| within(self.span(), x)).count()
            + self.bottoms.iter().filter(|x| within(below.span(), x)).count();
        let upon = below.tops.iter().filter(|x| self.bottoms.iter().any(|one| (one - **x).abs() < 4)).count();
        across + 100 * upon
    }
}

impl Drawing {
    pub(super) fn of(graph: &StateGraph) -> Self {
        let grid = Grid::of(graph);
        let Nets { nets, tracks } = Nets::of(graph, &grid);
        let mut space = Space::of(graph, &grid, &nets, &tracks);
        space.set_ports(graph, &grid, &nets);
        let channels: Vec<Vec<Rail>> =
            (0..=grid.height).map(|channel| space.rails(graph, &grid, &nets, channel)).collect();
        let (tops, height) = row_tops(&channels);
        let rail = |channel: usize, net: usize| {
            let above = channel.checked_sub(1).map_or(MARGIN, |row| tops[row] + HEIGHT);
            let rail = channels[channel].iter().find(|rail| rail.net == net);
            above + ABOVE + rail.map_or(0, |rail| rail.level * RAILS)
        };
        let frames: Vec<Frame> = (0..graph.states.len())
            .map(|state| {
                let (x, width) = space.columns[grid.columns[state]];
                Frame { x, y: tops[grid.rows[state]], width, height: HEIGHT }
            })
            .collect();
        let mut routes = vec![Vec::new(); graph.transitions.len()];
        for (index, net) in nets.iter().enumerate() {
            for &way in &net.ways {
                let (from, row) = (graph.transitions[way].from, grid.rows[graph.transitions[way].from]);
                let (out, into) = (space.out[&(from, index)], space.into[&index]);
                let (first, last) = (row + 1, grid.rows[net.target]);
                let lane = space.lanes[index].filter(|_| first != last).unwrap_or(into);
                let ends = [(out, frames[from].y + HEIGHT), (into, frames[net.target].y)];
                let corners = [
                    ends[0],
                    (out, rail(first, index)),
                    (lane, rail(first, index)),
                    (lane, rail(last, index)),
                    (into, rail(last, index)),
                    ends[1],
                ];
                routes[way] = straightened(corners.map(|(x, y)| Point { x, y }));
            }
        }
        let bundles = nets.iter().enumerate().map(|(index, net)| {
            let mut ways = net.ways.clone();
            let across = |from: usize| {
                let to = space.lanes[index].unwrap_or(space.into[&index]);
                (space.out[&(from, index)] - to).abs()
            };
            ways.sort_by_key(|way| {
                let from = graph.transitions[*way].from;
                let rows = grid.rows[from].abs_diff(grid.rows[net.target]);
                std::cmp::Reverse((rows, across(from)))
            });
            Bundle { is_catch: net.is_catch, ways }
        });
        let start = graph.start.map(|state| {
            let Point { x, .. } = frames[state].middle();
            [Point { x, y: frames[state].y - CHANNEL + 7 }, Point { x, y: frames[state].y }]
        });
        Self { width: space.width, height, bundles: bundles.collect(), frames, routes, start }
    }
}

/// The upper edge of each row, and the height of the picture.
fn row_tops(channels: &[Vec<Rail>]) -> (Vec<i32>, i32) {
    let (mut y, mut tops) = (MARGIN, Vec::new());
    for (index, channel) in channels.iter().enumerate() {
        let levels = channel.iter().map(|rail| rail.level + 1).max().unwrap_or(0);
        let is_last = index + 1 == channels.len();
        y += match levels {
            0 if is_last => 0,
            0 => CHANNEL,
            _ if is_last => ABOVE + levels * RAILS,
            _ => ABOVE + (levels - 1) * RAILS + BELOW,
        };
        if !is_last {
            tops.push(y);
            y += HEIGHT;
        }
    }
    (tops, y + MARGIN)
}

/// A route without the corners that are none.
fn straightened(corners: [Point; 6]) -> Vec<Point> {
    let mut route: Vec<Point> = Vec::new();
    for point in corners {
        if route.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = route.as_slice() {
            let is_straight =
                (before.x == last.x && last.x == point.x) || (before.y == last.y && last.y == point.y);
            if is_straight {
                route.pop();
            }
        }
        route.push(point);
    }
    route
}

/// What is known from left to right.
struct Space {
    width: i32,
    /// Left edge and width of each column.
    columns: Vec<(i32, i32)>,
    /// The lane of each net.
    lanes: Vec<Option<i32>>,
    /// Where each net leaves a state.
    out: BTreeMap<(usize, usize), i32>,
    /// Where each net enters its target.
    into: BTreeMap<usize, i32>,
}

/// A port and what it leads to.
struct Port {
    net: usize,
    /// The other end of its first line across.
    toward: i32,
    /// True if the line is straight if the port is in the middle.
    is_straight: bool,
}

impl Space {
    fn of(graph: &StateGraph, grid: &Grid, nets: &[Net], tracks: &[usize]) -> Self {
        let mut widths = vec![0; grid.width];
        for (index, state) in graph.states.iter().enumerate() {
            let leaving =
                nets.iter().filter(|net| net.ways.iter().any(|way| graph.transitions[*way].from == index));
            // Ports may all be on one side of the middle.
            let ports = i32::try_from(leaving.count()).unwrap_or_default();
            let width = (labels::width(&labels::shortened(&state.name)) + 2 * PADDING)
                .max(2 * CORNER + PORTS * ports);
            // Even, so that the middle is a whole number.
            let column = &mut widths[grid.columns[index]];
            *column = (*column).max(width + width % 2);
        }
        let beside = |tracks: usize| {
            let between = i32::try_from(tracks.saturating_sub(1)).unwrap_or_default();
            (tracks > 0).then_some(between * TRACKS)
        };
        let (mut x, mut columns, mut gaps) = (MARGIN, Vec::new(), Vec::new());
        for (gap, tracks) in tracks.iter().enumerate() {
            let is_left = gap == 0;
            let is_right = gap == grid.width;
            gaps.push(if is_left { x } else { x + BESIDE });
            x += match beside(*tracks) {
                None if is_left || is_right => 0,
                None => GAP,
                Some(width) if is_left || is_right => width + BESIDE,
                Some(width) => width + 2 * BESIDE,
            };
            if let Some(width) = widths.get(gap) {
                columns.push((x, *width));
                x += width;
            }
        }
        let lane = |net: &Net| {
            net.lane.map(|lane| match lane.place {
                LanePlace::Column(column) => columns[column].0 + columns[column].1 / 2,
                LanePlace::Gap { gap, track } => {
                    gaps[gap] + i32::try_from(track).unwrap_or_default() * TRACKS
                }
            })
        };
        let lanes = nets.iter().map(lane).collect();
        Self { width: x + MARGIN, columns, lanes, out: BTreeMap::new(), into: BTreeMap::new() }
    }

    fn middle(&self, column: usize) -> i32 {
        self.columns[column].0 + self.columns[column].1 / 2
    }

    /// Sets where lines leave and enter the states. Ports are in the order of what they lead to, so that lines of one
    /// state do not cross.
    fn set_ports(&mut self, graph: &StateGraph, grid: &Grid, nets: &[Net]) {
        let place = |state: usize| (grid.rows[state], grid.columns[state]);
        for state in 0..graph.states.len() {
            let (row, column) = place(state);
            let mut ports: Vec<Port> = Vec::new();
            for (net, one) in nets.iter().enumerate().filter(|(_, one)| one.target == state) {
                let from = || one.ways.iter().map(|way| place(graph.transitions[*way].from));
                let near: Vec<i32> =
                    from().filter(|(one, _)| one + 1 == row).map(|(_, column)| self.middle(column)).collect();
                let mean = near.iter().sum::<i32>() / i32::try_from(near.len().max(1)).unwrap_or(1);
                let in_column = one.lane.is_some_and(|lane| lane.place == LanePlace::Column(column));
                ports.push(Port {
                    net,
                    toward: self.lanes[net].unwrap_or(mean),
                    is_straight: in_column || from().any(|from| (from.0 + 1, from.1) == (row, column)),
                });
            }
            for (net, x) in self.spread(column, ports) {
                self.into.insert(net, x);
            }
        }
        for state in 0..graph.states.len() {
            let (row, column) = place(state);
            let mut ports: Vec<Port> = Vec::new();
            for (net, one) in nets.iter().enumerate() {
                if !one.ways.iter().any(|way| graph.transitions[*way].from == state) {
                    continue;
                }
                let target = place(one.target);
                let is_near = target.0 == row + 1;
                let starts_here = one.lane.is_some_and(|lane| {
                    lane.place == LanePlace::Column(column) && lane.first <= row + 1 && row < lane.last
                });
                ports.push(Port {
                    net,
                    toward: self.lanes[net].filter(|_| !is_near).unwrap_or(self.into[&net]),
                    is_straight: if is_near { target.1 == column } else { starts_here },
                });
            }
            for (net, x) in self.spread(column, ports) {
                self.out.insert((state, net), x);
            }
        }
    }

    /// The ports of one edge of a state, from left to right.
    fn spread(&self, column: usize, mut ports: Vec<Port>) -> Vec<(usize, i32)> {
        let middle = self.middle(column);
        let straight = ports.iter().position(|port| port.is_straight).map(|index| ports[index].net);
        ports.sort_by_key(|port| match port.net {
            net if Some(net) == straight => (0, 0, net),
            net if port.toward < middle => (-1, port.toward, net),
            net => (1, port.toward, net),
        });
        let count = i32::try_from(ports.len()).unwrap_or(i32::MAX);
        // In half distances: without a straight line, the ports are even about the middle.
        let index = ports.iter().position(|port| Some(port.net) == straight);
        let center = index.map_or(count - 1, |index| 2 * i32::try_from(index).unwrap_or_default());
        let reach = center.max(2 * (count - 1) - center).max(1);
        let half = (self.columns[column].1 / 2 - CORNER).max(1);
        let at = |index: i32| (2 * index - center) * PORTS.min(2 * half / reach).max(1) / 2;
        ports.iter().zip(0..).map(|(port, index)| (port.net, middle + at(index))).collect()
    }

    /// The lines across a channel, each with its level.
    fn rails(&self, graph: &StateGraph, grid: &Grid, nets: &[Net], channel: usize) -> Vec<Rail> {
        let mut rails: Vec<Rail> = Vec::new();
        for (net, one) in nets.iter().enumerate() {
            let from = one.ways.iter().map(|way| graph.transitions[*way].from);
            let mut tops: Vec<i32> = from
                .filter(|from| grid.rows[*from] + 1 == channel)
                .map(|from| self.out[&(from, net)])
                .collect();
            let is_target = grid.rows[one.target] == channel;
            let mut bottoms: Vec<i32> = is_target.then(|| self.into[&net]).into_iter().collect();
            if tops.is_empty() && bottoms.is_empty() {
                continue;
            }
            if let (Some(x), Some(lane)) = (self.lanes[net], one.lane) {
                if lane.first < channel && channel <= lane.last + 1 {
                    tops.push(x);
                }
                if lane.first <= channel && channel <= lane.last {
                    bottoms.push(x);
                }
            }
            let rail = Rail { net, tops, bottoms, level: 0 };
            let (from, to) = rail.span();
            if from != to {
                rails.push(rail);
            }
        }
        sort_rails(&mut rails);
        for index in 0..rails.len() {
            let (from, to) = rails[index].span();
            let above =
                rails[..index].iter().filter(|one| one.span().0 <= to + 8 && from <= one.span().1 + 8);
            rails[index].level = above.map(|one| one.level + 1).max().unwrap_or(0);
        }
        rails
    }
}

/// Puts the lines of a channel in an order with few crossings, by exchanging neighbours.
fn sort_rails(rails: &mut [Rail]) {
    for _ in 0..rails.len() {
        let mut is_sorted = true;
        for index in 1..rails.len() {
            let (upper, lower) = (&rails[index - 1], &rails[index]);
            if lower.crossings(upper) < upper.crossings(lower) {
                rails.swap(index - 1, index);
                is_sorted = false;
            }
        }
        if is_sorted {
            break;
        }
    }
}
