#![allow(clippy::disallowed_methods)] // Test certificates have no approval.

use aws_lc_rs::rand::SystemRandom;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::csr::Csr;
use crate::issuer::{Issuer, IssuerError};
use crate::signer::{LocalKey, LocalKeyError, Signer as _};
use crate::testing::{self, CaMaker, TestCa, TestKey};

mod lint_rules;
mod responder;

struct Case {
    csr: Csr,
    contents: CertificateContents,
    issuer: Issuer,
    key: LocalKey,
    serial: Serial,
    validity: Validity,
}

impl Case {
    fn new(ca: &TestCa, names: &[&str]) -> Case {
        let csr = Csr::read(&testing::csr(names)).unwrap();
        let contents = CertificateContents {
            subject: csr.common_name().map(|name| format!("CN={name}")).unwrap_or_default(),
            names: csr.names().iter().map(ToString::to_string).collect(),
            key_usage: vec!["digitalSignature".to_owned()],
            extended_key_usage: vec!["serverAuth".to_owned()],
            validity_days: 365,
        };
        let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
        let key = LocalKey::from_pem(&ca.key_pem).unwrap();
        let serial = Serial::random(&SystemRandom::new()).unwrap();
        let validity = Validity::choose(OffsetDateTime::now_utc(), contents.validity_days, &issuer).unwrap();
        Case { csr, contents, issuer, key, serial, validity }
    }

    fn build(&self) -> TbsCertificate {
        let publication = Publication::default();
        Template {
            csr: &self.csr,
            contents: &self.contents,
            issuer: &self.issuer,
            algorithm: self.key.algorithm(),
            serial: &self.serial,
            validity: &self.validity,
            publication: &publication,
        }
        .build()
        .unwrap()
    }

    fn lint(&self, tbs: TbsCertificate) -> Result<Linted<TbsCertificate>, Vec<LintError>> {
        lint(tbs, &self.issuer, &self.csr, &self.contents)
    }

    /// The rules broken by a certificate.
    fn broken(&self, tbs: TbsCertificate) -> Vec<&'static str> {
        self.lint(tbs).unwrap_err().iter().map(LintError::rule).collect()
    }
}

fn case() -> Case {
    Case::new(&testing::root(), &["www.example.com"])
}

#[tokio::test]
async fn a_certificate_says_what_was_reserved_and_granted() {
    let case = case();
    let certificate = issue(&case.key, case.lint(case.build()).unwrap()).await.unwrap();
    assert_eq!(certificate.serial(), &case.serial);
    assert_eq!(certificate.subject(), "CN=www.example.com");
    assert_eq!(
        (certificate.not_before(), certificate.not_after()),
        (case.validity.not_before, case.validity.not_after)
    );
    assert_eq!(certificate.public_key_digest(), case.csr.key().digest());
    assert_eq!(certificate.authority_key_identifier(), Some(case.issuer.key_identifier()));
    assert_eq!(Certificate::from_pem(&certificate.pem()).unwrap(), certificate);
    // A retry of signing gives the same bytes.
    assert_eq!(case.build(), case.build());
}

#[tokio::test]
async fn only_the_issuers_own_key_signs() {
    let case = case();
    let other = LocalKey::from_pem(&testing::root().key_pem).unwrap();
    let linted = case.lint(case.build()).unwrap();
    assert_eq!(issue(&other, linted).await.unwrap_err(), IssueError::WrongKey);
}

