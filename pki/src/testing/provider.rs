//! The keys of an identity provider, and the ID tokens that it signs.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{TestKey, TestKeyPair};
use crate::id_token::TokenAlgorithm;

/// A key of an identity provider.
#[derive(Clone)]
pub struct ProviderKeyPair {
    /// The algorithm of its signatures.
    pub algorithm: TokenAlgorithm,
    /// Its id.
    pub key_id: String,
    pair: TestKeyPair,
}

impl ProviderKeyPair {
    /// A new key.
    #[must_use]
    pub fn new(algorithm: TokenAlgorithm, key_id: &str) -> Self {
        let kind = match algorithm {
            TokenAlgorithm::Rs256 | TokenAlgorithm::Ps256 => TestKey::Rsa2048,
            TokenAlgorithm::Es256 => TestKey::EcP256,
            TokenAlgorithm::Es384 => TestKey::EcP384,
            TokenAlgorithm::EdDsa => TestKey::Ed25519,
        };
        Self { algorithm, key_id: key_id.to_owned(), pair: TestKeyPair::generate(kind) }
    }

    /// The public key as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
        let point = |algorithm, bytes: usize| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, self.pair.pkcs8()).unwrap();
            let point = pair.public_key().as_ref().to_vec();
            (text(&point[1..=bytes]), text(&point[1 + bytes..]))
        };
        let mut jwk = match self.algorithm {
            TokenAlgorithm::Rs256 | TokenAlgorithm::Ps256 => {
                let pair = RsaKeyPair::from_pkcs8(self.pair.pkcs8()).unwrap();
                let public: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
                json!({"kty": "RSA", "n": text(&public.n), "e": text(&public.e)})
            }
            TokenAlgorithm::Es256 => {
                let (x, y) = point(&ECDSA_P256_SHA256_FIXED_SIGNING, 32);
                json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            }
            TokenAlgorithm::Es384 => {
                let (x, y) = point(&ECDSA_P384_SHA384_FIXED_SIGNING, 48);
                json!({"kty": "EC", "crv": "P-384", "x": x, "y": y})
            }
            TokenAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(self.pair.pkcs8()).unwrap();
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
        };
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
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(header), text(claims));
        let signature = self.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let (random, pkcs8) = (SystemRandom::new(), self.pair.pkcs8());
        let rsa = |padding| {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &random, message, &mut signature).unwrap();
            signature
        };
        let ec = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).unwrap();
            pair.sign(&random, message).unwrap().as_ref().to_vec()
        };
        match self.algorithm {
            TokenAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
            TokenAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            TokenAlgorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            TokenAlgorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            TokenAlgorithm::EdDsa => {
                Ed25519KeyPair::from_pkcs8(pkcs8).unwrap().sign(message).as_ref().to_vec()
            }
        }
    }
}
