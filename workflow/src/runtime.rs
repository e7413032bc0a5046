//! The shell of a worker: from a batch of queue messages to steps, and from their results to task results.

#[cfg(feature = "aws")]
pub mod lambda;
pub mod log;
mod send_once;
pub mod step;

pub use send_once::send_once;
