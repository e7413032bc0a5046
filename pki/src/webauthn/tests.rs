//! Responses of an authenticator in software are verified, and each wrong one is refused by name.

use super::WebAuthnError as E;
use super::*;
use crate::testing::{SoftPasskey, TestKey, cbor_bytes, cbor_integer, cbor_map, cbor_text};

mod properties;

const CHALLENGE: [u8; 32] = [7; 32];
const UP: u8 = SoftPasskey::USER_PRESENT;
const UV: u8 = SoftPasskey::USER_VERIFIED;
const BE: u8 = SoftPasskey::BACKUP_ELIGIBLE;
const BS: u8 = SoftPasskey::BACKED_UP;

fn party() -> RelyingParty {
    RelyingParty { id: "ca.example.com".into(), origin: "https://ca.example.com".into() }
}

fn passkey() -> SoftPasskey {
    SoftPasskey::new(PasskeyAlgorithm::Es256)
}

fn registered(passkey: &SoftPasskey) -> Result<Registration, E> {
    let (client_data, object) = passkey.create(&party(), &CHALLENGE);
    register(&party(), &CHALLENGE, &client_data, &object)
}

fn key(passkey: &SoftPasskey) -> PasskeyKey {
    PasskeyKey::from_cose(&passkey.cose_key()).unwrap()
}

fn verified(passkey: &SoftPasskey) -> Result<Verified, E> {
    verify(&party(), &CHALLENGE, &key(passkey), &passkey.get(&party(), &CHALLENGE))
}

/// Whether an assertion with this clientDataJSON is accepted; its signature is right.
fn with_client_data(json: &[u8]) -> Result<(), E> {
    let passkey = passkey();
    let assertion = passkey.sign(passkey.authenticator_data(&party(), false), json.to_vec());
    verify(&party(), &CHALLENGE, &key(&passkey), &assertion).map(|_| ())
}

/// Whether an assertion with this authenticatorData is accepted; its signature is right.
fn with_authenticator_data(octets: Vec<u8>) -> Result<(), E> {
    let passkey = passkey();
    let assertion = passkey.sign(octets, passkey.client_data("webauthn.get", &party(), &CHALLENGE));
    verify(&party(), &CHALLENGE, &key(&passkey), &assertion).map(|_| ())
}

fn with_attestation_object(octets: &[u8]) -> Result<Registration, E> {
    let client_data = passkey().client_data("webauthn.create", &party(), &CHALLENGE);
    register(&party(), &CHALLENGE, &client_data, octets)
}

fn is_malformed<T>(result: Result<T, E>) -> bool {
    matches!(result, Err(E::Malformed(_)))
}

#[test]
fn passkeys_of_every_algorithm_are_registered_and_used() {
    for algorithm in PasskeyAlgorithm::ALL {
        let passkey = SoftPasskey::new(algorithm).with_counter(41).with_flags(UP | UV | BE | BS);
        let registration = registered(&passkey).unwrap();
        assert_eq!(registration.credential_id, passkey.credential_id());
        assert_eq!(registration.key.algorithm(), algorithm);
        assert_eq!(registration.key.cose(), passkey.cose_key());
        assert_eq!(registration.counter, 41);
        assert_eq!(&registration.aaguid, b"countersign-test");
        assert!(registration.is_backed_up);
        let stored = PasskeyKey::from_cose(registration.key.cose()).unwrap();
        assert_eq!(stored, registration.key);
        let passkey = passkey.with_counter(u32::MAX).with_flags(UP | UV | BE);
        let assertion = passkey.get(&party(), &CHALLENGE);
        let verified = verify(&party(), &CHALLENGE, &stored, &assertion).unwrap();
        assert_eq!(verified, Verified { counter: u32::MAX, is_backed_up: false });
    }
}

#[test]
fn rsa_keys_of_up_to_4096_bits_are_used() {
    let passkey = SoftPasskey::new(PasskeyAlgorithm::Rs256);
    for kind in [TestKey::Rsa3072, TestKey::Rsa4096] {
        assert!(verified(&passkey.clone().with_rsa(kind)).is_ok(), "{kind:?}");
    }
}

