//! A checker for small models: visits every state that can be reached, breadth first.
//!
//! Invariant: deterministic. States get numbers in the order in which they are found, so a counterexample is as short as any.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::properties::EVERY_REQUEST_ENDS;

/// A hasher for small keys that nobody chooses. The one of the standard library takes half of the time of a debug build.
#[derive(Default)]
pub(crate) struct SmallHasher(u64);

impl SmallHasher {
    fn add(&mut self, value: u64) {
        // The constant of FxHash.
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for SmallHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.add(u64::from(*byte)));
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.add(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.add(value as u64);
    }

    fn finish(&self) -> u64 {
        // The table takes its buckets from the low bits, and the multiplication leaves its best bits high.
        self.0.rotate_left(26)
    }
}

/// A map with [`SmallHasher`].
pub(crate) type SmallMap<K, V> = HashMap<K, V, BuildHasherDefault<SmallHasher>>;

/// One step from a state to another.
pub(crate) struct Transition<S, A> {
    /// The step, for traces.
    pub(crate) action: A,
    /// True if nothing but a fault does it. A request must be able to end without one.
    pub(crate) is_fault: bool,
    /// The property that this step breaks.
    pub(crate) breaks: Option<&'static str>,
    /// The state after it.
    pub(crate) next: S,
}

/// A state machine with finitely many states.
pub(crate) trait Model {
    /// A state.
    type State: Copy + Eq + Hash;
    /// A step.
    type Action: Copy + Debug;
    /// The first state.
    fn initial(&self) -> Self::State;
    /// Every step from a state.
    fn steps(&self, state: &Self::State, found: &mut Vec<Transition<Self::State, Self::Action>>);
    /// The property that a state breaks.
    fn breaks(&self, state: &Self::State) -> Option<&'static str>;
    /// The kind of end that this state is; `None` if something is still to be done.
    fn end(&self, state: &Self::State) -> Option<&'static str>;
}

/// A broken property, and the steps that lead there.
#[derive(Debug)]
pub(crate) struct Counterexample<A> {
    pub(crate) property: &'static str,
    pub(crate) trace: Vec<A>,
}

/// The whole space of a model.
#[derive(Debug)]
pub(crate) struct Space<A> {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    /// The number of ends of each kind.
    pub(crate) ends: BTreeMap<&'static str, usize>,
    /// For each property that is broken the first counterexample.
    pub(crate) broken: Vec<Counterexample<A>>,
}

/// Visits every state of the model, or stops where the property `sought` is broken.
pub(crate) fn explore<M: Model>(model: &M, sought: Option<&'static str>) -> Space<M::Action> {
    let mut states = vec![model.initial()];
    let mut numbers = SmallMap::from_iter([(model.initial(), 0_u32)]);
    // For each state, the state and the step that found it.
    let mut origins: Vec<Option<(u32, M::Action)>> = vec![None];
    // Steps that need no fault, backwards: from the state after to the state before.
    let mut before: Vec<(u32, u32)> = Vec::new();
    let mut space = Space { states: 0, steps: 0, ends: BTreeMap::new(), broken: Vec::new() };
    let mut found = Vec::new();
    let mut current = 0;
    while current < states.len() {
        let from = u32::try_from(current).unwrap();
        model.steps(&states[current], &mut found);
        space.steps += found.len();
        for step in found.drain(..) {
            let to = *numbers.entry(step.next).or_insert_with(|| {
                states.push(step.next);
                origins.push(Some((from, step.action)));
                u32::try_from(states.len() - 1).unwrap()
            });
            if !step.is_fault {
                before.push((to, from));
            }
            if let Some(property) = step.breaks {
                note(&mut space.broken, property, || [trace(&origins, from), vec![step.action]].concat());
            }
        }
        if let Some(property) = model.breaks(&states[current]) {
            note(&mut space.broken, property, || trace(&origins, from));
        }
        current += 1;
        if space.broken.iter().any(|one| Some(one.property) == sought) {
            break;
        }
    }
    space.states = states.len();
    let ends: Vec<Option<&'static str>> = states.iter().map(|state| model.end(state)).collect();
    ends.iter().flatten().for_each(|end| *space.ends.entry(end).or_default() += 1);
    if current == states.len() {
        let can_end = can_end(&before, ends.iter().map(Option::is_some).collect());
        if let Some(stuck) = can_end.iter().position(|can| !can) {
            let stuck = u32::try_from(stuck).unwrap();
            note(&mut space.broken, EVERY_REQUEST_ENDS, || trace(&origins, stuck));
        }
    }
    space
}

fn note<A>(broken: &mut Vec<Counterexample<A>>, property: &'static str, trace: impl FnOnce() -> Vec<A>) {
    if broken.iter().all(|one| one.property != property) {
        broken.push(Counterexample { property, trace: trace() });
    }
}

fn trace<A: Copy>(origins: &[Option<(u32, A)>], state: u32) -> Vec<A> {
    let mut steps = Vec::new();
    let mut at = state;
    while let Some((from, action)) = origins[at as usize] {
        steps.push(action);
        at = from;
    }
    steps.reverse();
    steps
}

/// For each state, true if an end can be reached from it by steps that need no fault.
fn can_end(before: &[(u32, u32)], ends: Vec<bool>) -> Vec<bool> {
    let mut can_end = ends;
    // The steps to a state are a list: the latest of them, and for each step the one before it. 0 ends the list.
    let mut latest = vec![0_u32; can_end.len()];
    let mut previous = vec![0_u32; before.len() + 1];
    for (number, (to, _)) in (1_u32..).zip(before) {
        previous[number as usize] = std::mem::replace(&mut latest[*to as usize], number);
    }
    let mut open: Vec<usize> = (0..can_end.len()).filter(|state| can_end[*state]).collect();
    while let Some(state) = open.pop() {
        let mut step = latest[state] as usize;
        while step != 0 {
            let from = before[step - 1].1 as usize;
            if !std::mem::replace(&mut can_end[from], true) {
                open.push(from);
            }
            step = previous[step] as usize;
        }
    }
    can_end
}
