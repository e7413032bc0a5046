//! The records of an export: rows with all columns and their typed value, objects of the bucket, the policy.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Counts, ExportError};
use crate::approval::passkey::Passkey;
use crate::approval::sign_in::ProviderKey;
use crate::approval::standing::{StandingApproval, StandingUse};
use crate::approval::{Approval, Link};
use crate::ports::NameRow;
use crate::request::Request;
use crate::request::audit::Event;
use crate::store::object_key::{
    ObjectKey, STANDING_APPROVAL, approval_key, link_key, passkey_key, provider_key, provider_partition,
    standing_use_key,
};

/// The columns of a row, as plain JSON: text, numbers, booleans, lists and maps.
pub type RowColumns = serde_json::Map<String, Value>;

/// The columns of an approval with task tokens: bearer secrets of their stack, useless in another.
const TOKENS: [&str; 2] = ["taskToken", "earlierTokens"];

/// A row of a table: all columns, and the typed value of the known ones.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow<T> {
    columns: RowColumns,
    value: T,
}

impl<T: DeserializeOwned> TableRow<T> {
    /// Reads the value of a row.
    ///
    /// # Errors
    /// One line: the columns are not a valid value.
    pub fn read(columns: RowColumns) -> Result<Self, String> {
        match T::deserialize(Value::Object(columns.clone())) {
            Ok(value) => Ok(Self { columns, value }),
            Err(error) => Err(short(&error.to_string())),
        }
    }
}

impl<T> TableRow<T> {
    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Every column.
    pub fn columns(&self) -> &RowColumns {
        &self.columns
    }
}

impl TableRow<Approval> {
    /// Reads an approval without its task tokens.
    ///
    /// # Errors
    /// As [`TableRow::read`].
    pub fn without_tokens(mut columns: RowColumns) -> Result<Self, String> {
        TOKENS.iter().for_each(|column| _ = columns.remove(*column));
        Self::read(columns)
    }

    fn has_tokens(&self) -> bool {
        TOKENS.iter().any(|column| self.columns.contains_key(*column))
    }
}

impl TableRow<Request> {
    /// Sets the ARN of the latest execution, for another stack.
    #[must_use]
    pub fn run_as(mut self, execution_arn: String) -> Self {
        self.columns.insert("executionArn".to_owned(), Value::String(execution_arn.clone()));
        self.value = self.value.run_as(execution_arn);
        self
    }

    /// Sets the ARN of the latest execution of the revocation, for another stack.
    #[must_use]
    pub fn revoke_as(mut self, execution_arn: String) -> Self {
        if let Some(Value::Object(revocation)) = self.columns.get_mut("revocation") {
            revocation.insert("executionArn".to_owned(), Value::String(execution_arn.clone()));
        }
        self.value = self.value.revoke_as(execution_arn);
        self
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The document of the policy in force.
    Policy(String),
    /// An event of the audit trail. The events of a request come in order, directly before its row.
    Event(TableRow<Event>),
    /// A request.
    Request(Box<TableRow<Request>>),
    /// The approval of a request, directly after its row.
    Approval(Box<TableRow<Approval>>),
    /// A link of an approver.
    Link(TableRow<Link>),
    /// A name and a request for it.
    Name(TableRow<NameRow>),
    /// A passkey of an approver: public keys only.
    Passkey(TableRow<Passkey>),
    /// A key of an identity provider: public.
    ProviderKey(TableRow<ProviderKey>),
    /// A standing approval.
    Standing(Box<TableRow<StandingApproval>>),
    /// A certificate that was counted under a standing approval.
    StandingUse(TableRow<StandingUse>),
    /// A certificate in PEM.
    Object(ObjectKey, String),
}

/// The wire form of a line after the header.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    Policy { document: String },
    Event { row: RowColumns },
    Request { row: RowColumns },
    Approval { row: RowColumns },
    Link { row: RowColumns },
    Name { row: RowColumns },
    Passkey { row: RowColumns },
    ProviderKey { row: RowColumns },
    Grant { row: RowColumns },
    GrantUse { row: RowColumns },
    Object { key: String, text: String },
    Manifest { counts: Counts, sha256: String },
}

