//! A request for a certificate: the row of the table `certificates`, and the only rules for its changes.
//!
//! Invariant: every change goes through a method in `rules`, or in one of the files named after what they are about, is idempotent, and never moves a status
//! backwards, except an operator's [`Request::retry`]. The store writes the result only if the row still has the version that was read
//! (`version`), together with the audit events of the change. A change that violates the rules is an
//! [`InvalidTransition`], never a silent overwrite.

pub mod approvers;
pub mod audit;
mod columns;
mod confirmation;
mod content;
pub mod download;
mod evaluation;
pub mod expiring;
mod grant_rules;
pub mod input;
pub mod intake;
mod log_record;
mod log_rules;
pub mod metric;
mod operation_rules;
mod operations;
pub mod overview;
pub mod renewal;
mod replay;
mod requester_evidence;
mod resubmission;
mod revocation;
mod revocation_rules;
mod row;
mod row_content;
mod rules;
mod sign_in;
mod standing_end;
mod standing_rules;
mod status;

pub use columns::{Columns, ColumnsError};
pub use confirmation::CONFIRMATION_PERIOD;
pub use content::{CertificateRequest, RequestContent};
pub use log_record::LogRecord;
pub use operations::{Operation, OperationRecord, TooManyOperations};
pub use replay::{recorded_certificate, verify_request};
pub use requester_evidence::RequesterEvidence;
pub use revocation::{RevocationOrder, RevocationRecord, revocation_execution_name};
pub use row::{
    Ending, Execution, HistoryEntry, InvalidTransition, Request, Reservation, Submission, attempt_of,
    execution_name,
};
pub use sign_in::RequestDigest;
pub use standing_end::STATEMENT_INTERVAL;
pub(crate) use standing_end::reason_digest;
pub use status::Status;
