//! Revocations that are signed with the key of a certificate (RFC 8555 section 7.6).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pki::testing::{TestKey, TestKeyPair};
use serde_json::{Value, json};

/// The name of the algorithm of a key in a JWS.
pub fn algorithm(key: &TestKeyPair) -> &'static str {
    match key.kind() {
        TestKey::EcP256 => "ES256",
        TestKey::EcP384 => "ES384",
        TestKey::EcP521 => "ES512",
        TestKey::Rsa2048 | TestKey::Rsa3072 | TestKey::Rsa4096 => "RS256",
        TestKey::Ed25519 => "EdDSA",
    }
}

/// A JWS in flattened JSON (RFC 7515 section 7.2.2).
pub fn signed(key: &TestKeyPair, header: &Value, payload: &Value) -> Value {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (protected, payload) = (encoded(header), encoded(payload));
    let message = format!("{protected}.{payload}");
    let fixed = |algorithm| {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.pkcs8()).expect("a key");
        pair.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature").as_ref().to_vec()
    };
    // RFC 7518 section 3.4: R and S of a fixed length, not DER as in certificates.
    let signature = match key.kind() {
        TestKey::EcP256 => fixed(&ECDSA_P256_SHA256_FIXED_SIGNING),
        TestKey::EcP384 => fixed(&ECDSA_P384_SHA384_FIXED_SIGNING),
        TestKey::EcP521 => fixed(&ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => key.sign(message.as_bytes()),
    };
    json!({ "protected": protected, "payload": payload, "signature": URL_SAFE_NO_PAD.encode(signature) })
}

/// A revocation of a certificate (DER), signed with its key, for this URL.
pub fn revocation(key: &TestKeyPair, certificate: &[u8], reason: Value, url: &str) -> Value {
    let header = json!({ "alg": algorithm(key), "url": url });
    let payload = json!({ "certificate": URL_SAFE_NO_PAD.encode(certificate), "reason": reason });
    signed(key, &header, &payload)
}