impl From<&Record> for Line {
    fn from(record: &Record) -> Self {
        match record {
            Record::Policy(document) => Line::Policy { document: document.clone() },
            Record::Event(row) => Line::Event { row: row.columns.clone() },
            Record::Request(row) => Line::Request { row: row.columns.clone() },
            Record::Approval(row) => Line::Approval { row: row.columns.clone() },
            Record::Link(row) => Line::Link { row: row.columns.clone() },
            Record::Name(row) => Line::Name { row: row.columns.clone() },
            Record::Passkey(row) => Line::Passkey { row: row.columns.clone() },
            Record::ProviderKey(row) => Line::ProviderKey { row: row.columns.clone() },
            Record::Standing(row) => Line::Grant { row: row.columns.clone() },
            Record::StandingUse(row) => Line::GrantUse { row: row.columns.clone() },
            Record::Object(key, text) => Line::Object { key: key.to_string(), text: text.clone() },
        }
    }
}

impl Line {
    /// The record of the line; the inner `Err` is the manifest.
    pub(super) fn record(self) -> Result<Result<Record, (Counts, String)>, String> {
        Ok(Ok(match self {
            Line::Policy { document } => Record::Policy(document),
            Line::Event { row } => Record::Event(TableRow::read(row)?),
            Line::Request { row } => Record::Request(Box::new(TableRow::read(row)?)),
            Line::Approval { row } => {
                let row = TableRow::<Approval>::read(row)?;
                keyed(&row, "key", &approval_key(row.value.request_id))?;
                Record::Approval(Box::new(row))
            }
            Line::Link { row } => {
                let row = TableRow::<Link>::read(row)?;
                keyed(&row, "key", &link_key(&row.value.digest))?;
                Record::Link(row)
            }
            Line::Name { row } => Record::Name(TableRow::read(row)?),
            Line::Passkey { row } => {
                let row = TableRow::<Passkey>::read(row)?;
                keyed(&row, "item", &passkey_key(&row.value.credential_id))?;
                Record::Passkey(row)
            }
            Line::ProviderKey { row } => {
                let row = TableRow::<ProviderKey>::read(row)?;
                let thumbprint = row.value.thumbprint().ok_or("a key of an identity provider is damaged")?;
                keyed(&row, "person", &provider_partition(&row.value.issuer))?;
                keyed(&row, "item", &provider_key(&thumbprint))?;
                Record::ProviderKey(row)
            }
            Line::Grant { row } => {
                let row = TableRow::<StandingApproval>::read(row)?;
                keyed(&row, "item", STANDING_APPROVAL)?;
                Record::Standing(Box::new(row))
            }
            Line::GrantUse { row } => {
                let row = TableRow::<StandingUse>::read(row)?;
                keyed(&row, "item", &standing_use_key(row.value.request_id))?;
                Record::StandingUse(row)
            }
            Line::Object { key, text } => Record::Object(key.parse()?, text),
            Line::Manifest { counts, sha256 } => return Ok(Err((counts, sha256))),
        }))
    }
}

/// Checks that the key of a row, in this column, fits its value.
fn keyed<T>(row: &TableRow<T>, column: &str, key: &str) -> Result<(), String> {
    if row.columns.get(column).and_then(Value::as_str) == Some(key) {
        Ok(())
    } else {
        Err("its key does not fit its value".to_owned())
    }
}

impl Record {
    /// Refuses private keys and task tokens; `line` is the wire form of the record.
    pub(super) fn harmless(&self, line: &[u8]) -> Result<(), ExportError> {
        const LABEL: &[u8] = b"PRIVATE KEY-----";
        if line.windows(LABEL.len()).any(|window| window == LABEL) {
            let place = match self {
                Record::Object(key, _) => format!("the object {key}"),
                Record::Request(row) => format!("the row of {}", row.value.id()),
                _ => "a record".to_owned(),
            };
            return Err(ExportError::Secret(format!("{place} contains a private key")));
        }
        match self {
            Record::Approval(row) if row.has_tokens() => Err(ExportError::Secret(format!(
                "the approval of {} contains a task token",
                row.value.request_id
            ))),
            _ => Ok(()),
        }
    }
}

/// Shortens an error of a parser to one line: it may quote the input.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(160).collect()
}
