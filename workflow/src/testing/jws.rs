//! Revocations that are signed with the key of a certificate (RFC 8555 section 7.6).

use pki::base64url::Base64Url;
use pki::testing::TestKeyPair;
use serde_json::{Value, json};

/// A JWS in flattened JSON, signed by the usual algorithm of the key whatever the header says.
pub fn signed(key: &TestKeyPair, header: &Value, payload: &Value) -> Value {
    key.flattened_jws(header, payload.to_string().as_bytes())
}

/// A revocation of a certificate (DER), signed with its key, for this URL.
pub fn revocation(key: &TestKeyPair, certificate: &[u8], reason: Value, url: &str) -> Value {
    let header = json!({ "alg": key.jws_algorithm().name(), "url": url });
    let certificate = Base64Url(certificate.to_vec()).to_string();
    signed(key, &header, &json!({ "certificate": certificate, "reason": reason }))
}
