//! In-memory backend and fixtures.
//!
//! Invariant: no worker contains this module: it is behind the feature `testing`.

pub mod acme;
mod backend;
mod clock;
mod contended;
pub mod faults;
pub mod fixtures;
pub mod item;
pub mod jws;
pub mod passkeys;
mod policy_keys;
#[cfg(feature = "aws")]
mod sdk;
pub mod sign_in;

pub use backend::{FaultPoint, InMemoryBackend, SentMail, TaskResult, WebhookCall, trusting_policy};
pub use clock::Skewed;
pub use contended::ContendedStanding;
pub use policy_keys::policy_keys;
#[cfg(feature = "aws")]
pub use sdk::sdk_at;
