//! The table `approvals`.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::sdk_config::SdkConfig;
use serde::Serialize;

use super::requests::{CLEARABLE, stored};
use super::{AuditTable, Item, Table, encode};
use crate::approval::{Approval, InboxLink, Link, LinkDigest};
use crate::ids::RequestId;
use crate::ports::{Approvals, PortError, Saved};
use crate::request::Request;
use crate::request::audit::Event;
use crate::store::object_key::{approval_key, inbox_key, link_key};

/// The table of approvals. One key column `key`: `request#<id>` holds an approval, `link#<digest>` a link,
/// `inbox#<digest>` an approver's link to everything that waits for them.
pub struct DynamoApprovals {
    table: Table,
    requests: Table,
    audit: AuditTable,
}

impl DynamoApprovals {
    /// The tables with these names.
    pub fn new(sdk: &SdkConfig, table: &str, requests: &str, audit: &str) -> Self {
        let table = Table::new(sdk, table, "key");
        Self { requests: table.beside(requests, "id"), audit: AuditTable::beside(&table, audit), table }
    }
}

fn keyed(row: &impl Serialize, key: String, what: &'static str) -> Result<Item, PortError> {
    let mut item = encode(row, what)?;
    item.insert("key".into(), AttributeValue::S(key));
    Ok(item)
}

#[async_trait]
impl Approvals for DynamoApprovals {
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError> {
        self.table.find(approval_key(id), "read the approval").await
    }

    async fn create(&self, approval: &Approval) -> Result<Saved, PortError> {
        const WHAT: &str = "store the approval";
        self.table.create(keyed(approval, approval_key(approval.request_id), WHAT)?, WHAT).await
    }

    async fn save(&self, approval: &Approval) -> Result<Saved, PortError> {
        const WHAT: &str = "change the approval";
        self.table
            .save(keyed(approval, approval_key(approval.request_id), WHAT)?, approval.version, WHAT)
            .await
    }

    async fn save_with(
        &self,
        approval: &Approval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        const WHAT: &str = "change the approval";
        let item = keyed(approval, approval_key(approval.request_id), WHAT)?;
        let writes = vec![
            self.table.saving(item, approval.version, &[], WHAT)?,
            self.requests.saving(stored(request, WHAT)?, request.version(), CLEARABLE, WHAT)?,
        ];
        self.audit.commit(writes, events, WHAT).await
    }

    async fn add_link(&self, link: &Link) -> Result<(), PortError> {
        const WHAT: &str = "store the link";
        // The key is random: a conflict means that an earlier call stored this link and timed out.
        let _: Saved = self.table.create(keyed(link, link_key(&link.digest), WHAT)?, WHAT).await?;
        Ok(())
    }

    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError> {
        self.table.find(link_key(digest), "read the link").await
    }

    async fn add_inbox(&self, inbox: &InboxLink) -> Result<(), PortError> {
        const WHAT: &str = "store the inbox link";
        let _: Saved = self.table.create(keyed(inbox, inbox_key(&inbox.digest), WHAT)?, WHAT).await?;
        Ok(())
    }

    async fn find_inbox(&self, digest: &LinkDigest) -> Result<Option<InboxLink>, PortError> {
        self.table.find(inbox_key(digest), "read the inbox link").await
    }
}
