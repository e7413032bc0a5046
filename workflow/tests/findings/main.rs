//! From the text of a request to findings: which code each mistake has, and that its words name what was found.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::csr::{Csr, RequestedExtension};
use pki::name::Name;
use pki::private_key;
use pki::testing::{self as test_pki, CsrMaker, TestKey, TestKeyPair, oid, sequence, tlv};
use workflow::finding::{Code, Finding, Severity, findings};

mod forms;
mod properties;

/// Reads a request, with findings for every error.
fn read(text: &str) -> Result<Csr, Vec<Finding>> {
    Csr::read(text).map_err(findings)
}

fn names(csr: &Csr) -> Vec<String> {
    csr.names().iter().map(Name::to_string).collect()
}

fn codes(text: &str) -> Vec<Code> {
    let findings = read(text).unwrap_err();
    for finding in &findings {
        assert_eq!(finding.severity, Severity::Refused, "{finding:?}");
        assert!(finding.detail.ends_with(['.', ':']) && !finding.advice.is_empty(), "{finding:?}");
    }
    findings.into_iter().map(|finding| finding.code).collect()
}

fn maker() -> CsrMaker {
    CsrMaker::new(TestKey::EcP256).common_name("www.example.com").names(&["www.example.com"])
}

#[test]
fn a_request_says_what_it_asks_for() {
    let maker = CsrMaker::new(TestKey::EcP256)
        .subject_part("2.5.4.6", 19, b"DE")
        .common_name("www.example.com")
        .names(&["B.example.com", "10.0.0.1", "fd00::1", "b.example.com"]);
    let der = maker.der();
    let csr = Csr::from_der(der.clone()).unwrap();
    assert_eq!(csr.der(), der);
    assert_eq!(csr.subject(), "CN=www.example.com,C=DE");
    assert_eq!(csr.common_name(), Some("www.example.com"));
    assert_eq!(names(&csr), ["b.example.com", "10.0.0.1", "fd00::1", "www.example.com"]);
    assert_eq!(csr.key().description(), "EC P-256");
    assert_eq!(csr.key().spki_der(), maker.key().spki());
    assert_eq!(csr.digest().len(), 64);
    assert_eq!(csr.extensions(), [RequestedExtension::SubjectPart("C=\"DE\"".to_owned())]);
}

#[test]
fn every_kind_of_key_proves_its_possession() {
    for (kind, description) in [
        (TestKey::EcP256, "EC P-256"),
        (TestKey::EcP384, "EC P-384"),
        (TestKey::EcP521, "EC P-521"),
        (TestKey::Rsa2048, "RSA 2048 bits"),
        (TestKey::Ed25519, "Ed25519"),
    ] {
        let csr = read(&test_pki::csr_with(kind, "", &["www.example.com"])).unwrap();
        assert_eq!(csr.key().description(), description);
        assert_eq!(csr.common_name(), None);
    }
    assert!(read(&CsrMaker::new(TestKey::Rsa2048).names(&["www.example.com"]).pss().pem()).is_ok());
}

