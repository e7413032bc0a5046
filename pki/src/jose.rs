//! JSON Web Signatures and Keys (RFC 7515, 7517, 7518, 7638, 8037): shared by ID tokens, ACME and signed revocations.
//!
//! - [`FlattenedJws`]: a JWS in flattened JSON, and the check of its signature or MAC.
//! - [`JsonWebKey`]: a public key for signatures, and its thumbprint. [`JwsAlgorithm`], [`MacAlgorithm`]: the algorithms.
//!
//! Invariant: no JSON object has a duplicate member, at any depth; base64url has one spelling; a header chooses among the
//! algorithms here and among those of the key, and never brings the key that verifies it.

mod algorithm;
mod flattened;
mod jwk;
mod object;

pub use algorithm::{JwsAlgorithm, MacAlgorithm};
pub use flattened::{FlattenedJws, FlattenedJwsError};
pub use jwk::{JsonWebKey, JwkError};

pub(crate) use object::{JsonObject, object};

#[cfg(test)]
mod tests;
