//! The stack of an import.
//!
//! Invariant: every write is conditional on an absent item. A present item must be the same, or its continuation by the
//! stack since an interrupted import. An entry of a list of certificates is a key alone, and is written without a condition.

use std::collections::HashSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use workflow::approval::Approval;
use workflow::approval::standing::StandingApproval;
use workflow::aws::{DynamoNames, S3Certificates, S3KeyLists};
use workflow::backup::{NameRow, ObjectKey, Record, RowColumns, TableRow};
use workflow::certificate::Revocation;
use workflow::ids::IssuerId;
use workflow::ids::RequestId;
use workflow::ports::CompromisedKeys as _;
use workflow::request::audit::{Event, verify};
use workflow::request::{Request, execution_name, revocation_execution_name};
use workflow::store::object_key::{
    STANDING_APPROVAL, approval_key, link_key, passkey_key, provider_key, provider_partition,
    standing_use_key,
};

use super::source::{ExportSource, item_of, row_of};
use crate::certificates::{enter_lists, list_entries};
use crate::error::{CliError, OrFail as _};
use crate::moment::{TableItem, trail};
use crate::stack::Stack;

/// The stack of an import.
pub(super) struct ImportTarget<'a> {
    stack: &'a Stack,
    source: ExportSource<'a>,
    dynamodb: Client,
    names: DynamoNames,
    certificates: S3Certificates,
}

/// A write of an import.
#[allow(clippy::large_enum_variant, reason = "a few dozen at once, and not for long")]
pub(super) enum Write {
    /// A record to write before the requests. An approval comes with its request.
    Before(Record, Option<Box<TableRow<Request>>>),
    /// The revoked certificate of a request, before the first list is made.
    /// With the digest of its key if that was compromised.
    Revocation(Revocation, Option<String>),
    /// A request.
    Request(Box<TableRow<Request>>),
}

/// Result of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// The item is new.
    New,
    /// The item was present already.
    There,
}

impl<'a> ImportTarget<'a> {
    pub(super) fn of(stack: &'a Stack) -> Self {
        Self {
            stack,
            source: ExportSource::of(stack),
            dynamodb: Client::new(&stack.sdk),
            names: DynamoNames::new(&stack.sdk, &stack.names_table),
            certificates: S3Certificates::new(&stack.sdk, &stack.bucket),
        }
    }

    /// Returns the number of requests of the stack that are not in `ids`.
    pub(super) async fn strangers(&self, ids: &HashSet<RequestId>) -> Result<usize, CliError> {
        Ok(self.source.ids().await?.iter().filter(|id| !ids.contains(id)).count())
    }

    /// Returns the certificate in force and its chain.
    pub(super) async fn issuer(&self) -> Result<Option<String>, CliError> {
        self.stack.object(&ObjectKey::IssuerInForce(IssuerId::DEFAULT).to_string()).await
    }

    /// True if an import of the export with this SHA-256 was begun in this stack.
    pub(super) async fn was_begun(&self, sha256: &str) -> Result<bool, CliError> {
        Ok(self.stack.object(&mark(sha256)).await?.is_some())
    }

    /// True if an earlier import of this export stored the link secret.
    pub(super) async fn has_link_secret(&self, sha256: &str) -> Result<bool, CliError> {
        Ok(self.stack.object(&link_secret_mark(sha256)).await?.is_some())
    }

    /// Records that this import stored the link secret.
    pub(super) async fn record_link_secret(&self, sha256: &str) -> Result<(), CliError> {
        self.put_object(&link_secret_mark(sha256), "text/plain", "stored\n").await.map(|_| ())
    }

    /// Records the beginning of an import, so that it can be run again.
    pub(super) async fn begin(&self, sha256: &str, note: &str) -> Result<(), CliError> {
        self.put_object(&mark(sha256), "application/json", note).await.map(|_| ())
    }

