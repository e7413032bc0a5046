//! `countersign requests`: requests and their status, read from the table.

use aws_sdk_dynamodb::types::AttributeValue;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use workflow::aws::{DynamoRequests, StepFunctions};
use workflow::ids::RequestId;
use workflow::name_list::{NameList, names_in_short};
use workflow::ports::Executions as _;
use workflow::request::audit::Origin;
use workflow::request::{Request, Status, execution_name};
use workflow::store::{UpdateError, update_request};
use workflow::texts::Language;

use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::moment::TableItem;
use crate::stack::{Stack, StackSelector, whoami};
use crate::{step, table};

mod renew;

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
    /// Shows one request: its row, the step it waits for, and the cause if it failed
    Show {
        /// The request's id
        id: RequestId,
        /// Print the row as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints the link with which the requester renews a certificate
    Renew {
        /// The id of the certificate's request
        id: RequestId,
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
            let stack = which.find().await?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let found = match status {
                // Rows of version 0.1.0 have a withdrawal as a rejection.
                Some(Status::Withdrawn) => {
                    let mut found = of_status(&stack, Status::Withdrawn, limit).await?;
                    found.extend(of_status(&stack, Status::Rejected, limit).await?);
                    found
                }
                Some(status) => of_status(&stack, status, limit).await?,
                None => scan(&stack).await?,
            };
            let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
            for (id, row) in found {
                match row {
                    Ok(row) => rows.push(row),
                    Err(why) => unreadable.push(format!("{id}: {why}")),
                }
            }
            rows.retain(|row| status.is_none_or(|status| row.shown_status() == status));
            rows.sort_by_key(|row| std::cmp::Reverse(row.registration_date()));
            rows.truncate(limit);
            let readable = match unreadable.as_slice() {
                [] => Ok(()),
                [first, ..] => Err(CliError::new(
                    format!("{} rows cannot be read, the first of {first}", unreadable.len()),
                    ROW_OF_ANOTHER_VERSION,
                )),
            };
            if json {
                return print_json(&rows).and(readable);
            }
            if rows.is_empty() && readable.is_ok() {
                println!(
                    "No requests{}.",
                    status.map(|status| format!(" with the status {status}")).unwrap_or_default()
                );
                return Ok(());
            }
            let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
            print!(
                "{}",
                table::aligned(&["ID", "STATUS", "SUBMITTED", "REQUESTER", "PROFILE", "NAMES"], &cells)
            );
            readable
        }
        RequestsCommand::Show { id, json, which } => {
            let stack = which.find().await?;
            let row = find(&stack, id).await?;
            if json {
                return print_json(&row);
            }
            show(&row, step::facts(&stack, &row).await);
            Ok(())
        }
        RequestsCommand::Renew { id, which } => renew::run(&which.find().await?, id).await,
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

/// The error for an id that no row has.
pub(crate) fn missing(id: RequestId) -> CliError {
    CliError::new(format!("there is no request {id}"), "List them with: countersign requests list.")
}

/// Returns the row of a request.
pub(crate) async fn find(stack: &Stack, id: RequestId) -> Result<Request, CliError> {
    let row = lookup(stack, id).await?.ok_or_else(|| missing(id))?;
    row.map_err(|why| CliError::new(format!("the row of {id} cannot be read: {why}"), ROW_OF_ANOTHER_VERSION))
}

/// The row, if there is one; the inner error says why it cannot be read.
pub(crate) async fn lookup(
    stack: &Stack,
    id: RequestId,
) -> Result<Option<Result<Request, String>>, CliError> {
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.sdk);
    let answer = dynamodb
        .get_item()
        .table_name(&stack.requests_table)
        .key("id", AttributeValue::S(id.to_string()))
        .consistent_read(true)
        .send()
        .await
        .or_fail(|| format!("cannot read the table {}", stack.requests_table), "")?;
    Ok(answer.item.map(|item| from_item(item).map_err(|error| error.to_string())))
}

/// A row as found in the table: the error says why it cannot be read.
pub(crate) type FoundRow = (RequestId, Result<Request, String>);

/// Every row. A row that cannot be read hides no other.
pub(crate) async fn scan(stack: &Stack) -> Result<Vec<FoundRow>, CliError> {
    let table = &stack.requests_table;
    let items = aws_sdk_dynamodb::Client::new(&stack.sdk).scan().table_name(table).into_paginator().items();
    let items: Result<Vec<_>, _> = items.send().collect().await;
    found(table, items.or_fail(|| format!("cannot read the table {table}"), "")?)
}

/// The newest rows of one status, at most `limit`. The index has keys only, so the rows are read from the table; a row whose
/// status has changed meanwhile is omitted.
pub(crate) async fn of_status(
    stack: &Stack,
    status: Status,
    limit: usize,
) -> Result<Vec<FoundRow>, CliError> {
    let table = &stack.requests_table;
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.sdk);
    let unreadable = || format!("cannot read the table {table}");
    let keys = dynamodb
        .query()
        .table_name(table)
        .index_name("byStatus")
        .key_condition_expression("#status = :status")
        .projection_expression("id")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
        .scan_index_forward(false)
        .into_paginator()
        .items();
    let (mut pages, mut keys): (_, Vec<TableItem>) = (keys.send(), Vec::new());
    while keys.len() < limit
        && let Some(key) = pages.next().await
    {
        keys.push(key.or_fail(unreadable, "")?);
    }
    let ids: Vec<RequestId> = keys.iter().map(|key| id_of(table, key)).collect::<Result<_, _>>()?;
    let requests = DynamoRequests::new(&stack.sdk, table, &stack.audit_table);
    let mut items = requests.items(&ids).await.or_fail(unreadable, "Try again.")?;
    items.retain(|item| {
        item.get("status").and_then(|value| value.as_s().ok()).is_some_and(|now| now == status.as_str())
    });
    found(table, items)
}

