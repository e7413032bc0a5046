//! `countersign executions`: executions of Step Functions and their states.

use aws_sdk_sfn::types::ExecutionStatus;
use serde::Serialize;
use time::OffsetDateTime;
use workflow::ids::RequestId;
use workflow::request::execution_name;
use workflow::timestamp::rfc3339;

use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions, Tone, cut_off};
use crate::request_id::RequestIdArgument;
use crate::request_rows;
use crate::stack::{Stack, StackSelector};
use crate::timeline::{self, ExecutionSummary};
use crate::wording::duration;

/// `countersign executions`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecutionsOptions {
    /// Id of a request, or its beginning: shows the timeline of each of its executions
    id: Option<RequestIdArgument>,
    /// Maximum number of executions in the list
    #[arg(long, default_value_t = 20, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=1000))]
    limit: i32,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    which: StackSelector,
}

/// Runs `countersign executions`.
pub(crate) async fn run(options: ExecutionsOptions) -> Result<(), CliError> {
    let stack = options.which.find().await?;
    match &options.id {
        None => list(&stack, options.limit, &options.output).await,
        Some(id) => timelines(&stack, id.find(&stack).await?, &options.output).await,
    }
}

async fn list(stack: &Stack, limit: i32, output: &OutputOptions) -> Result<(), CliError> {
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
    let at = |nanoseconds| OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok();
    let mut cells = Vec::new();
    let mut rows = Vec::new();
    for execution in &answer.executions {
        let started = at(execution.start_date.as_nanos());
        let stopped = execution.stop_date.and_then(|date| at(date.as_nanos()));
        cells.push(vec![
            Cell::uncut(execution.name.as_str()),
            Cell::state(execution.status.as_str(), tone(&execution.status)),
            started.map_or_else(|| Cell::text(""), Cell::since),
            stopped.map_or_else(|| Cell::in_short("", "-"), Cell::since),
        ]);
        rows.push(StateRow {
            name: execution.name.clone(),
            status: execution.status.as_str().to_owned(),
            started: started.map(rfc3339).unwrap_or_default(),
            stopped: stopped.map(rfc3339),
        });
    }
    let headings = ["EXECUTION", "STATUS", "STARTED", "STOPPED"];
    output.print(&Document::list(&headings, cells, "No executions yet."), &rows)?;
    if answer.next_token.is_some() {
        cut_off(rows.len());
    }
    Ok(())
}

/// What the status of an execution means to an operator.
fn tone(status: &ExecutionStatus) -> Tone {
    match status {
        ExecutionStatus::Succeeded => Tone::Good,
        ExecutionStatus::Running => Tone::Waiting,
        _ => Tone::Bad,
    }
}

async fn timelines(stack: &Stack, id: RequestId, output: &OutputOptions) -> Result<(), CliError> {
    // Executions of the first attempts may be in the stack that the request was imported from, or older than 90 days.
    let latest = match request_rows::lookup(stack, id).await? {
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
    output.print(&document(&found), &found)
}

/// The executions of one request.
fn document(found: &[ExecutionSummary]) -> Document {
    let headings = ["STATE", "ENTERED", "TOOK", "ERROR"];
    let (mut document, mut all) = (Document::new(), Vec::new());
    for execution in found {
        let name = execution.arn.rsplit(':').next().unwrap_or_default();
        let running = execution.status == ExecutionStatus::Running.as_str();
        let cells: Vec<Vec<Cell>> = execution
            .states
            .iter()
            .map(|entry| {
                let took = match entry.left {
                    Some(left) => duration((left - entry.entered).unsigned_abs()),
                    None if running => "...".into(),
                    None => "-".into(),
                };
                vec![
                    Cell::text(entry.state.as_str()),
                    Cell::text(rfc3339(entry.entered)),
                    Cell::text(took),
                    Cell::uncut(entry.error.clone().unwrap_or_default()),
                ]
            })
            .collect();
        all.extend(cells.iter().map(|row| [vec![Cell::text(name)], row.clone()].concat()));
        document = document.titled_table(format!("{name}  {}", execution.status), &headings, cells);
    }
    document.spreadsheet(&["EXECUTION", "STATE", "ENTERED", "TOOK", "ERROR"], all)
}
