use pki::acme::{AcmeErrorType, AcmeRequest, NewAccount};
use pki::jose::MacAlgorithm;
use pki::testing::{AcmeClient, TestKey};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ports::Clock as _;
use crate::request::{Status, verify_request};
use crate::testing::fixtures::{TERMS, standing_backend};

const URL: &str = "https://pki.example.com/acme/new-account";

fn secret(letter: &str) -> LinkSecret {
    LinkSecret::new(&letter.repeat(64)).unwrap()
}

fn key_id(number: u32) -> AcmeKeyId {
    AcmeKeyId { standing: RequestId::from_hash([7; 16]), number }
}

/// A binding of the key of `account` as a client makes it, and the key of `client`.
fn binding(
    key_id: &str,
    mac_key: &str,
    client: &AcmeClient,
    bound: &AcmeClient,
) -> (ExternalAccountBinding, JsonWebKey) {
    let mac_key = URL_SAFE_NO_PAD.decode(mac_key).unwrap();
    let binding = bound.binding(MacAlgorithm::Hs256, key_id, &mac_key, URL);
    let request = client.request_with_key(URL, &json!({ "externalAccountBinding": binding }));
    let request = AcmeRequest::parse(request.to_string().as_bytes()).unwrap();
    let request = request.verify_by_own_key(URL).unwrap();
    (NewAccount::read(&request).unwrap().external_account_binding.unwrap(), request.key().clone())
}

#[test]
fn a_binding_is_proven_by_the_key_of_its_own_number_and_standing_approval() {
    let (client, other) = (AcmeClient::new(TestKey::EcP256, ""), AcmeClient::new(TestKey::EcP256, ""));
    let (links, id) = (secret("a"), key_id(1));
    let verify = |key: &AcmeMacKey, bound: &AcmeClient, links: &LinkSecret| {
        let (binding, key) = binding(&id.to_string(), &key.expose(), &client, bound);
        id.verify(&binding, &key, links).map_err(|problem| problem.error_type())
    };
    assert_eq!(verify(&id.make(&links), &client, &links), Ok(()));
    let elsewhere = AcmeKeyId { standing: RequestId::from_hash([8; 16]), number: 1 };
    for wrong in [key_id(2).make(&links), elsewhere.make(&links), id.make(&secret("b"))] {
        assert_eq!(verify(&wrong, &client, &links), Err(AcmeErrorType::Unauthorized));
    }
    assert_eq!(verify(&id.make(&links), &other, &links), Err(AcmeErrorType::Malformed));
    // Keys of the secret before are good until it is gone.
    let replaced = secret("b").with_previous(secret("a"));
    assert_eq!(verify(&id.make(&secret("a")), &client, &replaced), Ok(()));
    assert_eq!(verify(&id.make(&secret("a")), &other, &replaced), Err(AcmeErrorType::Malformed));
    assert_eq!(verify(&id.make(&replaced), &client, &replaced), Ok(()));
    assert_eq!(verify(&id.make(&secret("a")), &client, &secret("b")), Err(AcmeErrorType::Unauthorized));
}

#[test]
fn a_key_is_for_one_use_and_never_shown() {
    let (links, id) = (secret("a"), key_id(1));
    let exposed = id.make(&links).expose();
    assert_eq!(exposed.len(), 43);
    assert!(!format!("{:?}", id.make(&links)).contains(&exposed));
    let status = links.status_key(id.standing, crate::approval::LinkGiven::ByMail);
    assert_ne!(exposed, status.expose());
    let bearer = BearerCredential::make(id.standing).unwrap();
    let secret_part = bearer.expose().split_once('.').unwrap().1.to_owned();
    assert!(!format!("{bearer:?}").contains(&secret_part));
}

#[test]
fn only_the_latest_credential_opens() {
    let backend = standing_backend();
    let mut row = backend.unsaved_grant(TERMS, Status::Delivered);
    let (now, standing) = (backend.now(), row.id());
    let [first, second] = [(); 2].map(|()| BearerCredential::make(standing).unwrap());
    let is_latest = |row: &Request, number| AcmeKeyId { standing, number }.is_latest_of(row);
    assert!(!first.is_latest_of(&row) && !is_latest(&row, 0) && !is_latest(&row, 1));
    assert_eq!(row.make_credential(&first.digest(), now), Ok(1));
    assert!(first.is_latest_of(&row) && is_latest(&row, 1) && !is_latest(&row, 2));
    assert_eq!(row.make_credential(&first.digest(), now), Ok(1), "a repetition");
    assert_eq!(row.make_credential(&second.digest(), now), Ok(2));
    assert!(!first.is_latest_of(&row) && second.is_latest_of(&row));
    assert!(!is_latest(&row, 1) && is_latest(&row, 2));
    let mut other = backend.unsaved_grant(TERMS, Status::Delivered);
    other.make_credential(&second.digest(), now).unwrap();
    assert!(!second.is_latest_of(&other) && !is_latest(&other, 1));
    for status in [Status::Submitted, Status::PendingApproval, Status::Approved, Status::Rejected] {
        let mut row = backend.unsaved_grant(TERMS, status);
        assert!(row.make_credential(&first.digest(), now).is_err(), "{status}");
    }
    let mut certificate = backend.request(backend.request_at(Status::Delivered)).unwrap();
    assert!(certificate.make_credential(&first.digest(), now).is_err());
    // Neither key nor bearer credential is in the row, and the trail has all of it.
    let text = serde_json::to_string(&row).unwrap();
    assert!(!text.contains(second.expose().split_once('.').unwrap().1), "{text}");
    backend.put(row);
    let (row, trail) = (backend.request(standing).unwrap(), backend.audit(standing));
    assert_eq!(verify_request(&row, &trail), []);
    backend.alter(standing, |row| row.credential.as_mut().unwrap().bearer_digest = first.digest());
    assert_ne!(verify_request(&backend.request(standing).unwrap(), &trail), []);
}

proptest! {
    #[test]
    fn each_credential_has_one_text(text in "[0-9a-fA-F.-]{0,60}", octets in any::<[u8; 16]>(), number: u32) {
        let id = AcmeKeyId { standing: RequestId::from_hash(octets), number };
        prop_assert_eq!(id.to_string().parse::<AcmeKeyId>().ok(), Some(id));
        for other in [text, format!("{id} "), format!("{}.0{number}", id.standing), format!("{}.+{number}", id.standing), id.to_string().to_uppercase()] {
            if let Ok(read) = other.parse::<AcmeKeyId>() {
                prop_assert_eq!(read.to_string(), other);
            }
        }
        let bearer = BearerCredential::make(id.standing).unwrap();
        let read = BearerCredential::parse(&bearer.expose()).unwrap();
        prop_assert_eq!(read.digest(), bearer.digest());
        let longer = BearerCredential::parse(&format!("{}A", bearer.expose()));
        prop_assert!(longer.is_none());
        prop_assert!(BearerCredential::parse(&id.to_string()).is_none());
    }
}

/// One key in 64 would begin with `-`, which certbot takes for an option.
#[test]
fn what_a_client_gets_after_an_option_begins_with_a_letter_or_a_digit() {
    let links = secret("a");
    for number in 1..=1_000 {
        let exposed = key_id(number).make(&links).expose();
        assert!(exposed.starts_with(|first: char| first.is_ascii_alphabetic()), "{exposed}");
        let bearer = BearerCredential::make(RequestId::random()).unwrap().expose();
        assert!(bearer.starts_with(|first: char| first.is_ascii_hexdigit()), "{bearer}");
        assert!(key_id(number).to_string().starts_with(|first: char| first.is_ascii_hexdigit()));
    }
}
