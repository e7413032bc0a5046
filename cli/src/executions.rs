//! `countersign executions`: executions of Step Functions and their states.
//!
//! Invariant: only names, times, errors and causes are read from a history. Inputs and outputs hold task tokens and are
//! never requested.

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent, HistoryEventType};
use serde::Serialize;
use time::OffsetDateTime;
use workflow::ids::RequestId;
use workflow::request::execution_name;

use crate::error::{CliError, OrFail as _};
use crate::requests::{self, instant, print_json};
use crate::stack::{Stack, StackSelector};
use crate::table;
use crate::wording::duration;

/// `countersign executions`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecutionsOptions {
    /// Id of a request: shows the timeline of each of its executions
    id: Option<RequestId>,
    /// Maximum number of executions in the list
    #[arg(long, default_value_t = 20, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=1000))]
    limit: i32,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    which: StackSelector,
}

/// Runs `countersign executions`.
pub(crate) async fn run(options: ExecutionsOptions) -> Result<(), CliError> {
    let stack = options.which.find().await?;
    match options.id {
        None => list(&stack, options.limit, options.json).await,
        Some(id) => timelines(&stack, id, options.json).await,
    }
}

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

async fn list(stack: &Stack, limit: i32, json: bool) -> Result<(), CliError> {
    #[derive(Serialize)]
    struct StateRow {
        name: String,
        status: String,
        started: String,
        stopped: Option<String>,
    }
    let sfn = aws_sdk_sfn::Client::new(&stack.sdk);
    let answer = sfn
        .list_executions()
        .state_machine_arn(&stack.state_machine_arn)
        .max_results(limit)
        .send()
        .await
        .or_fail(|| "cannot list the executions".into(), "")?;
    let at = |nanoseconds| {
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).map_or_else(|_| String::new(), instant)
    };
    let rows: Vec<StateRow> = answer
        .executions
        .iter()
        .map(|execution| StateRow {
            name: execution.name.clone(),
            status: execution.status.as_str().to_owned(),
            started: at(execution.start_date.as_nanos()),
            stopped: execution.stop_date.map(|date| at(date.as_nanos())),
        })
        .collect();
    if json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        println!("No executions yet.");
        return Ok(());
    }
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| vec![row.name, row.status, row.started, row.stopped.unwrap_or_else(|| "-".into())])
        .collect();
    print!("{}", table::aligned(&["EXECUTION", "STATUS", "STARTED", "STOPPED"], &cells));
    Ok(())
}

async fn timelines(stack: &Stack, id: RequestId, json: bool) -> Result<(), CliError> {
    // Executions of the first attempts may be in the stack that the request was imported from, or older than 90 days.
    let latest = match requests::lookup(stack, id).await? {
        Some(Ok(row)) => row.execution().attempt,
        _ => 1,
    };
    let mut found = Vec::new();
    for attempt in 1.. {
        match find(stack, &stack.execution_arn(&execution_name(id, attempt))).await? {
            Some(execution) => found.push(execution),
            None if attempt >= latest => break,
            None => {}
        }
    }
    if found.is_empty() {
        return Err(CliError::new(
            format!("there is no execution for {id}"),
            "Step Functions keeps executions for 90 days. See the request itself with: countersign requests show ID.",
        ));
    }
    if json {
        return print_json(&found);
    }
    for (index, execution) in found.iter().enumerate() {
        if index > 0 {
            println!();
        }
        println!("{}  {}", execution.arn.rsplit(':').next().unwrap_or_default(), execution.status);
        let running = execution.status == ExecutionStatus::Running.as_str();
        let cells: Vec<Vec<String>> = execution
            .states
            .iter()
            .map(|entry| {
                let took = match entry.left {
                    Some(left) => duration((left - entry.entered).unsigned_abs()),
                    None if running => "...".into(),
                    None => "-".into(),
                };
                vec![
                    entry.state.clone(),
                    instant(entry.entered),
                    took,
                    entry.error.clone().unwrap_or_default(),
                ]
            })
            .collect();
        print!("{}", table::aligned(&["STATE", "ENTERED", "TOOK", "ERROR"], &cells));
    }
    Ok(())
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
}
