//! Certificates as the rest of the world sees them: made here, verified by the openssl command line.
//!
//! Without openssl the tests say SKIPPED, unless COUNTERSIGN_NO_SKIPS is set, as .ci/run does.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods)] // Test certificates have no approval.

use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::rand::SystemRandom;
use pki::certificate::{Certificate, Publication, Serial, Template, Validity, issue, lint};
use pki::csr::Csr;
use pki::error::{CsrError, SignatureError, TextError, WeakKeyError};
use pki::issuer::Issuer;
use pki::signer::{LocalKey, Signer};
use pki::testing as test_pki;
use pki::testing::{CaMaker, CsrMaker, TestCa, TestKey};
use time::{Duration, OffsetDateTime};
use workflow::policy::Policy;

const POLICY: &str = include_str!("../../infra/policy.toml");

/// True if the program is installed; otherwise prints the way to install it.
fn available(program: &str, package: &str) -> bool {
    if Command::new(program).arg("version").output().is_ok()
        || Command::new(program).arg("--version").output().is_ok()
    {
        return true;
    }
    assert!(std::env::var_os("COUNTERSIGN_NO_SKIPS").is_none(), "{program} is not installed");
    #[allow(clippy::print_stderr)]
    {
        eprintln!("SKIPPED: {program} is not installed; install it with: apt-get install {package}");
    }
    false
}

/// The whole way from a request to a certificate.
async fn certify(
    ca: &TestCa,
    csr_pem: &str,
    profile: Option<&str>,
    publication: &Publication,
) -> Certificate {
    let policy = Policy::parse(POLICY).unwrap();
    let csr = Csr::read(csr_pem).unwrap();
    let verdict = policy.evaluate(&csr, policy.profile(profile).unwrap(), None);
    let grant = verdict.grant.unwrap_or_else(|| panic!("{:?}", verdict.findings));
    let contents = grant.contents();
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    let key = LocalKey::from_pem(&ca.key_pem).unwrap();
    let template = Template {
        csr: &csr,
        contents: &contents,
        issuer: &issuer,
        algorithm: key.algorithm(),
        serial: &Serial::random(&SystemRandom::new()).unwrap(),
        validity: &Validity::choose(OffsetDateTime::now_utc(), grant.validity_days, &issuer).unwrap(),
        publication,
    };
    let linted = lint(template.build().unwrap(), &issuer, &csr, &contents).unwrap();
    issue(&key, linted).await.unwrap()
}

/// A directory with the certificate, its issuer and the root.
fn files(ca: &TestCa, certificate: &Certificate) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let blocks = pem::parse_many(&ca.certificate_pem).unwrap();
    let root = pem::encode(blocks.last().unwrap());
    std::fs::write(folder.path().join("root.pem"), root).unwrap();
    std::fs::write(folder.path().join("chain.pem"), &ca.certificate_pem).unwrap();
    std::fs::write(folder.path().join("certificate.pem"), certificate.pem()).unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {text}");
    text
}

fn verify(folder: &Path, purpose: &str) {
    let said = openssl(
        folder,
        &[
            "verify",
            "-x509_strict",
            "-purpose",
            purpose,
            "-CAfile",
            "root.pem",
            "-untrusted",
            "chain.pem",
            "certificate.pem",
        ],
    );
    assert!(said.contains("certificate.pem: OK"), "{said}");
}

#[tokio::test]
async fn openssl_accepts_every_kind_of_key_from_every_kind_of_issuer() {
    if !available("openssl", "openssl") {
        return;
    }
    let issuers = [
        TestKey::Rsa2048,
        TestKey::Rsa4096,
        TestKey::EcP256,
        TestKey::EcP384,
        TestKey::EcP521,
        TestKey::Ed25519,
    ];
    let keys = [
        TestKey::Rsa2048,
        TestKey::Rsa3072,
        TestKey::EcP256,
        TestKey::EcP384,
        TestKey::EcP521,
        TestKey::Ed25519,
    ];
    let requests = keys.map(|key| {
        (key, test_pki::csr_with(key, "www.example.com", &["www.example.com", "10.1.2.3", "fd00::1"]))
    });
    for issuer in issuers {
        let ca = test_pki::root_with(issuer);
        for (key, request) in &requests {
            let certificate = certify(&ca, request, Some("server-client"), &Publication::default()).await;
            let (_keep, folder) = files(&ca, &certificate);
            verify(&folder, "sslserver");
            verify(&folder, "sslclient");
            let text = openssl(&folder, &["x509", "-in", "certificate.pem", "-noout", "-text"]);
            assert!(
                text.contains("DNS:www.example.com, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:1"),
                "{text}"
            );
            assert!(text.contains("CA:FALSE"), "{issuer:?} {key:?}");
        }
    }
}

