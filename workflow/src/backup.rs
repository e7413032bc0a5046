//! The export of a stack: everything that it knows, in one file that another stack can be made of.
//!
//! The file is JSON, one object a line: a header, the records, and at the end a manifest with their number and the SHA-256
//! of every byte before it. docs/operations/backup.md describes it for operators, docs/decisions/0030 says why it is so.
//!
//! Invariant: a [`Reader`] that was read to its end has seen exactly what a [`Writer`] wrote, or has failed with one line. No
//! export holds a private key, a task token or the secret that links derive from; neither side lets one pass. Rows keep
//! the columns that this version does not know. A record is held in memory at a time, and the audit trail of one request.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;
use crate::request::audit::AuditError;

mod reader;
mod record;
mod writer;

pub use crate::store::object_key::ObjectKey;
pub use reader::Reader;
pub use record::{NameRow, Record, RowColumns, TableRow};
pub use writer::Writer;

/// The version of the format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;
/// The longest line, in bytes: a row of DynamoDB has at most 400 KB, a policy 1 MiB, and JSON escapes some of it.
pub const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// The name of the stack.
    pub stack: String,
    /// When the export was begun, RFC 3339 in UTC.
    pub at: String,
    /// The version of the command that wrote it.
    pub made_by: String,
}

/// How many records of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// 1 where the stack has a policy.
    pub policies: u64,
    /// Rows of the table `certificates`.
    pub requests: u64,
    /// Rows of the table `audit`.
    pub events: u64,
    /// Rows of the table `approvals` that are approvals.
    pub approvals: u64,
    /// Rows of the table `approvals` that are links.
    pub links: u64,
    /// Rows of the table `names`.
    pub names: u64,
    /// Objects of the bucket.
    pub objects: u64,
}

impl Counts {
    fn count(&mut self, record: &Record) {
        *match record {
            Record::Policy(_) => &mut self.policies,
            Record::Request(_) => &mut self.requests,
            Record::Event(_) => &mut self.events,
            Record::Approval(_) => &mut self.approvals,
            Record::Link(_) => &mut self.links,
            Record::Name(_) => &mut self.names,
            Record::Object(..) => &mut self.objects,
        } += 1;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policies, requests, events, approvals, links, names, objects } = self;
        write!(
            f,
            "{requests} requests, {events} events, {approvals} approvals, {links} links, {names} names, {objects} certificates, {}",
            if *policies == 0 { "no policy" } else { "the policy" }
        )
    }
}

/// What the last line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// How many records there are.
    pub counts: Counts,
    /// Lower-case hex SHA-256 of every byte before the last line.
    pub sha256: String,
}

/// Why an export cannot be written or read: one line, without what the records say.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The first line is none of an export.
    #[error("it is not an export of Countersign")]
    NotAnExport,
    /// The format is another.
    #[error("it has format {0}, and this version of countersign reads format {FORMAT}")]
    Format(u64),
    /// There is no manifest.
    #[error("it ends after line {0} without its manifest: it was cut off")]
    Cut(u64),
    /// There is something behind the manifest.
    #[error("something follows its manifest in line {0}: it was altered")]
    Surplus(u64),
    /// The bytes are not those that were written.
    #[error("its SHA-256 is not the one in its manifest: it was altered or damaged")]
    Altered,
    /// The number of records is not the one that was written.
    #[error("its manifest counts other records than there are: it was altered or damaged")]
    Miscounted,
    /// A line that is no record.
    #[error("line {line} is no record: {why}; it was altered or damaged")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A line that is longer than any record.
    #[error("line {0} is longer than any record: it was altered or damaged")]
    TooLong(u64),
    /// Events that no request follows.
    #[error("the events of {0} are not followed by its row: it was altered or damaged")]
    Stray(RequestId),
    /// A record that would give a secret away.
    #[error("{0}, which no export may hold")]
    Secret(String),
}

/// What is wrong with the audit trail of a request, where anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenTrail {
    /// Whose trail.
    pub request_id: RequestId,
    /// What is wrong.
    pub wrong: Vec<AuditError>,
}

#[cfg(test)]
mod tests;