#[test]
fn any_field_that_is_not_as_it_must_be_is_caught() {
    let case = case();
    let broken = |change: &dyn Fn(&mut Case)| {
        let mut changed = Case { key: LocalKey::from_pem(&testing::root().key_pem).unwrap(), ..self::case() };
        (changed.csr, changed.contents, changed.issuer) =
            (case.csr.clone(), case.contents.clone(), case.issuer.clone());
        (changed.serial, changed.validity) = (case.serial.clone(), case.validity);
        change(&mut changed);
        case.broken(changed.build())
    };
    assert_eq!(broken(&|c| c.serial = "0123456789".parse().unwrap()), ["4.1.2.2 serial number"]);
    assert_eq!(
        broken(&|c| c.validity.not_after = case.issuer.not_after() + Duration::DAY)[0],
        "4.1.2.5 validity"
    );
    assert_eq!(
        broken(&|c| c.validity.not_before = case.issuer.not_before() - Duration::DAY)[0],
        "4.1.2.5 validity"
    );
    assert_eq!(broken(&|c| c.validity.not_after += Duration::DAY), ["4.1.2.5 validity"]);
    assert_eq!(broken(&|c| c.validity.not_after = c.validity.not_before), ["4.1.2.5 validity"]);
    assert_eq!(broken(&|c| c.contents.subject = "CN=evil.example.com".to_owned())[0], "4.1.2.6 subject");
    assert_eq!(broken(&|c| c.contents.names.push("evil.example.com".to_owned())), ["4.2.1.6 subjectAltName"]);
    assert_eq!(broken(&|c| c.contents.names.clear()), ["4.2.1.6 subjectAltName"]);
    assert_eq!(broken(&|c| c.contents.key_usage = vec!["keyCertSign".to_owned()]).len(), 3);
    assert_eq!(broken(&|c| c.contents.key_usage.push("cRLSign".to_owned())).len(), 2);
    assert_eq!(
        broken(&|c| c.contents.extended_key_usage = vec!["codeSigning".to_owned()]),
        ["4.2.1.12 extendedKeyUsage"]
    );
    assert_eq!(broken(&|c| c.contents.extended_key_usage.clear()), ["4.2 extensions"]);
    let other = Issuer::from_pem(&CaMaker::new(TestKey::EcP256).self_signed().certificate_pem).unwrap();
    assert_eq!(broken(&|c| c.issuer = other.clone()), ["4.2.1.1 authorityKeyIdentifier", "issuer"]);
    let csr = Csr::read(&testing::csr(&["www.example.com"])).unwrap();
    assert_eq!(broken(&|c| c.csr = csr.clone()), ["4.1.2.7 public key", "4.2.1.2 subjectKeyIdentifier"]);
}

#[test]
fn a_grant_for_other_names_than_the_request_has_is_caught() {
    let mut case = case();
    case.contents.names = vec!["other.example.com".to_owned()];
    case.contents.subject = String::new();
    assert_eq!(case.broken(case.build()), ["names"]);
}

#[test]
fn bytes_that_are_no_certificate_are_caught() {
    let case = case();
    let tbs = case.build();
    assert_eq!(case.broken(tbs.with_der(Vec::new())), ["4.1 encoding"]);
    assert_eq!(case.broken(tbs.with_der([tbs.der(), &[0]].concat())), ["4.1 encoding"]);
    // No certificate with one flipped bit passes, except in serial and dates.
    for at in 0..tbs.der().len() {
        let mut der = tbs.der().to_vec();
        der[at] ^= 0x01;
        let serial = at > 10 && at < 31;
        let time = case.lint(tbs.with_der(der)).is_ok();
        // The caller chooses serial and dates, within limits.
        assert!(!time || serial || is_time(tbs.der(), at), "octet {at} of {}", hex::encode(tbs.der()));
    }
}

/// True if the octet lies in one of the two UTCTimes.
fn is_time(der: &[u8], at: usize) -> bool {
    (0..der.len()).any(|start| der[start..].starts_with(&[0x17, 0x0d]) && (start..start + 15).contains(&at))
}

#[test]
fn name_constraints_of_the_whole_chain_are_kept() {
    let chain = |root: CaMaker, below: CaMaker| root.issuing(below);
    let permitted = chain(
        CaMaker::new(TestKey::EcP256)
            .subject(&[("2.5.4.3", 12, b"Root")])
            .name_constraints(&["example.com"], &[]),
        CaMaker::new(TestKey::EcP256).name_constraints(&[], &["secret.example.com"]).path_length(0),
    );
    let issuer = Issuer::from_pem(&permitted.certificate_pem).unwrap();
    let forbidden = |name: &str| issuer.violation(&name.parse().unwrap()).is_some();
    assert!(!forbidden("www.example.com") && !forbidden("example.com") && !forbidden("10.0.0.1"));
    assert!(forbidden("www.example.org") && forbidden("badexample.com"));
    assert!(
        forbidden("secret.example.com") && forbidden("a.secret.example.com") && forbidden("*.example.com")
    );
    assert!(forbidden("*.secret.example.com") && !forbidden("*.apps.example.com"));
    let case = Case::new(&permitted, &["db.internal"]);
    assert_eq!(case.broken(case.build()), ["4.2.1.10 name constraints"]);
}

