//! Fakes and makers for tests. Never part of a worker: behind the feature `testing`.

pub mod faults;
pub mod journey;
pub mod pki;
mod world;

pub use world::{Moment, SentMail, TaskResult, World};