fn found(table: &str, items: Vec<TableItem>) -> Result<Vec<FoundRow>, CliError> {
    let row =
        |item: TableItem| Ok((id_of(table, &item)?, from_item(item).map_err(|error| error.to_string())));
    items.into_iter().map(row).collect()
}

fn id_of(table: &str, item: &TableItem) -> Result<RequestId, CliError> {
    let id = item.get("id").and_then(|id| id.as_s().ok()).and_then(|id| id.parse().ok());
    id.ok_or_else(|| {
        CliError::new(
            format!("a row of the table {table} has no id"),
            "Remove it: Countersign wrote none like it.",
        )
    })
}

fn statuses() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(Status::ALL.map(Status::as_str)).try_map(|text| text.parse::<Status>())
}

fn cells(row: &Request) -> Vec<String> {
    vec![
        row.id().to_string(),
        row.shown_status().to_string(),
        instant(row.registration_date()),
        row.email().to_string(),
        row.profile().to_owned(),
        match row.known_names() {
            names if names.is_empty() => String::new(),
            names => names_in_short(Language::English, &names),
        },
    ]
}

/// Prints the row, with the facts about its step after its status.
fn show(row: &Request, step: Vec<step::StepFact>) {
    let mut facts = vec![("request", row.id().to_string()), ("status", row.shown_status().to_string())];
    facts.extend(step);
    facts.extend([
        ("submitted", instant(row.registration_date())),
        ("requester", row.email().to_string()),
        ("profile", row.profile().to_owned()),
        ("policy", row.policy_version().to_owned()),
        ("execution", row.execution().arn.clone()),
        ("executions", row.execution().attempt.to_string()),
    ]);
    facts.extend(names(&row.known_names()).into_iter().map(|line| ("names", line)));
    let optional = [
        ("subject", row.csr().map(|csr| csr.subject.clone())),
        ("key", row.csr().map(|csr| csr.key.clone())),
        ("CSR digest", row.csr().map(|csr| csr.csr_digest.clone())),
        ("decide by", row.expires_at().map(instant)),
        ("serial", row.serial().map(ToString::to_string)),
        ("valid from", row.not_before().map(instant)),
        ("valid until", row.not_after().map(instant)),
        ("renews", row.replaces().map(|replaced| replaced.to_string())),
        ("code", row.code().map(|code| code.to_string())),
        ("reason", reason(row)),
        ("comment", Some(row.comment().to_owned()).filter(|comment| !comment.is_empty())),
    ];
    facts.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts.extend(
        row.shown_history()
            .iter()
            .map(|entry| ("history", format!("{}  {}", instant(entry.at), entry.status))),
    );
    facts.extend(row.mails().iter().map(|(occasion, at)| ("mailed", format!("{at}  {occasion}"))));
    let rows: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    print!("{}", table::aligned(&["", ""], &rows).trim_start_matches('\n'));
}

/// The names, one a line, of many the first ones; `--json` has all.
fn names(names: &[String]) -> Vec<String> {
    let list = NameList::of(names);
    let (heading, fold) = (list.heading(Language::English), list.fold(Language::English));
    let fold = fold.map(|fold| format!("{fold}: see --json"));
    heading.into_iter().chain(list.first.into_iter().map(|name| name.shown)).chain(fold).collect()
}

/// The reason of an ending, for an operator; the row has it in words for the requester.
fn reason(row: &Request) -> Option<String> {
    match row.shown_status() {
        Status::Withdrawn => Some("The requester withdrew the request.".to_owned()),
        _ => row.reason().map(str::to_owned),
    }
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

#[cfg(test)]
mod tests {
    use pki::testing as test_pki;
    use workflow::testing::InMemoryBackend;

    use super::*;

    fn row(names: &[&str], status: Status) -> Request {
        InMemoryBackend::new().unsaved_request(&test_pki::csr(names), status)
    }

    #[test]
    fn a_withdrawn_request_is_withdrawn_in_the_list_and_by_itself() {
        let withdrawn = row(&["www.example.com"], Status::Withdrawn);
        let of_version_1 = withdrawn.clone().altered(|row| row.status = Status::Rejected);
        for row in [withdrawn, of_version_1] {
            assert_eq!(cells(&row)[1], "withdrawn");
            assert_eq!(row.shown_status(), Status::Withdrawn);
            assert_eq!(reason(&row).unwrap(), "The requester withdrew the request.");
        }
        assert_eq!(cells(&row(&["www.example.com"], Status::Rejected))[1], "rejected");
    }

    #[test]
    fn many_names_are_one_cell_and_a_few_lines() {
        let owned: Vec<String> = (0..100).map(|n| format!("host-{n}.example.com")).collect();
        let many: Vec<&str> = owned.iter().map(String::as_str).collect();
        assert_eq!(cells(&row(&many, Status::PendingApproval))[5], "host-0.example.com and 99 more");
        assert_eq!(cells(&row(&many, Status::Submitted))[5], "");
        let lines = names(&owned);
        assert_eq!(lines.len(), 12);
        assert_eq!(lines[0], "100 names, all in example.com");
        assert_eq!(lines[11], "90 more names: see --json");
        assert_eq!(names(&owned[..2]), owned[..2]);
    }
}