#[test]
fn what_is_no_issuer_is_told_why() {
    let why = |pem: &str| Issuer::from_pem(pem).unwrap_err().to_string();
    assert_eq!(Issuer::from_pem("").unwrap_err(), IssuerError::Missing);
    let root = testing::root();
    assert_eq!(
        Issuer::from_pem(&(root.key_pem.clone() + &root.certificate_pem)).unwrap_err(),
        IssuerError::PrivateKey
    );
    assert!(
        why(&CaMaker::new(TestKey::EcP256).not_a_ca().self_signed().certificate_pem).contains("not a CA")
    );
    assert!(
        why(&(root.certificate_pem.clone() + &testing::root_with(TestKey::EcP384).certificate_pem))
            .contains("not signed by")
    );
    // Self-issued certificates do not count.
    let deep =
        CaMaker::new(TestKey::EcP256).named("Root").path_length(0).issuing(CaMaker::new(TestKey::EcP256));
    assert!(why(&deep.certificate_pem).contains("allows 0 CA certificates below it, but there are 1"));
    assert!(why(&root.certificate_pem.replacen("MII", "AAA", 1)).contains("not well formed"));
}

/// RFC 5280 section 4.1.2.5: UTCTime to the last second of 2049, GeneralizedTime from the first of 2050 on.
#[test]
fn the_encoding_of_time_changes_with_2050() {
    let ca =
        CaMaker::new(TestKey::EcP256).lifetime(Duration::days(1), Duration::days(60 * 365)).self_signed();
    let mut case = Case::new(&ca, &["www.example.com"]);
    let mut dates = |not_before, not_after| {
        case.validity = Validity { not_before, not_after };
        let tbs = case.build();
        let at = (0..tbs.der().len())
            .find(|at| {
                matches!(tbs.der()[*at..], [0x17, 13, ..]) || matches!(tbs.der()[*at..], [0x18, 15, ..])
            })
            .unwrap();
        String::from_utf8_lossy(&tbs.der()[at..at + 32]).into_owned()
    };
    let (last, first) = (datetime!(2049-12-31 23:59:59 UTC), datetime!(2050-01-01 00:00:00 UTC));
    assert!(dates(last - Duration::SECOND, last).starts_with("\u{17}\r491231235958Z\u{17}\r491231235959Z"));
    assert!(dates(last, first).starts_with("\u{17}\r491231235959Z\u{18}\u{f}20500101000000Z"));
    assert_eq!(dates(first, first + Duration::SECOND).get(..17), Some("\u{18}\u{f}20500101000000Z"));
}

/// System clocks repeat a leap second or smear it over the day. Neither gives an invalid date or a validity that ends
/// before it begins.
#[test]
fn a_second_that_comes_twice_does_no_harm() {
    let ca = CaMaker::new(TestKey::EcP256)
        .lifetime(OffsetDateTime::now_utc() - datetime!(2016-01-01 00:00:00 UTC), Duration::days(3650))
        .self_signed();
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    let second = datetime!(2016-12-31 23:59:59 UTC);
    let chosen = [Duration::ZERO, Duration::milliseconds(999), Duration::ZERO, Duration::SECOND]
        .map(|after| Validity::choose(second + after, 365, &issuer).unwrap());
    assert!(chosen[..3].iter().all(|one| *one == chosen[0]), "{chosen:?}");
    assert_eq!(chosen[3].not_before - chosen[0].not_before, Duration::SECOND);
    assert!(
        chosen.iter().all(|one| one.not_after - one.not_before == Duration::days(365) - Duration::SECOND)
    );
}

