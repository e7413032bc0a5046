//! In-memory backend, fixtures and test PKI.
//!
//! Invariant: no worker contains this module: it is behind the feature `testing`.

mod backend;
mod clock;
pub mod faults;
pub mod fixtures;
pub mod pki;

pub use backend::{FaultPoint, InMemoryBackend, SentMail, TaskResult};
pub use clock::Skewed;
