//! Orders, their CSRs, and revocations.

use serde_json::json;

use super::*;
use crate::base64url;
use crate::crl::RevocationReason;
use crate::csr::{Csr, MAX_NAMES};
use crate::testing::{CaMaker, CsrMaker, csr_with_bad_signature};

fn order(payload: &Value) -> Result<NewOrder, AcmeProblem> {
    NewOrder::read(&verified(payload))
}

fn identifiers(all: &[(&str, &str)]) -> Value {
    let all: Vec<Value> = all.iter().map(|(kind, value)| json!({ "type": kind, "value": value })).collect();
    json!({ "identifiers": all })
}

fn named(names: &[&str]) -> Vec<AcmeIdentifier> {
    names.iter().map(|name| AcmeIdentifier::from_name(name.parse().unwrap()).unwrap()).collect()
}

#[test]
fn identifiers_are_canonical_and_stand_once() {
    let read = order(&identifiers(&[
        ("dns", "WWW.Example.com"),
        ("dns", "www.example.com"),
        ("dns", "*.example.com"),
        ("ip", "192.0.2.1"),
        ("ip", "2001:DB8:0:0::1"),
        ("ip", "2001:db8::1"),
    ]));
    let expected = named(&["www.example.com", "*.example.com", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(read.unwrap().identifiers, expected);
    let written = serde_json::to_value(&expected).unwrap();
    assert_eq!(written[2], json!({ "type": "ip", "value": "192.0.2.1" }));
    assert_eq!(written[1], json!({ "type": "dns", "value": "*.example.com" }));
}

#[test]
fn other_members_of_an_order_are_read() {
    let mut payload = identifiers(&[("dns", "www.example.com")]);
    payload["profile"] = json!("tls-server");
    payload["replaces"] = json!("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    payload["notBefore"] = Value::Null;
    payload["unknown"] = json!([1]);
    let read = order(&payload).unwrap();
    assert_eq!(read.profile.as_deref(), Some("tls-server"));
    assert_eq!(read.replaces.unwrap().serial().to_string(), "87654321");
    payload["profile"] = json!("");
    assert_eq!(order(&payload).unwrap().profile, None);
    for (name, value) in [
        ("profile", json!(1)),
        ("profile", json!("x".repeat(65))),
        ("replaces", json!("x")),
        ("replaces", json!(["x"])),
        ("notBefore", json!("2030-01-01T00:00:00Z")),
        ("notAfter", json!("2030-01-01T00:00:00Z")),
    ] {
        let mut wrong = payload.clone();
        wrong[name] = value.clone();
        assert_eq!(kind(order(&wrong)), (AcmeErrorType::Malformed, 400), "{name} {value}");
    }
}

#[test]
fn each_wrong_identifier_is_a_subproblem() {
    let read = |all: &[(&str, &str)]| order(&identifiers(all)).unwrap_err();
    let right = ("dns", "www.example.com");
    for (wrong, error) in [
        (("dns", "a_b.example.com"), AcmeErrorType::Malformed),
        (("dns", "localhost"), AcmeErrorType::Malformed),
        (("dns", "192.0.2.1"), AcmeErrorType::Malformed),
        (("dns", "www.*.example.com"), AcmeErrorType::Malformed),
        (("dns", "b\u{fc}cher.example.com"), AcmeErrorType::Malformed),
        (("dns", ""), AcmeErrorType::Malformed),
        (("ip", "192.0.2.0/24"), AcmeErrorType::Malformed),
        (("ip", "0.0.0.0"), AcmeErrorType::Malformed),
        (("ip", "www.example.com"), AcmeErrorType::Malformed),
        (("email", "a@example.com"), AcmeErrorType::UnsupportedIdentifier),
        (("", "x"), AcmeErrorType::UnsupportedIdentifier),
        (("DNS", "www.example.com"), AcmeErrorType::UnsupportedIdentifier),
    ] {
        let problem = read(&[right, wrong]);
        assert_eq!(problem.error_type(), error, "{wrong:?}");
        let [only] = problem.subproblems() else { panic!("one subproblem: {problem}") };
        assert_eq!((only.identifier.kind.as_str(), only.identifier.value.as_str()), wrong);
    }
    let problem = read(&[("dns", "a_b.example.com"), ("email", "a@example.com"), right]);
    assert_eq!((problem.error_type(), problem.subproblems().len()), (AcmeErrorType::Compound, 2));
    assert!(problem.detail().contains("1 more"), "{problem}");
    for payload in [
        json!({}),
        json!({ "identifiers": [] }),
        json!({ "identifiers": {} }),
        json!({ "identifiers": ["www.example.com"] }),
        json!({ "identifiers": [{ "type": "dns" }] }),
        json!({ "identifiers": [{ "type": "dns", "value": 1 }] }),
        identifiers(&vec![right; MAX_NAMES + 1]),
        identifiers(&[("dns", &"a".repeat(256))]),
        identifiers(&[(&"a".repeat(256), "a")]),
    ] {
        assert_eq!(kind(order(&payload)), (AcmeErrorType::Malformed, 400), "{payload}");
    }
}

fn csr_request(der: &[u8]) -> VerifiedRequest {
    verified(&json!({ "csr": base64url::encode(der) }))
}

#[test]
fn a_csr_is_the_der_of_a_request() {
    let maker = CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]);
    let der = maker.der();
    assert_eq!(read_csr(&csr_request(&der)).unwrap().der(), der);
    for (payload, error) in [
        (json!({}), AcmeErrorType::Malformed),
        (json!({ "csr": 1 }), AcmeErrorType::Malformed),
        (json!({ "csr": maker.pem() }), AcmeErrorType::Malformed),
        (json!({ "csr": "" }), AcmeErrorType::BadCsr),
        (json!({ "csr": "AAAA" }), AcmeErrorType::BadCsr),
    ] {
        assert_eq!(kind(read_csr(&verified(&payload))), (error, 400), "{payload}");
    }
    let forged = pem::parse(csr_with_bad_signature(&["www.example.com"])).unwrap();
    assert_eq!(kind(read_csr(&csr_request(forged.contents()))), (AcmeErrorType::BadCsr, 400));
}

#[test]
fn a_csr_has_the_identifiers_of_its_order_and_no_other_name() {
    let account = TestKeyPair::generate(TestKey::EcP256);
    let account_key = key_of(&account);
    let names = ["www.example.com", "192.0.2.1"];
    let ordered = named(&names);
    let check = |maker: &CsrMaker| {
        let csr = read_csr(&csr_request(&maker.der()))?;
        check_csr(&csr, &ordered, account_key.public_key())
    };
    let maker = || CsrMaker::new(TestKey::EcP256).names(&names);
    for right in [
        maker(),
        maker().common_name("www.example.com"),
        maker().common_name("WWW.example.com"),
        maker().common_name("192.0.2.1"),
        CsrMaker::new(TestKey::EcP256).common_name("www.example.com").names(&["192.0.2.1"]),
    ] {
        assert_eq!(check(&right), Ok(()));
    }
    for (wrong, named) in [
        (maker().names(&["other.example.com"]), "other.example.com"),
        (maker().names(&["a@example.com"]), "a@example.com"),
        (maker().names(&["https://example.com/"]), "https://example.com/"),
        (CsrMaker::new(TestKey::EcP256).names(&names[..1]), "192.0.2.1"),
        (maker().common_name("other.example.com"), "other.example.com"),
        (maker().common_name("Alice"), "Alice"),
        (maker().common_name("alice@example.com"), "alice@example.com"),
        // An e-mail address and an organisation in the subject.
        (maker().subject_part("1.2.840.113549.1.9.1", 22, b"a@example.com"), "a@example.com"),
        (maker().subject_part("2.5.4.10", 12, b"Another Company"), "Another Company"),
        (maker().names(&["localhost"]), "localhost"),
    ] {
        let problem = check(&wrong).unwrap_err();
        assert_eq!(problem.error_type(), AcmeErrorType::BadCsr, "{named}");
        assert!(problem.detail().contains(named), "{named}: {problem}");
    }
    let csr = Csr::from_der(maker().der()).unwrap();
    let own = csr.key().clone();
    assert_eq!(kind(check_csr(&csr, &ordered, &own)), (AcmeErrorType::BadCsr, 400));
}

#[test]
fn a_revocation_is_by_account_or_by_the_key_of_the_certificate() {
    let maker = CaMaker::new(TestKey::EcP256);
    let (der, client) = (maker.root_der(), client());
    let payload = |reason: Value| json!({ "certificate": base64url::encode(&der), "reason": reason });
    for reason in RevocationReason::ALL {
        let read = CertificateRevocation::read(&verified(&payload(json!(reason.number())))).unwrap();
        assert_eq!((read.certificate.der(), read.reason), (&*der, reason));
    }
    let unnamed = CertificateRevocation::read(&verified(&json!({ "certificate": base64url::encode(&der) })));
    assert_eq!(unnamed.unwrap().reason, RevocationReason::Unspecified);
    for reason in [
        json!(2),
        json!(7),
        json!(8),
        json!(10),
        json!(11),
        json!(-1),
        json!(1.5),
        json!("keyCompromise"),
        json!([]),
    ] {
        let problem = CertificateRevocation::read(&verified(&payload(reason.clone()))).unwrap_err();
        assert_eq!(problem.error_type(), AcmeErrorType::BadRevocationReason, "{reason}");
        assert!(problem.detail().contains("1 (keyCompromise)"), "{problem}");
    }
    for certificate in [json!(1), json!(""), json!("AAAA"), Value::Null, json!("MII=")] {
        let wrong = json!({ "certificate": certificate });
        assert_eq!(kind(CertificateRevocation::read(&verified(&wrong))), (AcmeErrorType::Malformed, 400));
    }
    // Signed by the key of the certificate, and by another one.
    let holder = AcmeClient { key: maker.key_pair().clone(), ..client.clone() };
    for (signer, is_its_key) in [(&holder, true), (&client, false)] {
        let request = receive(signer, &signer.request_with_key(URL, &payload(json!(1))), URL).unwrap();
        let read = CertificateRevocation::read(&request).unwrap();
        assert_eq!(read.is_by_its_key(&request), is_its_key);
    }
}

#[test]
fn an_authorization_can_be_given_up() {
    assert_eq!(read_deactivation(&verified(&json!({ "status": "deactivated" }))), Ok(()));
    for wrong in [json!({}), json!({ "status": "valid" }), json!({ "status": 1 })] {
        assert_eq!(kind(read_deactivation(&verified(&wrong))), (AcmeErrorType::Malformed, 400), "{wrong}");
    }
}
