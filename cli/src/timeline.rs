//! The states of an execution of Step Functions, from its history.
//!
//! Invariant: only names, times, errors and causes are read from a history. Inputs and outputs hold task tokens and are
//! never requested.

use aws_sdk_sfn::types::{HistoryEvent, HistoryEventType};
use serde::Serialize;
use time::OffsetDateTime;

use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// One state of an execution.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Name of the state.
    pub(crate) state: String,
    /// Time of entry, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) entered: OffsetDateTime,
    /// Time of exit, UTC.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) left: Option<OffsetDateTime>,
    /// Error and cause, if the state failed.
    pub(crate) error: Option<String>,
}

/// One execution.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionSummary {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its status in the notation of AWS.
    pub(crate) status: String,
    /// The states, in order.
    pub(crate) states: Vec<Entry>,
}

impl ExecutionSummary {
    /// Returns the state that failed with the error of the execution, and that error.
    pub(crate) fn failure(&self) -> Option<(&str, &str)> {
        let last = self.states.iter().rev().find_map(|entry| entry.error.as_deref())?;
        // The states after it record the failure and end with the same error.
        let first = self.states.iter().find(|entry| entry.error.as_deref() == Some(last))?;
        Some((&first.state, last))
    }
}

/// Returns the execution with this ARN, or `None` if there is no such execution.
pub(crate) async fn find(stack: &Stack, arn: &str) -> Result<Option<ExecutionSummary>, CliError> {
    let sfn = aws_sdk_sfn::Client::new(&stack.sdk);
    let description = match sfn.describe_execution().execution_arn(arn).send().await {
        Ok(description) => description,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_execution_does_not_exist()) => {
            return Ok(None);
        }
        Err(error) => return Err(error).or_fail(|| format!("cannot read the execution {arn}"), ""),
    };
    let history: Result<Vec<HistoryEvent>, _> = sfn
        .get_execution_history()
        .execution_arn(arn)
        .include_execution_data(false)
        .into_paginator()
        .items()
        .send()
        .collect()
        .await;
    let history = history.or_fail(|| format!("cannot read the history of {arn}"), "")?;
    Ok(Some(ExecutionSummary {
        arn: arn.to_owned(),
        status: description.status.as_str().to_owned(),
        states: states(&history),
    }))
}

fn states(history: &[HistoryEvent]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for event in history {
        let at = OffsetDateTime::from_unix_timestamp_nanos(event.timestamp.as_nanos())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        if let Some(details) = event.state_entered_event_details() {
            entries.push(Entry { state: details.name.clone(), entered: at, left: None, error: None });
        } else if let Some(entry) = entries.last_mut() {
            let failed = match event.r#type {
                HistoryEventType::TaskFailed => {
                    event.task_failed_event_details().map(|details| (details.error(), details.cause()))
                }
                HistoryEventType::TaskTimedOut => {
                    event.task_timed_out_event_details().map(|details| (details.error(), details.cause()))
                }
                HistoryEventType::TaskSubmitFailed => {
                    event.task_submit_failed_event_details().map(|details| (details.error(), details.cause()))
                }
                HistoryEventType::ExecutionFailed => {
                    event.execution_failed_event_details().map(|details| (details.error(), details.cause()))
                }
                _ => None,
            };
            if let (Some((error, cause)), None) = (failed, &entry.error) {
                let both: Vec<&str> =
                    [error, cause].into_iter().flatten().filter(|text| !text.is_empty()).collect();
                entry.error = Some(both.join(": ")).filter(|text| !text.is_empty());
            }
            if event.state_exited_event_details().is_some() || event.r#type.as_str().starts_with("Execution")
            {
                entry.left = entry.left.or(Some(at));
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::{StateEnteredEventDetails, StateExitedEventDetails, TaskFailedEventDetails};

    use super::*;

    #[test]
    fn a_history_becomes_states_with_times_and_errors() {
        let event = |kind, at| HistoryEvent::builder().id(at).timestamp(DateTime::from_secs(at)).r#type(kind);
        let entered = |name: &str, at| {
            let details = StateEnteredEventDetails::builder().name(name).build().unwrap();
            event(HistoryEventType::TaskStateEntered, at)
                .state_entered_event_details(details)
                .build()
                .unwrap()
        };
        let exited = |name: &str, at| {
            let details = StateExitedEventDetails::builder().name(name).build().unwrap();
            event(HistoryEventType::TaskStateExited, at).state_exited_event_details(details).build().unwrap()
        };
        let failed = TaskFailedEventDetails::builder()
            .resource_type("sqs")
            .resource("r")
            .error("Request.Refused")
            .cause("no");
        let failed = event(HistoryEventType::TaskFailed, 3)
            .task_failed_event_details(failed.build().unwrap())
            .build()
            .unwrap();
        let states =
            states(&[entered("Validate", 1), failed, exited("Validate", 4), entered("RecordRefusal", 4)]);
        assert_eq!(states.len(), 2);
        assert_eq!(states[0].error.as_deref(), Some("Request.Refused: no"));
        assert_eq!(states[0].left.unwrap().unix_timestamp(), 4);
        assert_eq!((states[1].state.as_str(), states[1].left), ("RecordRefusal", None));
    }

    #[test]
    fn the_state_that_failed_first_is_named() {
        let entry = |state: &str, error: Option<&str>| Entry {
            state: state.into(),
            entered: OffsetDateTime::UNIX_EPOCH,
            left: None,
            error: error.map(str::to_owned),
        };
        let of =
            |states: Vec<Entry>| ExecutionSummary { arn: String::new(), status: "FAILED".into(), states };
        let failed = of(vec![
            entry("NotifyReceived", Some("Step.Exhausted: no relay")),
            entry("Sign", Some("Request.NotApproved: no")),
            entry("RecordFailure", None),
            entry("Failed", Some("Request.NotApproved: no")),
        ]);
        assert_eq!(failed.failure(), Some(("Sign", "Request.NotApproved: no")));
        assert_eq!(of(vec![entry("Sign", None)]).failure(), None);
    }
}
