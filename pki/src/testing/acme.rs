//! An ACME client: the requests that it signs.

use serde_json::{Value, json};

use super::jose::mac_jws;
use super::{TestKey, TestKeyPair};
use crate::jose::MacAlgorithm;

/// A client with the key of its account.
#[derive(Clone)]
pub struct AcmeClient {
    /// The key of the account.
    pub key: TestKeyPair,
    /// The URL of the account, for `kid`.
    pub account_url: String,
    /// The nonce of the next request.
    pub nonce: String,
}

impl AcmeClient {
    /// A client with a new key.
    #[must_use]
    pub fn new(kind: TestKey, account_url: &str) -> Self {
        let key = TestKeyPair::generate(kind);
        Self { key, account_url: account_url.to_owned(), nonce: "bm9uY2U".to_owned() }
    }

    /// A request with the key in it, for new accounts and revocations.
    #[must_use]
    pub fn request_with_key(&self, url: &str, payload: &Value) -> Value {
        let mut header = self.header(url);
        header["jwk"] = self.key.jwk();
        self.key.flattened_jws(&header, payload.to_string().as_bytes())
    }

    /// A request of the account.
    #[must_use]
    pub fn request(&self, url: &str, payload: &Value) -> Value {
        self.request_over(url, payload.to_string().as_bytes())
    }

    /// A request of the account that reads: POST-as-GET.
    #[must_use]
    pub fn read(&self, url: &str) -> Value {
        self.request_over(url, b"")
    }

    /// An external account binding of the key, for a request to this URL.
    #[must_use]
    pub fn binding(&self, algorithm: MacAlgorithm, key_id: &str, mac_key: &[u8], url: &str) -> Value {
        let header = json!({ "alg": algorithm.name(), "kid": key_id, "url": url });
        mac_jws(algorithm, mac_key, &header, self.key.jwk().to_string().as_bytes())
    }

    /// The payload of a change to another key.
    #[must_use]
    pub fn key_change(&self, new_key: &TestKeyPair, url: &str) -> Value {
        let header = json!({ "alg": new_key.jws_algorithm().name(), "jwk": new_key.jwk(), "url": url });
        let payload = json!({ "account": self.account_url, "oldKey": self.key.jwk() });
        new_key.flattened_jws(&header, payload.to_string().as_bytes())
    }

    /// The protected header without a key.
    #[must_use]
    pub fn header(&self, url: &str) -> Value {
        json!({ "alg": self.key.jws_algorithm().name(), "nonce": self.nonce, "url": url })
    }

    fn request_over(&self, url: &str, payload: &[u8]) -> Value {
        let mut header = self.header(url);
        header["kid"] = self.account_url.as_str().into();
        self.key.flattened_jws(&header, payload)
    }
}
