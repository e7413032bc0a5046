//! A consistent read of a stack: each request with its approval in one transaction, then its audit trail up to the last
//! event in its row; links, names, passkeys, standing approvals and certificates after the rows that refer to them.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Get, TransactGetItem};
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};
use workflow::approval::Link;
use workflow::approval::passkey::Passkey;
use workflow::approval::sign_in::ProviderKey;
use workflow::approval::standing::{StandingApproval, StandingUse};
use workflow::backup::{NameRow, ObjectKey, Record, RowColumns, TableRow};
use workflow::ids::RequestId;
use workflow::request::audit::{AuditError, Event};
use workflow::request::{Request, verify_request};
use workflow::store::object_key::{
    APPROVALS, CERTIFICATES, INBOXES, ISSUERS, PASSKEYS, PROVIDER_KEYS, STANDING_APPROVAL, STANDING_USES,
    approval_key,
};

use crate::error::{CliError, OrFail as _, ROW_OF_ANOTHER_VERSION};
use crate::moment::{TableItem, at_one_moment};
use crate::stack::Stack;

/// Maximum number of re-reads of a row under concurrent writes.
const ATTEMPTS: u32 = 8;

/// The stack to export.
pub(crate) struct ExportSource<'a> {
    stack: &'a Stack,
    dynamodb: Client,
}

/// The records of one request, in the order of the export.
pub(super) struct Group {
    /// Events, row, approval.
    pub(super) records: Vec<Record>,
    /// Faults of the audit trail.
    pub(super) broken: Vec<AuditError>,
}

impl<'a> ExportSource<'a> {
    pub(crate) fn of(stack: &'a Stack) -> Self {
        Self { stack, dynamodb: Client::new(&stack.sdk) }
    }