#[test]
fn every_wrong_registration_and_assertion_is_refused_by_name() {
    let passkey = passkey();
    let one = || passkey.clone();
    for (expected, wrong) in [
        (E::WrongOrigin, one().with_origin("https://ca.example.org")),
        (E::WrongOrigin, one().with_origin("https://ca.example.com/")),
        (E::WrongOrigin, one().with_origin("https://ca.example.com:8443")),
        (E::WrongOrigin, one().with_origin("http://ca.example.com")),
        (E::WrongOrigin, one().with_origin("https://a.ca.example.com")),
        (E::WrongOrigin, one().with_origin("https://CA.example.com")),
        (E::WrongOrigin, one().with_origin("")),
        (E::CrossOrigin, one().with_cross_origin()),
        (E::CrossOrigin, one().with_top_origin("https://example.org")),
        (E::CrossOrigin, one().with_top_origin(&party().origin)),
        (E::WrongRelyingParty, one().with_relying_party_id("example.com")),
        (E::WrongRelyingParty, one().with_relying_party_id("CA.example.com")),
        (E::WrongRelyingParty, one().with_relying_party_id("")),
        (E::NotPresent, one().with_flags(0)),
        (E::NotPresent, one().with_flags(UV)),
        (E::NotVerified, one().with_flags(UP)),
        (E::NotVerified, one().with_flags(UP | BE | BS)),
        (E::Malformed("the flags of the backup contradict each other"), one().with_flags(UP | UV | BS)),
        (E::WrongType, one().with_type("payment.get")),
        (E::WrongType, one().with_type("")),
        (E::WrongType, one().with_type("webauthn.Get")),
    ] {
        assert_eq!(registered(&wrong), Err(expected), "registration");
        assert_eq!(verified(&wrong), Err(expected), "assertion");
    }
    assert_eq!(registered(&one().with_type("webauthn.get")), Err(E::WrongType));
    assert_eq!(verified(&one().with_type("webauthn.create")), Err(E::WrongType));
}

#[test]
fn the_challenge_is_compared_to_its_last_octet() {
    let passkey = passkey();
    for wrong in [&[][..], &CHALLENGE[1..], &[7; 33], &[8; 32], b"7"] {
        let (client_data, object) = passkey.create(&party(), wrong);
        assert_eq!(register(&party(), &CHALLENGE, &client_data, &object), Err(E::WrongChallenge));
        let assertion = passkey.get(&party(), wrong);
        assert_eq!(verify(&party(), &CHALLENGE, &key(&passkey), &assertion), Err(E::WrongChallenge));
    }
}

#[test]
fn signatures_of_other_keys_and_over_other_octets_are_refused() {
    for algorithm in PasskeyAlgorithm::ALL {
        let passkey = SoftPasskey::new(algorithm);
        let right = passkey.get(&party(), &CHALLENGE);
        let refused = |assertion: &Assertion| verify(&party(), &CHALLENGE, &key(&passkey), assertion).err();
        assert_eq!(refused(&right), None);
        let other = passkey.clone().with_other_key().get(&party(), &CHALLENGE);
        assert_eq!(refused(&other), Some(E::BadSignature));
        for signature in [
            Vec::new(),
            vec![0; right.signature.len()],
            [&right.signature[..], &[0]].concat(),
            right.signature[..right.signature.len() - 1].to_vec(),
            vec![0; MAX_SIGNATURE_BYTES],
        ] {
            assert_eq!(refused(&Assertion { signature, ..right.clone() }), Some(E::BadSignature));
        }
        let counted = passkey.clone().with_counter(1).authenticator_data(&party(), false);
        assert_eq!(
            refused(&Assertion { authenticator_data: counted, ..right.clone() }),
            Some(E::BadSignature)
        );
    }
}

#[test]
fn an_es256_signature_of_two_plain_numbers_is_refused() {
    let passkey = passkey();
    let mut assertion = passkey.get(&party(), &CHALLENGE);
    let numbers = <Vec<der::asn1::Uint> as der::Decode>::from_der(&assertion.signature).unwrap();
    assertion.signature = numbers
        .iter()
        .flat_map(|number| [vec![0; 32 - number.as_bytes().len()], number.as_bytes().to_vec()].concat())
        .collect();
    assert_eq!(assertion.signature.len(), 64);
    assert_eq!(verify(&party(), &CHALLENGE, &key(&passkey), &assertion), Err(E::BadSignature));
}

