//! Every shape of certificate that is issued here: each profile for each kind of key from each kind of authority, and then
//! the shapes that names, publication, dates and constraints add.
//!
//! All of them go the way a real request goes: read, judged by a policy, built, linted, signed.

use std::fs;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use time::{Duration, OffsetDateTime};
use workflow::csr::Csr;
use workflow::issuance::{Certificate, Serial, Signer, Template, Validity, issue, lint};
use workflow::policy::Policy;
use workflow::testing::pki::{self, CaMaker, CsrMaker, TestKey};

use crate::authorities::{Authority, of_openssl};
use crate::panel::openssl;
use crate::question::{Files, Purpose, Question};

const POLICY: &str = include_str!("../../../infra/policy.toml");

/// What the default policy does not grant, and an operator may.
const GENEROUS: &str = include_str!("generous-policy.toml");

pub(crate) const PROFILES: [&str; 3] = ["server", "client", "server-client"];

const KEYS: [(&str, TestKey); 7] = [
    ("RSA 2048", TestKey::Rsa2048),
    ("RSA 3072", TestKey::Rsa3072),
    ("RSA 4096", TestKey::Rsa4096),
    ("P-256", TestKey::EcP256),
    ("P-384", TestKey::EcP384),
    ("P-521", TestKey::EcP521),
    ("Ed25519", TestKey::Ed25519),
];

/// A certificate, and what the judges are asked about it.
pub(crate) struct Exhibit {
    /// The row of the table: the authority and the key, or the shape.
    pub(crate) row: Vec<String>,
    pub(crate) profile: String,
    /// The certificate of its issuer, for pkilint.
    pub(crate) authority: std::path::PathBuf,
    pub(crate) questions: Vec<Question>,
}

/// Certifies a request. The validity is what the policy says, unless one is given.
pub(crate) fn certify(
    authority: &Authority,
    csr: &Csr,
    policy: &Policy,
    profile: &str,
    validity: Option<Validity>,
) -> Certificate {
    let verdict = policy.judge(csr, policy.profile(Some(profile)).unwrap(), "alice@example.com");
    let grant = verdict.grant.unwrap_or_else(|| panic!("{:?}", verdict.findings));
    let (issuer, now) = (&authority.issuer, OffsetDateTime::now_utc());
    let template = Template {
        csr,
        grant: &grant,
        issuer,
        algorithm: authority.key.algorithm(),
        serial: &Serial::random(&SystemRandom::new()).unwrap(),
        validity: &validity.unwrap_or_else(|| Validity::choose(now, grant.validity_days, issuer).unwrap()),
        publication: policy.publication(),
    };
    let linted = lint(template.build().unwrap(), issuer, csr, &grant)
        .unwrap_or_else(|errors| panic!("{}: {errors:?}", authority.label));
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(issue(&authority.key, linted))
        .unwrap()
}

/// Writes a certificate beside its authority.
pub(crate) fn files(authority: &Authority, name: &str, certificate: &Certificate) -> Files {
    let file = |name: String, content: String| {
        let path = authority.folder.join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let above = fs::read_to_string(&authority.between).unwrap();
    Files {
        leaf: file(format!("{name}.pem"), certificate.pem()),
        bundle: file(format!("{name}-bundle.pem"), certificate.pem() + &above),
        between: authority.between.clone(),
        root: authority.root.clone(),
    }
}

/// For each purpose of the profile, a question for each name.
fn questions(files: &Files, profile: &str, names: &[&str]) -> Vec<Question> {
    let mut all = Vec::new();
    for (purpose, word) in [(Purpose::Server, "server"), (Purpose::Client, "client")] {
        if profile.split('-').any(|part| part == word) {
            let asked = |name: Option<&str>| Question {
                files: files.clone(),
                purpose,
                name: name.map(str::to_owned),
            };
            match purpose {
                Purpose::Server => all.extend(names.iter().map(|name| asked(Some(name)))),
                Purpose::Client => {
                    let email = names.iter().copied().find(|name| name.contains('@'));
                    all.push(asked(email));
                }
            }
        }
    }
    all
}

/// Profile by key by authority, under the default policy.
pub(crate) fn matrix(authorities: &[Authority]) -> Vec<Exhibit> {
    let policy = Policy::parse(POLICY).unwrap();
    let requests = KEYS.map(|(label, key)| {
        let names = ["www.example.com", "api.example.com", "10.1.2.3", "fd00::1"];
        let csr = Csr::read(&pki::csr_with(key, "www.example.com", &names)).unwrap();
        (label, csr)
    });
    let mut all = Vec::new();
    for authority in authorities {
        for (key, csr) in &requests {
            for profile in PROFILES {
                let certificate = certify(authority, csr, &policy, profile, None);
                let files = files(
                    authority,
                    &format!("{key}-{profile}").replace(' ', "-"),
                    &certificate,
                );
                all.push(Exhibit {
                    row: vec![authority.label.to_owned(), (*key).to_owned()],
                    profile: profile.to_owned(),
                    authority: authority.certificate.clone(),
                    questions: questions(&files, profile, &["www.example.com"]),
                });
            }
        }
    }
    all
}

/// A shape: its label, who issues, the request, the profile, the names to ask for.
type Shape<'a> = (
    &'static str,
    &'a Authority,
    CsrMaker,
    &'static str,
    &'static [&'static str],
);