#[tokio::test]
async fn an_issuer_of_domain_components_below_a_root_is_kept_byte_for_byte() {
    if !available("openssl", "openssl") {
        return;
    }
    let components: [(&str, u8, &[u8]); 3] = [
        ("0.9.2342.19200300.100.1.25", 0x16, b"com"),
        ("0.9.2342.19200300.100.1.25", 0x16, b"example"),
        ("2.5.4.3", 0x13, b"Issuing CA"),
    ];
    let root = CaMaker::new(TestKey::EcP384).subject(&components[..2]);
    let ca = root.issuing(CaMaker::new(TestKey::EcP256).subject(&components).path_length(0));
    let certificate = certify(&ca, &test_pki::csr(&["www.example.com"]), None, &Publication::default()).await;
    let (_keep, folder) = files(&ca, &certificate);
    verify(&folder, "sslserver");
    let issuer =
        openssl(&folder, &["x509", "-in", "certificate.pem", "-noout", "-issuer", "-nameopt", "RFC2253"]);
    assert_eq!(issuer.trim(), "issuer=CN=Issuing CA,DC=example,DC=com");
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    assert_eq!(issuer.subject(), "CN=Issuing CA,DC=example,DC=com");
    assert_eq!(certificate.authority_key_identifier(), Some(issuer.key_identifier()));
}

#[tokio::test]
async fn a_certificate_has_what_the_profile_gives_and_nothing_else() {
    if !available("openssl", "openssl") {
        return;
    }
    let publication = Publication {
        crl: vec!["http://crl.example.com/ca.crl".to_owned()],
        issuer: vec!["http://ca.example.com/ca.cer".to_owned()],
        ocsp: vec!["http://ocsp.example.com/".to_owned()],
    };
    let ca = CaMaker::new(TestKey::Rsa2048).lifetime(Duration::days(10), Duration::days(30)).self_signed();
    let request = CsrMaker::new(TestKey::EcP256)
        .subject_part("2.5.4.10", 12, b"Evil Corp")
        .names(&["a.example.com", "b.example.com"])
        .pem();
    let certificate = certify(&ca, &request, Some("server"), &publication).await;
    let (_keep, folder) = files(&ca, &certificate);
    verify(&folder, "sslserver");
    let text = openssl(&folder, &["x509", "-in", "certificate.pem", "-noout", "-text"]);
    for expected in [
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Subject Alternative Name: critical\n                DNS:a.example.com, DNS:b.example.com\n",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Extended Key Usage: \n                TLS Web Server Authentication\n",
        "URI:http://crl.example.com/ca.crl",
        "OCSP - URI:http://ocsp.example.com/",
        "CA Issuers - URI:http://ca.example.com/ca.cer",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("Evil"), "{text}");
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    assert_eq!(certificate.not_after(), issuer.not_after());
}

#[tokio::test]
async fn dates_from_2050_on_are_generalized_time() {
    if !available("openssl", "openssl") {
        return;
    }
    let ca =
        CaMaker::new(TestKey::EcP256).lifetime(Duration::days(1), Duration::days(60 * 365)).self_signed();
    let long = POLICY.replace("validity_days = 365", "validity_days = 18250");
    let policy = Policy::parse(&long).unwrap();
    let csr = Csr::read(&test_pki::csr(&["www.example.com"])).unwrap();
    let grant = policy.evaluate(&csr, policy.profile(None).unwrap(), None).grant.unwrap();
    let contents = grant.contents();
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    let key = LocalKey::from_pem(&ca.key_pem).unwrap();
    let template = Template {
        csr: &csr,
        contents: &contents,
        issuer: &issuer,
        algorithm: key.algorithm(),
        serial: &Serial::random(&SystemRandom::new()).unwrap(),
        validity: &Validity::choose(OffsetDateTime::now_utc(), grant.validity_days, &issuer).unwrap(),
        publication: &Publication::default(),
    };
    let certificate =
        issue(&key, lint(template.build().unwrap(), &issuer, &csr, &contents).unwrap()).await.unwrap();
    let (_keep, folder) = files(&ca, &certificate);
    verify(&folder, "sslserver");
    let parsed = openssl(&folder, &["asn1parse", "-in", "certificate.pem"]);
    assert!(parsed.contains("UTCTIME") && parsed.contains("GENERALIZEDTIME"), "{parsed}");
}