#[test]
fn client_data_with_unknown_members_are_read_and_malformed_ones_are_refused() {
    let challenge = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    let right = format!(
        r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"https://ca.example.com","crossOrigin":false}}"#
    );
    let replaced = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        right.replacen(from, to, 1)
    };
    let accepted = [
        right.clone(),
        replaced(r#","crossOrigin":false"#, ""),
        replaced("}", r#","extra":{"type":"x"},"tokenBinding":{"status":"supported"}}"#),
        replaced("webauthn.get", r"webauthn\u002eget"),
        replaced(",", " ,\n"),
        replaced(",", &format!(",{}", " ".repeat(MAX_CLIENT_DATA_BYTES - right.len()))),
    ];
    for json in accepted {
        assert_eq!(with_client_data(json.as_bytes()), Ok(()), "{json}");
    }
    for (expected, json) in [
        (E::WrongChallenge, replaced(challenge, &format!("{challenge}="))),
        (E::WrongChallenge, replaced(challenge, &format!("{}x", &challenge[..42]))),
        (E::WrongChallenge, replaced(challenge, &format!(" {challenge}"))),
        (E::WrongChallenge, replaced(challenge, "")),
        (E::CrossOrigin, replaced("}", r#","topOrigin":null}"#)),
        (E::CrossOrigin, replaced("}", r#","topOrigin":""}"#)),
        (E::CrossOrigin, replaced("false", "true")),
    ] {
        assert_eq!(with_client_data(json.as_bytes()), Err(expected), "{json}");
    }
    let array = format!(r#"["webauthn.get","{challenge}","https://ca.example.com",false]"#);
    for json in [
        String::new(),
        "{}".into(),
        "null".into(),
        array,
        replaced("}", ""),
        replaced("}", "}}"),
        replaced("}", "} x"),
        replaced("}", ",}"),
        replaced("{", " {"),
        replaced("{", "\u{feff}{"),
        replaced("false", "0"),
        replaced("false", "null"),
        replaced("false", "\"false\""),
        replaced("\"webauthn.get\"", "1"),
        replaced("type", "Type"),
        replaced("challenge\"", "nonce\""),
        replaced("origin", "origin_"),
        replaced("{", r#"{"type":"webauthn.get","#),
        replaced("{", r#"{"type":"webauthn.create","#),
        replaced("}", &format!(r#","challenge":"{challenge}"}}"#)),
        replaced("}", r#","origin":"https://example.org"}"#),
        replaced("}", r#","crossOrigin":false}"#),
        replaced("}", r#","topOrigin":null,"topOrigin":null}"#),
        replaced("}", &format!(r#","deep":{}}}"#, "[".repeat(1000))),
        replaced(",", &format!(",{}", " ".repeat(MAX_CLIENT_DATA_BYTES))),
    ] {
        assert!(is_malformed(with_client_data(json.as_bytes())), "{json}");
    }
    let not_utf8 = right.bytes().map(|octet| if octet == b'w' { 0xff } else { octet }).collect::<Vec<_>>();
    assert!(is_malformed(with_client_data(&not_utf8)));
}

#[test]
fn authenticator_data_are_read_to_the_last_octet() {
    let right = passkey().authenticator_data(&party(), false);
    assert_eq!(right.len(), 37);
    assert_eq!(with_authenticator_data(right.clone()), Ok(()));
    for length in 0..right.len() {
        assert!(is_malformed(with_authenticator_data(right[..length].to_vec())), "{length} octets");
    }
    assert!(is_malformed(with_authenticator_data([&right[..], &[0]].concat())));
    // Reserved bits are ignored.
    let reserved = passkey().with_flags(UP | UV | 0x22).authenticator_data(&party(), false);
    assert_eq!(with_authenticator_data(reserved), Ok(()));
    let credential = passkey().authenticator_data(&party(), true);
    assert_eq!(with_authenticator_data(credential), Err(E::Malformed("the assertion contains a credential")));
    let too_long = [&right[..], &[0; MAX_AUTHENTICATOR_DATA_BYTES]].concat();
    assert_eq!(with_authenticator_data(too_long), Err(E::Malformed("the authenticator data are too long")));
}

#[test]
fn extensions_are_read_and_ignored() {
    let extensions =
        cbor_map(&[(cbor_text("credProtect"), cbor_integer(2)), (cbor_text("flag"), vec![0xf5])]);
    for octets in [extensions.clone(), cbor_map(&[])] {
        let passkey = passkey().with_extensions(&octets);
        assert!(registered(&passkey).is_ok());
        assert!(verified(&passkey).is_ok());
    }
    for octets in [
        Vec::new(),
        cbor_integer(1),
        [&extensions[..], &[0]].concat(),
        extensions[..extensions.len() - 1].to_vec(),
        vec![0xbf, 0xff],
    ] {
        let passkey = passkey().with_extensions(&octets);
        assert!(is_malformed(registered(&passkey)), "{octets:02x?}");
        assert!(is_malformed(verified(&passkey)), "{octets:02x?}");
    }
}

#[test]
fn credential_ids_have_1_to_1023_octets() {
    for length in [1, 16, 1023] {
        let registration = registered(&passkey().with_credential_id(&vec![1; length])).unwrap();
        assert_eq!(registration.credential_id.len(), length);
    }
    for length in [0, 1024, 65_000] {
        let registration = registered(&passkey().with_credential_id(&vec![1; length]));
        assert!(is_malformed(registration), "{length} octets");
    }
}

#[test]
fn attestation_statements_are_ignored_and_malformed_objects_are_refused() {
    let passkey = passkey();
    let data = passkey.authenticator_data(&party(), true);
    let object = |fmt: Vec<u8>, statement: Vec<u8>, data: Vec<u8>| {
        cbor_map(&[(cbor_text("fmt"), fmt), (cbor_text("attStmt"), statement), (cbor_text("authData"), data)])
    };
    let none = || (cbor_text("none"), cbor_map(&[]));
    let statement = cbor_map(&[(cbor_text("sig"), cbor_bytes(b"wrong"))]);
    for octets in [
        SoftPasskey::attestation_object(&data),
        object(cbor_text("packed"), statement.clone(), cbor_bytes(&data)),
        object(cbor_text("unknown"), statement, cbor_bytes(&data)),
    ] {
        assert_eq!(with_attestation_object(&octets).unwrap().credential_id, passkey.credential_id());
    }
    let right = SoftPasskey::attestation_object(&data);
    let (fmt, statement) = none();
    for octets in [
        Vec::new(),
        [&right[..], &[0]].concat(),
        right[..right.len() - 1].to_vec(),
        cbor_map(&[(cbor_text("authData"), cbor_bytes(&data))]),
        cbor_map(&[(cbor_text("fmt"), fmt.clone()), (cbor_text("attStmt"), statement.clone())]),
        object(cbor_integer(1), statement.clone(), cbor_bytes(&data)),
        object(fmt.clone(), statement.clone(), cbor_text("data")),
        object(fmt.clone(), statement.clone(), cbor_bytes(&[])),
        object(fmt.clone(), statement.clone(), cbor_bytes(&passkey.authenticator_data(&party(), false))),
        object(fmt.clone(), statement.clone(), cbor_bytes(&[&data[..], &[0]].concat())),
        object(fmt.clone(), statement.clone(), cbor_bytes(&data[..data.len() - 1])),
        object(fmt, cbor_bytes(&[0; MAX_ATTESTATION_OBJECT_BYTES]), cbor_bytes(&data)),
    ] {
        assert!(is_malformed(with_attestation_object(&octets)), "{octets:02x?}");
    }
}

#[test]
fn parts_that_are_too_long_are_refused_before_they_are_read() {
    let passkey = passkey();
    let right = passkey.get(&party(), &CHALLENGE);
    let refused = |assertion: &Assertion| verify(&party(), &CHALLENGE, &key(&passkey), assertion).err();
    let signature = vec![0; MAX_SIGNATURE_BYTES + 1];
    assert_eq!(
        refused(&Assertion { signature, ..right.clone() }),
        Some(E::Malformed("the signature is too long"))
    );
    let client_data_json = vec![0; MAX_CLIENT_DATA_BYTES + 1];
    let refused = refused(&Assertion { client_data_json, ..right });
    assert_eq!(refused, Some(E::Malformed("the client data are too long")));
    let object = vec![0; MAX_ATTESTATION_OBJECT_BYTES + 1];
    assert_eq!(with_attestation_object(&object), Err(E::Malformed("the attestation object is too long")));
    assert_eq!(
        PasskeyKey::from_cose(&vec![0; PasskeyKey::MAX_BYTES + 1]),
        Err(E::Malformed("the public key is too long"))
    );
}

#[test]
fn every_error_has_a_sentence_and_a_name_of_its_own() {
    let all = [
        E::Malformed("a part is not well formed"),
        E::WrongType,
        E::WrongChallenge,
        E::WrongOrigin,
        E::CrossOrigin,
        E::WrongRelyingParty,
        E::NotPresent,
        E::NotVerified,
        E::UnknownAlgorithm,
        E::WeakKey,
        E::BadSignature,
    ];
    let count = |texts: Vec<String>| texts.into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(count(all.iter().map(ToString::to_string).collect()), all.len());
    assert_eq!(count(all.iter().map(|error| error.as_str().to_owned()).collect()), all.len());
}
