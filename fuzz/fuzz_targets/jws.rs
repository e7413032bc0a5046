//! Any octets as the body of an ACME request. Every value that is read keeps the rules, whatever key signed it. Problems have no `null`.
//!
//! The signature is passed over, so that the readers of payloads and the JWS in them are reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::acme::{
    AccountUpdate, AcmeIdentifier, AcmeProblem, AcmeRequest, CertificateRevocation, KeyChange, KeyReference,
    MAX_REQUEST_BYTES, NewAccount, NewOrder, RenewalCertId, VerifiedRequest, check_csr, read_csr,
    read_deactivation,
};
use pki::jose::JsonWebKey;
use pki::name::Name;

/// RFC 7515 appendix A.3: the key of requests that name an account.
const KEY: &str = r#"{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// The value, or nothing after a look at the problem.
fn ok<T>(said: Result<T, AcmeProblem>) -> Option<T> {
    said.inspect_err(|problem| {
        let json = serde_json::to_value(problem).expect("JSON");
        let members = json.as_object().expect("an object");
        assert!(members.values().all(|value| !value.is_null()));
        assert!((400..=500).contains(&problem.status()) && !problem.detail().is_empty());
    })
    .ok()
}

fn account(request: &VerifiedRequest) {
    if let Some(account) = ok(NewAccount::read(request)) {
        assert!(account.contact.iter().all(|url| url.starts_with("mailto:") && url.is_ascii()));
        if let Some(binding) = account.external_account_binding {
            assert!(binding.key_id().is_ascii() && binding.to_json().is_object());
            assert!(binding.verify(b"a key that nobody has", request.key()).is_err());
        }
    }
    ok(AccountUpdate::read(request));
    ok(read_deactivation(request));
    if let Some(change) = ok(KeyChange::read(request)) {
        assert_ne!(change.new_key.public_key(), request.key().public_key());
    }
}

fn order(request: &VerifiedRequest) {
    let Some(order) = ok(NewOrder::read(request)) else { return };
    for identifier in &order.identifiers {
        let object = identifier.to_object();
        assert_eq!(AcmeIdentifier::try_from(&object).as_ref(), Ok(identifier));
        assert_eq!(identifier.name().to_string().parse::<Name>().as_ref(), Ok(identifier.name()));
    }
    if let Some(replaces) = order.replaces {
        assert_eq!(replaces.to_string().parse::<RenewalCertId>().as_ref(), Ok(&replaces));
    }
}

fuzz_target!(|octets: &[u8]| {
    let Some(request) = ok(AcmeRequest::parse(octets)) else { return };
    assert!(octets.len() <= MAX_REQUEST_BYTES);
    let key = match request.key() {
        KeyReference::Jwk(key) => key.clone(),
        KeyReference::AccountUrl(_) => JsonWebKey::from_json(KEY).expect("a key"),
    };
    assert_eq!(JsonWebKey::from_json(&key.to_json()).as_ref(), Some(&key));
    let Some(request) = ok(request.without_proof(key)) else { return };
    account(&request);
    order(&request);
    if let Some(csr) = ok(read_csr(&request)) {
        ok(check_csr(&csr, &[], request.key().public_key()));
    }
    if let Some(revocation) = ok(CertificateRevocation::read(&request)) {
        let _ = revocation.is_by_its_key(&request);
    }
});
