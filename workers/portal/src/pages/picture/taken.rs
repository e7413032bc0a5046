//! The place of an execution in its state machine.

use workflow::ports::StateVisit;

use super::asl::StateGraph;

/// Errors by which the policy refuses a request; the names are those of the workers.
const REFUSED: &str = "Request.Refused";
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const TIMED_OUT: &str = "States.Timeout";

/// What became of a state that the execution entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepMark {
    Done,
    /// The execution is in it.
    Now,
    /// It ended with an error.
    Failed,
    /// It ended because the policy refuses the request.
    Refused,
    /// Nobody reported a result in time.
    TimedOut,
    /// The execution was stopped in it.
    Stopped,
}

/// The states and transitions of a graph that an execution took.
pub(super) struct StepsTaken {
    /// By state: the mark of its last visit.
    pub(super) marks: Vec<Option<StepMark>>,
    /// By transition.
    pub(super) is_taken: Vec<bool>,
    /// By visit.
    pub(super) visits: Vec<StepMark>,
}

impl StepsTaken {
    pub(super) fn of(graph: &StateGraph, visits: &[StateVisit], is_running: bool) -> Self {
        let states: Vec<Option<usize>> = visits.iter().map(|visit| graph.state(&visit.state)).collect();
        let mark = |(index, visit): (usize, &StateVisit)| {
            let is_last = index + 1 == visits.len();
            let is_end = states[index].is_none_or(|state| graph.states[state].is_end);
            match &visit.error {
                _ if is_last && is_running => StepMark::Now,
                Some(error) if error.starts_with(REFUSED) => StepMark::Refused,
                Some(error) if error.starts_with(TIMED_OUT) => StepMark::TimedOut,
                Some(_) => StepMark::Failed,
                None if is_last && !is_end => StepMark::Stopped,
                None => StepMark::Done,
            }
        };
        let of_visits: Vec<StepMark> = visits.iter().enumerate().map(mark).collect();
        let mut marks = vec![None; graph.states.len()];
        for (state, mark) in states.iter().zip(&of_visits) {
            if let Some(state) = state {
                marks[*state] = Some(*mark);
            }
        }
        let taken = |from: usize, to: usize| states.windows(2).any(|two| *two == [Some(from), Some(to)]);
        let is_taken = graph.transitions.iter().map(|one| taken(one.from, one.to)).collect();
        Self { marks, is_taken, visits: of_visits }
    }
}
