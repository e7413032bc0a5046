//! Requests, names and approvals in DynamoDB.
//!
//! Invariant: every write of a row that exists is conditional on the version that was read. A write sets the columns
//! it knows and leaves others alone, so that an older worker cannot drop what a newer one wrote.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_types::sdk_config::SdkConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::unavailable;
use crate::approval::{Approval, Link, LinkDigest};
use crate::ports::{Approvals, Names, PortError, Requests, Saved};
use crate::request::{Request, RequestId, Status};

type Item = HashMap<String, AttributeValue>;

/// One table and its key column.
struct Table {
    client: Client,
    name: String,
    key: &'static str,
}

impl Table {
    fn new(sdk: &SdkConfig, name: &str, key: &'static str) -> Self {
        Self { client: Client::new(sdk), name: name.to_owned(), key }
    }

    async fn find<T: DeserializeOwned>(
        &self,
        key: String,
        what: &'static str,
    ) -> Result<Option<T>, PortError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .key(self.key, AttributeValue::S(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(unavailable(what))?;
        answer.item.map(|item| decode(item, what)).transpose()
    }

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
        match written {
            Ok(_) => Ok(Saved::Yes),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(Saved::Conflict)
            }
            Err(error) => Err(unavailable(what)(error)),
        }
    }

    /// Sets every column of `item` where the version is still `version`, and makes the version one more. Of the columns
    /// that `item` lacks, those in `clearable` are removed and all others left alone.
    async fn save(
        &self,
        mut item: Item,
        version: u64,
        clearable: &[&str],
        what: &'static str,
    ) -> Result<Saved, PortError> {
        let key = item.remove(self.key).ok_or(PortError { what, cause: "the row has no key".into() })?;
        item.insert("version".into(), AttributeValue::N((version + 1).to_string()));
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key(self.key, key)
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()));
        let absent: Vec<&str> = clearable.iter().copied().filter(|name| !item.contains_key(*name)).collect();
        let mut assignments = Vec::with_capacity(item.len());
        for (index, (name, value)) in item.into_iter().enumerate() {
            assignments.push(format!("#c{index} = :c{index}"));
            update = update
                .expression_attribute_names(format!("#c{index}"), name)
                .expression_attribute_values(format!(":c{index}"), value);
        }
        let mut expression = format!("SET {}", assignments.join(", "));
        for (index, name) in absent.iter().enumerate() {
            expression.push_str(if index == 0 { " REMOVE " } else { ", " });
            expression.push_str(&format!("#r{index}"));
            update = update.expression_attribute_names(format!("#r{index}"), *name);
        }
        let written = update.update_expression(expression).send().await;
        match written {
            Ok(_) => Ok(Saved::Yes),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(Saved::Conflict)
            }
            Err(error) => Err(unavailable(what)(error)),
        }
    }
}

fn encode(row: &impl Serialize, what: &'static str) -> Result<Item, PortError> {
    serde_dynamo::to_item(row).map_err(|error| PortError::new(what, error))
}

fn decode<T: DeserializeOwned>(item: Item, what: &'static str) -> Result<T, PortError> {
    serde_dynamo::from_item(item).map_err(|error| PortError::new(what, error))
}

/// The table of requests.
pub struct DynamoRequests(Table);

