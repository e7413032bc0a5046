//! The export of a stack: one file with all its data, from which another stack can be made.
//!
//! The file has one JSON object per line: a header, the records, and a manifest with their counts and the SHA-256 of
//! all bytes before it (docs/operations/backup.md, docs/decisions/0030).
//!
//! Invariant: a [`Reader`] read to its end has returned exactly the records of the [`Writer`], or has failed. No export
//! contains a private key, a task token or the link secret; reader and writer refuse keys and tokens. Rows keep unknown
//! columns. Only one record and the audit trail of one request are in memory.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;
use crate::request::audit::AuditError;

mod reader;
mod record;
mod writer;

pub use crate::ports::NameRow;
pub use crate::store::object_key::ObjectKey;
pub use reader::Reader;
pub use record::{Record, RowColumns, TableRow};
pub use writer::Writer;

/// The version of the format for reading and writing.
pub const FORMAT: u32 = 1;
/// The most bytes of a line: a row of DynamoDB has at most 400 KB, a policy 1 MiB, and JSON escapes some bytes.
pub const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// The name of the stack.
    pub stack: String,
    /// The start of the export, RFC 3339 in UTC.
    pub at: String,
    /// The version of the command that wrote the export.
    pub made_by: String,
}

/// The number of records of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// 1 if the stack has a policy, else 0.
    pub policies: u64,
    /// Rows of the table `certificates`.
    pub requests: u64,
    /// Rows of the table `audit`.
    pub events: u64,
    /// Approvals in the table `approvals`.
    pub approvals: u64,
    /// Links in the table `approvals`.
    pub links: u64,
    /// Rows of the table `names`.
    pub names: u64,
    /// Passkeys in the table `people`. Without any, as in exports of earlier versions, it is left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub passkeys: u64,
    /// Keys of identity providers in the table `people`; left out like passkeys.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub provider_keys: u64,
    /// Standing approvals in the table `grants`; left out like passkeys.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub grants: u64,
    /// Certificates counted under standing approvals, in the table `grants`; left out like passkeys.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub grant_uses: u64,
    /// Objects of the bucket.
    pub objects: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// The number of all records.
    pub(crate) fn records(&self) -> u64 {
        let Self { policies, requests, events, approvals, links, names, .. } = self;
        let Self { passkeys, provider_keys, grants, grant_uses, objects, .. } = self;
        policies
            + requests
            + events
            + approvals
            + links
            + names
            + passkeys
            + provider_keys
            + grants
            + grant_uses
            + objects
    }

    fn count(&mut self, record: &Record) {
        *match record {
            Record::Policy(_) => &mut self.policies,
            Record::Request(_) => &mut self.requests,
            Record::Event(_) => &mut self.events,
            Record::Approval(_) => &mut self.approvals,
            Record::Link(_) => &mut self.links,
            Record::Name(_) => &mut self.names,
            Record::Passkey(_) => &mut self.passkeys,
            Record::ProviderKey(_) => &mut self.provider_keys,
            Record::Standing(_) => &mut self.grants,
            Record::StandingUse(_) => &mut self.grant_uses,
            Record::Object(..) => &mut self.objects,
        } += 1;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policies, requests, events, approvals, links, names, .. } = self;
        let Self { passkeys, provider_keys, grants, grant_uses, objects, .. } = self;
        write!(
            f,
            "{requests} requests, {events} events, {approvals} approvals, {links} links, {names} names, "
        )?;
        if *passkeys > 0 {
            write!(f, "{passkeys} passkeys, ")?;
        }
        if *provider_keys > 0 {
            write!(f, "{provider_keys} keys of identity providers, ")?;
        }
        if *grants > 0 {
            write!(f, "{grants} standing approvals with {grant_uses} certificates, ")?;
        }
        write!(f, "{objects} certificates, {}", if *policies == 0 { "no policy" } else { "the policy" })
    }
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The number of records.
    pub counts: Counts,
    /// Lower-case hex SHA-256 of all bytes before the last line.
    pub sha256: String,
}

/// Why an export cannot be written or read: one line without any value of a record.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The first line is not the header of an export.
    #[error("it is not an export of Countersign")]
    NotAnExport,
    /// The file has another format.
    #[error("it has format {0}, but this version of countersign reads format {FORMAT}")]
    Format(u64),
    /// The manifest is missing.
    #[error("it ends after line {0} without its manifest: it was cut off")]
    Cut(u64),
    /// A line follows the manifest.
    #[error("something follows its manifest in line {0}: it was altered")]
    Surplus(u64),
    /// The SHA-256 differs from the manifest.
    #[error("its SHA-256 differs from its manifest: it was altered or damaged")]
    Altered,
    /// The number of records differs from the manifest.
    #[error("its number of records differs from its manifest: it was altered or damaged")]
    Miscounted,
    /// A line is not a record.
    #[error("line {line} is not a record: {why}; it was altered or damaged")]
    Line {
        /// Counted from 1.
        line: u64,
        /// The error of the parser.
        why: String,
    },
    /// A line is longer than [`LONGEST_LINE`].
    #[error("line {0} is longer than any record: it was altered or damaged")]
    TooLong(u64),
    /// Events are not followed by the row of their request.
    #[error("the events of {0} are not followed by its row: it was altered or damaged")]
    Stray(RequestId),
    /// A record contains a secret.
    #[error("{0}, which an export must not contain")]
    Secret(String),
}

/// A broken audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenTrail {
    /// The request of the trail.
    pub request_id: RequestId,
    /// The errors in the trail.
    pub wrong: Vec<AuditError>,
}

#[cfg(test)]
mod tests;
