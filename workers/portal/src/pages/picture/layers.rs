//! Rows and columns of the states.
//!
//! The row of a state is the length of the longest path to it. Within the rows, states that follow each other form
//! chains, which run straight down one column; the columns are ordered so that transitions are short. Invariant: no two
//! states have the same row and column, and the result depends on nothing but the graph.

use super::asl::StateGraph;

/// Maximum number of passes that improve the columns.
const PASSES: usize = 12;
/// Cost of a transition by one column; those without an error are to be straight.
const NEXT: i64 = 3;
const CATCH: i64 = 1;
/// Cost of one more column: a picture that is not wide is worth longer lines.
const COLUMN: i64 = 8;

/// The place of each state.
#[derive(Debug)]
pub(super) struct Grid {
    /// By state.
    pub(super) rows: Vec<usize>,
    /// By state.
    pub(super) columns: Vec<usize>,
    /// By transition: true if it leads to the same or an earlier row.
    pub(super) is_back: Vec<bool>,
    /// Number of rows.
    pub(super) height: usize,
    /// Number of columns.
    pub(super) width: usize,
}

impl Grid {
    pub(super) fn of(graph: &StateGraph) -> Self {
        let (rows, is_back) = rows(graph);
        let chains = chains(graph, &rows);
        let columns = Arrangement::of(graph, &rows, &chains).columns();
        let count = |places: &[usize]| places.iter().max().map_or(0, |last| last + 1);
        Self { height: count(&rows), width: count(&columns), rows, columns, is_back }
    }

    /// True if no state has this place.
    pub(super) fn is_free(&self, row: usize, column: usize) -> bool {
        !self.rows.iter().zip(&self.columns).any(|place| place == (&row, &column))
    }
}

/// Row of each state, and for each transition whether it leads back.
fn rows(graph: &StateGraph) -> (Vec<usize>, Vec<bool>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        New,
        /// On the path from the root to the present state: a transition to it closes a cycle.
        Open,
        Closed,
    }
    let count = graph.states.len();
    let mut is_back = vec![false; graph.transitions.len()];
    let mut visits = vec![Visit::New; count];
    // States by the end of their visit: the reverse is a topological order of the transitions that do not lead back.
    let mut closed = Vec::with_capacity(count);
    let leaving = |state: usize| {
        let all = graph.transitions.iter().enumerate();
        all.filter(move |(_, one)| one.from == state).map(|(index, one)| (index, one.to)).collect::<Vec<_>>()
    };
    for root in 0..count {
        if visits[root] != Visit::New {
            continue;
        }
        visits[root] = Visit::Open;
        let mut path = vec![(root, leaving(root).into_iter())];
        while let Some((state, ways)) = path.last_mut() {
            match ways.next() {
                Some((way, to)) => match visits[to] {
                    Visit::New => {
                        visits[to] = Visit::Open;
                        path.push((to, leaving(to).into_iter()));
                    }
                    Visit::Open => is_back[way] = true,
                    Visit::Closed => {}
                },
                None => {
                    visits[*state] = Visit::Closed;
                    closed.push(*state);
                    path.pop();
                }
            }
        }
    }
    let mut rows = vec![0; count];
    for state in closed.into_iter().rev() {
        for (way, to) in leaving(state) {
            if !is_back[way] {
                rows[to] = rows[to].max(rows[state] + 1);
            }
        }
    }
    (rows, is_back)
}

/// The states as chains from one row to the next, each by the first transition without an error that leads to a state
/// without a chain.
fn chains(graph: &StateGraph, rows: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..graph.states.len()).collect();
    order.sort_by_key(|state| (graph.start != Some(*state), rows[*state], *state));
    let mut follows = vec![None; order.len()];
    let mut has_chain = vec![false; order.len()];
    for &state in &order {
        let mut ways = graph.transitions.iter().filter(|one| one.from == state && !one.is_catch);
        if let Some(one) = ways.find(|one| rows[one.to] == rows[state] + 1 && !has_chain[one.to]) {
            has_chain[one.to] = true;
            follows[state] = Some(one.to);
        }
    }
    let heads = order.into_iter().filter(|state| !has_chain[*state]);
    heads.map(|head| std::iter::successors(Some(head), |state| follows[*state]).collect()).collect()
}

