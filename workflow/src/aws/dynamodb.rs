//! Requests, names, approvals, standing approvals, the state of ACME and the audit trail in DynamoDB.
//!
//! Invariant: every update of a row is conditional on the version that was read. An update sets the columns of this
//! version and leaves others unchanged, so that an older worker cannot drop columns of a newer one. A change and its
//! events are one transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use aws_types::sdk_config::SdkConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lazy_client::LazyClient;
use super::unavailable;
use crate::ports::{PortError, Saved};
use crate::request::audit::Event;

mod acme;
mod approvals;
mod names;
mod people;
mod requests;
mod revocations;
mod standing;

pub use acme::DynamoAcme;
pub use approvals::DynamoApprovals;
pub use names::DynamoNames;
pub use people::DynamoPeople;
pub use requests::DynamoRequests;
pub use revocations::{DynamoRevocationWriter, DynamoRevocations};
pub use standing::{DynamoStanding, DynamoStandingEnds};

type Item = HashMap<String, AttributeValue>;

/// One table and its key columns.
struct Table {
    client: LazyClient<Client>,
    name: String,
    key: &'static str,
    /// The second key column, if there is one.
    sort_key: Option<&'static str>,
}

/// An update expression that sets every column of a row and increments its version.
struct Assignment {
    key: Item,
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

/// The condition expression of an [`Assignment`].
const SAME_VERSION: &str = "#version = :version";

impl Table {
    fn new(sdk: &SdkConfig, name: &str, key: &'static str) -> Self {
        Self { client: LazyClient::new(sdk, Client::new), name: name.to_owned(), key, sort_key: None }
    }

    /// Another table with the same client.
    fn beside(&self, name: &str, key: &'static str) -> Self {
        Self { client: self.client.clone(), name: name.to_owned(), key, sort_key: None }
    }

    /// The table with a second key column.
    fn sorted_by(self, sort_key: &'static str) -> Self {
        Self { sort_key: Some(sort_key), ..self }
    }

    async fn find<T: DeserializeOwned>(
        &self,
        key: String,
        what: &'static str,
    ) -> Result<Option<T>, PortError> {
        self.find_item(HashMap::from([(self.key.to_owned(), AttributeValue::S(key))]), what).await
    }