impl DynamoRequests {
    /// The table of this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "id"))
    }

    async fn by_index(
        &self,
        index: &str,
        column: &str,
        value: &str,
        oldest_first: bool,
        limit: usize,
    ) -> Result<Vec<Request>, PortError> {
        const WHAT: &str = "look up requests";
        let mut pages = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .index_name(index)
            .key_condition_expression("#column = :value")
            .expression_attribute_names("#column", column)
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .scan_index_forward(oldest_first)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            found.push(decode(item.map_err(unavailable(WHAT))?, WHAT)?);
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Requests for DynamoRequests {
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError> {
        self.0.find(id.to_string(), "read the request").await
    }

    async fn create(&self, request: &Request) -> Result<Saved, PortError> {
        const WHAT: &str = "store the request";
        self.0.create(encode(request, WHAT)?, WHAT).await
    }

    async fn save(&self, request: &Request) -> Result<Saved, PortError> {
        const WHAT: &str = "change the request";
        // The reason of a failure goes when an operator sets the request going again.
        self.0.save(encode(request, WHAT)?, request.version, &["reason"], WHAT).await
    }

    async fn list(&self, status: Status, limit: usize) -> Result<Vec<Request>, PortError> {
        self.by_index("byStatus", "status", status.as_str(), true, limit).await
    }

    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError> {
        self.by_index("byPublicKey", "publicKeyDigest", public_key_digest, false, limit).await
    }
}

/// The table of names.
pub struct DynamoNames(Table);

impl DynamoNames {
    /// The table of this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "name"))
    }
}

/// How many items BatchWriteItem takes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const BATCH: usize = 25;

#[async_trait]
impl Names for DynamoNames {
    async fn enter(&self, names: &[String], id: RequestId) -> Result<(), PortError> {
        const WHAT: &str = "enter the names";
        for names in names.chunks(BATCH) {
            let mut writes = Vec::with_capacity(names.len());
            for name in names {
                let put = PutRequest::builder()
                    .item("name", AttributeValue::S(name.clone()))
                    .item("requestId", AttributeValue::S(id.to_string()))
                    .build()
                    .map_err(|error| PortError::new(WHAT, error))?;
                writes.push(WriteRequest::builder().put_request(put).build());
            }
            let answer = self
                .0
                .client
                .batch_write_item()
                .request_items(&self.0.name, writes)
                .send()
                .await
                .map_err(unavailable(WHAT))?;
            if answer.unprocessed_items.is_some_and(|left| left.values().any(|writes| !writes.is_empty())) {
                return Err(PortError { what: WHAT, cause: "the table is throttled".into() });
            }
        }
        Ok(())
    }

    async fn of(&self, name: &str, limit: usize) -> Result<Vec<RequestId>, PortError> {
        const WHAT: &str = "look up a name";
        let answer = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("#name = :name")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable(WHAT))?;
        let id = |item: &Item| item.get("requestId")?.as_s().ok()?.parse().ok();
        Ok(answer.items().iter().filter_map(id).collect())
    }
}

/// The table of approvals. One key column `key`: `request#<id>` holds an approval, `link#<digest>` a link.
pub struct DynamoApprovals(Table);

impl DynamoApprovals {
    /// The table of this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "key"))
    }
}

fn approval_key(id: RequestId) -> String {
    format!("request#{id}")
}

fn link_key(digest: &LinkDigest) -> String {
    format!("link#{}", digest.as_str())
}

fn keyed(row: &impl Serialize, key: String, what: &'static str) -> Result<Item, PortError> {
    let mut item = encode(row, what)?;
    item.insert("key".into(), AttributeValue::S(key));
    Ok(item)
}

#[async_trait]
impl Approvals for DynamoApprovals {
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError> {
        self.0.find(approval_key(id), "read the approval").await
    }

    async fn create(&self, approval: &Approval) -> Result<Saved, PortError> {
        const WHAT: &str = "store the approval";
        self.0.create(keyed(approval, approval_key(approval.request_id), WHAT)?, WHAT).await
    }

    async fn save(&self, approval: &Approval) -> Result<Saved, PortError> {
        const WHAT: &str = "change the approval";
        self.0
            .save(keyed(approval, approval_key(approval.request_id), WHAT)?, approval.version, &[], WHAT)
            .await
    }

    async fn add_link(&self, link: &Link) -> Result<(), PortError> {
        const WHAT: &str = "store the link";
        // The key is random: a link that is there already is this one, written by a call that timed out.
        let _: Saved = self.0.create(keyed(link, link_key(&link.digest), WHAT)?, WHAT).await?;
        Ok(())
    }

    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError> {
        self.0.find(link_key(digest), "read the link").await
    }
}