/// The shapes that do not depend on the kind of key.
pub(crate) fn shapes(folder: &Path) -> Vec<Exhibit> {
    const LONG: &str =
        "a-host-whose-name-is-longer-than-a-common-name-can-be.in-a-subdomain.of-another.example.com";
    let policy = Policy::parse(GENEROUS).unwrap();
    let authority =
        |label: &'static str, name: &str, ca: &pki::TestCa| Authority::new(label, ca, folder.join(name));
    let p256 = || CaMaker::new(TestKey::EcP256);
    let root = authority("root", "root", &p256().self_signed());
    let late = authority(
        "late root",
        "late",
        &p256()
            .lifetime(Duration::days(1), Duration::days(60 * 365))
            .self_signed(),
    );
    let short = authority(
        "short root",
        "short",
        &p256()
            .lifetime(Duration::hours(1), Duration::days(3))
            .self_signed(),
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
    let imported = authority(
        "imported",
        "imported",
        &of_openssl(&imported, "RSA", "rsa_keygen_bits:2048", false),
    );
    let request = || CsrMaker::new(TestKey::EcP256);
    let www = || {
        request()
            .common_name("www.example.com")
            .names(&["www.example.com"])
    };
    let shapes: Vec<Shape<'_>> = vec![
        (
            "no subject: subjectAltName is critical",
            &root,
            request().names(&["www.example.com"]),
            "server",
            &["www.example.com"],
        ),
        (
            "DNS name of more than 64 characters",
            &root,
            request().names(&[LONG]),
            "server",
            &[LONG],
        ),
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
            request()
                .common_name("xn--bcher-kva.example.com")
                .names(&["xn--bcher-kva.example.com"]),
            "server",
            &["xn--bcher-kva.example.com"],
        ),
        (
            "wildcard",
            &root,
            request()
                .common_name("*.apps.example.com")
                .names(&["*.apps.example.com", "apps.example.com"]),
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
        (
            "IP address as common name",
            &root,
            request().common_name("10.1.2.3"),
            "server",
            &["10.1.2.3"],
        ),
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
        (
            "e-mail address",
            &root,
            request().names(&["alice@example.com"]),
            "client",
            &["alice@example.com"],
        ),
        (
            "O, OU and C from the profile",
            &root,
            www(),
            "server-named",
            &["www.example.com"],
        ),
        (
            "keyAgreement for EC",
            &root,
            www(),
            "server-agreeing",
            &["www.example.com"],
        ),
        (
            "digitalSignature only, RSA key",
            &root,
            CsrMaker::new(TestKey::Rsa2048).names(&["www.example.com"]),
            "server-signing",
            &["www.example.com"],
        ),
        (
            "valid until after 2050",
            &late,
            www(),
            "server-long",
            &["www.example.com"],
        ),
        (
            "cut to the end of its issuer",
            &short,
            www(),
            "server",
            &["www.example.com"],
        ),
        (
            "below an authority with name constraints",
            &constrained,
            www(),
            "server-client",
            &["www.example.com"],
        ),
        (
            "below an imported root without keyUsage",
            &imported,
            www(),
            "server-client",
            &["www.example.com"],
        ),
    ];
    let unusual = [
        ("RSA key of 2056 bits", &["rsa_keygen_bits:2056"][..]),
        // Four primes are found sooner than two, and nobody sees it in the public key.
        (
            "RSA key of 8192 bits",
            &["rsa_keygen_bits:8192", "rsa_keygen_primes:4"],
        ),
        (
            "RSA key with the exponent 2147483647, the largest",
            &["rsa_keygen_bits:2048", "rsa_keygen_pubexp:2147483647"],
        ),
    ];
    let unusual = unusual.into_iter().map(|(label, options)| {
        let names: &'static [&'static str] = &["www.example.com"];
        (
            label,
            &root,
            rsa_of_openssl(folder, options),
            "server-client",
            names,
        )
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
    openssl(
        folder,
        &["req", "-new", "-config", "request.cnf", "-key", "rsa.pem"],
    )
}

fn hundred() -> Vec<String> {
    (0..100).map(|n| format!("host-{n}.example.com")).collect()
}
