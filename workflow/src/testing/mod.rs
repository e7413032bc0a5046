//! Fakes and makers for tests. Never part of a worker: behind the feature `testing`.

mod clock;
pub mod faults;
pub mod journey;
mod world;

pub use clock::Skewed;
pub use world::{Moment, SentMail, TaskResult, World};