#[tokio::test]
async fn requests_and_keys_of_openssl_are_read_in_every_form() {
    if !available("openssl", "openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let kinds: [(&str, &[&str]); 5] = [
        ("RSA", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("P-256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("P-384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("P-521", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        ("Ed25519", &["-algorithm", "ED25519"]),
    ];
    for (kind, options) in kinds {
        openssl(folder, &[&["genpkey", "-out", "key.pem"], options].concat());
        // A P-384 or P-521 key in a request signed with SHA-256 is the default of openssl.
        openssl(
            folder,
            &[
                "req",
                "-new",
                "-key",
                "key.pem",
                "-subj",
                "/CN=www.example.com",
                "-addext",
                "subjectAltName=DNS:www.example.com,IP:10.0.0.1",
                "-out",
                "request.pem",
            ],
        );
        let request = std::fs::read_to_string(folder.join("request.pem")).unwrap();
        let csr = Csr::read(&request).unwrap_or_else(|findings| panic!("{kind}: {findings:?}"));
        assert!(csr.key().description().contains(kind));

        let pkcs8 = std::fs::read_to_string(folder.join("key.pem")).unwrap();
        let key = LocalKey::from_pem(&pkcs8).unwrap();
        assert_eq!(key.spki_der(), csr.key().spki_der());
        if kind != "Ed25519" {
            openssl(folder, &["pkey", "-in", "key.pem", "-traditional", "-out", "traditional.pem"]);
            let traditional = std::fs::read_to_string(folder.join("traditional.pem")).unwrap();
            assert!(!traditional.contains("BEGIN PRIVATE KEY"), "{kind}");
            assert_eq!(LocalKey::from_pem(&traditional).unwrap().spki_der(), key.spki_der(), "{kind}");
        }
        openssl(
            folder,
            &["pkey", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "locked.pem"],
        );
        let locked = std::fs::read_to_string(folder.join("locked.pem")).unwrap();
        assert!(LocalKey::from_pem(&locked).unwrap_err().to_string().contains("passphrase"));
        // Each of these, sent in place of a request, is recognised.
        for secret in [&pkcs8, &locked] {
            let errors = Csr::read(secret).unwrap_err();
            assert!(matches!(errors[..], [CsrError::Text(TextError::PrivateKey(_))]), "{kind}");
        }
    }
    openssl(folder, &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"]);
    for salt in ["-1", "-2", "20"] {
        openssl(
            folder,
            &[
                "req",
                "-new",
                "-key",
                "key.pem",
                "-subj",
                "/CN=www.example.com",
                "-sha384",
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                &format!("rsa_pss_saltlen:{salt}"),
                "-out",
                "request.pem",
            ],
        );
        let request = std::fs::read_to_string(folder.join("request.pem")).unwrap();
        assert!(Csr::read(&request).is_ok(), "PSS with salt length {salt}");
    }
    openssl(
        folder,
        &["req", "-new", "-key", "key.pem", "-subj", "/CN=www.example.com", "-sha1", "-out", "request.pem"],
    );
    let request = std::fs::read_to_string(folder.join("request.pem")).unwrap();
    assert_eq!(Csr::read(&request).unwrap_err(), [SignatureError::WeakDigest("SHA-1").into()]);
    openssl(folder, &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "key.pem"]);
    openssl(
        folder,
        &["req", "-new", "-key", "key.pem", "-subj", "/CN=www.example.com", "-out", "request.pem"],
    );
    let request = std::fs::read_to_string(folder.join("request.pem")).unwrap();
    assert_eq!(
        Csr::read(&request).unwrap_err(),
        [WeakKeyError::RsaTooShort { bits: 1024, min: 2048 }.into()]
    );
}
