//! A request for a certificate: the row of the table `certificates`, and the only rules by which it changes.
//!
//! Invariant: every change goes through a method in `rules`, is idempotent, and never takes a status backwards, but for an
//! operator's [`Request::retry`]; the store writes the result only where the row is still the one that was read
//! (`version`), together with the events of the audit trail that the change brought about. A change that the rules do
//! not allow is an [`InvalidTransition`], never a silent overwrite.

pub mod audit;
mod columns;
mod evaluation;
pub mod input;
pub mod intake;
pub mod metric;
mod row;
mod rules;
mod status;

pub use columns::{Columns, ColumnsError};
pub use row::{
    Ending, Execution, HistoryEntry, InvalidTransition, Request, Reservation, Submission, attempt_of,
    execution_name,
};
pub use status::Status;
