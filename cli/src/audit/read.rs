//! Reading rows and trails.
//!
//! Invariant: a row or an event that cannot be read is reported with its request, and hides no other.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::ids::RequestId;
use workflow::request::Request;
use workflow::request::audit::Event;

use crate::error::{CliError, OrFail as _};
use crate::moment::{self, TableItem, at_one_moment};
use crate::request_rows;
use crate::stack::Stack;

/// The trail of one request.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Its events, in order.
    pub(super) events: Vec<Event>,
    /// Why an event of it cannot be read.
    pub(super) unreadable: Option<String>,
}

impl Trail {
    fn of(items: Vec<TableItem>) -> Self {
        let mut trail = Self::default();
        items.into_iter().for_each(|item| trail.push(item));
        trail
    }

    fn push(&mut self, item: TableItem) {
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

/// Reads row and trail of a request at one moment.
pub(super) async fn snapshot(stack: &Stack, id: RequestId) -> Result<Snapshot, CliError> {
    let (row, items) = at_one_moment(stack, id, async || request_rows::lookup(stack, id).await).await?;
    Ok(Snapshot { row, trail: Trail::of(items) })
}

/// The trail of one request.
pub(super) async fn trail(stack: &Stack, id: RequestId) -> Result<Trail, CliError> {
    Ok(Trail::of(moment::trail(stack, id).await?))
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
