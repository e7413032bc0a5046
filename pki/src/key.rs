//! Public keys, and the ones that protect nothing.

mod public_key;
mod weak_keys;

pub use public_key::{KeyKind, MAX_RSA_BITS, PublicKey};
#[cfg(any(test, feature = "testing"))]
pub use weak_keys::prime_tests;
