//! A signed order of an ACME client: its verification, and the bare signature as the lower bound.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use pki::acme::{AcmeRequest, VerifiedRequest};
use pki::base64url::Base64Url;
use pki::jose::JsonWebKey;
use pki::testing::{AcmeClient, TestKey};
use serde_json::json;

/// The kinds of keys that sign requests.
pub const ACCOUNT_KEYS: [TestKey; 5] =
    [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Rsa4096, TestKey::Ed25519];

const URL: &str = "https://pki.example.com/acme/new-order";

/// An order for one name, signed by the key of an account.
pub struct SignedOrder {
    /// The key of the account as JSON.
    pub jwk: String,
    body: Vec<u8>,
    key: JsonWebKey,
    verifier: &'static dyn VerificationAlgorithm,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl SignedOrder {
    /// An order by a new key of this kind.
    #[must_use]
    pub fn by(kind: TestKey) -> SignedOrder {
        let client = AcmeClient::new(kind, "https://pki.example.com/acme/account/1f9c2c5e");
        let payload = json!({ "identifiers": [{ "type": "dns", "value": "www.example.com" }] });
        let request = client.request(URL, &payload);
        let text = |part: &str| request[part].as_str().unwrap();
        let jwk = client.key.jwk().to_string();
        SignedOrder {
            body: request.to_string().into_bytes(),
            key: JsonWebKey::from_json(&jwk).unwrap(),
            jwk,
            verifier: match kind {
                TestKey::EcP256 => &ECDSA_P256_SHA256_FIXED,
                TestKey::EcP384 => &ECDSA_P384_SHA384_FIXED,
                TestKey::Ed25519 => &ED25519,
                _ => &RSA_PKCS1_2048_8192_SHA256,
            },
            message: format!("{}.{}", text("protected"), text("payload")).into_bytes(),
            signature: Base64Url::from_text(text("signature")).unwrap().0,
        }
    }

    /// From the body to the payload, by the key of the account.
    #[must_use]
    pub fn verify(&self) -> VerifiedRequest {
        AcmeRequest::parse(&self.body).unwrap().verify_by_account_key(&self.key, URL).unwrap()
    }

    /// The signature alone, by aws-lc-rs, over the same octets.
    pub fn verify_bare(&self) {
        let key = UnparsedPublicKey::new(self.verifier, self.key.public_key().bits());
        key.verify(&self.message, &self.signature).unwrap();
    }

    /// Reading the key, as a request with a key in it takes it.
    #[must_use]
    pub fn read_key(&self) -> JsonWebKey {
        JsonWebKey::from_json(&self.jwk).unwrap()
    }
}
