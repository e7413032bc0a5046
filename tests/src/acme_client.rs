//! An ACME client of the tests: signs by pki's encoder, asks for a nonce before each request, and keeps no state but its keys, so a
//! copy of it is the same client after it was killed.

use hyper::HeaderMap;
use pki::base64url::Base64Url;
use pki::jose::MacAlgorithm;
use pki::testing::{AcmeClient, TestKey, TestKeyPair};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::{Credential, PATIENCE, eventually};

/// The most repetitions of a request whose nonce is refused: each answer brings another nonce.
const NONCES: usize = 10;

/// The answer of the server.
#[derive(Debug)]
pub struct AcmeAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl AcmeAnswer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{}, {error}: {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The type of a problem, without its prefix.
    pub fn problem(&self) -> String {
        let said: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        said["type"].as_str().unwrap_or_default().trim_start_matches("urn:ietf:params:acme:error:").to_owned()
    }

    fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// The URL of the resource that was made.
    #[track_caller]
    pub fn location(&self) -> String {
        self.header("location").expect("a Location")
    }
}

/// A client, whose account may not exist yet.
#[derive(Clone)]
pub struct TestAcmeClient {
    http: Client,
    base: String,
    signer: AcmeClient,
}

impl TestAcmeClient {
    /// A client with a new key, of the server below this base URL of a portal.
    pub fn new(base: &str) -> Self {
        let http = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { http, base: base.to_owned(), signer: AcmeClient::new(TestKey::EcP256, "") }
    }

    /// A client with an account that is bound to the credential.
    pub async fn registered(base: &str, credential: &Credential) -> Self {
        let mut client = Self::new(base);
        client.try_register(credential).await.expect("an answer").expect(201);
        client
    }

    /// The URL of a resource.
    pub fn url(&self, name: &str) -> String {
        format!("{}acme/{name}", self.base)
    }

    /// Makes the account of the key. Idempotent.
    pub async fn try_register(&mut self, credential: &Credential) -> Option<AcmeAnswer> {
        let url = self.url("new-account");
        let key = Base64Url::from_text(&credential.hmac_key).unwrap();
        let binding = self.signer.binding(MacAlgorithm::Hs256, &credential.key_id, key.octets(), &url);
        let asked = json!({ "termsOfServiceAgreed": true, "externalAccountBinding": binding });
        let answer = self.signed(&url, |signer| signer.request_with_key(&url, &asked)).await?;
        if matches!(answer.status, 200 | 201) {
            self.signer.account_url = answer.location();
        }
        Some(answer)
    }

    /// A request of the account; without a payload, it reads. None if there is no answer.
    pub async fn try_post(&self, url: &str, payload: Option<&Value>) -> Option<AcmeAnswer> {
        self.signed(url, |signer| match payload {
            Some(payload) => signer.request(url, payload),
            None => signer.read(url),
        })
        .await
    }

    /// A request of the account that has an answer.
    pub async fn post(&self, url: &str, payload: &Value) -> AcmeAnswer {
        self.try_post(url, Some(payload)).await.unwrap_or_else(|| panic!("no answer of {url}"))
    }

    /// Reads a resource.
    pub async fn read(&self, url: &str) -> AcmeAnswer {
        self.try_post(url, None).await.unwrap_or_else(|| panic!("no answer of {url}"))
    }

    /// Orders a certificate for DNS names, and returns the URL of the order.
    pub async fn order(&self, names: &[&str]) -> String {
        let answer = self.post(&self.url("new-order"), &new_order(names)).await.expect(201);
        assert_eq!(answer.json()["status"], "ready", "an order is born ready");
        answer.location()
    }

    /// Sends the CSR (PEM) of an order.
    pub async fn finalize(&self, order: &str, csr: &str) -> AcmeAnswer {
        self.post(&format!("{order}/finalize"), &finalization(csr)).await
    }

    /// Gives the account another key.
    pub async fn change_key(&mut self) -> AcmeAnswer {
        let (url, new) = (self.url("key-change"), TestKeyPair::generate(TestKey::EcP256));
        let answer = self.post(&url, &self.signer.key_change(&new, &url)).await;
        if answer.status == 200 {
            self.signer.key = new;
        }
        answer
    }

    /// Waits until an order is no longer processed, and returns it.
    pub async fn settled(&self, order: &str) -> Value {
        eventually(&format!("{order} to be processed"), PATIENCE, async || {
            let order = self.read(order).await.json();
            (order["status"] != "processing").then_some(order)
        })
        .await
    }

    /// The chain (PEM) of a valid order.
    pub async fn certificate(&self, order: &Value) -> String {
        assert_eq!(order["status"], "valid", "{order:#}");
        let answer = self.read(order["certificate"].as_str().unwrap()).await.expect(200);
        String::from_utf8(answer.body).unwrap()
    }

    /// Sends a signed request, again as long as its nonce is refused.
    async fn signed(&self, url: &str, sign: impl Fn(&AcmeClient) -> Value) -> Option<AcmeAnswer> {
        let mut signer = self.signer.clone();
        signer.nonce = self.call(self.http.head(self.url("new-nonce"))).await?.header("replay-nonce")?;
        for _ in 0..NONCES {
            let body = sign(&signer).to_string();
            let request = self.http.post(url).header("content-type", "application/jose+json").body(body);
            let answer = self.call(request).await?;
            if answer.problem() != "badNonce" {
                return Some(answer);
            }
            signer.nonce = answer.header("replay-nonce")?;
        }
        None
    }

    async fn call(&self, request: RequestBuilder) -> Option<AcmeAnswer> {
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Some(AcmeAnswer { status, headers, body: answer.bytes().await.ok()?.to_vec() })
    }
}

/// The payload of an order for DNS names.
pub fn new_order(names: &[&str]) -> Value {
    let identifiers: Vec<Value> = names.iter().map(|name| json!({ "type": "dns", "value": name })).collect();
    json!({ "identifiers": identifiers })
}

/// The payload with the CSR (PEM) of an order.
pub fn finalization(csr: &str) -> Value {
    let der = x509_parser::pem::parse_x509_pem(csr.as_bytes()).unwrap().1.contents;
    json!({ "csr": Base64Url(der).to_string() })
}