#[test]
fn validity_stays_inside_the_issuers() {
    let now = OffsetDateTime::now_utc();
    let issuer = |age, lifetime| {
        Issuer::from_pem(&CaMaker::new(TestKey::EcP256).lifetime(age, lifetime).self_signed().certificate_pem)
            .unwrap()
    };
    let long = issuer(Duration::days(10), Duration::days(1000));
    let validity = Validity::choose(now, 365, &long).unwrap();
    assert_eq!(validity.not_after - validity.not_before, Duration::days(365) - Duration::SECOND);
    assert!(
        now - validity.not_before >= Duration::HOUR
            && now - validity.not_before < Duration::HOUR + Duration::SECOND
    );
    assert_eq!(validity.not_before.nanosecond(), 0);
    let json = serde_json::to_string(&validity).unwrap();
    assert_eq!(serde_json::from_str::<Validity>(&json).unwrap(), validity);

    let young = issuer(Duration::MINUTE, Duration::days(30));
    let validity = Validity::choose(now, 365, &young).unwrap();
    assert_eq!((validity.not_before, validity.not_after), (young.not_before(), young.not_after()));

    let ended = issuer(Duration::days(10), -Duration::DAY);
    assert!(matches!(Validity::choose(now, 1, &ended), Err(ValidityError::IssuerExpired(_))));
    let future = issuer(-Duration::DAY, Duration::days(10));
    assert!(matches!(Validity::choose(now, 1, &future), Err(ValidityError::IssuerNotYetValid(_))));
}

#[test]
fn keys_are_read_once_and_never_shown() {
    let key = testing::TestKeyPair::generate(TestKey::Rsa2048);
    let local = LocalKey::from_pem(&key.pem()).unwrap();
    assert_eq!(local.spki_der(), key.spki());
    assert_eq!(format!("{local:?}"), "LocalKey { algorithm: RsaSha256, .. }");
    assert_eq!(LocalKey::from_pem("").unwrap_err(), LocalKeyError::Missing);
    assert_eq!(LocalKey::from_pem(&key.pem().repeat(2)).unwrap_err(), LocalKeyError::Several);
    assert_eq!(
        LocalKey::from_pem(&key.pem().replacen("MII", "AAA", 1)).unwrap_err(),
        LocalKeyError::Unsupported
    );
    let encrypted = key.pem().replace("PRIVATE", "ENCRYPTED PRIVATE");
    assert_eq!(LocalKey::from_pem(&encrypted).unwrap_err(), LocalKeyError::Encrypted);
}

/// A certificate, and what was approved.
async fn approved_certificate() -> (Case, Certificate) {
    let csr = testing::CsrMaker::new(TestKey::EcP256).common_name("www.example.com").names(&[
        "www.example.com",
        "*.apps.example.com",
        "10.1.2.3",
        "fd00::1",
        "alice@example.com",
        "spiffe://example.org/a",
    ]);
    let mut case = case();
    case.csr = Csr::read(&csr.pem()).unwrap();
    case.contents.names = case.csr.names().iter().map(ToString::to_string).collect();
    case.contents.subject = "CN=www.example.com,O=Example".to_owned();
    case.contents.extended_key_usage = vec!["serverAuth".to_owned(), "1.2.3.4".to_owned()];
    let certificate = issue(&case.key, case.lint(case.build()).unwrap()).await.unwrap();
    (case, certificate)
}

impl Case {
    fn cross_check(&self, certificate: &Certificate) -> Result<(), CrossCheckError> {
        let Case { csr, contents, issuer, serial, validity, .. } = self;
        cross_check(certificate, &Approved { csr, contents, issuer, serial, validity })
    }
}