    /// Makes one write.
    pub(super) async fn make(&self, write: Write) -> Result<Placed, CliError> {
        let stack = self.stack;
        match write {
            Write::Before(Record::Event(row), _) => {
                let event = row.value();
                let key = [
                    ("requestId", AttributeValue::S(event.request_id.to_string())),
                    ("number", AttributeValue::N(event.number.to_string())),
                ];
                let what = || format!("event {} of {}", event.number, event.request_id);
                self.same(&stack.audit_table, key, row.columns(), what).await
            }
            Write::Before(Record::Link(row), _) => {
                let key = link_key(&row.value().digest);
                let what = || format!("a link to {}", row.value().request_id);
                self.same(&stack.approvals_table, [("key", AttributeValue::S(key))], row.columns(), what)
                    .await
            }
            Write::Before(Record::Name(row), _) => self.name(row.value(), row.columns()).await,
            Write::Before(Record::Passkey(row), _) => {
                let passkey = row.value();
                let key = [
                    ("person", AttributeValue::S(passkey.person.clone())),
                    ("item", AttributeValue::S(passkey_key(&passkey.credential_id))),
                ];
                let what = || format!("a passkey of {}", passkey.person);
                self.same(&stack.people_table, key, row.columns(), what).await
            }
            Write::Before(Record::ProviderKey(row), _) => {
                let key = row.value();
                let thumbprint = key.thumbprint().unwrap_or_default();
                let keys = [
                    ("person", AttributeValue::S(provider_partition(&key.issuer))),
                    ("item", AttributeValue::S(provider_key(&thumbprint))),
                ];
                // One that is there has the times at which this stack saw the key.
                let there = self.place(&stack.people_table, keys, row.columns()).await?;
                Ok(if there.is_some() { Placed::There } else { Placed::New })
            }
            Write::Before(Record::Standing(row), _) => self.standing(&row).await,
            Write::Before(Record::StandingUse(row), _) => {
                let counted = row.value();
                let key = [
                    ("id", AttributeValue::S(counted.standing.to_string())),
                    ("item", AttributeValue::S(standing_use_key(counted.request_id))),
                ];
                let what = || format!("the use of {} for {}", counted.standing, counted.request_id);
                self.same(&stack.grants_table, key, row.columns(), what).await
            }
            Write::Before(Record::Approval(row), request) => self.approval(&row, request.as_deref()).await,
            Write::Before(Record::Object(key, text), _) => self.object(&key, &text).await,
            // The caller activates the policy and writes the requests.
            Write::Before(Record::Policy(_) | Record::Request(_), _) => Ok(Placed::There),
            Write::Revocation(revocation, compromised) => {
                if let Some(digest) = compromised {
                    let keys = S3KeyLists::new(&stack.sdk, &stack.bucket);
                    let doing = || "cannot record a compromised key".to_owned();
                    keys.record(&digest).await.or_fail(doing, "")?;
                }
                self.revocation(&revocation).await
            }
            Write::Request(row) => self.request(*row).await,
        }
    }

    /// Writes the row of a request with the execution ARN of this stack. Housekeeping starts the missing execution.
    async fn request(&self, row: TableRow<Request>) -> Result<Placed, CliError> {
        let (id, attempt) = (row.value().id(), row.value().execution().attempt);
        self.certified_names(row.value()).await?;
        let row = row.run_as(self.stack.execution_arn(&execution_name(id, attempt)));
        let row = match row.value().revocation().map(|revocation| revocation.execution_attempt) {
            Some(attempt) => row.revoke_as(workflow::aws::execution_arn(
                &self.stack.revocation_state_machine_arn,
                &revocation_execution_name(id, attempt),
            )),
            None => row,
        };
        let key = [("id", AttributeValue::S(id.to_string()))];
        match self.place(&self.stack.requests_table, key, row.columns()).await? {
            None => Ok(Placed::New),
            Some(there) if there == item_of(row.columns())? || self.carries_on(&row).await? => {
                Ok(Placed::There)
            }
            Some(_) => Err(another(&format!("the request {id}"))),
        }
    }

