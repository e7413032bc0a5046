//! New accounts, their bindings, updates, and changes of keys.

use serde_json::json;

use super::*;
use crate::jose::MacAlgorithm;

const KEY_ID: &str = "grant-7";
const MAC_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

fn new_account(payload: &Value) -> Result<NewAccount, AcmeProblem> {
    let client = client();
    let request = receive(&client, &client.request_with_key(NEW_ACCOUNT, payload), NEW_ACCOUNT).unwrap();
    NewAccount::read(&request)
}

#[test]
fn the_members_of_a_new_account_are_read() {
    let none = NewAccount {
        contact: Vec::new(),
        terms_of_service_agreed: false,
        only_return_existing: false,
        external_account_binding: None,
    };
    assert_eq!(new_account(&json!({})), Ok(none.clone()));
    // As clients in Go write lists that they do not have; and members that no RFC knows.
    assert_eq!(
        new_account(&json!({ "contact": null, "externalAccountBinding": null, "x": 1 })),
        Ok(none.clone())
    );
    let read = new_account(&json!({
        "contact": ["mailto:Alice@Example.com", "MAILTO:bob@example.com"],
        "termsOfServiceAgreed": true, "onlyReturnExisting": true,
    }));
    let contact = vec!["mailto:Alice@example.com".to_owned(), "mailto:bob@example.com".to_owned()];
    assert_eq!(
        read,
        Ok(NewAccount { contact, terms_of_service_agreed: true, only_return_existing: true, ..none })
    );
}

#[test]
fn each_wrong_member_is_named() {
    let many: Vec<String> =
        (0..=MAX_CONTACTS).map(|number| format!("mailto:a{number}@example.com")).collect();
    for (payload, error, named) in [
        (json!({ "contact": "mailto:a@example.com" }), AcmeErrorType::Malformed, "\"contact\""),
        (json!({ "contact": [1] }), AcmeErrorType::Malformed, "\"contact\""),
        (json!({ "termsOfServiceAgreed": "true" }), AcmeErrorType::Malformed, "\"termsOfServiceAgreed\""),
        (json!({ "onlyReturnExisting": 1 }), AcmeErrorType::Malformed, "\"onlyReturnExisting\""),
        (json!({ "externalAccountBinding": "x" }), AcmeErrorType::Malformed, "\"externalAccountBinding\""),
        (json!({ "externalAccountBinding": {} }), AcmeErrorType::Malformed, "\"externalAccountBinding\""),
        (json!({ "contact": ["tel:+15555555"] }), AcmeErrorType::UnsupportedContact, "tel:+15555555"),
        (json!({ "contact": ["alice@example.com"] }), AcmeErrorType::UnsupportedContact, "alice@example.com"),
        (json!({ "contact": ["mailto:"] }), AcmeErrorType::InvalidContact, "mailto:"),
        (
            json!({ "contact": ["mailto:a@example.com?subject=x"] }),
            AcmeErrorType::InvalidContact,
            "header fields",
        ),
        (
            json!({ "contact": ["mailto:a@example.com,b@example.com"] }),
            AcmeErrorType::InvalidContact,
            "one address",
        ),
        (
            json!({ "contact": ["mailto:a%40b@example.com"] }),
            AcmeErrorType::InvalidContact,
            "percent-encoding",
        ),
        (json!({ "contact": ["mailto:a@localhost"] }), AcmeErrorType::InvalidContact, "mailto:a@localhost"),
        (json!({ "contact": many }), AcmeErrorType::InvalidContact, "at most 10"),
    ] {
        let problem = new_account(&payload).unwrap_err();
        assert_eq!(problem.error_type(), error, "{payload}: {problem}");
        assert!(problem.detail().contains(named), "{payload}: {problem}");
    }
}

