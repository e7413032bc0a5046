//! The log of issued certificates, and receipts about them (docs/transparency.md).
//!
//! - [`LogEntry`]: the leaf of a certificate. [`LogKey`]: the key of the log, with its name.
//! - [`Receipt`]: what a delivered certificate comes with, for whoever checks it without access to the stack.
//!
//! Invariant: an entry follows from the row and the certificate alone, so each run of Deliver makes the same leaf.

mod entry;
mod key;
mod receipt;

pub use entry::{LogEntry, MalformedEntry};
pub use key::{LogKey, LogKeyError};
pub use receipt::{FILE_NAME, LogProof, Receipt, ReceiptError, VerifiedReceipt};
