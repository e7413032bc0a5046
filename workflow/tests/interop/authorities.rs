//! Authorities of every kind that can issue here, each made anew.
//!
//! Half are encoded by hand (`pki::testing`), one is made as `countersign local` makes its own, the others by
//! openssl with the old forms of key files that an imported authority comes with.

use std::fs;
use std::path::{Path, PathBuf};

use pki::issuer::Issuer;
use pki::signer::LocalKey;
use pki::testing as test_pki;
use pki::testing::{CaMaker, TestCa, TestKey};
use time::Duration;

use crate::panel::openssl;

/// An authority and its files.
pub(crate) struct Authority {
    /// For the table.
    pub(crate) label: &'static str,
    pub(crate) issuer: Issuer,
    pub(crate) key: LocalKey,
    pub(crate) folder: PathBuf,
    /// The authorities between, and the root.
    pub(crate) between: PathBuf,
    pub(crate) root: PathBuf,
    /// The issuer's own certificate alone.
    pub(crate) certificate: PathBuf,
}

impl Authority {
    pub(crate) fn new(label: &'static str, ca: &TestCa, folder: PathBuf) -> Authority {
        fs::create_dir_all(&folder).unwrap();
        let chain: Vec<String> =
            pem::parse_many(&ca.certificate_pem).unwrap().iter().map(pem::encode).collect();
        let (root, between) = chain.split_last().unwrap();
        let file = |name: &str, content: &str| {
            let path = folder.join(name);
            fs::write(&path, content).unwrap();
            path
        };
        Authority {
            label,
            issuer: Issuer::from_pem(&ca.certificate_pem).unwrap_or_else(|error| panic!("{label}: {error}")),
            key: LocalKey::from_pem(&ca.key_pem).unwrap_or_else(|error| panic!("{label}: {error}")),
            between: file("between.pem", &between.concat()),
            root: file("root.pem", root),
            certificate: file("authority.pem", &chain[0]),
            folder,
        }
    }
}

/// Name, and the function that makes it in a folder.
type Maker<'a> = (&'static str, &'a dyn Fn(&Path) -> TestCa);

/// One of each kind.
pub(crate) fn every(folder: &Path) -> Vec<Authority> {
    let components: [(&str, u8, &[u8]); 3] = [
        ("0.9.2342.19200300.100.1.25", 0x16, b"com"),
        ("0.9.2342.19200300.100.1.25", 0x16, b"example"),
        ("2.5.4.3", 0x0c, b"Example Issuing CA"),
    ];
    let makers: [Maker<'_>; 12] = [
        ("root RSA 2048", &|_| test_pki::root_with(TestKey::Rsa2048)),
        ("root RSA 3072", &|_| test_pki::root_with(TestKey::Rsa3072)),
        ("root RSA 4096", &|_| test_pki::root_with(TestKey::Rsa4096)),
        ("root P-256", &|_| test_pki::root_with(TestKey::EcP256)),
        ("root P-384", &|_| test_pki::root_with(TestKey::EcP384)),
        ("root P-521", &|_| test_pki::root_with(TestKey::EcP521)),
        ("root Ed25519", &|_| test_pki::root_with(TestKey::Ed25519)),
        ("root P-384, issuing P-256, DC=com, DC=example", &|_| {
            CaMaker::new(TestKey::EcP384)
                .subject(&components[..2])
                .path_length(1)
                .issuing(CaMaker::new(TestKey::EcP256).subject(&components).path_length(0))
        }),
        ("root RSA 4096, issuing RSA 2048", &|_| {
            CaMaker::new(TestKey::Rsa4096)
                .subject(&[("2.5.4.10", 0x13, b"Example"), ("2.5.4.3", 0x13, b"Root")])
                .issuing(CaMaker::new(TestKey::Rsa2048).lifetime(Duration::days(2), Duration::days(700)))
        }),
        ("root P-256, as countersign makes it", &|_| as_countersign()),
        ("root RSA 2048 of openssl, PKCS#1 key", &|folder| {
            of_openssl(folder, "RSA", "rsa_keygen_bits:2048", true)
        }),
        ("root P-256 of openssl, SEC 1 key", &|folder| {
            of_openssl(folder, "EC", "ec_paramgen_curve:P-256", true)
        }),
    ];
    let made = makers.iter().enumerate().map(|(at, (label, make))| {
        let folder = folder.join(format!("authority-{at}"));
        fs::create_dir_all(&folder).unwrap();
        Authority::new(label, &make(&folder), folder)
    });
    made.collect()
}

/// The root that `countersign local` makes (cli/src/ca).
fn as_countersign() -> TestCa {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut root = CertificateParams::default();
    root.distinguished_name = rcgen::DistinguishedName::new();
    root.distinguished_name.push(DnType::OrganizationName, "Example");
    root.distinguished_name.push(DnType::CommonName, "Countersign Root CA");
    root.not_before = time::OffsetDateTime::now_utc() - Duration::HOUR;
    root.not_after = time::OffsetDateTime::now_utc() + Duration::days(3650);
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    TestCa { certificate_pem: root.self_signed(&key).unwrap().pem(), key_pem: key.serialize_pem() }
}

/// A root by the openssl command line, with its key in the traditional form: PKCS#1 for RSA, SEC 1 for EC, the latter after
/// its curve parameters, as `openssl ecparam -genkey` writes it.
pub(crate) fn of_openssl(folder: &Path, algorithm: &str, option: &str, key_usage: bool) -> TestCa {
    let usage = if key_usage { "keyUsage = critical, keyCertSign, cRLSign\n" } else { "" };
    let config = format!(
        "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = root\nstring_mask = utf8only\n\
         [name]\nC = DE\nO = Example GmbH\nCN = Exämple Root\n\
         [root]\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid:always, issuer\n\
         basicConstraints = critical, CA:TRUE\n{usage}"
    );
    fs::write(folder.join("root.cnf"), config).unwrap();
    openssl(folder, &["genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", "key.pem"]);
    openssl(
        folder,
        &[
            "req", "-x509", "-new", "-utf8", "-config", "root.cnf", "-key", "key.pem", "-days", "3650",
            "-out", "made.pem",
        ],
    );
    let key = openssl(folder, &["pkey", "-in", "key.pem", "-traditional"]);
    let parameters =
        if algorithm == "EC" { openssl(folder, &["ecparam", "-name", "prime256v1"]) } else { String::new() };
    fs::remove_file(folder.join("key.pem")).unwrap();
    TestCa {
        key_pem: parameters + &key,
        certificate_pem: fs::read_to_string(folder.join("made.pem")).unwrap(),
    }
}