    async fn find_item<T: DeserializeOwned>(
        &self,
        key: Item,
        what: &'static str,
    ) -> Result<Option<T>, PortError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(what))?;
        answer.item.map(|item| decode(item, what)).transpose()
    }

    /// Inserts a row; conflicts if the key exists.
    async fn create(&self, item: Item, what: &'static str) -> Result<Saved, PortError> {
        let written = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", self.key)
            .send()
            .await;
        saved(written, what)
    }

    /// Updates a row; conflicts if its version is not `version`.
    async fn save(&self, item: Item, version: u64, what: &'static str) -> Result<Saved, PortError> {
        let Assignment { key, expression, names, values } = self.assign(item, version, &[], what)?;
        let written = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key))
            .condition_expression(SAME_VERSION)
            .update_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        saved(written, what)
    }

    /// [`Table::create`] as part of a transaction.
    fn creation(&self, item: Item, what: &'static str) -> Result<TransactWriteItem, PortError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", self.key)
            .build()
            .map_err(|error| PortError::new(what, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// [`Table::save`] as part of a transaction. Removes the columns of `clearable` that `item` lacks.
    fn saving(
        &self,
        item: Item,
        version: u64,
        clearable: &[&str],
        what: &'static str,
    ) -> Result<TransactWriteItem, PortError> {
        let Assignment { key, expression, names, values } = self.assign(item, version, clearable, what)?;
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key))
            .condition_expression(SAME_VERSION)
            .update_expression(expression)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .build()
            .map_err(|error| PortError::new(what, error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Runs `writes` in one transaction.
    async fn commit(&self, writes: Vec<TransactWriteItem>, what: &'static str) -> Result<Saved, PortError> {
        match self.client.transact_write_items().set_transact_items(Some(writes)).send().await {
            Ok(_) => Ok(Saved::Yes),
            Err(error) if is_conflict(&error) => Ok(Saved::Conflict),
            Err(error) => Err(unavailable(what)(error)),
        }
    }

    fn assign(
        &self,
        mut item: Item,
        version: u64,
        clearable: &[&str],
        what: &'static str,
    ) -> Result<Assignment, PortError> {
        let mut key = Item::new();
        for column in std::iter::once(self.key).chain(self.sort_key) {
            let value = item.remove(column).ok_or(PortError { what, cause: "the row has no key".into() })?;
            key.insert(column.to_owned(), value);
        }
        item.insert("version".into(), AttributeValue::N((version + 1).to_string()));
        let mut names = HashMap::from([("#version".to_owned(), "version".to_owned())]);
        let mut values = HashMap::from([(":version".to_owned(), AttributeValue::N(version.to_string()))]);
        let absent: Vec<&str> = clearable.iter().copied().filter(|name| !item.contains_key(*name)).collect();
        let mut assignments = Vec::with_capacity(item.len());
        for (index, (name, value)) in item.into_iter().enumerate() {
            assignments.push(format!("#c{index} = :c{index}"));
            names.insert(format!("#c{index}"), name);
            values.insert(format!(":c{index}"), value);
        }
        let mut expression = format!("SET {}", assignments.join(", "));
        for (index, name) in absent.iter().enumerate() {
            expression.push_str(if index == 0 { " REMOVE " } else { ", " });
            expression.push_str(&format!("#r{index}"));
            names.insert(format!("#r{index}"), (*name).to_owned());
        }
        Ok(Assignment { key, expression, names, values })
    }
}

/// The audit trail. Workers only add events.
struct AuditTable(Table);

impl AuditTable {
    /// The table `name`, with the client of another table.
    fn beside(table: &Table, name: &str) -> Self {
        Self(table.beside(name, "requestId"))
    }

    /// Runs `writes` and adds `events` in one transaction.
    async fn commit(
        &self,
        mut writes: Vec<TransactWriteItem>,
        events: &[Event],
        what: &'static str,
    ) -> Result<Saved, PortError> {
        for event in events {
            writes.push(self.0.creation(encode(event, what)?, what)?);
        }
        self.0.commit(writes, what).await
    }
}

/// The result of a conditional write of one row.
fn saved<T, E, R>(written: Result<T, SdkError<E, R>>, what: &'static str) -> Result<Saved, PortError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match written {
        Ok(_) => Ok(Saved::Yes),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(Saved::Conflict),
        Err(error) => Err(unavailable(what)(error)),
    }
}

/// True if other writers are the only reason why the transaction was cancelled.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn is_conflict<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return false;
    };
    let mut codes = cancelled
        .cancellation_reasons()
        .iter()
        .filter_map(|reason| reason.code())
        .filter(|code| *code != "None");
    let first = codes.next();
    let by_others = |code: &str| matches!(code, "ConditionalCheckFailed" | "TransactionConflict");
    first.is_some_and(by_others) && codes.all(by_others)
}

fn encode(row: &impl Serialize, what: &'static str) -> Result<Item, PortError> {
    serde_dynamo::to_item(row).map_err(|error| PortError::new(what, error))
}

/// The first values that `read` takes from the items of a query, at most `limit`.
async fn first<T>(
    query: QueryFluentBuilder,
    limit: usize,
    what: &'static str,
    read: impl Fn(Item) -> Result<Option<T>, PortError>,
) -> Result<Vec<T>, PortError> {
    let query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX));
    let mut items = query.into_paginator().items().send();
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(item) = items.next().await
    {
        found.extend(read(item.map_err(unavailable(what))?)?);
    }
    Ok(found)
}

fn decode<T: DeserializeOwned>(item: Item, what: &'static str) -> Result<T, PortError> {
    serde_dynamo::from_item(item).map_err(|error| PortError::new(what, error))
}