#[test]
fn a_binding_of_each_algorithm_is_verified() {
    for algorithm in MacAlgorithm::ALL {
        let client = client();
        let written = client.binding(algorithm, KEY_ID, MAC_KEY, NEW_ACCOUNT);
        let request = client.request_with_key(NEW_ACCOUNT, &json!({ "externalAccountBinding": written }));
        let request = receive(&client, &request, NEW_ACCOUNT).unwrap();
        let binding = NewAccount::read(&request).unwrap().external_account_binding.unwrap();
        assert_eq!((binding.key_id(), binding.to_json()), (KEY_ID, written));
        assert_eq!(binding.verify(MAC_KEY, request.key()), Ok(()));
        // Another MAC key, and the key of another account under the right MAC.
        assert_eq!(binding.verify(&MAC_KEY[1..], request.key()), Err(ExternalAccountBinding::unproven()));
        let other = key_of(&TestKeyPair::generate(TestKey::EcP256));
        assert_eq!(kind(binding.verify(MAC_KEY, &other)), (AcmeErrorType::Malformed, 400));
    }
    assert_eq!(ExternalAccountBinding::unproven().status(), 403);
    assert_eq!(ExternalAccountBinding::required().error_type(), AcmeErrorType::ExternalAccountRequired);
}

#[test]
fn each_wrong_binding_is_refused() {
    use crate::testing::mac_jws;
    let client = client();
    let jwk = client.key.jwk().to_string();
    let right = json!({ "alg": "HS256", "kid": KEY_ID, "url": NEW_ACCOUNT });
    let changed = |name: &str, value: Value| with_member(&right, name, value);
    let without = |name: &str| without_member(&right, name);
    let read = |binding: Value| {
        let request = client.request_with_key(NEW_ACCOUNT, &json!({ "externalAccountBinding": binding }));
        NewAccount::read(&receive(&client, &request, NEW_ACCOUNT).unwrap())
    };
    let mac = |header: &Value| mac_jws(MacAlgorithm::Hs256, MAC_KEY, header, jwk.as_bytes());
    assert!(read(mac(&right)).is_ok());
    for (header, error) in [
        (changed("alg", json!("ES256")), AcmeErrorType::BadSignatureAlgorithm),
        (changed("alg", json!("none")), AcmeErrorType::BadSignatureAlgorithm),
        (without("alg"), AcmeErrorType::Malformed),
        (without("kid"), AcmeErrorType::Malformed),
        (changed("kid", json!("")), AcmeErrorType::Malformed),
        (changed("kid", json!("k".repeat(257))), AcmeErrorType::Malformed),
        (changed("kid", json!("\u{e9}")), AcmeErrorType::Malformed),
        (without("url"), AcmeErrorType::Malformed),
        (changed("url", json!(URL)), AcmeErrorType::Malformed),
        (changed("nonce", json!("AAAA")), AcmeErrorType::Malformed),
        (changed("crit", json!(["kid"])), AcmeErrorType::Malformed),
    ] {
        let problem = read(mac(&header)).unwrap_err();
        assert_eq!(problem.error_type(), error, "{header}: {problem}");
        assert!(problem.detail().starts_with("\"externalAccountBinding\""), "{problem}");
    }
    // A MAC with the algorithm of the header, over a payload that is no key.
    let no_key = mac_jws(MacAlgorithm::Hs256, MAC_KEY, &right, b"{}");
    let binding = read(no_key).unwrap().external_account_binding.unwrap();
    assert_eq!(kind(binding.verify(MAC_KEY, &key_of(&client.key))), (AcmeErrorType::Malformed, 400));
    // HS512 in the header, and a MAC of HS256.
    let binding = read(mac(&changed("alg", json!("HS512")))).unwrap().external_account_binding.unwrap();
    assert_eq!(binding.verify(MAC_KEY, &key_of(&client.key)), Err(ExternalAccountBinding::unproven()));
}

