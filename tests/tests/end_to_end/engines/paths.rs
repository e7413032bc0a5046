//! Every path through the state machine, read from the definition: the workers' answers and the end.
//!
//! Invariant: a third implementation of the States language, of the subset in statemachine.asl.json; it panics at
//! other input.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

/// How a scripted worker ends its task.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// Success with this output.
    Output(Value),
    /// Failure with this error, whose cause names the state.
    Error(String),
    /// No answer.
    Silence,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(output) => {
                let value = output.as_object().and_then(|output| output.values().find_map(Value::as_str));
                f.write_str(value.unwrap_or("done"))
            }
            Self::Error(error) => f.write_str(error),
            Self::Silence => f.write_str("silent"),
        }
    }
}

/// One path.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    /// Answer of each state's worker.
    pub(super) answers: BTreeMap<String, Answer>,
    /// Entered states, in order.
    pub(super) states: Vec<String>,
    /// Error and cause of a failed execution.
    pub(super) failure: Option<(String, String)>,
    /// Current value of `$.error`.
    error: Option<(String, String)>,
}

impl Path {
    /// Answers other than plain success, for the table.
    pub(super) fn story(&self) -> String {
        let told = |state: &&String| match self.answers.get(*state)? {
            Answer::Output(output) if *output == plain() => None,
            answer => Some(format!("{state}: {answer}")),
        };
        self.states.iter().filter_map(|state| told(&state)).collect::<Vec<_>>().join(", ")
    }

    /// States with a worker, in order.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &String> {
        self.states.iter().filter(|state| self.answers.contains_key(*state))
    }

    /// States whose worker never answers.
    pub(super) fn silent(&self) -> Vec<String> {
        let silent = self.answers.iter().filter(|(_, answer)| **answer == Answer::Silence);
        silent.map(|(state, _)| state.clone()).collect()
    }
}

/// Cause given by the scripted worker of a state.
pub(super) fn cause(state: &str) -> String {
    format!("the script of {state}")
}

/// Output of a worker that does not decide where the execution goes on.
fn plain() -> Value {
    json!({ "csrDigest": "00" })
}

/// Every path of the definition.
pub(super) fn all(definition: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    walk(definition, definition["StartAt"].as_str().unwrap(), Path::default(), &mut found);
    found
}

fn walk(definition: &Value, name: &str, mut path: Path, found: &mut Vec<Path>) {
    assert!(path.states.iter().all(|state| state != name), "{name} is entered twice: {:?}", path.states);
    path.states.push(name.to_owned());
    let state = &definition["States"][name];
    match state["Type"].as_str().unwrap() {
        "Task" => {
            for (answer, next) in ends(definition, name) {
                let mut path = path.clone();
                match (&answer, next.caught_in_error) {
                    (Answer::Error(error), true) => path.error = Some((error.clone(), cause(name))),
                    // The engine chooses the cause. No state reads it: see infra/tests/statemachine.rs.
                    (Answer::Silence, true) => path.error = Some(("States.Timeout".into(), String::new())),
                    _ => {}
                }
                path.answers.insert(name.to_owned(), answer);
                for state in &next.through {
                    path.states.push(state.clone());
                }
                walk(definition, &next.state, path, found);
            }
        }
        "Pass" => {
            let text = |field: &str| state["Result"][field].as_str().unwrap().to_owned();
            assert_eq!(state["ResultPath"], "$.error", "{name}");
            path.error = Some((text("Error"), text("Cause")));
            walk(definition, state["Next"].as_str().unwrap(), path, found);
        }
        "Succeed" => found.push(path),
        "Fail" => {
            let literal = |field: &str| state[field].as_str().map(str::to_owned);
            path.failure = match (literal("Error"), literal("Cause")) {
                (Some(error), Some(cause)) => Some((error, cause)),
                _ => {
                    let paths = (&state["ErrorPath"], &state["CausePath"]);
                    assert_eq!(paths, (&json!("$.error.Error"), &json!("$.error.Cause")), "{name}");
                    Some(path.error.clone().unwrap())
                }
            };
            found.push(path);
        }
        other => panic!("{name} is a {other}"),
    }
}

/// Next state after an answer.
struct Next {
    state: String,
    /// Choice states in between.
    through: Vec<String>,
    /// True if the error is stored in `$.error`.
    caught_in_error: bool,
}

/// Possible answers of a task's worker: one result for each choice, and one error for each Catch.
fn ends(definition: &Value, name: &str) -> Vec<(Answer, Next)> {
    let state = &definition["States"][name];
    let next = state["Next"].as_str().unwrap();
    let to = |state: &Value, through: &[&str], caught_in_error| Next {
        state: state.as_str().unwrap().to_owned(),
        through: through.iter().map(|state| (*state).to_owned()).collect(),
        caught_in_error,
    };
    let mut ends = Vec::new();
    let choice = &definition["States"][next];
    if choice["Type"] == "Choice" {
        let result = state["ResultPath"].as_str().unwrap();
        for one in choice["Choices"].as_array().unwrap() {
            let variable = one["Variable"].as_str().unwrap();
            let field = variable.strip_prefix(&format!("{result}.")).unwrap();
            // A Choice asks for an outcome, or whether there is a value.
            let value = if one["IsPresent"] == true { json!("there") } else { one["StringEquals"].clone() };
            assert!(value.is_string(), "{next} asks for something else: {one}");
            let output = Value::from_iter([(field.to_owned(), value)]);
            ends.push((Answer::Output(output), to(&one["Next"], &[next], false)));
        }
        let is_of_presence = choice["Choices"][0]["IsPresent"] == true;
        let other = if is_of_presence { plain() } else { json!({ "outcome": "postponed" }) };
        ends.push((Answer::Output(other), to(&choice["Default"], &[next], false)));
    } else {
        ends.push((Answer::Output(plain()), to(&state["Next"], &[], false)));
    }
    for catch in state["Catch"].as_array().unwrap() {
        let answer = match catch["ErrorEquals"][0].as_str().unwrap() {
            "States.Timeout" => Answer::Silence,
            "States.ALL" => Answer::Error("Step.Exhausted".into()),
            error => Answer::Error(error.into()),
        };
        ends.push((answer, to(&catch["Next"], &[], catch["ResultPath"] == "$.error")));
    }
    ends
}
