//! A directed graph of names: its cycles, and its edges against an order of layers.

use std::collections::{BTreeMap, BTreeSet};

/// The names that each name uses.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    arrows: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Adds a name without edges.
    pub fn node(&mut self, name: &str) {
        self.arrows.entry(name.to_owned()).or_default();
    }

    /// Adds an edge, unless it is a loop.
    pub fn arrow(&mut self, from: &str, to: &str) {
        self.node(from);
        self.node(to);
        if from != to {
            self.arrows.get_mut(from).unwrap().insert(to.to_owned());
        }
    }

    /// Returns every name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrows.keys().map(String::as_str)
    }

    /// Returns every edge.
    pub fn arrows(&self) -> impl Iterator<Item = (&str, &str)> {
        self.arrows.iter().flat_map(|(from, all)| all.iter().map(move |to| (from.as_str(), to.as_str())))
    }

    /// Returns the graph of the groups of the names; omits names without a group.
    #[must_use]
    pub fn grouped(&self, group: impl Fn(&str) -> Option<String>) -> Graph {
        let mut grouped = Graph::default();
        for name in self.names().filter_map(&group) {
            grouped.node(&name);
        }
        for (from, to) in self.arrows() {
            if let (Some(from), Some(to)) = (group(from), group(to)) {
                grouped.arrow(&from, &to);
            }
        }
        grouped
    }

    /// Returns the strongly connected components of more than one name (Tarjan's algorithm), each sorted.
    #[must_use]
    pub fn circles(&self) -> Vec<Vec<String>> {
        let mut search =
            Search { graph: self, found: BTreeMap::new(), stack: Vec::new(), circles: Vec::new() };
        for name in self.names() {
            if !search.found.contains_key(name) {
                search.visit(name);
            }
        }
        search.circles.sort();
        search.circles
    }

    /// Returns the edges from a lower layer to a higher one. `floors` begins at the top; names of one layer may use
    /// each other. A name without a layer is returned as `(name, "no floor")`.
    #[must_use]
    pub fn upward(&self, floors: &[&[&str]]) -> Vec<(String, String)> {
        let floor = |name: &str| floors.iter().position(|names| names.contains(&name));
        let missing = self.names().filter(|name| floor(name).is_none());
        let mut wrong: Vec<(String, String)> =
            missing.map(|name| (name.to_owned(), "no floor".to_owned())).collect();
        for (from, to) in self.arrows() {
            if let (Some(lower), Some(upper)) = (floor(from), floor(to))
                && upper < lower
            {
                wrong.push((from.to_owned(), to.to_owned()));
            }
        }
        wrong
    }
}

struct Search<'a> {
    graph: &'a Graph,
    /// Index of each name in the order of the search, and index of the earliest name that it reaches.
    found: BTreeMap<&'a str, (usize, usize)>,
    stack: Vec<&'a str>,
    circles: Vec<Vec<String>>,
}

impl<'a> Search<'a> {
    /// Returns the index of the earliest name that `name` reaches.
    fn visit(&mut self, name: &'a str) -> usize {
        let number = self.found.len();
        self.found.insert(name, (number, number));
        self.stack.push(name);
        let mut earliest = number;
        let graph = self.graph;
        for next in &graph.arrows[name] {
            let reached = match self.found.get(next.as_str()) {
                None => self.visit(next),
                Some((number, _)) if self.stack.contains(&next.as_str()) => *number,
                Some(_) => continue,
            };
            earliest = earliest.min(reached);
        }
        if earliest == number {
            let at = self.stack.iter().position(|on| *on == name).unwrap();
            let mut circle: Vec<String> = self.stack.drain(at..).map(str::to_owned).collect();
            if circle.len() > 1 {
                circle.sort();
                self.circles.push(circle);
            }
        }
        earliest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in arrows {
            graph.arrow(from, to);
        }
        graph
    }

    #[test]
    fn circles_are_found_and_told_apart() {
        let graph =
            graph(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("f", "a")]);
        assert_eq!(graph.circles(), [vec!["a", "b", "c"], vec!["d", "e"]]);
    }

    #[test]
    fn a_graph_that_runs_one_way_has_no_circle() {
        let graph = graph(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "d")]);
        assert_eq!(graph.circles(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn an_arrow_that_runs_up_is_found_and_a_name_without_a_floor() {
        let graph = graph(&[("top", "middle"), ("middle", "ground"), ("ground", "middle"), ("attic", "top")]);
        let floors: [&[&str]; 3] = [&["top"], &["middle", "beside"], &["ground"]];
        let wrong = [("attic", "no floor"), ("ground", "middle")];
        assert_eq!(graph.upward(&floors), wrong.map(|(from, to)| (from.to_owned(), to.to_owned())));
    }
}
