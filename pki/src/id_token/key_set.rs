//! The keys of an issuer of ID tokens (RFC 7517 section 5).

use serde_json::Value;

use super::IdTokenError;
use crate::jose::{JsonWebKey, object};

/// The bytes of a key set, at most.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// The keys of a set that are read, at most.
const MAX_KEYS: usize = 64;

/// Reads the keys of a set that can verify a token; others are left out, as RFC 7517 section 5 says.
///
/// # Errors
/// [`IdTokenError::Malformed`] if it is no key set.
pub fn key_set(octets: &[u8]) -> Result<Vec<JsonWebKey>, IdTokenError> {
    const MALFORMED: IdTokenError = IdTokenError::Malformed("the key set is not well formed");
    if octets.len() > MAX_KEY_SET_BYTES {
        return Err(IdTokenError::Malformed("the key set is too long"));
    }
    let set = object(octets).ok_or(MALFORMED)?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or(MALFORMED)?;
    Ok(keys.iter().take(MAX_KEYS).filter_map(|key| JsonWebKey::from_value(key).ok()).collect())
}