    /// Writes a revoked certificate: the row of its request has all of it.
    async fn revocation(&self, revocation: &Revocation) -> Result<Placed, CliError> {
        let columns = serde_json::to_value(revocation).or_fail(|| "cannot encode a revocation".into(), "")?;
        let key = [
            ("issuer", AttributeValue::S(revocation.issuer.clone())),
            ("serial", AttributeValue::S(revocation.serial.to_string())),
        ];
        let what = || format!("the revocation of {}", revocation.serial);
        let columns = columns.as_object().cloned().unwrap_or_default();
        self.same(&self.stack.revocations_table, key, &columns, what).await
    }

    /// Enters the certificate of a request under its names and in the lists: exports of earlier versions have no such rows.
    async fn certified_names(&self, request: &Request) -> Result<(), CliError> {
        let Some(not_after) = request.not_after().filter(|_| request.is_signed()) else {
            return Ok(());
        };
        for name in NameRow::of_certificate(request.names(), not_after, request.id()) {
            let columns = serde_json::to_value(&name).or_fail(|| "cannot encode a name".into(), "")?;
            self.name(&name, columns.as_object().unwrap_or(&RowColumns::new())).await?;
        }
        let doing = || format!("cannot enter the certificate of {} into the lists", request.id());
        let entries = list_entries(&self.certificates, request).await.or_fail(doing, AGAIN)?;
        enter_lists(&self.names, &entries.rows).await.or_fail(doing, AGAIN)
    }

    /// Writes a row of the index of names.
    async fn name(&self, name: &NameRow, columns: &RowColumns) -> Result<Placed, CliError> {
        let key = [
            ("name", AttributeValue::S(name.name.clone())),
            ("requestId", AttributeValue::S(name.entry.to_string())),
        ];
        self.same(&self.stack.names_table, key, columns, || format!("the name {}", name.name)).await
    }

    async fn approval(
        &self,
        row: &TableRow<Approval>,
        request: Option<&TableRow<Request>>,
    ) -> Result<Placed, CliError> {
        let (table, id) = (&self.stack.approvals_table, row.value().request_id);
        let key = [("key", AttributeValue::S(approval_key(id)))];
        let Some(there) = self.place(table, key, row.columns()).await? else {
            return Ok(Placed::New);
        };
        let there: TableRow<Approval> = row_of(there, table)?;
        let same = TableRow::without_tokens(there.columns().clone()).is_ok_and(|there| there == *row);
        let went_on = match request {
            Some(request) if !same => self.carries_on(request).await?,
            _ => same,
        };
        if went_on { Ok(Placed::There) } else { Err(another(&format!("the approval of {id}"))) }
    }

    /// Writes a standing approval. One that is there may have been used or ended since; it is never set back.
    async fn standing(&self, row: &TableRow<StandingApproval>) -> Result<Placed, CliError> {
        let (table, id) = (&self.stack.grants_table, row.value().id());
        let key = [
            ("id", AttributeValue::S(id.to_string())),
            ("item", AttributeValue::S(STANDING_APPROVAL.to_owned())),
        ];
        let Some(there) = self.place(table, key, row.columns()).await? else {
            return Ok(Placed::New);
        };
        let there: TableRow<StandingApproval> = row_of(there, table)?;
        if there.value().continues(row.value()) {
            Ok(Placed::There)
        } else {
            Err(another(&format!("the standing approval {id}")))
        }
    }

