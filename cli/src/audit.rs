//! `countersign audit`: verifies and exports the audit trails.
//!
//! Each event holds the hash of the event before, and the row of the request holds number and hash of the last event.
//! Rows and events are read at different moments, so a trail that seems broken is read again before it is reported.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::ids::RequestId;
use workflow::request::Request;
use workflow::request::audit::{Event, verify};

use crate::error::{CliError, OrFail as _};
use crate::requests;
use crate::stack::{Stack, StackSelector};
use crate::wording::count;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Verifies that the audit trail is complete and unaltered
    Verify {
        /// Id of a request [default: all requests]
        id: Option<RequestId>,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints events as JSON lines, oldest first within each request
    Export {
        /// Id of a request [default: all requests]
        id: Option<RequestId>,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign audit`.
pub(crate) async fn run(command: AuditCommand) -> Result<(), CliError> {
    match command {
        AuditCommand::Verify { id, which } => check(&which.find().await?, id).await,
        AuditCommand::Export { id, which } => export(&which.find().await?, id).await,
    }
}

async fn check(stack: &Stack, id: Option<RequestId>) -> Result<(), CliError> {
    let rows: BTreeMap<RequestId, Request> = match id {
        Some(id) => BTreeMap::from([(id, requests::find(stack, id).await?)]),
        None => requests::list(stack, None).await?.into_iter().map(|row| (row.id(), row)).collect(),
    };
    let mut trails = match id {
        Some(id) => BTreeMap::from([(id, trail(stack, id).await?)]),
        None => all(stack).await?,
    };
    let mut broken = 0usize;
    let (mut events, mut whole) = (0, 0);
    for (id, row) in &rows {
        let mut read = trails.remove(id).unwrap_or_default();
        let mut wrong = verify(*id, &read, row.audit());
        if !wrong.is_empty() {
            // The trail may have grown between the two reads. Read the row first and ignore the events after its last
            // one.
            let row = requests::find(stack, *id).await?;
            read = trail(stack, *id).await?;
            read.truncate(usize::try_from(row.audit().number).unwrap_or(usize::MAX));
            wrong = verify(*id, &read, row.audit());
        }
        events += read.len();
        if wrong.is_empty() {
            whole += 1;
        } else {
            broken += 1;
            wrong.iter().for_each(|wrong| println!("{id}: {wrong}"));
        }
    }
    for (id, trail) in &trails {
        // A request that was submitted after the rows were read has a row by now.
        if requests::find(stack, *id).await.is_err() {
            broken += 1;
            println!("{id}: {}, but the row of the request was deleted", count(trail.len(), "event"));
        }
    }
    if broken > 0 {
        let advice = "Compare with an earlier export, and with point-in-time recovery of both tables.";
        return Err(CliError::new(broken_trails(broken), advice));
    }
    println!(
        "{} of {}: every audit trail is complete and unaltered.",
        count(events, "event"),
        count(whole, "request")
    );
    Ok(())
}

async fn export(stack: &Stack, id: Option<RequestId>) -> Result<(), CliError> {
    let trails = match id {
        Some(id) => BTreeMap::from([(id, trail(stack, id).await?)]),
        None => all(stack).await?,
    };
    for event in trails.values().flatten() {
        let line = serde_json::to_string(event).or_fail(|| "cannot write JSON".into(), "")?;
        println!("{line}");
    }
    Ok(())
}

/// Number of broken audit trails, as the beginning of an error.
pub(crate) fn broken_trails(number: usize) -> String {
    format!("{} {} broken", count(number, "audit trail"), if number == 1 { "is" } else { "are" })
}

/// Returns the trail of one request.
async fn trail(stack: &Stack, id: RequestId) -> Result<Vec<Event>, CliError> {
    let items: Result<Vec<_>, _> = aws_sdk_dynamodb::Client::new(&stack.sdk)
        .query()
        .table_name(&stack.audit_table)
        .consistent_read(true)
        .key_condition_expression("#id = :id")
        .expression_attribute_names("#id", "requestId")
        .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
        .into_paginator()
        .items()
        .send()
        .collect()
        .await;
    items
        .or_fail(|| format!("cannot read the table {}", stack.audit_table), "")?
        .into_iter()
        .map(|item| from_item(item).or_fail(|| format!("cannot read an event of {id}"), ""))
        .collect()
}

/// Returns every trail.
async fn all(stack: &Stack) -> Result<BTreeMap<RequestId, Vec<Event>>, CliError> {
    let items: Result<Vec<_>, _> = aws_sdk_dynamodb::Client::new(&stack.sdk)
        .scan()
        .table_name(&stack.audit_table)
        .into_paginator()
        .items()
        .send()
        .collect()
        .await;
    let mut trails: BTreeMap<RequestId, Vec<Event>> = BTreeMap::new();
    for item in items.or_fail(|| format!("cannot read the table {}", stack.audit_table), "")? {
        let event: Event = from_item(item).or_fail(|| "cannot read an event".into(), "")?;
        trails.entry(event.request_id).or_default().push(event);
    }
    trails.values_mut().for_each(|trail| trail.sort_by_key(|event| event.number));
    Ok(trails)
}
