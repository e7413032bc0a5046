//! `countersign requests`: requests and their status, read from the table.

use time::OffsetDateTime;
use workflow::aws::{DynamoRequests, StepFunctions};
use workflow::ids::RequestId;
use workflow::request::audit::Origin;
use workflow::request::{Status, execution_name};
use workflow::store::{Retried, UpdateError, retry_request};

use crate::error::{CliError, OrFail as _};
use crate::output::OutputOptions;
use crate::request_id::RequestIdArgument;
use crate::request_rows::SelectionOptions;
use crate::stack::{Stack, StackSelector, whoami};

mod list;
mod renew;
mod show;
mod watch;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RequestsCommand {
    /// Lists requests, newest first
    List {
        /// Only requests with this status
        #[arg(long, value_parser = list::statuses(), help_heading = "Which")]
        status: Option<Status>,
        #[command(flatten)]
        selection: SelectionOptions,
        /// Maximum number of requests in the list
        #[arg(long, default_value_t = 50, allow_negative_numbers = true, help_heading = "Which")]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Shows one request: its row, its votes, the step it waits for, and the cause if it failed
    Show {
        /// The request's id, or its beginning
        id: RequestIdArgument,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints each change of a request until it ends; exit code 0 if it ends with what it asked for
    Watch {
        /// The request's id, or its beginning
        id: RequestIdArgument,
        /// Seconds after which to stop waiting, with exit code 1 [default: wait until the end]
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u32>,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints the link with which the requester renews a certificate
    Renew {
        /// The id of the certificate's request, or its beginning
        id: RequestIdArgument,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Retries a failed request
    Retry {
        /// The request's id, or its beginning
        id: RequestIdArgument,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign requests`.
pub(crate) async fn run(command: RequestsCommand) -> Result<(), CliError> {
    match command {
        RequestsCommand::List { status, selection, limit, output, which } => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            list::run(&which.find().await?, status, &selection, limit, &output).await
        }
        RequestsCommand::Show { id, output, which } => {
            let stack = which.find().await?;
            show::run(&stack, id.find(&stack).await?, &output).await
        }
        RequestsCommand::Watch { id, timeout, which } => {
            let stack = which.find().await?;
            watch::run(&stack, id.find(&stack).await?, timeout).await
        }
        RequestsCommand::Renew { id, which } => {
            let stack = which.find().await?;
            renew::run(&stack, id.find(&stack).await?).await
        }
        RequestsCommand::Retry { id, which } => {
            let stack = which.find().await?;
            retry(&stack, id.find(&stack).await?).await
        }
    }
}

/// Idempotent: a repetition starts the execution of the same name.
async fn retry(stack: &Stack, id: RequestId) -> Result<(), CliError> {
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let executions = StepFunctions::new(&stack.sdk, &stack.started_by);
    let (by, now) = (Origin::operator(&whoami()), OffsetDateTime::now_utc());
    let Retried { row, had_failed, not_started } =
        retry_request(&requests, &executions, id, (&by, None), now).await.map_err(|error| {
            let advice = match &error {
                UpdateError::Missing(_) => "List them with: countersign requests list.",
                UpdateError::Rejected(_) => {
                    "Only a failed request can be retried. Submit a new request instead."
                }
                UpdateError::Port(_) => "Try again.",
            };
            CliError::new(error.to_string(), advice)
        })?;
    not_started.map_or(Ok(()), Err).or_fail(
        || "the execution cannot be started".into(),
        "Housekeeping starts it within minutes. Or try again.",
    )?;
    let name = execution_name(id, row.execution().attempt);
    if had_failed {
        println!("{id} continues as {}, execution {name}.", row.status());
    } else {
        println!("{id} is already running: {}, execution {name}.", row.status());
    }
    Ok(())
}
