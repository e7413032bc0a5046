//! Public keys, and the ones that protect nothing.

mod public_key;
mod rsa_numbers;
mod weak_keys;

pub use crate::key_kind::KeyKind;
pub use public_key::{MAX_RSA_BITS, PublicKey};
#[cfg(any(test, feature = "testing"))]
pub use weak_keys::prime_tests;
