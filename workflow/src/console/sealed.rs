//! Values that a browser carries and cannot change: JSON in base64url, a dot, and an HMAC-SHA256 tag under a key for one use.

use aws_lc_rs::hmac;
use pki::base64url::Base64Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approval::LinkSecret;
use crate::secret::Secret;

/// The longest text that is read, in bytes. RFC 6265 section 6.1: a browser keeps a cookie of 4,096 bytes.
const MAX_BYTES: usize = 3_900;

fn tag(key: &Secret<[u8; 32]>, text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()), text.as_bytes())
}

/// Seals a value for one use.
pub(super) fn seal(secret: &LinkSecret, purpose: &str, value: &impl Serialize) -> String {
    let text = Base64Url(serde_json::to_vec(value).unwrap_or_default()).to_string();
    let (key, _) = secret.derived_keys(purpose);
    let tag = Base64Url(tag(&key, &text).as_ref().to_vec());
    format!("{text}.{tag}")
}

/// Opens what was sealed for this use, under this secret or the one before; `None` for anything else.
pub(super) fn open<T: DeserializeOwned>(secret: &LinkSecret, purpose: &str, sealed: &str) -> Option<T> {
    let (text, given) = sealed.split_once('.').filter(|_| sealed.len() <= MAX_BYTES)?;
    let given = Base64Url::from_text(given)?;
    let (current, previous) = secret.derived_keys(purpose);
    let is_of = |key: &Secret<[u8; 32]>| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        hmac::verify(&key, text.as_bytes(), given.octets()).is_ok()
    };
    // Both are computed in any case: the time must not tell which secret made the tag.
    let before = previous.as_ref().is_some_and(is_of);
    if !(is_of(&current) || before) {
        return None;
    }
    serde_json::from_slice(Base64Url::from_text(text)?.octets()).ok()
}
