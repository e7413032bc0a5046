//! The table `acme`: key `key` and `item`.
//!
//! | key | item | what |
//! | --- | --- | --- |
//! | `account#<id>` | `account` | an account |
//! | `account#<id>` | `order#<order id>` | an order of the account; the ids are in the order of time |
//! | `key#<digest>` | `account` | the account with this key: one account a key |
//! | `binding#<key id>` | `account` | the account that is bound by this key id: one account a credential |
//! | `request#<request id>` | `order` | the order whose certificate the request is for |
//! | `replaces#<certificate>` | `order` | the order that replaces the certificate (RFC 9773) |
//! | `extensions#<standing approval>` | `extensions` | the extensions of a standing approval |
//! | `nonce#<nonce>` | `nonce` | a nonce that is spent |

use std::collections::HashMap;

use async_trait::async_trait;
use aws_lc_rs::rand;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, Select, TransactWriteItem};
use aws_types::sdk_config::SdkConfig;
use pki::acme::{RenewalCertId, SpendableNonce};
use serde::{Deserialize, Serialize};

use super::{Item, Table, decode, encode, saved};
use crate::acme::{
    AcmeAccount, AcmeAccountId, AcmeExtensions, AcmeOrder, AcmeOrderId, OrderState, OrderSummary,
};
use crate::aws::unavailable;
use crate::ids::RequestId;
use crate::ports::{AcmeStore, OrderName, OrdersPage, PortError, Saved};
use crate::store::object_key::{ACME_ORDERS, acme_account_key, acme_order_key};

const KEY: &str = "key";
const ITEM: &str = "item";
const ACCOUNT: &str = "account";
const ORDER: &str = "order";
const EXTENSIONS: &str = "extensions";

/// The table.
pub struct DynamoAcme(Table);

/// A row that leads to an account.
#[derive(Serialize, Deserialize)]
struct AccountEntry {
    key: String,
    item: String,
    account: AcmeAccountId,
}

/// A row that leads to an order.
#[derive(Serialize, Deserialize)]
struct OrderEntry {
    key: String,
    item: String,
    account: AcmeAccountId,
    order: AcmeOrderId,
}

/// A spent nonce. The attempt tells a call that the SDK repeated from a client that did.
#[derive(Serialize)]
struct NonceEntry {
    key: String,
    item: &'static str,
    attempt: String,
    /// The attribute of the table's time to live, in seconds since 1970.
    expires: i64,
}

impl OrderEntry {
    fn new(key: String, order: &AcmeOrder) -> Self {
        Self { key, item: ORDER.to_owned(), account: order.account().clone(), order: order.id().clone() }
    }
}

impl From<OrderEntry> for OrderName {
    fn from(OrderEntry { account, order, .. }: OrderEntry) -> Self {
        Self { account, order }
    }
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn key(key: String, item: impl Into<String>) -> Item {
    HashMap::from([(KEY.to_owned(), text(key)), (ITEM.to_owned(), text(item))])
}

fn keyed(row: &impl Serialize, key: String, item: String, what: &'static str) -> Result<Item, PortError> {
    let mut columns = encode(row, what)?;
    columns.extend([(KEY.to_owned(), text(key)), (ITEM.to_owned(), text(item))]);
    Ok(columns)
}

fn account_row(account: &AcmeAccount, what: &'static str) -> Result<Item, PortError> {
    keyed(account, acme_account_key(account.id()), ACCOUNT.to_owned(), what)
}

fn order_row(order: &AcmeOrder, what: &'static str) -> Result<Item, PortError> {
    keyed(order, acme_account_key(order.account()), acme_order_key(order.id()), what)
}

fn extensions_row(extensions: &AcmeExtensions, what: &'static str) -> Result<Item, PortError> {
    keyed(extensions, of_extended(extensions.standing()), EXTENSIONS.to_owned(), what)
}

fn of_extended(standing: RequestId) -> String {
    format!("extensions#{standing}")
}

fn of_key(digest: &str) -> String {
    format!("key#{digest}")
}

fn of_binding(key_id: &str) -> String {
    format!("binding#{key_id}")
}

fn of_request(id: RequestId) -> String {
    format!("request#{id}")
}

fn of_replaced(certificate: &RenewalCertId) -> String {
    format!("replaces#{certificate}")
}

impl DynamoAcme {
    /// The table with this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, KEY).sorted_by(ITEM))
    }

