//! The table `certificates`.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Select};
use aws_types::sdk_config::SdkConfig;
use futures_util::future::{try_join, try_join3};
use pki::certificate::Serial;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::{Duration, OffsetDateTime};

use super::{AuditTable, Item, Table, decode, encode, first};
use crate::approver_set::PlusTags;
use crate::aws::unavailable;
use crate::email::Email;
use crate::ids::RequestId;
use crate::ports::{AuditTrails, EndingCertificate, ListedRequest, PortError, Requests, Saved};
use crate::request::audit::Event;
use crate::request::{Request, Status};
use crate::timestamp::rfc3339;

/// The most items of one BatchGetItem call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const BATCH: usize = 100;

/// The column by which the requests of a person are counted, the key of the index `byPerson`: the person, after
/// [`UNDECIDED_MARK`] while the request is undecided. So a count reads no other requests (docs/decisions/0106).
const PERSON: &str = "person";

/// No address has a colon.
const UNDECIDED_MARK: &str = "undecided:";

/// Column and value of rows that are [unnotified](Request::is_unnotified), or have an
/// [open revocation](Request::has_open_revocation): the key of the sparse index `byUntold`.
const UNNOTIFIED_MARK: (&str, &str) = ("untold", "yes");

/// Column and value of rows that [supersede another](Request::is_superseding), in the same index.
const SUPERSEDING_MARK: (&str, &str) = (UNNOTIFIED_MARK.0, "superseding");

/// Column and value of rows with an [open standing approval](Request::has_open_standing), in the same index.
const STANDING_MARK: (&str, &str) = (UNNOTIFIED_MARK.0, "standing");

/// The column with the time (seconds since 1970) at which DynamoDB deletes a row that nobody confirmed.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>
const REMOVE_AT: &str = "removeAt";

/// The time for which an unconfirmed row is kept after its link has lapsed, so that the link can say so.
const LAPSED_ROW_LIFETIME: Duration = Duration::days(7);

/// Columns that an update removes if the row lacks them: a resumed request has no failure reason, for one.
pub(super) const CLEARABLE: &[&str] = &["reason", UNNOTIFIED_MARK.0, REMOVE_AT];

/// The columns of a row, with the key of the sparse index.
pub(super) fn stored(request: &Request, what: &'static str) -> Result<Item, PortError> {
    let mut item = encode(request, what)?;
    if request.is_unnotified() || request.has_open_revocation() {
        item.insert(UNNOTIFIED_MARK.0.into(), AttributeValue::S(UNNOTIFIED_MARK.1.into()));
    } else if request.is_superseding() {
        item.insert(SUPERSEDING_MARK.0.into(), AttributeValue::S(SUPERSEDING_MARK.1.into()));
    } else if request.has_open_standing() {
        item.insert(STANDING_MARK.0.into(), AttributeValue::S(STANDING_MARK.1.into()));
    }
    if let Some(person) = counted_for(request) {
        item.insert(PERSON.into(), AttributeValue::S(person));
    }
    if request.status() == Status::Unconfirmed {
        let at = (request.confirm_until() + LAPSED_ROW_LIFETIME).unix_timestamp();
        item.insert(REMOVE_AT.into(), AttributeValue::N(at.to_string()));
    }
    Ok(item)
}

/// The key under which a request is counted for its person. Certificates under a standing approval have none: their number is
/// the limit (docs/decisions/0153).
fn counted_for(request: &Request) -> Option<String> {
    let person = request.standing().is_none().then(|| PlusTags::Same.person(request.email()))?;
    Some(if request.waits_for_approvers() { undecided(&person) } else { person })
}

/// The key of the undecided requests of a person.
fn undecided(person: &str) -> String {
    format!("{UNDECIDED_MARK}{person}")
}

/// The table of requests, with the audit trail of their changes.
pub struct DynamoRequests {
    table: Table,
    audit: AuditTable,
}

impl DynamoRequests {
    /// The tables with these names.
    pub fn new(sdk: &SdkConfig, table: &str, audit: &str) -> Self {
        let table = Table::new(sdk, table, "id");
        Self { audit: AuditTable::beside(&table, audit), table }
    }

    /// The entries of an index with this key, at most `limit`: its keys and projected columns (infra/template.yaml).
    async fn entries<T: DeserializeOwned>(
        &self,
        index: &str,
        key: (&str, &str),
        oldest_first: bool,
        limit: usize,
    ) -> Result<Vec<T>, PortError> {
        self.entries_after(index, key, oldest_first, None, limit).await
    }

    /// The same after an entry, which may be gone.
    async fn entries_after<T: DeserializeOwned>(
        &self,
        index: &str,
        (column, value): (&str, &str),
        oldest_first: bool,
        after: Option<Item>,
        limit: usize,
    ) -> Result<Vec<T>, PortError> {
        const WHAT: &str = "look up requests";
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(index)
            .key_condition_expression("#column = :value")
            .expression_attribute_names("#column", column)
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .scan_index_forward(oldest_first)
            .set_exclusive_start_key(after);
        first(query, limit, WHAT, |item| decode(item, WHAT).map(Some)).await
    }

