//! Fakes and makers for tests. Never part of a worker: behind the feature `testing`.

mod backend;
mod clock;
pub mod faults;
pub mod fixtures;
pub mod pki;

pub use backend::{FaultPoint, InMemoryBackend, SentMail, TaskResult};
pub use clock::Skewed;
