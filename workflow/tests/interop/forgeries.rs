//! Certificates that every verifier must reject: a verifier that accepts everything proves nothing.

use std::fs;
use std::path::Path;

use pki::certificate::{Certificate, Validity};
use pki::csr::Csr;
use pki::testing as test_pki;
use pki::testing::{CaMaker, TestKey};
use time::{Duration, OffsetDateTime};
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::certificates::{Exhibit, certify, files};
use crate::question::{Files, Purpose, Question};

const POLICY: &str = include_str!("../../../infra/policy.toml");

/// The forgery that only verifiers who check hosts can see.
pub(crate) const WRONG_HOST: &str = "for another host";

/// Each forgery below an RSA root and below a P-256 root with an issuing authority.
pub(crate) fn every(folder: &Path) -> Vec<Exhibit> {
    let two = [
        ("RSA", CaMaker::new(TestKey::Rsa2048).self_signed()),
        (
            "EC",
            CaMaker::new(TestKey::EcP256).issuing(CaMaker::new(TestKey::EcP256).subject(&[(
                "2.5.4.3",
                12,
                b"Issuing CA",
            )])),
        ),
    ];
    two.into_iter()
        .flat_map(|(label, ca)| {
            below(&Authority::new(label, &ca, folder.join(format!("forged-{label}"))), folder)
        })
        .collect()
}

fn below(authority: &Authority, folder: &Path) -> Vec<Exhibit> {
    let policy = Policy::parse(POLICY).unwrap();
    let csr = Csr::read(&test_pki::csr(&["www.example.com"])).unwrap();
    let issue = |profile: &str, validity| certify(authority, &csr, &policy, profile, validity);
    let write = |name: &str, certificate: &Certificate| files(authority, name, certificate);
    let good = write("good", &issue("server", None));
    let asked = |label: &str, files: &Files, purpose, name: Option<&str>| Exhibit {
        row: vec![label.to_owned()],
        profile: authority.label.to_owned(),
        authority: authority.certificate.clone(),
        questions: vec![Question { files: files.clone(), purpose, name: name.map(str::to_owned) }],
    };
    let server = |label: &str, files: &Files| asked(label, files, Purpose::Server, Some("www.example.com"));
    vec![
        server(
            "another root of the same name, with another key",
            &Files { root: stranger(authority, folder), ..good.clone() },
        ),
        server("signature with one bit changed", &write("changed", &changed(&issue("server", None)))),
        server("expired an hour ago", &write("expired", &issue("server", Some(hours(-3, -1))))),
        server("valid from the day after tomorrow", &write("future", &issue("server", Some(hours(48, 72))))),
        asked("profile server, used by a client", &good, Purpose::Client, None),
        server("profile client, used by a server", &write("client", &issue("client", None))),
        asked(WRONG_HOST, &good, Purpose::Server, Some("www.example.org")),
    ]
}

/// A root that says the same of itself as the authority's, made anew.
fn stranger(authority: &Authority, folder: &Path) -> std::path::PathBuf {
    // CaMaker gives every root the same name.
    let path = folder.join(format!("stranger-{}.pem", authority.label));
    let kind = if authority.label == "RSA" { TestKey::Rsa2048 } else { TestKey::EcP256 };
    fs::write(&path, test_pki::root_with(kind).certificate_pem).unwrap();
    path
}

/// The last octet lies inside the signature: in the last number of ECDSA, or in the one of RSA.
fn changed(certificate: &Certificate) -> Certificate {
    let mut der = certificate.der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    Certificate::from_der(der).unwrap()
}

fn hours(from: i64, to: i64) -> Validity {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    Validity { not_before: now + Duration::hours(from), not_after: now + Duration::hours(to) }
}
