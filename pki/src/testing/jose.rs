//! Keys and signatures of JOSE: JSON Web Keys, and JWS in flattened JSON (RFC 7515 section 7.2.2).

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, KeyPair, RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use super::{TestKey, TestKeyPair};
use crate::base64url::encode;
use crate::jose::{JwsAlgorithm, MacAlgorithm};

impl TestKeyPair {
    /// The usual algorithm of the key in JOSE.
    #[must_use]
    pub fn jws_algorithm(&self) -> JwsAlgorithm {
        match self.kind() {
            TestKey::EcP256 => JwsAlgorithm::Es256,
            TestKey::EcP384 => JwsAlgorithm::Es384,
            TestKey::EcP521 => JwsAlgorithm::Es512,
            TestKey::Rsa2048 | TestKey::Rsa3072 | TestKey::Rsa4096 => JwsAlgorithm::Rs256,
            TestKey::Ed25519 => JwsAlgorithm::EdDsa,
        }
    }

    /// The public key as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Value {
        // The octets of a point or of Ed25519 end the SubjectPublicKeyInfo.
        let last = |octets: usize| &self.spki()[self.spki().len() - octets..];
        let ec = |curve: &str, octets: usize| {
            let (x, y) = last(2 * octets).split_at(octets);
            json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
        };
        match self.kind() {
            TestKey::EcP256 => ec("P-256", 32),
            TestKey::EcP384 => ec("P-384", 48),
            TestKey::EcP521 => ec("P-521", 66),
            TestKey::Ed25519 => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(last(32))}),
            TestKey::Rsa2048 | TestKey::Rsa3072 | TestKey::Rsa4096 => {
                let pair = RsaKeyPair::from_pkcs8(self.pkcs8()).unwrap();
                let public: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
                json!({"kty": "RSA", "n": encode(&public.n), "e": encode(&public.e)})
            }
        }
    }

    /// A signature by an algorithm of the key.
    #[must_use]
    pub fn jws_signature(&self, algorithm: JwsAlgorithm, message: &[u8]) -> Vec<u8> {
        // RFC 7518 section 3.4: R and S of a fixed length, not DER as in certificates.
        let fixed = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, self.pkcs8()).unwrap();
            pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
        };
        match algorithm {
            JwsAlgorithm::Es256 => fixed(&ECDSA_P256_SHA256_FIXED_SIGNING),
            JwsAlgorithm::Es384 => fixed(&ECDSA_P384_SHA384_FIXED_SIGNING),
            JwsAlgorithm::Es512 => fixed(&ECDSA_P521_SHA512_FIXED_SIGNING),
            JwsAlgorithm::Ps256 => self.sign_rsa(&RSA_PSS_SHA256, message),
            JwsAlgorithm::Rs256 | JwsAlgorithm::EdDsa => self.sign(message),
        }
    }

    /// A JWS over any octets, signed by the usual algorithm of the key whatever the header says.
    #[must_use]
    pub fn flattened_jws(&self, header: &Value, payload: &[u8]) -> Value {
        flattened(header, payload, |message| self.jws_signature(self.jws_algorithm(), message))
    }
}

/// A JWS over any octets with a MAC by this key.
#[must_use]
pub fn mac_jws(algorithm: MacAlgorithm, key: &[u8], header: &Value, payload: &[u8]) -> Value {
    let hash = match algorithm {
        MacAlgorithm::Hs256 => hmac::HMAC_SHA256,
        MacAlgorithm::Hs384 => hmac::HMAC_SHA384,
        MacAlgorithm::Hs512 => hmac::HMAC_SHA512,
    };
    flattened(header, payload, |message| hmac::sign(&hmac::Key::new(hash, key), message).as_ref().to_vec())
}

fn flattened(header: &Value, payload: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) -> Value {
    let (protected, payload) = (encode(header.to_string()), encode(payload));
    let signature = sign(format!("{protected}.{payload}").as_bytes());
    json!({ "protected": protected, "payload": payload, "signature": encode(signature) })
}
