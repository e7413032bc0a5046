//! Certificates of OCSP responders: what they say, and that nothing else passes.

use super::*;
use crate::certificate::lint::lint_responder;
use crate::key::PublicKey;
use crate::testing::{distinguished_name, oid, sequence, tlv};

struct ResponderCase {
    issuer: Issuer,
    signer: LocalKey,
    key: PublicKey,
    serial: Serial,
    validity: Validity,
}

impl ResponderCase {
    fn of(ca: &TestCa) -> ResponderCase {
        let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
        let key = LocalKey::from_pem(&LocalKey::generate_pem().unwrap()).unwrap();
        ResponderCase {
            signer: LocalKey::from_pem(&ca.key_pem).unwrap(),
            key: PublicKey::from_spki(key.spki_der()).unwrap(),
            serial: Serial::random(&SystemRandom::new()).unwrap(),
            validity: Validity::choose(OffsetDateTime::now_utc(), ResponderTemplate::DAYS, &issuer).unwrap(),
            issuer,
        }
    }

    fn template(&self) -> ResponderTemplate<'_> {
        ResponderTemplate {
            issuer: &self.issuer,
            key: &self.key,
            serial: &self.serial,
            validity: &self.validity,
        }
    }

    async fn issue(&self) -> Result<Certificate, ResponderError> {
        issue_responder(&self.signer, &self.template()).await
    }

    async fn broken(&self) -> Vec<&'static str> {
        match self.issue().await {
            Err(ResponderError::Lint(errors)) => errors.iter().map(LintError::rule).collect(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn every_issuer_has_a_responder() {
    for kind in [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Rsa2048, TestKey::Ed25519] {
        let case = ResponderCase::of(&testing::root_with(kind));
        let certificate = case.issue().await.unwrap();
        case.issuer.verify(certificate.der()).unwrap();
        assert_eq!(certificate.subject(), "CN=OCSP responder");
        assert_eq!(certificate.public_key_digest(), case.key.digest());
        assert!(certificate.not_after() - certificate.not_before() < Duration::days(14));
    }
}

#[tokio::test]
async fn the_subject_stands_beside_the_issuers_and_meets_its_name_constraints() {
    let example: &[(&str, u8, &[u8])] =
        &[("2.5.4.6", 19, b"DE"), ("2.5.4.10", 12, b"Example"), ("2.5.4.3", 12, b"Issuing CA")];
    let permitted = |subtree: &[u8]| sequence(&[tlv(0xa0, &sequence(&[tlv(0xa4, subtree)]))]);
    let within = |subtree: &[u8]| {
        let maker = CaMaker::new(TestKey::EcP256).subject(example);
        ResponderCase::of(&maker.extension("2.5.29.30", true, &permitted(subtree)).self_signed())
    };
    let case = within(&distinguished_name(&example[..2]));
    assert_eq!(case.issue().await.unwrap().subject(), "CN=OCSP responder,O=Example,C=DE");
    // An issuer outside its own constraints has no responder.
    let case = within(&distinguished_name(&[("2.5.4.10", 12, b"Other")]));
    assert_eq!(case.broken().await, ["4.2.1.10 name constraints"]);
}

#[tokio::test]
async fn an_issuer_that_forbids_the_purpose_has_no_responder() {
    let server_auth = sequence(&[oid("1.3.6.1.5.5.7.3.1")]);
    let ca = CaMaker::new(TestKey::EcP256).extension("2.5.29.37", false, &server_auth).self_signed();
    let case = ResponderCase::of(&ca);
    assert!(!case.issuer.may_have_responders());
    assert_eq!(case.broken().await, ["4.2.1.12 extendedKeyUsage"]);
    // keyUsage: keyCertSign alone.
    let without_lists =
        CaMaker::new(TestKey::EcP256).extension("2.5.29.15", true, &[3, 2, 2, 4]).self_signed();
    assert!(!ResponderCase::of(&without_lists).issuer.may_have_responders());
    assert!(ResponderCase::of(&testing::root()).issuer.may_have_responders());
}

#[tokio::test]
async fn any_field_of_a_responder_that_is_not_as_it_must_be_is_caught() {
    let mut case = ResponderCase::of(&testing::root());
    case.validity.not_after += Duration::days(1);
    assert_eq!(case.broken().await, ["4.1.2.5 validity"]);
    let mut case = ResponderCase::of(&testing::root());
    case.serial = "0123".parse().unwrap();
    assert_eq!(case.broken().await, ["4.1.2.2 serial number"]);
    let mut case = ResponderCase::of(&testing::root());
    case.key = case.issuer.key().clone();
    assert_eq!(case.broken().await, ["4.1.2.7 public key"]);
    let mut case = ResponderCase::of(&testing::root());
    case.signer = LocalKey::from_pem(&testing::root().key_pem).unwrap();
    assert_eq!(case.issue().await, Err(ResponderError::Issue(IssueError::WrongKey)));
}

#[test]
fn neither_linter_lets_the_others_certificates_pass() {
    let ca = testing::root();
    let (leaf, responder) = (Case::new(&ca, &["www.example.com"]), ResponderCase::of(&ca));
    let tbs = responder.template().build(responder.signer.algorithm()).unwrap();
    assert!(leaf.lint(tbs).is_err());
    let broken = lint_responder(leaf.build(), &responder.template()).unwrap_err();
    let rules: Vec<_> = broken.iter().map(LintError::rule).collect();
    assert!(rules.contains(&"RFC 6960 4.2.2.2 responder"), "{rules:?}");
}

#[test]
fn no_octet_of_a_responders_certificate_can_be_another() {
    let case = ResponderCase::of(&testing::root());
    let tbs = case.template().build(case.signer.algorithm()).unwrap();
    assert!(lint_responder(tbs.clone(), &case.template()).is_ok());
    let mut judged = 0;
    // The serial and the dates may be any that keep the rules.
    let free = tbs.der().windows(case.serial.octets().len()).position(|part| part == case.serial.octets());
    let free = free.unwrap()..free.unwrap() + case.serial.octets().len();
    let dates = testing::date_at(tbs.der(), 0x17);
    for at in 0..tbs.der().len() {
        if free.contains(&at) || (dates..dates + 30).contains(&at) {
            continue;
        }
        for bit in 0..8 {
            let mut der = tbs.der().to_vec();
            der[at] ^= 1 << bit;
            assert!(lint_responder(tbs.with_der(der), &case.template()).is_err(), "octet {at}, bit {bit}");
            judged += 1;
        }
    }
    assert!(judged > 2_000, "{judged}");
}
