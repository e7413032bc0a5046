//! Reading the rows of requests.
//!
//! Invariant: a row that cannot be read is reported with its request, and hides no other. Only [`scan`] reads a whole table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::aws::DynamoRequests;
use workflow::ids::RequestId;
use workflow::request::Request;

use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::moment::TableItem;
use crate::stack::Stack;

mod selection;

pub(crate) use selection::{Selection, SelectionOptions, names_index, of_status, unreadable};

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

/// The rows of these requests as they stand in the table, in any order.
async fn of_ids(stack: &Stack, ids: &[RequestId]) -> Result<Vec<FoundRow>, CliError> {
    let table = &stack.requests_table;
    let requests = DynamoRequests::new(&stack.sdk, table, &stack.audit_table);
    found(
        table,
        requests.items(ids).await.or_fail(|| format!("cannot read the table {table}"), "Try again.")?,
    )
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
