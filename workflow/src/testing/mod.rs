//! Fakes and makers for tests. Never part of a worker: behind the feature `testing`.

mod clock;
pub mod faults;
pub mod journey;
pub mod pki;
mod world;

pub use clock::Skewed;
pub use world::{Moment, SentMail, TaskResult, World};
