//! The table `revocations`: key `issuer` and `serial`.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use aws_types::sdk_config::SdkConfig;
use pki::certificate::Serial;

use super::requests::{CLEARABLE, stored};
use super::{AuditTable, Table, decode, encode};
use crate::aws::unavailable;
use crate::certificate::Revocation;
use crate::ports::{PortError, RevocationPage, RevocationWriter, Revocations, Saved};
use crate::request::Request;
use crate::request::audit::Event;

/// Reads the table.
pub struct DynamoRevocations(Table);

/// Writes the table, together with requests and their audit trail.
pub struct DynamoRevocationWriter {
    table: Table,
    requests: Table,
    audit: AuditTable,
}

impl DynamoRevocations {
    /// The table with this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "issuer"))
    }
}

impl DynamoRevocationWriter {
    /// The tables with these names.
    pub fn new(sdk: &SdkConfig, table: &str, requests: &str, audit: &str) -> Self {
        let table = Table::new(sdk, table, "issuer");
        Self { requests: table.beside(requests, "id"), audit: AuditTable::beside(&table, audit), table }
    }
}

fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

#[async_trait]
impl Revocations for DynamoRevocations {
    async fn find(&self, issuer: &str, serial: &Serial) -> Result<Option<Revocation>, PortError> {
        const WHAT: &str = "read the revocation";
        let get = self.0.client.get_item().table_name(&self.0.name).consistent_read(true);
        let get = get.key("issuer", text(issuer)).key("serial", text(serial));
        let answer = get.send().await.map_err(unavailable(WHAT))?;
        answer.item.map(|item| decode(item, WHAT)).transpose()
    }

    async fn page(&self, issuer: &str, after: Option<&Serial>) -> Result<RevocationPage, PortError> {
        const WHAT: &str = "read the revocations";
        let start = after.map(|serial| {
            HashMap::from([("issuer".to_owned(), text(issuer)), ("serial".to_owned(), text(serial))])
        });
        let query = self.0.client.query().table_name(&self.0.name).consistent_read(true);
        let query = query
            .key_condition_expression("#issuer = :issuer")
            .expression_attribute_names("#issuer", "issuer")
            .expression_attribute_values(":issuer", text(issuer))
            .set_exclusive_start_key(start);
        let page = query.send().await.map_err(unavailable(WHAT))?;
        let more = page.last_evaluated_key().is_some();
        let revocations: Vec<Revocation> = page
            .items
            .unwrap_or_default()
            .into_iter()
            .map(|item| decode(item, WHAT))
            .collect::<Result<_, _>>()?;
        let next = revocations.last().filter(|_| more).map(|last| last.serial.clone());
        Ok(RevocationPage { revocations, next })
    }
}

#[async_trait]
impl RevocationWriter for DynamoRevocationWriter {
    async fn record(
        &self,
        revocation: &Revocation,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        const WHAT: &str = "record the revocation";
        // Without a condition: a row that is there is of the same certificate, and of an earlier try. The version of
        // the request lets only one write of it through.
        let put = Put::builder().table_name(&self.table.name).set_item(Some(encode(revocation, WHAT)?));
        let put = put.build().map_err(|error| PortError::new(WHAT, error))?;
        let writes = vec![
            TransactWriteItem::builder().put(put).build(),
            self.requests.saving(stored(request, WHAT)?, request.version(), CLEARABLE, WHAT)?,
        ];
        self.audit.commit(writes, events, WHAT).await
    }
}
