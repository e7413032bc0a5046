//! Reading a request at one moment, while workers may change it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use workflow::ids::RequestId;

use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;

/// Maximum number of reads of one request, if its row changes in between.
const ATTEMPTS: u32 = 16;

/// An item of a table.
pub(crate) type TableItem = HashMap<String, AttributeValue>;

/// Row and trail of a request at one moment. `read_row` runs before and after the trail is read, until both give the same:
/// then the trail ends with the event that the row names, or one of the two was altered.
pub(crate) async fn at_one_moment<R: PartialEq>(
    stack: &Stack,
    id: RequestId,
    read_row: impl AsyncFn() -> Result<R, CliError>,
) -> Result<(R, Vec<TableItem>), CliError> {
    let mut before = read_row().await?;
    for _ in 0..ATTEMPTS {
        let trail = trail(stack, id).await?;
        let after = read_row().await?;
        if after == before {
            return Ok((after, trail));
        }
        before = after;
    }
    Err(CliError::new(format!("the row of {id} changed {ATTEMPTS} times while it was read"), "Try again."))
}

/// The events of a request, in order.
pub(crate) async fn trail(stack: &Stack, id: RequestId) -> Result<Vec<TableItem>, CliError> {
    let table = &stack.audit_table;
    let items: Result<Vec<TableItem>, _> = Client::new(&stack.sdk)
        .query()
        .table_name(table)
        .consistent_read(true)
        .key_condition_expression("#id = :id")
        .expression_attribute_names("#id", "requestId")
        .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
        .into_paginator()
        .items()
        .send()
        .collect()
        .await;
    items.or_fail(|| format!("cannot read the table {table}"), "")
}
