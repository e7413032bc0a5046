//! What a step may ask for. A step sees these traits and typed values, never an SDK type.
//!
//! Every call may fail with a [`PortError`], which is always worth a retry: final answers ("there is no such row",
//! "another writer was first") are part of the results. A call that reports a failure may all the same have taken
//! effect; each user of a port is written so that asking again is harmless.

mod error;
mod flow;
mod issuers;
mod outside;
mod storage;

pub use error::PortError;
pub use flow::{ExecutionState, Executions, Queue, Reported, Tasks, WorkerQueue};
pub use issuers::Issuers;
pub use outside::{Clock, LinkSecrets, Mailer, Metrics, Operators, Policies, SystemClock};
pub use storage::{Approvals, CertificateStore, NameIndex, Requests, Saved, look_alike};
