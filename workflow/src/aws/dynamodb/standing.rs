//! The table `grants`: key `id` and `item`.
//!
//! | id | item | what |
//! | --- | --- | --- |
//! | of the standing approval | `approval` | the standing approval |
//! | of the standing approval | `use#<request id>` | the certificate of a request that was counted under it |

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::sdk_config::SdkConfig;
use serde::Serialize;

use super::requests::{CLEARABLE, stored};
use super::{AuditTable, Item, Table, decode, encode};
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::aws::unavailable;
use crate::ids::RequestId;
use crate::ports::{PortError, Saved, StandingApprovals, StandingEndWriter, StandingUsePage};
use crate::request::Request;
use crate::request::audit::Event;
use crate::store::object_key::{STANDING_APPROVAL, STANDING_USES, standing_use_key};

const ITEM: &str = "item";
const ENDED: &str = "ended";

/// The table.
pub struct DynamoStanding(Table);

impl DynamoStanding {
    /// The table with this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(grants(sdk, table))
    }

    /// Every standing approval, in no order. For operators: a scan, also of the uses.
    ///
    /// # Errors
    /// [`PortError`] if the table does not answer.
    pub async fn all(&self) -> Result<Vec<StandingApproval>, PortError> {
        const WHAT: &str = "read the standing approvals";
        let scan = self.0.client.scan().table_name(&self.0.name).consistent_read(true);
        let scan = scan
            .filter_expression("#item = :item")
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":item", AttributeValue::S(STANDING_APPROVAL.to_owned()));
        let items = scan.into_paginator().items().send().collect::<Result<Vec<Item>, _>>().await;
        items.map_err(unavailable(WHAT))?.into_iter().map(|item| decode(item, WHAT)).collect()
    }
}

/// Writes the ends of standing approvals, together with their requests and the audit trail.
pub struct DynamoStandingEnds {
    table: Table,
    requests: Table,
    audit: AuditTable,
}

impl DynamoStandingEnds {
    /// The tables with these names.
    pub fn new(sdk: &SdkConfig, table: &str, requests: &str, audit: &str) -> Self {
        let table = grants(sdk, table);
        Self { requests: table.beside(requests, "id"), audit: AuditTable::beside(&table, audit), table }
    }
}

fn grants(sdk: &SdkConfig, table: &str) -> Table {
    Table::new(sdk, table, "id").sorted_by(ITEM)
}

fn key(id: RequestId, item: String) -> Item {
    let text = |name: &str, text: String| (name.to_owned(), AttributeValue::S(text));
    HashMap::from([text("id", id.to_string()), text(ITEM, item)])
}

fn keyed(row: &impl Serialize, item: String, what: &'static str) -> Result<Item, PortError> {
    let mut columns = encode(row, what)?;
    columns.insert(ITEM.to_owned(), AttributeValue::S(item));
    Ok(columns)
}

#[async_trait]
impl StandingApprovals for DynamoStanding {
    async fn find(&self, id: RequestId) -> Result<Option<StandingApproval>, PortError> {
        self.0.find_item(key(id, STANDING_APPROVAL.to_owned()), "read the standing approval").await
    }

    async fn create(&self, approval: &StandingApproval) -> Result<Saved, PortError> {
        const WHAT: &str = "store the standing approval";
        self.0.create(keyed(approval, STANDING_APPROVAL.to_owned(), WHAT)?, WHAT).await
    }

    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError> {
        self.0.find_item(key(id, standing_use_key(request)), "read the use of a standing approval").await
    }

    async fn uses(
        &self,
        id: RequestId,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<StandingUsePage, PortError> {
        const WHAT: &str = "read the uses of a standing approval";
        let query = self.0.client.query().table_name(&self.0.name).consistent_read(true);
        let query = query
            .key_condition_expression("#id = :id AND begins_with(#item, :use)")
            .expression_attribute_names("#id", "id")
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
            .expression_attribute_values(":use", AttributeValue::S(STANDING_USES.to_owned()))
            .set_exclusive_start_key(after.map(|after| key(id, standing_use_key(after))))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let page = query.send().await.map_err(unavailable(WHAT))?;
        let more = page.last_evaluated_key().is_some();
        let items = page.items.unwrap_or_default().into_iter();
        let uses: Vec<StandingUse> = items.map(|item| decode(item, WHAT)).collect::<Result<_, _>>()?;
        let next = uses.last().filter(|_| more).map(|last| last.request_id);
        Ok(StandingUsePage { uses, next })
    }

    async fn count(&self, approval: &StandingApproval, counted: &StandingUse) -> Result<Saved, PortError> {
        const WHAT: &str = "count a use of the standing approval";
        let row = keyed(approval, STANDING_APPROVAL.to_owned(), WHAT)?;
        let counted = keyed(counted, standing_use_key(counted.request_id), WHAT)?;
        let writes =
            vec![self.0.saving(row, approval.version(), &[], WHAT)?, self.0.creation(counted, WHAT)?];
        self.0.commit(writes, WHAT).await
    }
}

#[async_trait]
impl StandingEndWriter for DynamoStandingEnds {
    async fn end(
        &self,
        approval: &StandingApproval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        const WHAT: &str = "end the standing approval";
        let mut row = keyed(approval, STANDING_APPROVAL.to_owned(), WHAT)?;
        // No other column: so a role that may end one need not be able to change a count.
        row.retain(|column, _| matches!(column.as_str(), "id" | ITEM | ENDED));
        let writes = vec![
            self.table.saving(row, approval.version(), &[], WHAT)?,
            self.requests.saving(stored(request, WHAT)?, request.version(), CLEARABLE, WHAT)?,
        ];
        self.audit.commit(writes, events, WHAT).await
    }
}
