//! `countersign executions`: executions of Step Functions and their states.

use aws_sdk_sfn::types::ExecutionStatus;
use serde::Serialize;
use time::OffsetDateTime;
use workflow::ids::RequestId;
use workflow::request::execution_name;

use crate::error::{CliError, OrFail as _};
use crate::requests::{self, instant, print_json};
use crate::stack::{Stack, StackSelector};
use crate::table;
use crate::timeline::{self, ExecutionSummary};
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
    let mut found: Vec<ExecutionSummary> = Vec::new();
    for attempt in 1.. {
        match timeline::find(stack, &stack.execution_arn(&execution_name(id, attempt))).await? {
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
