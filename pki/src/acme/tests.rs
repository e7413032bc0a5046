//! Right requests, requests with one fault each, altered requests; objects as the RFCs show them.

mod accounts;
mod alterations;
mod nonces;
mod objects;
mod orders;
mod payloads;
mod requests;

use serde_json::Value;

use super::*;
use crate::jose::JsonWebKey;
use crate::testing::{AcmeClient, TestKey, TestKeyPair};

const URL: &str = "https://pki.example.com/acme/new-order";
const NEW_ACCOUNT: &str = "https://pki.example.com/acme/new-account";
const ACCOUNT: &str = "https://pki.example.com/acme/account/a1";

/// The kinds of keys that sign requests.
const KEYS: [TestKey; 4] = [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Ed25519];

fn client() -> AcmeClient {
    AcmeClient::new(TestKey::EcP256, ACCOUNT)
}

fn key_of(pair: &TestKeyPair) -> JsonWebKey {
    JsonWebKey::parse(pair.jwk().to_string().as_bytes()).unwrap()
}

fn parse(request: &Value) -> Result<AcmeRequest, AcmeProblem> {
    AcmeRequest::parse(request.to_string().as_bytes())
}

/// Reads a request to this URL as the server does.
fn receive(client: &AcmeClient, request: &Value, url: &str) -> Result<VerifiedRequest, AcmeProblem> {
    let request = parse(request)?;
    match request.key() {
        KeyReference::Jwk(_) => request.verify_by_own_key(url),
        KeyReference::AccountUrl(_) => request.verify_by_account_key(&key_of(&client.key), url),
    }
}

/// A header with a changed member.
fn with_member(header: &Value, name: &str, value: Value) -> Value {
    let mut header = header.clone();
    header[name] = value;
    header
}

/// A header without a member.
fn without_member(header: &Value, name: &str) -> Value {
    let mut header = header.clone();
    header.as_object_mut().unwrap().remove(name);
    header
}

/// A verified request with this payload.
fn verified(payload: &Value) -> VerifiedRequest {
    let client = client();
    receive(&client, &client.request(URL, payload), URL).unwrap()
}

/// The type and the status of a problem.
fn kind<T: std::fmt::Debug>(said: Result<T, AcmeProblem>) -> (AcmeErrorType, u16) {
    let problem = said.unwrap_err();
    (problem.error_type(), problem.status())
}