#[test]
fn an_update_changes_contacts_or_deactivates() {
    let update = |payload: Value| AccountUpdate::read(&verified(&payload));
    let nothing = AccountUpdate { contact: None, deactivate: false };
    assert_eq!(update(json!({})), Ok(nothing.clone()));
    // RFC 8555 section 7.3.2: orders, agreement and other statuses are ignored.
    let back = json!({ "status": "valid", "orders": "x", "termsOfServiceAgreed": false, "contact": null });
    assert_eq!(update(back), Ok(nothing));
    let none = AccountUpdate { contact: Some(Vec::new()), deactivate: false };
    assert_eq!(update(json!({ "contact": [] })), Ok(none));
    assert!(update(json!({ "status": "deactivated" })).unwrap().deactivate);
    assert_eq!(kind(update(json!({ "status": 1 }))), (AcmeErrorType::Malformed, 400));
    assert_eq!(kind(update(json!({ "contact": ["x:y"] }))), (AcmeErrorType::UnsupportedContact, 400));
    let client = client();
    let read = receive(&client, &client.read(URL), URL).unwrap();
    assert!(AccountUpdate::read(&read).is_err(), "a read is no update");
}

#[test]
fn both_keys_agree_to_a_change() {
    for kind in KEYS {
        let (client, new) = (client(), TestKeyPair::generate(kind));
        let request = client.request(URL, &client.key_change(&new, URL));
        let request = receive(&client, &request, URL).unwrap();
        assert_eq!(KeyChange::read(&request), Ok(KeyChange { new_key: key_of(&new) }), "{kind:?}");
    }
}

#[test]
fn each_wrong_change_of_key_is_refused() {
    let (client, new) = (client(), TestKeyPair::generate(TestKey::EcP256));
    let stranger = TestKeyPair::generate(TestKey::EcP256);
    let header = json!({ "alg": "ES256", "jwk": new.jwk(), "url": URL });
    let payload = json!({ "account": ACCOUNT, "oldKey": client.key.jwk() });
    let inner = |header: &Value, payload: &Value| new.flattened_jws(header, payload.to_string().as_bytes());
    let read = |inner: &Value| KeyChange::read(&receive(&client, &client.request(URL, inner), URL).unwrap());
    assert!(read(&inner(&header, &payload)).is_ok());
    let with = |base: &Value, name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        changed
    };
    let without = |base: &Value, name: &str| {
        let mut changed = base.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed
    };
    for (inner, error) in [
        (json!({}), AcmeErrorType::Malformed),
        (inner(&with(&header, "alg", json!("ES512")), &payload), AcmeErrorType::BadSignatureAlgorithm),
        (inner(&with(&header, "alg", json!("RS256")), &payload), AcmeErrorType::BadPublicKey),
        (inner(&without(&header, "jwk"), &payload), AcmeErrorType::Malformed),
        (inner(&with(&header, "kid", json!(ACCOUNT)), &payload), AcmeErrorType::Malformed),
        (inner(&with(&header, "nonce", json!("AAAA")), &payload), AcmeErrorType::Malformed),
        (inner(&with(&header, "url", json!(NEW_ACCOUNT)), &payload), AcmeErrorType::Malformed),
        (inner(&without(&header, "url"), &payload), AcmeErrorType::Malformed),
        // A key that did not sign.
        (inner(&with(&header, "jwk", stranger.jwk()), &payload), AcmeErrorType::Malformed),
        (
            inner(&header, &with(&payload, "account", json!("https://pki.example.com/acme/account/b2"))),
            AcmeErrorType::Malformed,
        ),
        (inner(&header, &without(&payload, "account")), AcmeErrorType::Malformed),
        (inner(&header, &with(&payload, "oldKey", stranger.jwk())), AcmeErrorType::Malformed),
        (inner(&header, &without(&payload, "oldKey")), AcmeErrorType::Malformed),
        (
            inner(&header, &with(&payload, "oldKey", json!({ "kty": "oct", "k": "AAAA" }))),
            AcmeErrorType::BadPublicKey,
        ),
        // The same key once more.
        (client.key_change(&client.key, URL), AcmeErrorType::Malformed),
    ] {
        let problem = read(&inner).unwrap_err();
        assert_eq!(problem.error_type(), error, "{problem}");
    }
    // The outer JWS is of no account, though its key is that of one.
    let outer = client.request_with_key(URL, &client.key_change(&new, URL));
    let outer = receive(&client, &outer, URL).unwrap();
    assert_eq!(kind(KeyChange::read(&outer)), (AcmeErrorType::Malformed, 400));
    assert_eq!(AcmeProblem::key_in_use().status(), 409);
}
