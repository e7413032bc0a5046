//! `countersign requests`: requests and their status, read from the table.

use aws_sdk_dynamodb::types::AttributeValue;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use workflow::aws::{DynamoRequests, StepFunctions};
use workflow::ids::RequestId;
use workflow::ports::Executions as _;
use workflow::request::audit::Origin;
use workflow::request::{Request, Status, execution_name};
use workflow::store::{UpdateError, update_request};

use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::stack::{Stack, StackSelector, whoami};
use crate::table;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RequestsCommand {
    /// Lists requests, newest first
    List {
        /// Only requests with this status
        #[arg(long, value_parser = statuses())]
        status: Option<Status>,
        /// Maximum number of requests in the list
        #[arg(long, default_value_t = 50, allow_negative_numbers = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Shows one request
    Show {
        /// The request's id
        id: RequestId,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Retries a failed request
    Retry {
        /// The request's id
        id: RequestId,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign requests`.
pub(crate) async fn run(command: RequestsCommand) -> Result<(), CliError> {
    match command {
        RequestsCommand::List { status, limit, json, which } => {
            let mut rows = list(&which.find().await?, status).await?;
            rows.sort_by_key(|row| std::cmp::Reverse(row.registration_date()));
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            if json {
                return print_json(&rows);
            }
            if rows.is_empty() {
                println!(
                    "No requests{}.",
                    status.map(|status| format!(" with the status {status}")).unwrap_or_default()
                );
                return Ok(());
            }
            let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
            print!(
                "{}",
                table::aligned(&["ID", "STATUS", "REGISTERED", "REQUESTER", "PROFILE", "NAMES"], &cells)
            );
            Ok(())
        }
        RequestsCommand::Show { id, json, which } => {
            let row = find(&which.find().await?, id).await?;
            if json { print_json(&row) } else { show(&row) }
        }
        RequestsCommand::Retry { id, which } => retry(&which.find().await?, id).await,
    }
}

/// Writes the row, then starts the execution. If the command ends in between, housekeeping starts the execution.
/// Idempotent: a repetition starts the execution of the same name.
async fn retry(stack: &Stack, id: RequestId) -> Result<(), CliError> {
    let requests = DynamoRequests::new(&stack.sdk, &stack.requests_table, &stack.audit_table);
    let executions = StepFunctions::new(&stack.sdk, &stack.started_by);
    let arn = |attempt| executions.arn(&execution_name(id, attempt));
    let now = OffsetDateTime::now_utc();
    let mut failed = false;
    let row = update_request(&requests, id, &Origin::operator(&whoami()), |row| {
        failed = row.status() == Status::Failed;
        row.retry(arn, now)
    })
    .await
    .map_err(|error| {
        let advice = match &error {
            UpdateError::Missing(_) => "List them with: countersign requests list.",
            UpdateError::Rejected(_) => "Only a failed request can be retried. Submit a new request instead.",
            UpdateError::Port(_) => "Try again.",
        };
        CliError::new(error.to_string(), advice)
    })?
    .row;
    let name = execution_name(id, row.execution().attempt);
    executions.start(&name, id).await.or_fail(
        || "the execution cannot be started".into(),
        "Housekeeping starts it within minutes. Or try again.",
    )?;
    if failed {
        println!("{id} continues as {}, execution {name}.", row.status());
    } else {
        println!("{id} is already running: {}, execution {name}.", row.status());
    }
    Ok(())
}

/// Returns the row of a request.
pub(crate) async fn find(stack: &Stack, id: RequestId) -> Result<Request, CliError> {
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.sdk);
    let answer = dynamodb
        .get_item()
        .table_name(&stack.requests_table)
        .key("id", AttributeValue::S(id.to_string()))
        .consistent_read(true)
        .send()
        .await
        .or_fail(|| format!("cannot read the table {}", stack.requests_table), "")?;
    let item = answer.item.ok_or_else(|| {
        CliError::new(format!("there is no request {id}"), "List them with: countersign requests list.")
    })?;
    from_item(item).or_fail(|| format!("cannot read the row of {id}"), ROW_OF_ANOTHER_VERSION)
}

/// Returns every row, or the rows with one status.
pub(crate) async fn list(stack: &Stack, status: Option<Status>) -> Result<Vec<Request>, CliError> {
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.sdk);
    let doing = || format!("cannot read the table {}", stack.requests_table);
    let items: Result<Vec<_>, CliError> = match status {
        Some(status) => dynamodb
            .query()
            .table_name(&stack.requests_table)
            .index_name("byStatus")
            .key_condition_expression("#status = :status")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail(doing, ""),
        None => dynamodb
            .scan()
            .table_name(&stack.requests_table)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail(doing, ""),
    };
    items?
        .into_iter()
        .map(|item| from_item(item).or_fail(|| "cannot read a row".into(), ROW_OF_ANOTHER_VERSION))
        .collect()
}

/// The parser of `--status`; lists every status in the help.
fn statuses() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(Status::ALL.map(Status::as_str)).try_map(|text| text.parse::<Status>())
}

fn cells(row: &Request) -> Vec<String> {
    vec![
        row.id().to_string(),
        row.status().to_string(),
        instant(row.registration_date()),
        row.email().to_string(),
        row.profile().to_owned(),
        row.names().join(", "),
    ]
}

fn show(row: &Request) -> Result<(), CliError> {
    let mut facts = vec![
        ("request", row.id().to_string()),
        ("status", row.status().to_string()),
        ("requester", row.email().to_string()),
        ("profile", row.profile().to_owned()),
        ("policy", row.policy_version().to_owned()),
        ("execution", row.execution().arn.clone()),
        ("attempts", row.execution().attempt.to_string()),
    ];
    let optional = [
        ("subject", row.csr().map(|csr| csr.subject.clone())),
        ("names", Some(row.names().join(", ")).filter(|names| !names.is_empty())),
        ("key", row.csr().map(|csr| csr.key.clone())),
        ("CSR digest", row.csr().map(|csr| csr.csr_digest.clone())),
        ("decide by", row.expires_at().map(instant)),
        ("serial", row.serial().map(ToString::to_string)),
        ("not before", row.not_before().map(instant)),
        ("not after", row.not_after().map(instant)),
        ("code", row.code().map(|code| code.to_string())),
        ("reason", row.reason().map(str::to_owned)),
        ("comment", Some(row.comment().to_owned()).filter(|comment| !comment.is_empty())),
    ];
    facts.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts.extend(
        row.history().iter().map(|entry| ("history", format!("{}  {}", instant(entry.at), entry.status))),
    );
    facts.extend(row.mails().iter().map(|(occasion, at)| ("mailed", format!("{at}  {occasion}"))));
    let rows: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    print!("{}", table::aligned(&["", ""], &rows).trim_start_matches('\n'));
    Ok(())
}

/// A time in UTC with whole seconds (RFC 3339).
pub(crate) fn instant(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    println!("{}", serde_json::to_string_pretty(value).or_fail(|| "cannot write JSON".into(), "")?);
    Ok(())
}
