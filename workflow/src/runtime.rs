//! The shell of a worker: turns queue messages into tasks, runs the step, reports the result.

#[cfg(feature = "aws")]
pub mod lambda;
pub mod log;
mod send_once;
pub mod step;

pub use send_once::{MailClaim, send_once, send_once_for_all};