    /// Returns the ids of all requests.
    pub(super) async fn ids(&self) -> Result<Vec<RequestId>, CliError> {
        let table = &self.stack.requests_table;
        let mut items = self.scan(table).projection_expression("id").into_paginator().items().send();
        let mut ids = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.or_fail(|| format!("cannot read the table {table}"), "")?;
            let id = item.get("id").and_then(|id| id.as_s().ok()).and_then(|id| id.parse().ok());
            ids.push(id.ok_or_else(|| unreadable(table, "it has no id"))?);
        }
        Ok(ids)
    }

    /// Returns the records of a request; `None` if it no longer exists.
    pub(super) async fn group(&self, id: RequestId) -> Result<Option<Group>, CliError> {
        // An event behind the last one that the row names is a defect, and is exported as one.
        let ((row, approval), trail) = at_one_moment(self.stack, id, async || self.pair(id).await).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let of = |error: CliError| error.about(id);
        let row: TableRow<Request> = row_of(row, &self.stack.requests_table).map_err(of)?;
        let (mut records, mut events) = (Vec::new(), Vec::new());
        for item in trail {
            let event: TableRow<Event> = row_of(item, &self.stack.audit_table).map_err(of)?;
            events.push(event.value().clone());
            records.push(Record::Event(event));
        }
        let broken = verify_request(row.value(), &events);
        records.push(Record::Request(Box::new(row)));
        if let Some(approval) = approval {
            let table = &self.stack.approvals_table;
            let row = TableRow::without_tokens(columns(approval, table).map_err(of)?)
                .map_err(|why| of(unreadable(table, &why)))?;
            records.push(Record::Approval(Box::new(row)));
        }
        Ok(Some(Group { records, broken }))
    }

    /// Reads row and approval in one transaction.
    async fn pair(&self, id: RequestId) -> Result<(Option<TableItem>, Option<TableItem>), CliError> {
        let get = |table: &str, key: &str, value: String| {
            let get = Get::builder().table_name(table).key(key, AttributeValue::S(value)).build();
            get.map(|get| TransactGetItem::builder().get(get).build())
        };
        let doing = || format!("cannot read the request {id}");
        let row = get(&self.stack.requests_table, "id", id.to_string()).or_fail(doing, "")?;
        let approval = get(&self.stack.approvals_table, "key", approval_key(id)).or_fail(doing, "")?;
        let mut attempt = 0;
        loop {
            let read = self.dynamodb.transact_get_items().transact_items(row.clone());
            match read.transact_items(approval.clone()).send().await {
                Ok(answer) => {
                    let mut items = answer.responses.unwrap_or_default().into_iter().map(|one| one.item);
                    return Ok((items.next().flatten(), items.next().flatten()));
                }
                // A worker writes one of them at this moment. DynamoDB sends this command no event about the end of that write.
                Err(error)
                    if attempt < ATTEMPTS
                        && error
                            .as_service_error()
                            .is_some_and(|error| error.is_transaction_canceled_exception()) =>
                {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(50) * 2_u32.pow(attempt)).await;
                }
                Err(error) => return Err(error).or_fail(doing, ""),
            }
        }
    }

    /// Passes the links of all approvers to `each`.
    pub(super) async fn links(
        &self,
        each: impl FnMut(TableRow<Link>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        // Rows of other kinds come from a newer version; reading them as links fails.
        let links = self
            .scan(&self.stack.approvals_table)
            .filter_expression("NOT begins_with(#key, :approval) AND NOT begins_with(#key, :inbox)");
        let links = links.expression_attribute_names("#key", "key");
        // The links to lists end within an hour, and are not exported.
        let links = links.expression_attribute_values(":inbox", AttributeValue::S(INBOXES.into()));
        every(links.expression_attribute_values(":approval", AttributeValue::S(APPROVALS.into())), each).await
    }

    /// Passes all rows of the table of names to `each`.
    pub(super) async fn names(
        &self,
        each: impl FnMut(TableRow<NameRow>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        every(self.scan(&self.stack.names_table), each).await
    }

    /// Passes all passkeys to `each`. What is left of enrolments ends within days, and is not exported.
    pub(super) async fn passkeys(
        &self,
        each: impl FnMut(TableRow<Passkey>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        every(self.items(&self.stack.people_table, PASSKEYS), each).await
    }

    /// Passes all keys of identity providers to `each`.
    pub(super) async fn provider_keys(
        &self,
        each: impl FnMut(TableRow<ProviderKey>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        every(self.items(&self.stack.people_table, PROVIDER_KEYS), each).await
    }

    /// Passes the certificates that were counted under standing approvals to `each`.
    pub(crate) async fn standing_uses(
        &self,
        each: impl FnMut(TableRow<StandingUse>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        every(self.items(&self.stack.grants_table, STANDING_USES), each).await
    }

    /// Passes all standing approvals to `each`.
    pub(crate) async fn standing_approvals(
        &self,
        each: impl FnMut(TableRow<StandingApproval>) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        every(self.items(&self.stack.grants_table, STANDING_APPROVAL), each).await
    }

    /// The rows of a table whose sort keys begin so.
    fn items(&self, table: &str, item: &str) -> ScanFluentBuilder {
        let rows = self.scan(table).filter_expression("begins_with(#item, :item)");
        let rows = rows.expression_attribute_names("#item", "item");
        rows.expression_attribute_values(":item", AttributeValue::S(item.to_owned()))
    }

    fn scan(&self, table: &str) -> ScanFluentBuilder {
        self.dynamodb.scan().table_name(table).consistent_read(true)
    }

    /// Returns the keys of the certificates in the bucket, and the keys of other objects beside them.
    pub(super) async fn objects(&self) -> Result<(Vec<ObjectKey>, Vec<String>), CliError> {
        let (bucket, s3) = (&self.stack.bucket, self.stack.s3());
        let (mut keys, mut others) = (Vec::new(), Vec::new());
        for prefix in [ISSUERS, CERTIFICATES] {
            let listing = s3.list_objects_v2().bucket(bucket).prefix(prefix);
            let mut pages = listing.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.or_fail(|| format!("cannot list the bucket {bucket}"), "")?;
                for key in page.contents().iter().filter_map(|object| object.key()) {
                    match key.parse() {
                        Ok(key) => keys.push(key),
                        Err(_) => others.push(key.to_owned()),
                    }
                }
            }
        }
        Ok((keys, others))
    }
}

/// Passes all rows of a scan to `each`.
async fn every<T: DeserializeOwned>(
    scan: ScanFluentBuilder,
    mut each: impl FnMut(TableRow<T>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let table = scan.get_table_name().clone().unwrap_or_default();
    let mut items = scan.into_paginator().items().send();
    while let Some(item) = items.next().await {
        each(row_of(item.or_fail(|| format!("cannot read the table {table}"), "")?, &table)?)?;
    }
    Ok(())
}

pub(super) fn row_of<T: DeserializeOwned>(item: TableItem, table: &str) -> Result<TableRow<T>, CliError> {
    TableRow::read(columns(item, table)?).map_err(|why| unreadable(table, &why))
}

/// Returns the columns of a row. Fails if one of them has a type that an export cannot hold.
fn columns(item: TableItem, table: &str) -> Result<RowColumns, CliError> {
    let read =
        from_item::<RowColumns>(item.clone()).map_err(|error| unreadable(table, &error.to_string()))?;
    match item_of(&read) {
        Ok(back) if back == item => Ok(read),
        _ => Err(unreadable(table, "it has a column of a type that an export cannot hold")),
    }
}

pub(super) fn item_of(columns: &RowColumns) -> Result<TableItem, CliError> {
    to_item(columns).or_fail(|| "cannot encode a row".into(), "")
}

fn unreadable(table: &str, why: &str) -> CliError {
    CliError::new(format!("cannot read a row of the table {table}: {why}"), ROW_OF_ANOTHER_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_kept_or_refused() {
        let plain = TableItem::from([
            ("text".to_owned(), AttributeValue::S("x".into())),
            ("number".to_owned(), AttributeValue::N("18446744073709551615".into())),
            ("yes".to_owned(), AttributeValue::Bool(true)),
            ("nothing".to_owned(), AttributeValue::Null(true)),
            (
                "list".to_owned(),
                AttributeValue::L(vec![AttributeValue::N("-1".into()), AttributeValue::L(vec![])]),
            ),
            (
                "map".to_owned(),
                AttributeValue::M(TableItem::from([("a".to_owned(), AttributeValue::S(String::new()))])),
            ),
        ]);
        assert_eq!(item_of(&columns(plain.clone(), "t").unwrap()).unwrap(), plain);
        for odd in [
            AttributeValue::Ss(vec!["a".into()]),
            AttributeValue::B(vec![1].into()),
            AttributeValue::N("0.1000".into()),
        ] {
            let item = TableItem::from([("odd".to_owned(), odd.clone())]);
            assert!(columns(item, "t").is_err(), "{odd:?}");
        }
    }
}
