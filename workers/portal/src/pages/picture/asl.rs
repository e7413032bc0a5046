//! The graph of a state machine, from its definition in the Amazon States Language.
//! <https://states-language.net/spec.html>
//!
//! Invariant: the order of states does not depend on the order in the file: first those that the start leads to, depth
//! first, then the others by name. A transition to a state that does not exist is left out.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A state machine as a graph. Transitions name states by index.
#[derive(Debug, Default)]
pub(super) struct StateGraph {
    pub(super) states: Vec<DrawnState>,
    pub(super) transitions: Vec<Transition>,
    /// The state of `StartAt`.
    pub(super) start: Option<usize>,
}

#[derive(Debug)]
pub(super) struct DrawnState {
    pub(super) name: String,
    pub(super) kind: StateKind,
    /// True if an execution may end in this state.
    pub(super) is_end: bool,
}

/// The types of states with a shape of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateKind {
    /// `Task`, and any type without a shape of its own.
    Task,
    Pass,
    Choice,
    Succeed,
    Fail,
}

/// The way from a state to another one. There is at most one for each pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) from: usize,
    pub(super) to: usize,
    /// True if only errors lead this way.
    pub(super) is_catch: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    start_at: Option<String>,
    #[serde(default)]
    states: BTreeMap<String, StateDefinition>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StateDefinition {
    #[serde(rename = "Type")]
    kind: String,
    next: Option<String>,
    choices: Vec<Way>,
    default: Option<String>,
    catch: Vec<Way>,
    end: bool,
}

/// An entry of `Choices` or `Catch`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Way {
    next: Option<String>,
}

impl StateDefinition {
    /// The names of the next states, with true for those of `Catch`.
    fn ways(&self) -> impl Iterator<Item = (&String, bool)> {
        let choices = self.choices.iter().filter_map(|way| way.next.as_ref());
        let catch = self.catch.iter().filter_map(|way| way.next.as_ref());
        let next = self.next.iter().chain(choices).chain(&self.default);
        next.map(|name| (name, false)).chain(catch.map(|name| (name, true)))
    }

    fn kind(&self) -> StateKind {
        match self.kind.as_str() {
            "Pass" => StateKind::Pass,
            "Choice" => StateKind::Choice,
            "Succeed" => StateKind::Succeed,
            "Fail" => StateKind::Fail,
            _ => StateKind::Task,
        }
    }
}

impl StateGraph {
    /// Parses a definition.
    pub(super) fn parse(definition: &str) -> Result<Self, serde_json::Error> {
        let Definition { start_at, states: definitions } = serde_json::from_str(definition)?;
        let mut order: Vec<&String> = Vec::new();
        let mut index: BTreeMap<&String, usize> = BTreeMap::new();
        let start = start_at.and_then(|name| definitions.get_key_value(&name)).map(|(name, _)| name);
        // Depth first without recursion: the last on the stack is the next to be visited.
        let mut stack: Vec<&String> = definitions.keys().rev().chain(start).collect();
        while let Some(name) = stack.pop() {
            let Some((name, state)) = definitions.get_key_value(name) else { continue };
            if index.contains_key(name) {
                continue;
            }
            index.insert(name, order.len());
            order.push(name);
            let next: Vec<&String> = state.ways().map(|(name, _)| name).collect();
            stack.extend(next.into_iter().rev());
        }
        let mut transitions: Vec<Transition> = Vec::new();
        for (from, name) in order.iter().enumerate() {
            for (to, is_catch) in definitions[*name].ways() {
                let Some(&to) = index.get(to) else { continue };
                // Those of `Catch` come last: a pair with both has a way without an error.
                if !transitions.iter().any(|one| (one.from, one.to) == (from, to)) {
                    transitions.push(Transition { from, to, is_catch });
                }
            }
        }
        let start = start.and_then(|name| index.get(name).copied());
        let states = order.iter().map(|name| {
            let state = &definitions[*name];
            let kind = state.kind();
            let is_end = state.end || matches!(kind, StateKind::Succeed | StateKind::Fail);
            DrawnState { name: (*name).clone(), kind, is_end }
        });
        Ok(Self { states: states.collect(), transitions, start })
    }

    /// The state with this name.
    pub(super) fn state(&self, name: &str) -> Option<usize> {
        self.states.iter().position(|state| state.name == name)
    }
}
