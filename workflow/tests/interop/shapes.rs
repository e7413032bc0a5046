//! The shapes of certificates that do not depend on the kind of key: what names, publication, dates, constraints and
//! unusual keys make of them.

use std::fs;
use std::path::Path;

use pki::csr::Csr;
use pki::testing::{CaMaker, CsrMaker, TestCa, TestKey};
use time::Duration;
use workflow::policy::Policy;

use crate::authorities::{Authority, of_openssl};
use crate::certificates::{Exhibit, certify, files, questions};
use crate::panel::openssl;

/// Usages that the default policy does not grant, and that an operator may grant.
const GENEROUS: &str = include_str!("generous-policy.toml");

/// A shape: its label, who issues, the request, the profile, the names to ask for.
type Shape<'a> = (&'static str, &'a Authority, CsrMaker, &'static str, &'static [&'static str]);

/// One of each shape.
pub(crate) fn every(folder: &Path) -> Vec<Exhibit> {
    const LONG: &str =
        "a-host-whose-name-is-longer-than-a-common-name-can-be.in-a-subdomain.of-another.example.com";
    let policy = Policy::parse(GENEROUS).unwrap();
    let authority =
        |label: &'static str, name: &str, ca: &TestCa| Authority::new(label, ca, folder.join(name));
    let p256 = || CaMaker::new(TestKey::EcP256);
    let root = authority("root", "root", &p256().self_signed());
    let late = authority(
        "late root",
        "late",
        &p256().lifetime(Duration::days(1), Duration::days(60 * 365)).self_signed(),
    );
    let short = authority(
        "short root",
        "short",
        &p256().lifetime(Duration::hours(1), Duration::days(3)).self_signed(),
    );
    let constrained = authority(
        "constrained",
        "constrained",
        &p256().issuing(
            p256()
                .subject(&[("2.5.4.3", 12, b"Constrained CA")])
                .path_length(0)
                .name_constraints(&["example.com"], &["secret.example.com"]),
        ),
    );
    let imported = folder.join("imported");
    fs::create_dir_all(&imported).unwrap();
    let imported =
        authority("imported", "imported", &of_openssl(&imported, "RSA", "rsa_keygen_bits:2048", false));
    let request = || CsrMaker::new(TestKey::EcP256);
    let www = || request().common_name("www.example.com").names(&["www.example.com"]);
    let shapes: Vec<Shape<'_>> = vec![
        (
            "no subject: subjectAltName is critical",
            &root,
            request().names(&["www.example.com"]),
            "server",
            &["www.example.com"],
        ),
        ("DNS name of more than 64 characters", &root, request().names(&[LONG]), "server", &[LONG]),
        (
            "100 names",
            &root,
            request().names(&hundred().iter().map(String::as_str).collect::<Vec<_>>()),
            "server",
            &["host-0.example.com", "host-99.example.com"],
        ),
        (
            "internationalized name as A-labels",
            &root,
            request().common_name("xn--bcher-kva.example.com").names(&["xn--bcher-kva.example.com"]),
            "server",
            &["xn--bcher-kva.example.com"],
        ),
        (
            "wildcard",
            &root,
            request().common_name("*.apps.example.com").names(&["*.apps.example.com", "apps.example.com"]),
            "server",
            &["shop.apps.example.com", "apps.example.com"],
        ),
        (
            "IP addresses only",
            &root,
            request().names(&["10.1.2.3", "fd00::1"]),
            "server",
            &["10.1.2.3", "fd00::1"],
        ),
        ("IP address as common name", &root, request().common_name("10.1.2.3"), "server", &["10.1.2.3"]),
        (
            "DNS name, SPIFFE ID, both purposes",
            &root,
            request().names(&["db.example.com", "spiffe://example.org/ns/default/sa/db"]),
            "server-client",
            &["db.example.com"],
        ),
        (
            "SPIFFE ID only",
            &root,
            request().names(&["spiffe://example.org/ns/default/sa/web"]),
            "client",
            &[],
        ),
        ("e-mail address", &root, request().names(&["alice@example.com"]), "client", &["alice@example.com"]),
        ("O, OU and C from the profile", &root, www(), "server-named", &["www.example.com"]),
        ("keyAgreement for EC", &root, www(), "server-agreeing", &["www.example.com"]),
        (
            "digitalSignature only, RSA key",
            &root,
            CsrMaker::new(TestKey::Rsa2048).names(&["www.example.com"]),
            "server-signing",
            &["www.example.com"],
        ),
        ("valid until after 2050", &late, www(), "server-long", &["www.example.com"]),
        ("cut to the end of its issuer", &short, www(), "server", &["www.example.com"]),
        (
            "below an authority with name constraints",
            &constrained,
            www(),
            "server-client",
            &["www.example.com"],
        ),
        ("below an imported root without keyUsage", &imported, www(), "server-client", &["www.example.com"]),
    ];
    let unusual = [
        ("RSA key of 2056 bits", &["rsa_keygen_bits:2056"][..]),
        // Four primes are found sooner than two, and the public key does not show it.
        ("RSA key of 8192 bits", &["rsa_keygen_bits:8192", "rsa_keygen_primes:4"]),
        (
            "RSA key with the exponent 2147483647, the largest",
            &["rsa_keygen_bits:2048", "rsa_keygen_pubexp:2147483647"],
        ),
    ];
    let unusual = unusual.into_iter().map(|(label, options)| {
        let names: &'static [&'static str] = &["www.example.com"];
        (label, &root, rsa_of_openssl(folder, options), "server-client", names)
    });
    let exhibits = shapes
        .into_iter()
        .map(|(label, by, csr, profile, names)| (label, by, csr.pem(), profile, names))
        .chain(unusual)
        .enumerate()
        .map(|(at, (label, by, csr, profile, names))| {
            let csr = Csr::read(&csr).unwrap_or_else(|findings| panic!("{label}: {findings:?}"));
            let certificate = certify(by, &csr, &policy, profile, None);
            let files = files(by, &format!("shape-{at}"), &certificate);
            Exhibit {
                row: vec![label.to_owned()],
                profile: profile.to_owned(),
                authority: by.certificate.clone(),
                questions: questions(&files, profile, names),
            }
        });
    exhibits.collect()
}

/// A request by openssl, with a key that only openssl makes.
fn rsa_of_openssl(folder: &Path, options: &[&str]) -> String {
    let mut arguments = vec!["genpkey", "-quiet", "-algorithm", "RSA", "-out", "rsa.pem"];
    for option in options {
        arguments.extend(["-pkeyopt", option]);
    }
    openssl(folder, &arguments);
    let config = "[req]\nprompt = no\ndistinguished_name = name\nreq_extensions = names\n\
                  [name]\nCN = www.example.com\n[names]\nsubjectAltName = DNS:www.example.com\n";
    fs::write(folder.join("request.cnf"), config).unwrap();
    openssl(folder, &["req", "-new", "-config", "request.cnf", "-key", "rsa.pem"])
}

fn hundred() -> Vec<String> {
    (0..100).map(|n| format!("host-{n}.example.com")).collect()
}