#[tokio::test]
async fn every_issuer_and_key_passes_the_last_check() {
    let keys = [TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Rsa2048, TestKey::Ed25519];
    let mut passed = 0;
    for issuer in keys {
        let ca = testing::root_with(issuer);
        for key in keys {
            let mut case = Case::new(&ca, &["www.example.com"]);
            case.csr = Csr::read(&testing::csr_with(key, "", &["www.example.com", "10.0.0.1"])).unwrap();
            case.contents.names = case.csr.names().iter().map(ToString::to_string).collect();
            case.contents.subject = String::new();
            let certificate = issue(&case.key, case.lint(case.build()).unwrap()).await.unwrap();
            case.cross_check(&certificate).unwrap_or_else(|error| panic!("{issuer:?} {key:?}: {error}"));
            passed += 1;
        }
    }
    assert_eq!(passed, 25);
}

#[tokio::test]
async fn a_certificate_that_says_something_else_fails_the_last_check() {
    let (case, certificate) = approved_certificate().await;
    assert_eq!(case.cross_check(&certificate), Ok(()));
    let found = |change: &dyn Fn(&mut Case)| {
        let mut changed = Case {
            csr: case.csr.clone(),
            contents: case.contents.clone(),
            issuer: case.issuer.clone(),
            key: LocalKey::from_pem(&testing::root().key_pem).unwrap(),
            serial: case.serial.clone(),
            validity: case.validity,
        };
        change(&mut changed);
        let error = changed.cross_check(&certificate).unwrap_err();
        (error.reader, error.field)
    };
    assert_eq!(
        found(&|c| c.serial = Serial::random(&SystemRandom::new()).unwrap()),
        ("webpki", "serial number")
    );
    assert_eq!(found(&|c| c.contents.subject = "CN=www.example.com".into()), ("webpki", "subject"));
    assert_eq!(found(&|c| c.validity.not_before -= Duration::SECOND), ("webpki", "start of the validity"));
    assert_eq!(found(&|c| c.validity.not_after += Duration::SECOND), ("webpki", "end of the validity"));
    let csr = Csr::read(&testing::csr(&["www.example.com"])).unwrap();
    assert_eq!(found(&|c| c.csr = csr.clone()), ("webpki", "public key"));
    let without = |name: &str| found(&|c: &mut Case| c.contents.names.retain(|one| one != name));
    assert_eq!(without("*.apps.example.com"), ("webpki", "DNS names"));
    assert_eq!(without("spiffe://example.org/a"), ("webpki", "URIs"));
    assert_eq!(found(&|c| c.contents.names.push("10.1.2.4".into())), ("webpki", "IP addresses"));
    assert_eq!(without("10.1.2.3"), ("x509-parser", "IP addresses"));
    assert_eq!(without("alice@example.com"), ("x509-parser", "e-mail addresses"));
    assert_eq!(found(&|c| c.contents.key_usage.push("keyAgreement".into())), ("x509-parser", "key usages"));
    assert_eq!(found(&|c| _ = c.contents.extended_key_usage.pop()), ("webpki", "purposes"));
    // Another CA of the same name, and another name.
    let same_name = Issuer::from_pem(&testing::root().certificate_pem).unwrap();
    assert_eq!(found(&|c| c.issuer = same_name.clone()), ("webpki", "signature"));
    let other = CaMaker::new(TestKey::EcP256).subject(&[("2.5.4.3", 12, b"Other")]).self_signed();
    let other = Issuer::from_pem(&other.certificate_pem).unwrap();
    assert_eq!(found(&|c| c.issuer = other.clone()), ("webpki", "issuer"));
}

#[tokio::test]
async fn no_certificate_with_one_changed_bit_passes_the_last_check() {
    let (case, certificate) = approved_certificate().await;
    let (mut judged, mut unreadable) = (0, 0);
    for at in 0..certificate.der().len() {
        for bit in [0, 3, 7] {
            let mut der = certificate.der().to_vec();
            der[at] ^= 1 << bit;
            match Certificate::from_der(der) {
                Ok(changed) => assert!(case.cross_check(&changed).is_err(), "octet {at}, bit {bit}"),
                Err(_) => unreadable += 1,
            }
            judged += 1;
        }
    }
    assert!(judged > 1500 && unreadable < judged / 2, "{judged} judged, {unreadable} unreadable");
}
