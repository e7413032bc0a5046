//! The table `names`.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_types::sdk_config::SdkConfig;

use super::{Item, Table, encode};
use crate::aws::unavailable;
use crate::ports::{NameEntry, NameIndex, NameRow, PortError};

/// The table of names.
pub struct DynamoNames(Table);

impl DynamoNames {
    /// The table with this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "name"))
    }
}

/// The most items of one BatchWriteItem call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const BATCH: usize = 25;

#[async_trait]
impl NameIndex for DynamoNames {
    async fn enter(&self, rows: &[NameRow]) -> Result<(), PortError> {
        const WHAT: &str = "enter the names";
        for rows in rows.chunks(BATCH) {
            let mut writes = Vec::with_capacity(rows.len());
            for row in rows {
                let put = PutRequest::builder()
                    .set_item(Some(encode(row, WHAT)?))
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

    async fn of(&self, name: &str, limit: usize) -> Result<Vec<NameEntry>, PortError> {
        const WHAT: &str = "look up a name";
        let answer = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("#name = :name")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()))
            // Certificates come last in the order of the sort key.
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(unavailable(WHAT))?;
        // Entries of another kind come from a newer version.
        let entry = |item: &Item| item.get("requestId")?.as_s().ok()?.parse().ok();
        Ok(answer.items().iter().filter_map(entry).collect())
    }
}
