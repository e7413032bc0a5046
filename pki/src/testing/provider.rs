//! The keys of an identity provider, and the ID tokens that it signs.

use serde_json::{Value, json};

use super::{TestKey, TestKeyPair};
use crate::base64url::encode;
use crate::jose::JwsAlgorithm;

/// A key of an identity provider.
#[derive(Clone)]
pub struct ProviderKeyPair {
    /// The algorithm of its signatures.
    pub algorithm: JwsAlgorithm,
    /// Its id.
    pub key_id: String,
    pair: TestKeyPair,
}

impl ProviderKeyPair {
    /// A new key.
    #[must_use]
    pub fn new(algorithm: JwsAlgorithm, key_id: &str) -> Self {
        let kind = match algorithm {
            JwsAlgorithm::Rs256 | JwsAlgorithm::Ps256 => TestKey::Rsa2048,
            JwsAlgorithm::Es256 => TestKey::EcP256,
            JwsAlgorithm::Es384 => TestKey::EcP384,
            JwsAlgorithm::Es512 => TestKey::EcP521,
            JwsAlgorithm::EdDsa => TestKey::Ed25519,
        };
        Self { algorithm, key_id: key_id.to_owned(), pair: TestKeyPair::generate(kind) }
    }

    /// The public key as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = self.pair.jwk();
        jwk["kid"] = self.key_id.as_str().into();
        jwk["alg"] = self.algorithm.name().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// An ID token with these claims.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm.name(), "kid": self.key_id, "typ": "JWT"}), claims)
    }

    /// A token with this header, signed by the algorithm of the key whatever the header says.
    #[must_use]
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.pair.jws_signature(self.algorithm, signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }
}
