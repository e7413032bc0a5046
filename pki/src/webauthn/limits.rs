//! The site, and the sizes above which nothing is parsed.

use super::WebAuthnError;

/// The bytes of an attestationObject, at most.
pub const MAX_ATTESTATION_OBJECT_BYTES: usize = 64 * 1024;
/// The bytes of a clientDataJSON, at most.
pub const MAX_CLIENT_DATA_BYTES: usize = 8 * 1024;
/// The bytes of the authenticatorData of an assertion, at most: 37, and extensions.
pub const MAX_AUTHENTICATOR_DATA_BYTES: usize = 8 * 1024;
/// The bytes of a signature, at most. RSA with 4096 bits has 512.
pub const MAX_SIGNATURE_BYTES: usize = 1024;

/// The site that passkeys are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The relying party identifier: a domain in lower case.
    pub id: String,
    /// The origin as browsers serialise it: `scheme://host[:port]`.
    pub origin: String,
}

pub(super) fn at_most(max: usize, octets: &[u8], error: &'static str) -> Result<(), WebAuthnError> {
    if octets.len() > max { Err(WebAuthnError::Malformed(error)) } else { Ok(()) }
}