    /// The rows that an index lists under this key, newest first, at most `limit`.
    async fn newest(&self, index: &str, key: (&str, &str), limit: usize) -> Result<Vec<Request>, PortError> {
        let entries: Vec<IndexEntry> = self.entries(index, key, false, limit).await?;
        let ids: Vec<RequestId> = entries.into_iter().map(|entry| entry.id).collect();
        let rows = self.find_all(&ids).await?;
        let mut rows: HashMap<RequestId, Request> = rows.into_iter().map(|row| (row.id(), row)).collect();
        Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
    }
}

impl DynamoRequests {
    /// The rows of these requests as they stand in the table, in any order. A request without a row is left out.
    ///
    /// # Errors
    /// [`PortError`] if DynamoDB fails, or reads none of the rows because the table is throttled.
    pub async fn items(&self, ids: &[RequestId]) -> Result<Vec<Item>, PortError> {
        const WHAT: &str = "read requests";
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(BATCH) {
            let key = |id: &RequestId| HashMap::from([("id".to_owned(), AttributeValue::S(id.to_string()))]);
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(ids.iter().map(key).collect()))
                .build()
                .map_err(|error| PortError::new(WHAT, error))?;
            let mut wanted = Some(HashMap::from([(self.table.name.clone(), keys)]));
            while let Some(keys) = wanted.take().filter(|keys| !keys.is_empty()) {
                let asked = keys.values().map(|keys| keys.keys().len()).sum::<usize>();
                let batch = self.table.client.batch_get_item().set_request_items(Some(keys));
                let answer = batch.send().await.map_err(unavailable(WHAT))?;
                let mut rows = answer.responses.unwrap_or_default();
                found.append(&mut rows.remove(&self.table.name).unwrap_or_default());
                wanted = answer.unprocessed_keys;
                let left =
                    wanted.iter().flat_map(|keys| keys.values()).map(|keys| keys.keys().len()).sum::<usize>();
                if left >= asked {
                    return Err(PortError { what: WHAT, cause: "the table is throttled".into() });
                }
            }
        }
        Ok(found)
    }

    /// The entries of the index by end, after one of them if `after` is given. DynamoDB refuses a start outside of the time.
    async fn ends(
        &self,
        status: Status,
        from: OffsetDateTime,
        until: OffsetDateTime,
        after: Option<Item>,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        const WHAT: &str = "look up certificates by their end";
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name("byExpiry")
            .key_condition_expression("#status = :status AND #end BETWEEN :from AND :until")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#end", "notAfter")
            .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
            .expression_attribute_values(":from", AttributeValue::S(rfc3339(from)))
            .expression_attribute_values(":until", AttributeValue::S(rfc3339(until)))
            .set_exclusive_start_key(after);
        first(query, limit, WHAT, |item| decode(item, WHAT).map(Some)).await
    }

    /// The number of requests under a key of the index by person since a time. Reads entries until there are `enough`.
    async fn count(&self, person: String, since: OffsetDateTime, enough: usize) -> Result<usize, PortError> {
        const WHAT: &str = "count requests";
        let mut pages = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name("byPerson")
            .select(Select::Count)
            .key_condition_expression("#person = :person AND #registered >= :since")
            .expression_attribute_names("#person", PERSON)
            .expression_attribute_names("#registered", "registrationDate")
            .expression_attribute_values(":person", AttributeValue::S(person))
            .expression_attribute_values(":since", AttributeValue::S(rfc3339(since)))
            // Without a filter: every entry that is read is counted.
            .limit(i32::try_from(enough.max(1)).unwrap_or(i32::MAX))
            .into_paginator()
            .send();
        let mut counted = 0;
        while let Some(page) = pages.next().await {
            counted += usize::try_from(page.map_err(unavailable(WHAT))?.count()).unwrap_or_default();
            if counted >= enough {
                break;
            }
        }
        Ok(counted)
    }
}

/// The key of an entry of an index by status: of the index and of the table.
fn entry_key(id: RequestId, status: Status, (column, at): (&str, OffsetDateTime)) -> Item {
    let text = |name: &str, text: String| (name.to_owned(), AttributeValue::S(text));
    Item::from([text("id", id.to_string()), text("status", status.to_string()), text(column, rfc3339(at))])
}

/// The key of the row to which an entry of an index belongs.
#[derive(Deserialize)]
struct IndexEntry {
    id: RequestId,
}

#[async_trait]
impl AuditTrails for DynamoRequests {
    async fn trail(&self, id: RequestId) -> Result<Vec<Event>, PortError> {
        const WHAT: &str = "read the audit trail";
        let table = &self.audit.0;
        let query = table.client.query().table_name(&table.name).consistent_read(true);
        let query =
            query.key_condition_expression("#id = :id").expression_attribute_names("#id", "requestId");
        let query = query.expression_attribute_values(":id", AttributeValue::S(id.to_string()));
        let mut pages = query.into_paginator().items().send();
        let mut events = Vec::new();
        while let Some(item) = pages.next().await {
            events.push(decode(item.map_err(unavailable(WHAT))?, WHAT)?);
        }
        Ok(events)
    }
}

