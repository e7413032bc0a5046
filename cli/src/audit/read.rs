//! Reading rows and trails.
//!
//! Invariant: a row or an event that cannot be read is reported with its request, and hides no other.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::ids::RequestId;
use workflow::request::Request;
use workflow::request::audit::Event;

use crate::error::{CliError, OrFail as _};
use crate::requests;
use crate::stack::Stack;

/// Maximum number of reads of one request, if its row changes in between.
const ATTEMPTS: u32 = 16;

type AuditItem = HashMap<String, AttributeValue>;

/// The trail of one request.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Its events, in order.
    pub(super) events: Vec<Event>,
    /// Why an event of it cannot be read.
    pub(super) unreadable: Option<String>,
}

impl Trail {
    fn push(&mut self, item: AuditItem) {
        let number = item.get("number").and_then(|number| number.as_n().ok()).cloned().unwrap_or_default();
        match from_item(item) {
            Ok(event) => self.events.push(event),
            Err(error) => self.unreadable = Some(format!("event {number} cannot be read: {error}")),
        }
    }
}

/// Row and trail of one request at one moment.
pub(super) struct Snapshot {
    /// The row; the error says why it cannot be read.
    pub(super) row: Option<Result<Request, String>>,
    /// The trail.
    pub(super) trail: Trail,
}

/// Reads the row before and after the trail, until it is the same row: then the trail ends where the row says, or one of
/// the two was altered.
pub(super) async fn snapshot(stack: &Stack, id: RequestId) -> Result<Snapshot, CliError> {
    let mut before = requests::lookup(stack, id).await?;
    for _ in 0..ATTEMPTS {
        let trail = trail(stack, id).await?;
        let row = requests::lookup(stack, id).await?;
        if row == before {
            return Ok(Snapshot { row, trail });
        }
        before = row;
    }
    Err(CliError::new(format!("the row of {id} changed {ATTEMPTS} times while it was read"), "Try again."))
}

/// The trail of one request.
pub(super) async fn trail(stack: &Stack, id: RequestId) -> Result<Trail, CliError> {
    let mut items = Client::new(&stack.sdk)
        .query()
        .table_name(&stack.audit_table)
        .consistent_read(true)
        .key_condition_expression("#id = :id")
        .expression_attribute_names("#id", "requestId")
        .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
        .into_paginator()
        .items()
        .send();
    let mut trail = Trail::default();
    while let Some(item) = items.next().await {
        trail.push(item.or_fail(|| format!("cannot read the table {}", stack.audit_table), "")?);
    }
    Ok(trail)
}

/// Every trail.
pub(super) async fn trails(stack: &Stack) -> Result<BTreeMap<RequestId, Trail>, CliError> {
    let table = &stack.audit_table;
    let mut items = Client::new(&stack.sdk).scan().table_name(table).into_paginator().items().send();
    let mut trails: BTreeMap<RequestId, Trail> = BTreeMap::new();
    while let Some(item) = items.next().await {
        let item = item.or_fail(|| format!("cannot read the table {table}"), "")?;
        let id = item.get("requestId").and_then(|id| id.as_s().ok()).and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| {
            CliError::new(
                format!("an event of the table {table} names no request"),
                "Remove it: Countersign wrote none like it.",
            )
        })?;
        trails.entry(id).or_default().push(item);
    }
    trails.values_mut().for_each(|trail| trail.events.sort_by_key(|event| event.number));
    Ok(trails)
}
