//! `countersign requests`: where requests stand, from the table itself.

use aws_sdk_dynamodb::types::AttributeValue;
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
    /// Lists requests, the newest first
    List {
        /// Only those in this status
        #[arg(long)]
        status: Option<Status>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
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
    /// Starts a failed request again, after its cause was mended
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
            rows.truncate(limit);
            if json {
                return print_json(&rows);
            }
            if rows.is_empty() {
                println!(
                    "No requests{}.",
                    status.map(|status| format!(" that are {status}")).unwrap_or_default()
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

/// The row first, then its execution: should this command die in between, housekeeping finds a request without an
/// execution. Repeating it starts the same execution, which changes nothing.
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
            UpdateError::Rejected(_) => {
                "Only a failed request can be started again; others must be asked for anew."
            }
            UpdateError::Port(_) => "Try again.",
        };
        CliError::new(error.to_string(), advice)
    })?
    .row;
    let name = execution_name(id, row.execution().attempt);
    executions.start(&name, id).await.or_fail(
        || "the execution cannot be started".into(),
        "Housekeeping starts it within minutes; or try again.",
    )?;
    if failed {
        println!("{id} goes on as {}, execution {name}.", row.status());
    } else {
        println!("{id} is under way already: it is {}, execution {name}.", row.status());
    }
    Ok(())
}

/// One row.
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
    from_item(item).or_fail(|| format!("the row of {id} cannot be read"), ROW_OF_ANOTHER_VERSION)
}

/// Every row, or those of one status.
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
        .map(|item| from_item(item).or_fail(|| "a row cannot be read".into(), ROW_OF_ANOTHER_VERSION))
        .collect()
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

/// A time as an operator reads it: UTC, whole seconds.
pub(crate) fn instant(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    println!("{}", serde_json::to_string_pretty(value).or_fail(|| "cannot write JSON".into(), "")?);
    Ok(())
}
