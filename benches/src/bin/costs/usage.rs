//! The tables `usage` of benches/prices.toml: usage of a certificate, of housekeeping and of a flood.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Measured usage of one certificate with one approver; see `measured`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    /// The command that measured it.
    pub(crate) measured: String,
    /// State transitions, including the start.
    pub(crate) state_transitions: f64,
    /// Messages of the state machine to the workers.
    pub(crate) tasks: f64,
    /// Messages of workers to workers.
    pub(crate) nudges: f64,
    /// Mails to requester and approver.
    pub(crate) mails: f64,
    /// Write request units of the tables.
    pub(crate) dynamodb_table_write_units: f64,
    /// Write request units of their indexes.
    pub(crate) dynamodb_index_write_units: f64,
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// PUT of S3.
    pub(crate) s3_puts: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// Bytes of log, including the bytes that CloudWatch adds to each event.
    pub(crate) log_bytes: f64,
    /// Bytes of rows, indexes and trail in DynamoDB for each kept certificate.
    pub(crate) stored_bytes: f64,
    /// Write request units of the partition of an index by status that takes most of them.
    pub(crate) index_partition_write_units: f64,
    /// Bytes of an entry in the index by status.
    pub(crate) listed_bytes: f64,
    /// See [`WholeRows`].
    pub(crate) whole_rows: WholeRows,
    /// Bytes that the portal sends for each certificate. Assumed.
    pub(crate) bytes_out: f64,
    /// Invocations by worker.
    pub(crate) workers: BTreeMap<String, Work>,
    /// A run of housekeeping without waiting requests.
    pub(crate) housekeeping_run: HousekeepingRun,
    /// Additional usage of each run for each waiting request.
    pub(crate) waiting: Waiting,
    /// See [`AcmeOrderUsage`].
    pub(crate) acme: AcmeOrderUsage,
    /// Days that a request waits for its approvers. Assumed.
    pub(crate) days_to_decision: f64,
    /// See [`FloodUsage`].
    pub(crate) flood: FloodUsage,
    /// See [`FloodBefore`].
    pub(crate) flood_before: FloodBefore,
}

/// Measured usage of one certificate that an ACME client orders with an account that it has: directory, order, CSR, certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcmeOrderUsage {
    /// Calls of the API.
    pub(crate) calls: f64,
    /// State transitions, including the start.
    pub(crate) state_transitions: f64,
    /// Messages of the state machine to the workers.
    pub(crate) tasks: f64,
    /// Write request units of tables and indexes.
    pub(crate) dynamodb_write_units: f64,
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// PUT of S3.
    pub(crate) s3_puts: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// Bytes of log.
    pub(crate) log_bytes: f64,
    /// Bytes in DynamoDB that are kept.
    pub(crate) stored_bytes: f64,
    /// Invocations of all workers.
    pub(crate) invocations: f64,
    /// Their milliseconds together; acme waits for the others meanwhile.
    pub(crate) milliseconds: f64,
}

/// Usage of a call by anybody, at most.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FloodUsage {
    /// Bytes of the row of a submission; the portal stores no more.
    pub(crate) row_bytes: f64,
    /// Write request units of the indexes for a submission.
    pub(crate) index_write_units: f64,
    /// Days until the row is removed.
    pub(crate) days_kept: f64,
    /// Read request units of a call, of queries and consistent reads of small rows.
    pub(crate) read_units: f64,
    /// GET of S3 of a call.
    pub(crate) s3_gets: f64,
    /// Duration of a call. Assumed.
    pub(crate) portal_milliseconds: f64,
}

/// Usage of a submission up to its approver, before docs/decisions/0099 and 0108.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FloodBefore {
    /// The default of `ThrottleRate`.
    pub(crate) throttle_rate: f64,
    /// The default of `ThrottleBurst`.
    pub(crate) throttle_burst: f64,
    /// State transitions.
    pub(crate) transitions: f64,
    /// Messages.
    pub(crate) messages: f64,
    /// Mails.
    pub(crate) mails: f64,
    /// Write request units of a plain request.
    pub(crate) plain_write_units: f64,
    /// Bytes stored of a plain request.
    pub(crate) plain_bytes: f64,
    /// Write request units of a request of 64 KB with 100 names.
    pub(crate) padded_write_units: f64,
    /// Bytes stored of such a request.
    pub(crate) padded_bytes: f64,
}

/// Usage with whole rows in the indexes: as it was before docs/decisions/0081.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WholeRows {
    /// See [`Usage::dynamodb_index_write_units`].
    pub(crate) dynamodb_index_write_units: f64,
    /// See [`Usage::stored_bytes`].
    pub(crate) stored_bytes: f64,
    /// See [`Usage::index_partition_write_units`].
    pub(crate) index_partition_write_units: f64,
    /// See [`Usage::listed_bytes`].
    pub(crate) listed_bytes: f64,
    /// Most requests of a status that a run of housekeeping listed.
    pub(crate) listed_at_most: f64,
}

/// The invocations of a worker for one certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    /// Number of invocations.
    pub(crate) invocations: f64,
    /// Duration of each.
    pub(crate) milliseconds: f64,
}

/// A run of housekeeping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HousekeepingRun {
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// LIST of S3, which costs as much as a PUT.
    pub(crate) s3_lists: f64,
    /// Its duration.
    pub(crate) milliseconds: f64,
}

/// Usage of one recheck of a waiting request, by housekeeping and by await-approval.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiting {
    /// Read request units.
    pub(crate) dynamodb_read_units: f64,
    /// GET of S3.
    pub(crate) s3_gets: f64,
    /// Messages.
    pub(crate) messages: f64,
    /// Duration of await-approval.
    pub(crate) milliseconds: f64,
    /// Bytes of log.
    pub(crate) log_bytes: f64,
}
