//! `countersign audit`: whether the audit trails are whole, and the trails themselves.
//!
//! A trail is checked against itself (each event holds the hash of the one before) and against the row of its request,
//! which knows the last event. What is read while requests are under way may be a moment apart: a trail that seems broken
//! is read again before it is called broken.

use std::collections::BTreeMap;
use std::io::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;
use workflow::ids::RequestId;
use workflow::request::Request;
use workflow::request::audit::{Event, verify};

use crate::error::{CliError, OrFail as _};
use crate::requests;
use crate::stack::{Stack, StackSelector};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Checks that no event was altered, taken away or put in
    Verify {
        /// One request; all of them without it
        id: Option<RequestId>,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints events as JSON lines, oldest first within each request
    Export {
        /// One request; all of them without it
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
            // It may have grown between the two reads: the row first now, and only as many events as it knows.
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
        // A request that was made after the rows were read has a row by now.
        if requests::find(stack, *id).await.is_err() {
            broken += 1;
            println!("{id}: {} events of a request that has no row: it was taken away", trail.len());
        }
    }
    if broken > 0 {
        let advice = "Compare with an earlier export, and with point-in-time recovery of both tables.";
        return Err(CliError::new(format!("{broken} audit trails are broken"), advice));
    }
    println!("{events} events of {whole} requests: every audit trail is whole.");
    Ok(())
}

async fn export(stack: &Stack, id: Option<RequestId>) -> Result<(), CliError> {
    let trails = match id {
        Some(id) => BTreeMap::from([(id, trail(stack, id).await?)]),
        None => all(stack).await?,
    };
    let mut out = std::io::stdout().lock();
    for event in trails.values().flatten() {
        let line = serde_json::to_string(event).or_fail(|| "cannot write JSON".into(), "")?;
        writeln!(out, "{line}").or_fail(|| "cannot write to standard output".into(), "")?;
    }
    Ok(())
}

/// The trail of one request.
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
        .map(|item| from_item(item).or_fail(|| format!("an event of {id} cannot be read"), ""))
        .collect()
}

/// Every trail.
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
        let event: Event = from_item(item).or_fail(|| "an event cannot be read".into(), "")?;
        trails.entry(event.request_id).or_default().push(event);
    }
    trails.values_mut().for_each(|trail| trail.sort_by_key(|event| event.number));
    Ok(trails)
}
