//! Accounts and orders of ACME, made as the server makes them.

use pki::acme::{AcmeIdentifier, AcmeRequest, ExternalAccountBinding, NewAccount};
use pki::jose::{JsonWebKey, MacAlgorithm};
use pki::testing::{AcmeClient, TestKey, TestKeyPair};
use serde_json::json;
use time::OffsetDateTime;

use crate::acme::{AcmeAccount, AcmeAccountId, AcmeOrder, AcmeOrderId, ORDER_LIFETIME, OrderTerms};
use crate::approval::credential::AcmeKeyId;
use crate::ids::RequestId;

const NEW_ACCOUNT: &str = "https://pki.example.com/acme/new-account";

/// The public key of a pair.
pub fn key_of(pair: &TestKeyPair) -> JsonWebKey {
    JsonWebKey::parse(pair.jwk().to_string().as_bytes()).expect("a key")
}

/// A binding of the key of a client. Its MAC is nobody's.
pub fn binding_of(client: &AcmeClient, key_id: AcmeKeyId) -> ExternalAccountBinding {
    let binding = client.binding(MacAlgorithm::Hs256, &key_id.to_string(), &[7; 32], NEW_ACCOUNT);
    let request = client.request_with_key(NEW_ACCOUNT, &json!({ "externalAccountBinding": binding }));
    let request = AcmeRequest::parse(request.to_string().as_bytes()).expect("a request");
    let request = request.verify_by_own_key(NEW_ACCOUNT).expect("signed");
    NewAccount::read(&request).expect("an account").external_account_binding.expect("a binding")
}

/// An account of a new key, bound to the first credential of some standing approval.
pub fn saved_account() -> AcmeAccount {
    let client = AcmeClient::new(TestKey::EcP256, "");
    let key_id = AcmeKeyId { standing: RequestId::random(), number: 1 };
    let binding = binding_of(&client, key_id);
    let contact = vec!["mailto:alice@example.com".to_owned()];
    let now = time::macros::datetime!(2026-01-01 12:00 UTC);
    let id = AcmeAccountId::random().expect("randomness");
    AcmeAccount::new(id, &key_of(&client.key), (key_id, &binding), contact, now)
}

/// A new order of an account for these names.
pub fn saved_order(account: &AcmeAccount, names: &[&str], now: OffsetDateTime) -> AcmeOrder {
    let identifier = |name: &&str| AcmeIdentifier::from_name(name.parse().ok()?);
    let identifiers = names.iter().map(|name| identifier(name).expect("an identifier")).collect();
    let terms =
        OrderTerms { standing: account.standing(), identifiers, profile: "server".into(), replaces: None };
    let id = AcmeOrderId::random(now).expect("randomness");
    AcmeOrder::new(id, account, terms, now + ORDER_LIFETIME * 2, now)
}