/// Chains in columns. The first chain begins with the start and stays in the first column: it is what a phone shows.
struct Arrangement<'a> {
    graph: &'a StateGraph,
    /// The chain of each state.
    chain_of: Vec<usize>,
    /// First and last row of each chain.
    spans: Vec<(usize, usize)>,
    /// The chains of each column.
    columns: Vec<Vec<usize>>,
}

impl<'a> Arrangement<'a> {
    fn of(graph: &'a StateGraph, rows: &[usize], chains: &[Vec<usize>]) -> Self {
        let mut chain_of = vec![0; graph.states.len()];
        for (index, chain) in chains.iter().enumerate() {
            for state in chain {
                chain_of[*state] = index;
            }
        }
        let span = |chain: &Vec<usize>| {
            let first = chain.first().map_or(0, |state| rows[*state]);
            (first, first + chain.len().saturating_sub(1))
        };
        let columns = (0..chains.len()).map(|chain| vec![chain]).collect();
        let mut all = Self { graph, chain_of, spans: chains.iter().map(span).collect(), columns };
        for _ in 0..PASSES {
            let before = all.cost();
            (1..chains.len()).for_each(|chain| all.place(chain));
            all.swap();
            if all.cost() >= before {
                break;
            }
        }
        all
    }

    /// The column of each chain.
    fn of_chains(&self) -> Vec<usize> {
        let mut places = vec![0; self.spans.len()];
        for (column, chains) in self.columns.iter().enumerate() {
            for chain in chains {
                places[*chain] = column;
            }
        }
        places
    }

    /// The column of each state.
    fn columns(&self) -> Vec<usize> {
        let places = self.of_chains();
        self.chain_of.iter().map(|chain| places[*chain]).collect()
    }

    fn cost(&self) -> i64 {
        let places = self.of_chains();
        let column = |state: usize| i64::try_from(places[self.chain_of[state]]).unwrap_or(i64::MAX / 2);
        let ways =
            self.graph.transitions.iter().map(|one| {
                (column(one.from) - column(one.to)).abs() * if one.is_catch { CATCH } else { NEXT }
            });
        ways.sum::<i64>() + COLUMN * i64::try_from(self.columns.len()).unwrap_or(i64::MAX / 2)
    }

    /// Moves a chain to the column where all transitions together are shortest, which may be a new one.
    fn place(&mut self, chain: usize) {
        let mut best = (self.cost(), self.columns.clone());
        for column in &mut self.columns {
            column.retain(|one| *one != chain);
        }
        self.columns.retain(|column| !column.is_empty());
        let without = self.columns.clone();
        let (first, last) = self.spans[chain];
        let is_apart = |one: &usize| self.spans[*one].1 < first || last < self.spans[*one].0;
        let shared = (0..without.len()).filter(|column| without[*column].iter().all(is_apart));
        let shared = shared.map(|column| {
            let mut columns = without.clone();
            columns[column].push(chain);
            columns
        });
        let alone = (1..=without.len()).map(|column| {
            let mut columns = without.clone();
            columns.insert(column, vec![chain]);
            columns
        });
        for columns in shared.chain(alone).collect::<Vec<_>>() {
            self.columns = columns;
            let cost = self.cost();
            if cost < best.0 {
                best = (cost, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// Exchanges columns while that makes transitions shorter.
    fn swap(&mut self) {
        for one in 1..self.columns.len() {
            for other in one + 1..self.columns.len() {
                let before = self.cost();
                self.columns.swap(one, other);
                if self.cost() >= before {
                    self.columns.swap(one, other);
                }
            }
        }
    }
}
