use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pki::testing::{CaMaker, CsrMaker, TestKey, TestKeyPair};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::request::Status;
use crate::testing::{InMemoryBackend, jws};

const URL: &str = "https://ca.example.com/revocations";

/// A key and a certificate for it.
fn certified(kind: TestKey) -> (TestKeyPair, Certificate) {
    let (backend, maker) = (InMemoryBackend::new(), CsrMaker::new(kind).names(&["www.example.com"]));
    let id = backend.certificate_for(&maker.pem(), Status::Delivered);
    let serial = backend.request(id).unwrap().serial().unwrap().to_string();
    (maker.key().clone(), Certificate::from_pem(&backend.certificates()[&serial]).unwrap())
}

fn read(jws: &Value) -> Result<ProvenRevocation, KeyProofError> {
    let part = |name: &str| jws[name].as_str().unwrap().to_owned();
    ProvenRevocation::read(&part("protected"), &part("payload"), &part("signature"), URL)
}

#[test]
fn the_holder_of_each_kind_of_key_proves_it_for_each_reason() {
    for kind in [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Rsa2048, TestKey::Ed25519] {
        let (key, certificate) = certified(kind);
        for reason in RevocationReason::ALL {
            for written in [json!(reason.number()), json!(reason.as_str())] {
                let proven = read(&jws::revocation(&key, certificate.der(), written, URL));
                assert_eq!(
                    proven,
                    Ok(ProvenRevocation { certificate: certificate.clone(), reason }),
                    "{kind:?}"
                );
            }
        }
        let proven = read(&jws::revocation(&key, certificate.der(), Value::Null, URL)).unwrap();
        assert_eq!(proven.reason, RevocationReason::Unspecified);
    }
}

#[test]
fn a_key_of_rsa_may_sign_by_pss() {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
    let (key, certificate) = certified(TestKey::Rsa2048);
    let payload = json!({ "certificate": URL_SAFE_NO_PAD.encode(certificate.der()) });
    let mut signed = jws::signed(&key, &json!({ "alg": "PS256", "url": URL }), &payload);
    assert_eq!(read(&signed), Err(KeyProofError::Signature), "PKCS #1 under the name of PSS");
    let message =
        format!("{}.{}", signed["protected"].as_str().unwrap(), signed["payload"].as_str().unwrap());
    let pair = RsaKeyPair::from_pkcs8(key.pkcs8()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    signed["signature"] = json!(URL_SAFE_NO_PAD.encode(signature));
    assert!(read(&signed).is_ok());
}

#[test]
fn nobody_else_proves_anything() {
    let (key, certificate) = certified(TestKey::EcP256);
    let other = TestKeyPair::generate(TestKey::EcP256);
    let payload = json!({ "certificate": URL_SAFE_NO_PAD.encode(certificate.der()), "reason": 1 });
    let header = json!({ "alg": "ES256", "url": URL });
    // Another key, even if the header names it (RFC 7515 section 4.1.3).
    let point = &other.spki()[other.spki().len() - 64..];
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(&point[..32]), "y": URL_SAFE_NO_PAD.encode(&point[32..]) });
    for header in [header.clone(), json!({ "alg": "ES256", "url": URL, "jwk": jwk })] {
        assert_eq!(read(&jws::signed(&other, &header, &payload)), Err(KeyProofError::Signature));
    }
    // A payload, a header and a signature of other messages.
    let (good, hold) = (
        jws::signed(&key, &header, &payload),
        jws::signed(&key, &header, &json!({ "certificate": payload["certificate"], "reason": 6 })),
    );
    for part in ["payload", "signature"] {
        let mut mixed = good.clone();
        mixed[part] = hold[part].clone();
        assert_eq!(read(&mixed), Err(KeyProofError::Signature), "{part}");
    }
    for (alg, error) in [
        ("none", KeyProofError::Algorithm("ES256")),
        ("HS256", KeyProofError::Algorithm("ES256")),
        ("ES384", KeyProofError::Algorithm("ES256")),
    ] {
        let forged = jws::signed(&key, &json!({ "alg": alg, "url": URL }), &payload);
        assert_eq!(read(&forged), Err(error), "{alg}");
    }
    let elsewhere =
        jws::revocation(&key, certificate.der(), json!(1), "https://other.example.com/revocations");
    assert_eq!(read(&elsewhere), Err(KeyProofError::Url));
    let critical =
        jws::signed(&key, &json!({ "alg": "ES256", "url": URL, "crit": ["b64"], "b64": false }), &payload);
    assert_eq!(read(&critical), Err(KeyProofError::Malformed("protected")));
}

#[test]
fn what_is_wrong_is_named() {
    let (key, certificate) = certified(TestKey::EcP256);
    let of = |reason| read(&jws::revocation(&key, certificate.der(), reason, URL));
    for reason in
        [json!(2), json!(7), json!(8), json!(99), json!(-1), json!("keycompromise"), json!(true), json!([1])]
    {
        assert_eq!(of(reason.clone()), Err(KeyProofError::Reason), "{reason}");
    }
    let good = jws::revocation(&key, certificate.der(), json!(1), URL);
    for (part, named) in [("protected", "protected"), ("payload", "payload"), ("signature", "signature")] {
        let mut broken = good.clone();
        broken[part] = json!("=");
        assert_eq!(read(&broken), Err(KeyProofError::Malformed(named)));
    }
    let no_certificate =
        jws::signed(&key, &json!({ "alg": "ES256", "url": URL }), &json!({ "certificate": "AAAA" }));
    assert_eq!(read(&no_certificate), Err(KeyProofError::Malformed("certificate")));
    // A certificate is proven by its key, whoever issued it: the caller looks for it among the issued ones.
    let maker = CaMaker::new(TestKey::EcP256);
    let foreign = jws::revocation(maker.key_pair(), &maker.root_der(), json!(1), URL);
    assert!(read(&foreign).is_ok());
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(protected in "\\PC{0,40}", payload in "\\PC{0,40}", signature in "\\PC{0,40}") {
        prop_assert!(ProvenRevocation::read(&protected, &payload, &signature, URL).is_err());
    }

    #[test]
    fn any_json_gets_an_answer(header in "[a-z{}\":,0-9]{0,40}", payload in "[a-z{}\":,0-9]{0,40}") {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        prop_assert!(ProvenRevocation::read(&encode(&header), &encode(&payload), "AAAA", URL).is_err());
    }

    /// One changed octet of a good JWS is not accepted.
    #[test]
    fn a_changed_octet_proves_nothing(part in prop::sample::select(vec!["protected", "payload", "signature"]), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        static GOOD: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| {
            let (key, certificate) = certified(TestKey::EcP256);
            jws::revocation(&key, certificate.der(), json!(1), URL)
        });
        let mut octets = URL_SAFE_NO_PAD.decode(GOOD[part].as_str().unwrap()).unwrap();
        let place = at.index(octets.len());
        octets[place] ^= 1 << bit;
        let mut changed = GOOD.clone();
        changed[part] = json!(URL_SAFE_NO_PAD.encode(octets));
        prop_assert!(read(&changed).is_err());
    }
}
