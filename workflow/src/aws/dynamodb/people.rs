//! The table `people`: key `person` and `item`.
//!
//! | person | item | written by |
//! | --- | --- | --- |
//! | an address | `passkey#<credential id>` | Sign, when an enrolment is complete |
//! | `enrolment#<id>` | `code#<digest>` | notify |
//! | `enrolment#<id>` | `confirmed`, `vouch#<address>` | Sign |
//! | `enrolment#<id>` | `operator#<name>` | `countersign people vouch` |
//! | `provider#<issuer>` | `key#<thumbprint>` | Sign, when it fetched the keys |

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::sdk_config::SdkConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{Item, Table, decode, encode, saved};
use crate::approval::passkey::Passkey;
use crate::approval::sign_in::ProviderKey;
use crate::aws::unavailable;
use crate::enrolment::{EnrolmentId, EnrolmentProof};
use crate::policy::IssuerUrl;
use crate::ports::{EnrolmentCodes, People, PeopleWriter, PortError, Saved};
use crate::store::object_key::{PASSKEYS, PROVIDER_KEYS, passkey_key, provider_key, provider_partition};

const CODE: &str = "code#";
/// DynamoDB removes what is left of an enrolment after this time.
const KEPT_FOR: Duration = Duration::days(30);

/// The table.
pub struct DynamoPeople(Table);

/// A row about an enrolment.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnrolmentRow {
    person: String,
    item: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// The attribute of the table's time to live, in seconds since 1970.
    ends_at: i64,
}

impl EnrolmentRow {
    fn new(enrolment: &EnrolmentId, item: String, now: OffsetDateTime) -> Self {
        let at = crate::timestamp::whole_seconds(now);
        Self { person: partition(enrolment), item, at, ends_at: (now + KEPT_FOR).unix_timestamp() }
    }
}

fn partition(enrolment: &EnrolmentId) -> String {
    format!("enrolment#{enrolment}")
}

impl DynamoPeople {
    /// The table with this name.
    pub fn new(sdk: &SdkConfig, table: &str) -> Self {
        Self(Table::new(sdk, table, "person"))
    }

    /// All rows of a partition whose item begins so.
    async fn rows(&self, person: &str, item: &str, what: &'static str) -> Result<Vec<Item>, PortError> {
        let mut query = self.0.client.query().table_name(&self.0.name).consistent_read(true);
        query = query
            .expression_attribute_names("#person", "person")
            .expression_attribute_values(":person", AttributeValue::S(person.to_owned()));
        query = match item {
            "" => query.key_condition_expression("#person = :person"),
            item => query
                .key_condition_expression("#person = :person AND begins_with(#item, :item)")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":item", AttributeValue::S(item.to_owned())),
        };
        query.into_paginator().items().send().collect::<Result<_, _>>().await.map_err(unavailable(what))
    }

    async fn put(&self, item: Item, what: &'static str) -> Result<(), PortError> {
        // A row that is there is of an earlier try.
        let _: Saved = self.0.create(item, what).await?;
        Ok(())
    }

    /// Removes a passkey; returns true if there was one. For operators.
    ///
    /// # Errors
    /// [`PortError`] if the table does not answer.
    pub async fn remove(&self, passkey: &Passkey) -> Result<bool, PortError> {
        const WHAT: &str = "remove the passkey";
        let item = passkey_key(&passkey.credential_id);
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let delete = delete
            .key("person", AttributeValue::S(passkey.person.clone()))
            .key("item", AttributeValue::S(item))
            .condition_expression("attribute_exists(person)");
        Ok(saved(delete.send().await, WHAT)? == Saved::Yes)
    }

    /// Every passkey, in no order. For operators: a scan.
    ///
    /// # Errors
    /// [`PortError`] if the table does not answer.
    pub async fn all(&self) -> Result<Vec<Passkey>, PortError> {
        self.scan(PASSKEYS, "read the passkeys").await
    }

    /// Every key of an identity provider, in no order. For operators: a scan.
    ///
    /// # Errors
    /// [`PortError`] if the table does not answer.
    pub async fn all_provider_keys(&self) -> Result<Vec<ProviderKey>, PortError> {
        self.scan(PROVIDER_KEYS, "read the keys of identity providers").await
    }

    async fn scan<T: DeserializeOwned>(&self, item: &str, what: &'static str) -> Result<Vec<T>, PortError> {
        let scan = self.0.client.scan().table_name(&self.0.name).consistent_read(true);
        let scan = scan
            .filter_expression("begins_with(#item, :item)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":item", AttributeValue::S(item.to_owned()));
        let items = scan.into_paginator().items().send().collect::<Result<Vec<Item>, _>>().await;
        items.map_err(unavailable(what))?.into_iter().map(|item| decode(item, what)).collect()
    }
}

