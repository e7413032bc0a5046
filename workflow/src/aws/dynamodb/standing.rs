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

use super::{Item, Table, encode};
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::ids::RequestId;
use crate::ports::{PortError, Saved, StandingApprovals};
use crate::store::object_key::{STANDING_APPROVAL, standing_use_key};

const ITEM: &str = "item";

/// The table.
pub struct DynamoStanding(Table);

impl DynamoStanding {
    /// The table with this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "id").sorted_by(ITEM))
    }
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

    async fn save(&self, approval: &StandingApproval) -> Result<Saved, PortError> {
        const WHAT: &str = "change the standing approval";
        let row = keyed(approval, STANDING_APPROVAL.to_owned(), WHAT)?;
        self.0.save(row, approval.version(), WHAT).await
    }

    async fn find_use(&self, id: RequestId, request: RequestId) -> Result<Option<StandingUse>, PortError> {
        self.0.find_item(key(id, standing_use_key(request)), "read the use of a standing approval").await
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