#[test]
fn a_request_is_read_from_every_form_it_arrives_in() {
    let pem = maker().pem();
    let der = pem::parse(&pem).unwrap().into_contents();
    let base64 = STANDARD.encode(&der);
    let wrapped: String =
        base64.as_bytes().chunks(64).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect();
    for (form, text) in [
        ("as it is", pem.clone()),
        ("the older label", pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")),
        ("CRLF", pem.replace('\n', "\r\n")),
        ("a byte order mark", format!("\u{feff}{pem}")),
        ("text around", format!("Dear CA,\nplease sign this:\n\n{pem}\nKind regards\nAlice")),
        (
            "the text form of openssl",
            format!("Certificate Request:\n    Data:\n        Version: 1 (0x0)\n{pem}"),
        ),
        (
            "curve parameters before",
            format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{pem}"),
        ),
        ("indented", pem.lines().map(|line| format!("    {line}\n")).collect()),
        ("quoted line ends", pem.replace('\n', " \n")),
        ("lost line breaks", pem.replace('\n', " ")),
        ("dashes from a mail program", pem.replace("-----", "\u{2014}")),
        ("base64 in one line", base64.clone()),
        ("base64 in lines", wrapped.clone()),
        ("base64 without padding", base64.trim_end_matches('=').to_owned()),
        ("base64 among text", format!("Here it is, as base64.\n\n{wrapped}\n\nThanks!")),
    ] {
        let csr = read(&text).unwrap_or_else(|findings| panic!("{form}: {findings:?}"));
        assert_eq!(csr.der(), der, "{form}");
    }
}

#[test]
fn anything_else_is_not_a_csr_and_is_told_what_it_is() {
    let pem = maker().pem();
    let ca = test_pki::root().certificate_pem;
    let der = pem::parse(&pem).unwrap().into_contents();
    let request = |der: &[u8]| test_pki::pem("CERTIFICATE REQUEST", der);
    for (text, words) in [
        (String::new(), "no certificate signing request"),
        (" \r\n\u{feff}".to_owned(), "no certificate signing request"),
        ("hello".to_owned(), "isn't a certificate signing request"),
        (ca.clone(), "a certificate, not"),
        (ca.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "a certificate, not"),
        (pem.replace("CERTIFICATE REQUEST", "CERTIFICATE"), "a certificate, not"),
        (format!("{pem}{}", maker().pem()), "2 requests"),
        (format!("{pem}{ca}"), "2 PEM blocks"),
        (test_pki::pem("PUBLIC KEY", TestKeyPair::generate(TestKey::EcP256).spki()), "public key"),
        (STANDARD.encode(TestKeyPair::generate(TestKey::EcP256).spki()), "public key"),
        (test_pki::pem("X509 CRL", &[0x30, 0]), "CRL"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAo= a@b".to_owned(), "SSH"),
        (pem[..pem.len() / 2].to_owned(), "cut off"),
        (pem.replace("-----", "\u{2014}").replace("MII", "M!!"), "isn't base64"),
        (pem.replacen("MII", "M!!", 1), "isn't base64"),
        (request(&[&der[..], &[0]].concat()), "one extra byte after"),
        (request(&der[..der.len() - 1]), "well-formed"),
        (request(&[0x30, 0]), "well-formed"),
        (request(b""), "well-formed"),
    ] {
        let findings = read(&text).unwrap_err();
        assert_eq!(findings[0].code, Code::NotACsr, "{words}: {findings:?}");
        assert!(findings[0].detail.contains(words), "{words}: {findings:?}");
    }
}

#[test]
fn a_private_key_is_recognised_in_any_shape_and_never_repeated() {
    let request = maker().pem();
    let mut texts = Vec::new();
    for kind in [TestKey::EcP256, TestKey::Rsa2048, TestKey::Ed25519] {
        let key = TestKeyPair::generate(kind);
        let base64 = STANDARD.encode(key.pkcs8());
        texts.push(key.pem());
        texts.push(format!("{}{request}", key.pem()));
        texts.push(format!("{request}{}", key.pem()));
        texts.push(key.pem().replace("PRIVATE KEY", "CERTIFICATE REQUEST"));
        texts.push(key.pem().replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
        texts.push(key.pem().replace("PRIVATE KEY", "OPENSSH PRIVATE KEY"));
        texts.push(key.pem().replace("PRIVATE KEY", "Private Key"));
        texts.push(key.pem().replace("-----END PRIVATE KEY-----", ""));
        texts.push(key.pem().replace("-----BEGIN PRIVATE KEY-----", ""));
        texts.push(base64.clone());
        texts.push(base64[..base64.len() / 2 + 1].to_owned());
        texts.push(format!("{request}\n{base64}"));
        texts.push(format!("{}{}", key.pem(), " ".repeat(Csr::MAX_BYTES)));
    }
    texts.push("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nAAAA".to_owned());
    texts.push(r#"{"kty": "EC", "crv": "P-256", "d": "abc"}"#.to_owned());
    assert_eq!(private_key::refuse(&request), Ok(()));
    for text in &texts {
        assert!(private_key::refuse(text).is_err(), "{text}");
        let findings = read(text).unwrap_err();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].code, Code::PrivateKeySubmitted, "{text}");
        let said = format!("{findings:?}");
        for line in text.lines().filter(|line| line.len() > 20 && !line.contains("---")) {
            assert!(!said.contains(&line[..20]), "{said}");
        }
    }
}

#[test]
fn what_is_weak_is_refused_by_its_own_code() {
    assert_eq!(codes(&test_pki::csr_with_rsa_bits(512)), [Code::WeakKey]);
    assert_eq!(codes(&test_pki::csr_with_rsa_bits(1024)), [Code::WeakKey]);
    assert_eq!(codes(&test_pki::csr_with_rsa_bits(2047)), [Code::WeakKey]);
    assert_eq!(codes(&test_pki::csr_with_rsa_bits(16_384)), [Code::UnsupportedKey]);
    assert_eq!(codes(&test_pki::csr_with_rsa(&[0xff; 256], &[3])), [Code::WeakKey]);
    assert_eq!(codes(&test_pki::csr_with_rsa(&[0xff; 256], &[1, 0, 1])), [Code::WeakKey]);
    assert_eq!(codes(&test_pki::csr_with_rsa(&[], &[])), [Code::WeakKey, Code::WeakKey]);
    assert_eq!(codes(&test_pki::csr_with_sha1(&["www.example.com"])), [Code::WeakSignature]);
    let md5 = sequence(&[oid("1.2.840.113549.1.1.4"), tlv(5, &[])]);
    assert_eq!(codes(&maker().signature(md5, vec![0; 64]).pem()), [Code::WeakSignature]);
}

#[test]
fn a_request_that_is_not_signed_by_its_key_is_refused() {
    assert_eq!(codes(&test_pki::csr_with_bad_signature(&["www.example.com"])), [Code::BadSignature]);
    let rsa = sequence(&[oid("1.2.840.113549.1.1.11"), tlv(5, &[])]);
    assert_eq!(codes(&maker().signature(rsa, vec![0; 64]).pem()), [Code::BadSignature]);
    let unknown = sequence(&[oid("1.2.3.4")]);
    assert_eq!(codes(&maker().signature(unknown, vec![0; 64]).pem()), [Code::BadSignature]);
}

#[test]
fn kinds_of_keys_that_are_not_certified_are_named() {
    let ec = |curve: &str, point: Vec<u8>| {
        sequence(&[sequence(&[oid("1.2.840.10045.2.1"), oid(curve)]), tlv(3, &[vec![0], point].concat())])
    };
    for (spki, code, words) in [
        (ec("1.3.132.0.10", vec![4; 65]), Code::UnsupportedKey, "secp256k1"),
        (ec("1.2.840.10045.3.1.7", [vec![2], vec![7; 32]].concat()), Code::UnsupportedKey, "compressed"),
        (ec("1.2.840.10045.3.1.7", vec![4; 64]), Code::WeakKey, "uncompressed"),
        (ec("1.2.840.10045.3.1.7", vec![4; 65]), Code::WeakKey, "isn't a point"),
        (sequence(&[sequence(&[oid("1.3.101.113")]), tlv(3, &[0; 58])]), Code::UnsupportedKey, "Ed448"),
        (sequence(&[sequence(&[oid("1.3.101.112")]), tlv(3, &[0; 33])]), Code::WeakKey, "small order"),
        (sequence(&[sequence(&[oid("1.3.101.112")]), tlv(3, &[0; 10])]), Code::WeakKey, "isn't well formed"),
    ] {
        let findings = read(&maker().spki(spki).pem()).unwrap_err();
        assert_eq!(findings[0].code, code, "{findings:?}");
        assert!(findings[0].detail.contains(words), "{findings:?}");
    }
}

#[test]
fn all_findings_come_at_once_the_main_one_first() {
    let text = CsrMaker::new(TestKey::EcP256)
        .common_name("bad_name.example.com")
        .names(&["localhost", "*"])
        .spki(TestKeyPair::generate(TestKey::EcP256).spki().to_vec())
        .pem();
    assert_eq!(codes(&text), [Code::BadSignature, Code::BadName, Code::BadName, Code::BadName]);
}

#[test]
fn names_that_are_none_are_refused() {
    let with = |general_name: Vec<u8>| maker().general_name(general_name).pem();
    assert_eq!(codes(&with(tlv(0x82, b"www.example.com\0.evil.example"))), [Code::BadName]);
    assert_eq!(codes(&with(tlv(0x82, b"b\xfccher.example.com"))), [Code::BadName]);
    assert_eq!(codes(&with(tlv(0x82, b""))), [Code::BadName]);
    assert_eq!(codes(&with(tlv(0x87, &[1, 2, 3]))), [Code::BadName]);
    assert_eq!(codes(&CsrMaker::new(TestKey::EcP256).pem()), [Code::BadName]);
    assert_eq!(codes(&CsrMaker::new(TestKey::EcP256).common_name("My Server").pem()), [Code::BadName]);
    assert_eq!(
        codes(&CsrMaker::new(TestKey::EcP256).common_name("a.example.com\u{202e}").pem()),
        [Code::BadName]
    );
    assert_eq!(codes(&maker().common_name("other.example.com").pem()), [Code::BadName]);
    let many: Vec<String> = (0..300).map(|n| format!("n{n}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(codes(&CsrMaker::new(TestKey::EcP256).names(&many).pem()), [Code::TooLarge]);
    assert_eq!(codes(&"A".repeat(Csr::MAX_BYTES + 1)), [Code::TooLarge]);
}

#[test]
fn the_common_name_becomes_a_name_where_it_is_one() {
    let named = |text: &str| read(&CsrMaker::new(TestKey::EcP256).common_name(text).pem()).unwrap();
    assert_eq!(names(&named("WWW.example.com")), ["www.example.com"]);
    assert_eq!(names(&named("10.0.0.1")), ["10.0.0.1"]);
    let person =
        CsrMaker::new(TestKey::EcP256).common_name("Alice Example").names(&["alice@example.com"]).pem();
    let csr = read(&person).unwrap();
    assert_eq!(names(&csr), ["alice@example.com"]);
    assert_eq!(csr.warnings().len(), 1);
    assert_eq!(Finding::from(&csr.warnings()[0]).severity, Severity::Ignored);
}

#[test]
fn every_wish_is_kept() {
    let text = maker()
        .asking_for_ca()
        .extension("2.5.29.15", true, &tlv(3, &[1, 0b0000_0110]))
        .extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.2"), oid("1.2.3.4")]))
        .extension("2.5.29.32", false, &sequence(&[sequence(&[oid("1.2.3.5")])]))
        .extension("1.2.3.6", true, &[5, 0])
        .general_name(tlv(0xa0, &[oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xa0, &tlv(12, b"alice"))].concat()))
        .attribute("1.2.840.113549.1.9.7", &tlv(12, b"hunter2"))
        .attribute("1.3.6.1.4.1.311.13.2.3", &tlv(22, b"10.0"))
        .pem();
    let csr = read(&text).unwrap();
    assert_eq!(
        csr.extensions(),
        [
            RequestedExtension::Attribute("challengePassword".to_owned()),
            RequestedExtension::Attribute("1.3.6.1.4.1.311.13.2.3".to_owned()),
            RequestedExtension::CertificateAuthority,
            RequestedExtension::KeyUsage("keyCertSign"),
            RequestedExtension::KeyUsage("cRLSign"),
            RequestedExtension::ExtendedKeyUsage("clientAuth".to_owned()),
            RequestedExtension::ExtendedKeyUsage("1.2.3.4".to_owned()),
            RequestedExtension::Extension("certificatePolicies".to_owned()),
            RequestedExtension::Extension("1.2.3.6".to_owned()),
            RequestedExtension::OtherName("otherName"),
        ]
    );
    assert!(!format!("{csr:?}").contains("hunter2"));
}

#[test]
fn extensions_of_old_windows_tools_are_read_as_well() {
    let names = sequence(&[tlv(0x82, b"old.example.com")]);
    let extensions = sequence(&[sequence(&[oid("2.5.29.17"), tlv(4, &names)])]);
    let old = CsrMaker::new(TestKey::EcP256).attribute("1.3.6.1.4.1.311.2.1.14", &extensions);
    assert_eq!(self::names(&read(&old.pem()).unwrap()), ["old.example.com"]);
}

#[test]
fn nothing_in_an_attribute_is_overlooked() {
    let names =
        |name: &[u8]| sequence(&[sequence(&[oid("2.5.29.17"), tlv(4, &sequence(&[tlv(0x82, name)]))])]);
    // Two values where one belongs, and the attribute twice.
    let two = [names(b"a.example.com"), names(b"b.example.com")].concat();
    let two = CsrMaker::new(TestKey::EcP256).attribute("1.2.840.113549.1.9.14", &two);
    assert_eq!(codes(&two.pem()), [Code::ForbiddenExtension]);
    let again = maker().attribute("1.2.840.113549.1.9.14", &names(b"a.example.com"));
    assert_eq!(codes(&again.pem()), [Code::ForbiddenExtension]);
    let microsoft = maker().attribute("1.3.6.1.4.1.311.2.1.14", &names(b"a.example.com"));
    assert_eq!(codes(&microsoft.pem()), [Code::ForbiddenExtension]);
}

#[test]
fn malformed_extensions_are_refused() {
    assert_eq!(codes(&maker().extension("2.5.29.19", true, &[5, 0]).pem()), [Code::ForbiddenExtension]);
    assert_eq!(codes(&maker().extension("2.5.29.37", true, &[0x30, 0]).pem()), [Code::ForbiddenExtension]);
    assert_eq!(codes(&maker().asking_for_ca().asking_for_ca().pem()), [Code::ForbiddenExtension]);
}
