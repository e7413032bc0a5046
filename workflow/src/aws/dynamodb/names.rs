//! The table `names`.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_types::sdk_config::SdkConfig;

use super::{Item, Table, encode, first};
use crate::aws::unavailable;
use crate::ports::{
    LISTED, ListPart, ListedCertificate, NameEntry, NameIndex, NameRow, PartStart, PortError,
};
use crate::timestamp::rfc3339;

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

/// The entry of an item. Entries of another kind come from a newer version.
fn entry(item: &Item) -> Option<NameEntry> {
    item.get("requestId")?.as_s().ok()?.parse().ok()
}

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
        Ok(answer.items().iter().filter_map(entry).collect())
    }

    async fn listed(&self, part: &ListPart, limit: usize) -> Result<Vec<ListedCertificate>, PortError> {
        const WHAT: &str = "read a list of certificates";
        let text = |text: String| AttributeValue::S(text);
        let key = text(part.list.key());
        let mut query = self.0.client.query().table_name(&self.0.name);
        query = query
            .expression_attribute_names("#list", "name")
            .expression_attribute_names("#entry", "requestId")
            .expression_attribute_values(":list", key.clone());
        query = if part.list.is_by_name() {
            query
                .key_condition_expression("#list = :list AND begins_with(#entry, :prefix)")
                .expression_attribute_values(":prefix", text(format!("{LISTED}{}", part.prefix)))
        } else {
            let from = part.ends_from.map(rfc3339).unwrap_or_default();
            query
                .key_condition_expression("#list = :list AND #entry >= :from")
                .expression_attribute_values(":from", text(format!("{LISTED}{from}")))
        };
        // DynamoDB refuses a start that the condition leaves out.
        let start = match part.start() {
            PartStart::Beginning => None,
            PartStart::Over => return Ok(Vec::new()),
            PartStart::After(after) => {
                let entry = text(NameEntry::Listed(after.clone()).to_string());
                Some(Item::from([("name".to_owned(), key), ("requestId".to_owned(), entry)]))
            }
        };
        let listed = |item| match entry(&item) {
            Some(NameEntry::Listed(listed)) => Ok(Some(listed)),
            _ => Ok(None),
        };
        first(query.set_exclusive_start_key(start), limit, WHAT, listed).await
    }
}
