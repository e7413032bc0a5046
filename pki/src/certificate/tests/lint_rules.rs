//! Rules that no grant lifts: each test builds contents that break one, and the linter refuses them.

use super::*;
use crate::testing::{oid, sequence};

/// The rules broken by a certificate with these contents.
fn broken_by(key: TestKey, change: impl Fn(&mut CertificateContents)) -> Vec<&'static str> {
    let mut case = case();
    case.csr = Csr::read(&testing::csr_with(key, "", &["www.example.com"])).unwrap();
    case.contents.subject = String::new();
    change(&mut case.contents);
    match case.lint(case.build()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(LintError::rule).collect(),
    }
}

#[test]
fn the_key_can_be_used_as_granted() {
    const RULE: &str = "4.2.1.3 keyUsage";
    let with = |key, usages: &[&str]| {
        let usages: Vec<String> = usages.iter().map(|usage| (*usage).to_owned()).collect();
        broken_by(key, |contents| contents.key_usage = usages.clone())
    };
    assert_eq!(with(TestKey::Rsa2048, &["digitalSignature", "keyEncipherment"]), [""; 0]);
    assert_eq!(with(TestKey::EcP256, &["digitalSignature", "keyAgreement", "encipherOnly"]), [""; 0]);
    assert_eq!(with(TestKey::EcP256, &["digitalSignature", "keyEncipherment"]), [RULE]);
    assert_eq!(with(TestKey::Rsa2048, &["digitalSignature", "keyAgreement"]), [RULE]);
    assert_eq!(with(TestKey::Ed25519, &["digitalSignature", "keyAgreement"]), [RULE]);
    assert_eq!(with(TestKey::EcP256, &["digitalSignature", "encipherOnly"]), [RULE]);
    let all = ["keyAgreement", "encipherOnly", "decipherOnly"];
    assert_eq!(with(TestKey::EcP256, &all), [RULE]);
}

#[test]
fn purposes_fit_the_usages_and_each_other() {
    const RULE: &str = "4.2.1.12 extendedKeyUsage";
    let with = |purposes: &[&str], usage: &str| {
        broken_by(TestKey::Rsa2048, |contents| {
            contents.extended_key_usage = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
            contents.key_usage = vec![usage.to_owned()];
        })
    };
    assert_eq!(with(&["timeStamping"], "digitalSignature"), [""; 0]);
    assert_eq!(with(&["1.3.6.1.4.1.311.20.2.2"], "digitalSignature"), [""; 0]);
    assert_eq!(with(&["clientAuth", "serverAuth"], "keyEncipherment"), [""; 0]);
    assert_eq!(with(&["clientAuth"], "keyEncipherment"), [RULE]);
    assert_eq!(with(&["timeStamping", "serverAuth"], "digitalSignature"), [RULE]);
    assert_eq!(with(&["serverAuth", "serverAuth"], "digitalSignature"), [RULE]);
}

#[test]
fn the_whole_chain_allows_the_purposes() {
    let clients = sequence(&[oid("1.3.6.1.5.5.7.3.2")]);
    let ca = CaMaker::new(TestKey::EcP256).named("Root").issuing(CaMaker::new(TestKey::EcP256).extension(
        "2.5.29.37",
        false,
        &clients,
    ));
    let mut case = Case::new(&ca, &["www.example.com"]);
    assert_eq!(case.broken(case.build()), ["4.2.1.12 extendedKeyUsage"]);
    case.contents.extended_key_usage = vec!["clientAuth".to_owned()];
    assert!(case.lint(case.build()).is_ok());
}

#[test]
fn subjects_keep_their_bounds() {
    let with = |subject: &str| broken_by(TestKey::EcP256, |contents| contents.subject = subject.to_owned());
    assert_eq!(with("O=Example,C=DE"), [""; 0]);
    for wrong in ["C=Germany", "O=A,O=B", "DC=example", "emailAddress=a@example.com"] {
        assert_eq!(with(wrong), ["4.1.2.6 subject"], "{wrong}");
    }
    assert_eq!(with(&format!("O={}", "a".repeat(65))), ["4.1.2.6 subject"]);
}

#[test]
fn the_key_of_an_authority_is_not_certified() {
    let key = testing::TestKeyPair::generate(TestKey::EcP256);
    let ca = CaMaker::new(TestKey::EcP256).key(&key).self_signed();
    let csr = testing::CsrMaker::new(TestKey::EcP256).with_key(&key).names(&["www.example.com"]).pem();
    let mut case = Case::new(&ca, &["www.example.com"]);
    case.csr = Csr::read(&csr).unwrap();
    case.contents.subject = String::new();
    assert_eq!(case.broken(case.build()), ["4.1.2.7 public key"]);
}

#[test]
fn addresses_are_web_addresses() {
    let case = case();
    let broken = |publication: Publication| {
        let tbs = Template {
            csr: &case.csr,
            contents: &case.contents,
            issuer: &case.issuer,
            algorithm: case.key.algorithm(),
            serial: &case.serial,
            validity: &case.validity,
            publication: &publication,
        };
        case.broken(tbs.build().unwrap())
    };
    for wrong in ["http://pki/ca.crl", "http://pki.example.com/a b", "ldap://pki.example.com/"] {
        let urls = vec!["http://pki.example.com/".to_owned(), wrong.to_owned()];
        let crl = Publication { crl: urls.clone(), ..Publication::default() };
        assert_eq!(broken(crl), ["4.2.1.13 cRLDistributionPoints"], "{wrong}");
        let ocsp = Publication { ocsp: urls, ..Publication::default() };
        assert_eq!(broken(ocsp), ["4.2.2.1 authorityInfoAccess"], "{wrong}");
    }
}

/// RFC 5280 section 4.1.2.5.2: GeneralizedTime has no fractions.
#[test]
fn dates_have_no_fractions() {
    let ca = CaMaker::new(TestKey::EcP256).lifetime(Duration::DAY, Duration::days(30_000)).self_signed();
    let mut case = Case::new(&ca, &["www.example.com"]);
    case.contents.validity_days = 20_000;
    case.validity = Validity::choose(OffsetDateTime::now_utc(), 20_000, &case.issuer).unwrap();
    let tbs = case.build();
    assert!(case.lint(tbs.clone()).is_ok());
    // TBSCertificate, Validity (two octets, a UTCTime, then this) and the date are two octets longer.
    let at = testing::date_at(tbs.der(), 0x18);
    let (before, after) = tbs.der().split_at(at + 17);
    let mut with_fraction = [&before[..16 + at], b".5", &before[16 + at..], after].concat();
    with_fraction[at + 1] += 2;
    with_fraction[at - 16] += 2;
    let length = u16::from_be_bytes([with_fraction[2], with_fraction[3]]) + 2;
    with_fraction[2..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(case.broken(tbs.with_der(with_fraction))[0], "4.1 encoding");
}

#[tokio::test]
async fn the_last_check_knows_purposes_with_large_numbers() {
    let mut case = case();
    case.contents.extended_key_usage = vec!["1.3.6.1.4.1.311.20.2.2".to_owned(), "serverAuth".to_owned()];
    let certificate = issue(&case.key, case.lint(case.build()).unwrap()).await.unwrap();
    assert_eq!(case.cross_check(&certificate), Ok(()));
    case.contents.extended_key_usage[0] = "1.3.6.1.4.1.567.20.2.2".to_owned();
    assert_eq!(case.cross_check(&certificate).unwrap_err().field, "purposes");
}