    async fn entry_of_account(
        &self,
        of: String,
        what: &'static str,
    ) -> Result<Option<AcmeAccountId>, PortError> {
        let entry: Option<AccountEntry> = self.0.find_item(key(of, ACCOUNT), what).await?;
        Ok(entry.map(|entry| entry.account))
    }

    async fn entry_of_order(&self, of: String, what: &'static str) -> Result<Option<OrderName>, PortError> {
        let entry: Option<OrderEntry> = self.0.find_item(key(of, ORDER), what).await?;
        Ok(entry.map(OrderName::from))
    }

    /// The insertion of a row that leads to the account.
    fn leading(
        &self,
        of: String,
        account: &AcmeAccount,
        what: &'static str,
    ) -> Result<TransactWriteItem, PortError> {
        let entry = AccountEntry { key: of, item: ACCOUNT.to_owned(), account: account.id().clone() };
        self.0.creation(encode(&entry, what)?, what)
    }

    /// The removal of the row that leads from a key to its account.
    fn removal(
        &self,
        of: String,
        account: &AcmeAccountId,
        what: &'static str,
    ) -> Result<TransactWriteItem, PortError> {
        let delete = Delete::builder()
            .table_name(&self.0.name)
            .set_key(Some(key(of, ACCOUNT)))
            .condition_expression("#account = :account")
            .expression_attribute_names("#account", ACCOUNT)
            .expression_attribute_values(":account", text(account.as_str()))
            .build()
            .map_err(|error| PortError::new(what, error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// The write of a row that leads to an order: if there is none, or the one of the order whose place it takes.
    fn leading_to(
        &self,
        of: String,
        order: &AcmeOrder,
        instead_of: Option<&AcmeOrderId>,
        what: &'static str,
    ) -> Result<TransactWriteItem, PortError> {
        let row = encode(&OrderEntry::new(of, order), what)?;
        let Some(before) = instead_of else { return self.0.creation(row, what) };
        let put = Put::builder()
            .table_name(&self.0.name)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(#key) OR #order = :before")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#order", ORDER)
            .expression_attribute_values(":before", text(before.as_str()))
            .build()
            .map_err(|error| PortError::new(what, error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

#[async_trait]
impl AcmeStore for DynamoAcme {
    async fn spend(&self, nonce: &SpendableNonce) -> Result<Saved, PortError> {
        const WHAT: &str = "spend a nonce";
        let mut attempt = [0; 16];
        rand::fill(&mut attempt).map_err(|_| PortError { what: WHAT, cause: "no randomness".into() })?;
        let attempt = hex::encode(attempt);
        let entry = NonceEntry {
            key: format!("nonce#{}", nonce.id()),
            item: "nonce",
            attempt: attempt.clone(),
            expires: nonce.expires().unix_timestamp(),
        };
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(encode(&entry, WHAT)?));
        // The SDK repeats a call whose answer it did not get: the nonce is spent then, by this call.
        let put = put
            .condition_expression("attribute_not_exists(#key) OR #attempt = :attempt")
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#attempt", "attempt")
            .expression_attribute_values(":attempt", text(attempt));
        saved(put.send().await, WHAT)
    }

    async fn account(&self, id: &AcmeAccountId) -> Result<Option<AcmeAccount>, PortError> {
        self.0.find_item(key(acme_account_key(id), ACCOUNT), "read the ACME account").await
    }

    async fn account_of_key(&self, key_digest: &str) -> Result<Option<AcmeAccountId>, PortError> {
        self.entry_of_account(of_key(key_digest), "read the account of a key").await
    }

    async fn account_of_binding(&self, key_id: &str) -> Result<Option<AcmeAccountId>, PortError> {
        self.entry_of_account(of_binding(key_id), "read the account of a key id").await
    }

    async fn create_account(&self, account: &AcmeAccount) -> Result<Saved, PortError> {
        const WHAT: &str = "store the ACME account";
        let writes = vec![
            self.0.creation(account_row(account, WHAT)?, WHAT)?,
            self.leading(of_key(account.key_digest()), account, WHAT)?,
            self.leading(of_binding(account.key_id()), account, WHAT)?,
        ];
        self.0.commit(writes, WHAT).await
    }

    async fn save_account(&self, account: &AcmeAccount) -> Result<Saved, PortError> {
        const WHAT: &str = "change the ACME account";
        self.0.save(account_row(account, WHAT)?, account.version(), WHAT).await
    }

    async fn save_key(&self, account: &AcmeAccount, key_digest_before: &str) -> Result<Saved, PortError> {
        const WHAT: &str = "change the key of the ACME account";
        let writes = vec![
            self.0.saving(account_row(account, WHAT)?, account.version(), &[], WHAT)?,
            self.leading(of_key(account.key_digest()), account, WHAT)?,
            self.removal(of_key(key_digest_before), account.id(), WHAT)?,
        ];
        self.0.commit(writes, WHAT).await
    }

    async fn order(&self, name: &OrderName) -> Result<Option<AcmeOrder>, PortError> {
        let key = key(acme_account_key(&name.account), acme_order_key(&name.order));
        self.0.find_item(key, "read the ACME order").await
    }

    async fn create_order(
        &self,
        order: &AcmeOrder,
        instead_of: Option<&AcmeOrderId>,
    ) -> Result<Saved, PortError> {
        const WHAT: &str = "store the ACME order";
        let row = order_row(order, WHAT)?;
        let Some(replaced) = order.replaces() else { return self.0.create(row, WHAT).await };
        let replacing = self.leading_to(of_replaced(&replaced), order, instead_of, WHAT)?;
        self.0.commit(vec![self.0.creation(row, WHAT)?, replacing], WHAT).await
    }

    async fn save_order(&self, order: &AcmeOrder) -> Result<Saved, PortError> {
        const WHAT: &str = "change the ACME order";
        let mut writes = vec![self.0.saving(order_row(order, WHAT)?, order.version(), &["csr"], WHAT)?];
        if let OrderState::Processing { request_id, .. } = order.state() {
            writes.push(self.leading_to(of_request(*request_id), order, Some(order.id()), WHAT)?);
        }
        self.0.commit(writes, WHAT).await
    }

    async fn orders(
        &self,
        account: &AcmeAccountId,
        before: Option<&AcmeOrderId>,
        limit: usize,
    ) -> Result<OrdersPage, PortError> {
        const WHAT: &str = "list the orders of an ACME account";
        let mut found: Vec<OrderSummary> = Vec::new();
        let mut start = before.map(|before| key(acme_account_key(account), acme_order_key(before)));
        loop {
            let query = self.0.client.query().table_name(&self.0.name).scan_index_forward(false);
            let query = query
                .key_condition_expression("#key = :key AND begins_with(#item, :orders)")
                .expression_attribute_names("#key", KEY)
                .expression_attribute_names("#item", ITEM)
                .expression_attribute_values(":key", text(acme_account_key(account)))
                .expression_attribute_values(":orders", text(ACME_ORDERS))
                .select(Select::SpecificAttributes)
                .projection_expression("#id, #status, madeAt, endsAt")
                .expression_attribute_names("#id", "id")
                .expression_attribute_names("#status", "status")
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let answer = query.send().await.map_err(unavailable(WHAT))?;
            for item in answer.items.unwrap_or_default() {
                found.push(decode(item, WHAT)?);
            }
            start = answer.last_evaluated_key;
            // A page of DynamoDB ends after a megabyte, too.
            if start.is_none() || found.len() >= limit {
                let next = found.last().filter(|_| start.is_some()).map(|order| order.id.clone());
                return Ok(OrdersPage { orders: found, next });
            }
        }
    }

    async fn order_of_request(&self, request: RequestId) -> Result<Option<OrderName>, PortError> {
        self.entry_of_order(of_request(request), "read the order of a request").await
    }

    async fn replacement(&self, certificate: &RenewalCertId) -> Result<Option<OrderName>, PortError> {
        self.entry_of_order(of_replaced(certificate), "read the order that replaces a certificate").await
    }

    async fn extensions(&self, standing: RequestId) -> Result<Option<AcmeExtensions>, PortError> {
        self.0.find_item(key(of_extended(standing), EXTENSIONS), "read the extensions").await
    }

    async fn create_extensions(&self, extensions: &AcmeExtensions) -> Result<Saved, PortError> {
        const WHAT: &str = "store the extensions";
        self.0.create(extensions_row(extensions, WHAT)?, WHAT).await
    }

    async fn save_extensions(&self, extensions: &AcmeExtensions) -> Result<Saved, PortError> {
        const WHAT: &str = "change the extensions";
        self.0.save(extensions_row(extensions, WHAT)?, extensions.version(), WHAT).await
    }
}