    /// True if the stack has continued this request: its audit trail verifies and begins with the exported trail.
    async fn carries_on(&self, exported: &TableRow<Request>) -> Result<bool, CliError> {
        let (exported, table) = (exported.value(), &self.stack.requests_table);
        let key = [("id", AttributeValue::S(exported.id().to_string()))];
        let Some(there) = self.read(table, &key).await? else {
            return Ok(false);
        };
        let there: TableRow<Request> = row_of(there, table)?;
        let there = there.value();
        // The trail may have grown since the row was read.
        let read = usize::try_from(there.audit().number).unwrap_or(usize::MAX);
        let events = trail(self.stack, exported.id()).await?;
        let events: Vec<Event> = events
            .into_iter()
            .take(read)
            .map(|item| row_of::<Event>(item, &self.stack.audit_table).map(|row| row.value().clone()))
            .collect::<Result<_, _>>()?;
        let end = exported.audit().number.checked_sub(1).and_then(|at| events.get(usize::try_from(at).ok()?));
        Ok(verify(exported.id(), &events, there.audit()).is_empty()
            && (exported.audit().number == 0 || end.is_some_and(|event| event.hash == exported.audit().hash))
            && there.version() >= exported.version()
            && there.csr_content() == exported.csr_content()
            && there.terms() == exported.terms()
            && there.email() == exported.email()
            && there.registration_date() == exported.registration_date())
    }

    /// Writes a row that never changes.
    async fn same<const N: usize>(
        &self,
        table: &str,
        key: [(&str, AttributeValue); N],
        columns: &RowColumns,
        what: impl Fn() -> String,
    ) -> Result<Placed, CliError> {
        match self.place(table, key, columns).await? {
            None => Ok(Placed::New),
            Some(there) if there == item_of(columns)? => Ok(Placed::There),
            Some(_) => Err(another(&what())),
        }
    }

    /// Writes a row if it is absent, else returns the present row.
    async fn place<const N: usize>(
        &self,
        table: &str,
        key: [(&str, AttributeValue); N],
        columns: &RowColumns,
    ) -> Result<Option<TableItem>, CliError> {
        let put = self
            .dynamodb
            .put_item()
            .table_name(table)
            .set_item(Some(item_of(columns)?))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", key[0].0);
        match put.send().await {
            Ok(_) => Ok(None),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                self.read(table, &key).await
            }
            Err(error) => Err(error).or_fail(|| format!("cannot write the table {table}"), AGAIN),
        }
    }

    async fn read(&self, table: &str, key: &[(&str, AttributeValue)]) -> Result<Option<TableItem>, CliError> {
        let mut get = self.dynamodb.get_item().table_name(table).consistent_read(true);
        for (name, value) in key {
            get = get.key(*name, value.clone());
        }
        Ok(get.send().await.or_fail(|| format!("cannot read the table {table}"), AGAIN)?.item)
    }

    async fn object(&self, key: &ObjectKey, text: &str) -> Result<Placed, CliError> {
        let key = key.to_string();
        if self.put_object(&key, "application/x-pem-file", text).await? == Placed::New {
            return Ok(Placed::New);
        }
        match self.stack.object(&key).await? {
            Some(there) if there == text => Ok(Placed::There),
            _ => Err(another(&key)),
        }
    }

    /// Stores an object if it is absent.
    async fn put_object(&self, key: &str, kind: &str, text: &str) -> Result<Placed, CliError> {
        let put = self
            .stack
            .s3()
            .put_object()
            .bucket(&self.stack.bucket)
            .key(key)
            .if_none_match("*")
            .content_type(kind)
            .body(ByteStream::from(text.as_bytes().to_vec()));
        match put.send().await {
            Ok(_) => Ok(Placed::New),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(Placed::There),
            Err(error) => Err(error)
                .or_fail(|| format!("cannot store {key} in the bucket {}", self.stack.bucket), AGAIN),
        }
    }
}

const AGAIN: &str = "Run the same import again to continue.";

/// Returns the key of the record of an import.
fn mark(sha256: &str) -> String {
    format!("import/{sha256}.json")
}

/// Returns the key of the record that an import stored the link secret.
fn link_secret_mark(sha256: &str) -> String {
    format!("import/{sha256}.link-secret")
}

fn another(what: &str) -> CliError {
    CliError::new(
        format!("{what} in the stack differs from the export"),
        "It was not overwritten. Deploy a stack of its own for the import.",
    )
}