#[async_trait]
impl Requests for DynamoRequests {
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError> {
        self.table.find(id.to_string(), "read the request").await
    }

    async fn create(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError> {
        const WHAT: &str = "store the request";
        let item = stored(request, WHAT)?;
        if events.is_empty() {
            // One write, at half the price of a transaction: anybody can make unconfirmed rows.
            return self.table.create(item, WHAT).await;
        }
        let creation = self.table.creation(item, WHAT)?;
        self.audit.commit(vec![creation], events, WHAT).await
    }

    async fn save(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError> {
        const WHAT: &str = "change the request";
        let saving = self.table.saving(stored(request, WHAT)?, request.version(), CLEARABLE, WHAT)?;
        self.audit.commit(vec![saving], events, WHAT).await
    }

    async fn find_all(&self, ids: &[RequestId]) -> Result<Vec<Request>, PortError> {
        const WHAT: &str = "read requests";
        self.items(ids).await?.into_iter().map(|item| decode(item, WHAT)).collect()
    }

    async fn of_requester(&self, email: &Email, limit: usize) -> Result<Vec<Request>, PortError> {
        self.newest("byEmail", ("email", email.as_str()), limit).await
    }

    async fn first_confirmed_of(&self, email: &Email) -> Result<Option<RequestId>, PortError> {
        const WHAT: &str = "look up requests";
        let mut confirmed = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name("byEmail")
            .key_condition_expression("#email = :email")
            .filter_expression("#status <> :unconfirmed")
            .expression_attribute_names("#email", "email")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":email", AttributeValue::S(email.to_string()))
            .expression_attribute_values(":unconfirmed", AttributeValue::S(Status::Unconfirmed.to_string()))
            .into_paginator()
            .items()
            .send();
        let Some(item) = confirmed.next().await else {
            return Ok(None);
        };
        let entry: IndexEntry = decode(item.map_err(unavailable(WHAT))?, WHAT)?;
        Ok(Some(entry.id))
    }

    async fn registered_by(
        &self,
        email: &Email,
        since: OffsetDateTime,
        enough: usize,
    ) -> Result<usize, PortError> {
        let person = PlusTags::Same.person(email);
        let (undecided, others) = try_join(
            self.count(undecided(&person), since, enough),
            self.count(person.clone(), since, enough),
        )
        .await?;
        Ok(undecided + others)
    }

    async fn undecided_of(
        &self,
        email: &Email,
        since: OffsetDateTime,
        enough: usize,
    ) -> Result<usize, PortError> {
        self.count(undecided(&PlusTags::Same.person(email)), since, enough).await
    }

    async fn list(&self, status: Status, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.entries("byStatus", ("status", status.as_str()), true, limit).await
    }

    async fn list_after(
        &self,
        status: Status,
        after: &Request,
        limit: usize,
    ) -> Result<Vec<ListedRequest>, PortError> {
        let after = entry_key(after.id(), status, ("registrationDate", after.registration_date()));
        self.entries_after("byStatus", ("status", status.as_str()), true, Some(after), limit).await
    }

    async fn ending(
        &self,
        status: Status,
        from: OffsetDateTime,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        self.ends(status, from, until, None, limit).await
    }

    async fn ending_after(
        &self,
        status: Status,
        after: &EndingCertificate,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        let start = entry_key(after.id, status, ("notAfter", after.not_after));
        self.ends(status, after.not_after, until, Some(start), limit).await
    }

    async fn ending_of(
        &self,
        email: &Email,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<EndingCertificate>, PortError> {
        // Two indexes in place of a third one: an index costs at every write of a row, and a question is rare.
        let key = ("email", email.as_str());
        let (issued, delivered) = (Status::Issued, Status::Delivered);
        let (own, issued, delivered) = try_join3(
            self.entries::<IndexEntry>("byEmail", key, false, usize::MAX),
            self.ending(issued, from, until, usize::MAX),
            self.ending(delivered, from, until, usize::MAX),
        )
        .await?;
        let own: HashSet<RequestId> = own.into_iter().map(|entry| entry.id).collect();
        let mut ends = [issued, delivered].concat();
        ends.retain(|end| own.contains(&end.id));
        ends.sort_by_key(|end| (end.not_after, end.id));
        Ok(ends)
    }

    async fn unnotified(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.entries("byUntold", UNNOTIFIED_MARK, true, limit).await
    }

    async fn superseding(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.entries("byUntold", SUPERSEDING_MARK, true, limit).await
    }

    async fn open_standing(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError> {
        self.entries("byUntold", STANDING_MARK, true, limit).await
    }

    async fn with_serial(&self, serial: &Serial) -> Result<Option<Request>, PortError> {
        let entries: Vec<IndexEntry> =
            self.entries("bySerial", ("serial", &serial.to_string()), true, 1).await?;
        match entries.first() {
            Some(entry) => self.find(entry.id).await,
            None => Ok(None),
        }
    }

    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError> {
        self.newest("byPublicKey", ("publicKeyDigest", public_key_digest), limit).await
    }
}
