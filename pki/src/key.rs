//! Public keys, and the detection of weak ones.

mod public_key;
mod rsa_numbers;
mod weak_keys;

pub use crate::key_kind::KeyKind;
pub use public_key::{MAX_RSA_BITS, PublicKey};
#[cfg(any(test, feature = "testing"))]
pub use weak_keys::prime_tests;