#[async_trait]
impl People for DynamoPeople {
    async fn passkeys(&self, person: &str) -> Result<Vec<Passkey>, PortError> {
        const WHAT: &str = "read the passkeys";
        let rows = self.rows(person, PASSKEYS, WHAT).await?;
        rows.into_iter().map(|row| decode(row, WHAT)).collect()
    }

    async fn code(&self, enrolment: &EnrolmentId, digest: &str) -> Result<Option<OffsetDateTime>, PortError> {
        const WHAT: &str = "read the code";
        let rows = self.rows(&partition(enrolment), &format!("{CODE}{digest}"), WHAT).await?;
        let row = rows.into_iter().next().map(|row| decode::<EnrolmentRow>(row, WHAT)).transpose()?;
        Ok(row.map(|row| row.at))
    }

    async fn proofs(&self, enrolment: &EnrolmentId) -> Result<Vec<EnrolmentProof>, PortError> {
        const WHAT: &str = "read the proofs of an enrolment";
        let rows = self.rows(&partition(enrolment), "", WHAT).await?;
        let read: Vec<EnrolmentRow> =
            rows.into_iter().map(|row| decode(row, WHAT)).collect::<Result<_, _>>()?;
        Ok(read.iter().filter_map(|row| EnrolmentProof::from_item(&row.item)).collect())
    }

    async fn provider_keys(&self, issuer: &IssuerUrl) -> Result<Vec<ProviderKey>, PortError> {
        const WHAT: &str = "read the keys of the identity provider";
        let rows = self.rows(&provider_partition(issuer.as_str()), PROVIDER_KEYS, WHAT).await?;
        rows.into_iter().map(|row| decode(row, WHAT)).collect()
    }
}

#[async_trait]
impl PeopleWriter for DynamoPeople {
    async fn prove(
        &self,
        enrolment: &EnrolmentId,
        proof: &EnrolmentProof,
        now: OffsetDateTime,
    ) -> Result<(), PortError> {
        const WHAT: &str = "store a proof of an enrolment";
        self.put(encode(&EnrolmentRow::new(enrolment, proof.to_item(), now), WHAT)?, WHAT).await
    }

    async fn add(&self, passkey: &Passkey) -> Result<(), PortError> {
        const WHAT: &str = "add the passkey";
        let mut item = encode(passkey, WHAT)?;
        item.insert("item".into(), AttributeValue::S(passkey_key(&passkey.credential_id)));
        self.put(item, WHAT).await
    }

    async fn record_key(&self, key: &ProviderKey) -> Result<(), PortError> {
        const WHAT: &str = "record a key of the identity provider";
        let thumbprint = key.thumbprint();
        let thumbprint = thumbprint.ok_or_else(|| PortError { what: WHAT, cause: "it is no key".into() })?;
        let mut item = encode(key, WHAT)?;
        item.insert("person".into(), AttributeValue::S(provider_partition(&key.issuer)));
        item.insert("item".into(), AttributeValue::S(provider_key(&thumbprint)));
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item));
        put.send().await.map(|_| ()).map_err(unavailable(WHAT))
    }
}

#[async_trait]
impl EnrolmentCodes for DynamoPeople {
    async fn add_code(
        &self,
        enrolment: &EnrolmentId,
        digest: &str,
        now: OffsetDateTime,
    ) -> Result<(), PortError> {
        const WHAT: &str = "store the code of an enrolment";
        self.put(encode(&EnrolmentRow::new(enrolment, format!("{CODE}{digest}"), now), WHAT)?, WHAT).await
    }
}
