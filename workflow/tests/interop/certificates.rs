//! Certificates to be judged: each profile for each kind of key from each kind of authority. The other shapes are in
//! shapes.rs.
//!
//! All of them go the way a real request goes: read, judged by a policy, built, linted, signed.

use std::fs;
use std::path::PathBuf;

use aws_lc_rs::rand::SystemRandom;
use futures_util::FutureExt as _;
use pki::certificate::{
    Approved, Certificate, Publication, Serial, Template, Validity, cross_check, issue, lint,
};
use pki::csr::Csr;
use pki::signer::Signer;
use pki::testing as test_pki;
use pki::testing::TestKey;
use time::OffsetDateTime;
use workflow::grant::Grant;
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::question::{Files, Purpose, Question};

const POLICY: &str = include_str!("../../../infra/policy.toml");

const PROFILES: [&str; 3] = ["server", "client", "server-client"];

/// Every kind of key that a profile may allow.
pub(crate) const KEYS: [(&str, TestKey); 7] = [
    ("RSA 2048", TestKey::Rsa2048),
    ("RSA 3072", TestKey::Rsa3072),
    ("RSA 4096", TestKey::Rsa4096),
    ("P-256", TestKey::EcP256),
    ("P-384", TestKey::EcP384),
    ("P-521", TestKey::EcP521),
    ("Ed25519", TestKey::Ed25519),
];

/// A certificate, and what the verifiers are asked about it.
pub(crate) struct Exhibit {
    /// The row of the table: the authority and the key, or the shape.
    pub(crate) row: Vec<String>,
    pub(crate) profile: String,
    /// The certificate of its issuer, for pkilint.
    pub(crate) authority: PathBuf,
    pub(crate) questions: Vec<Question>,
}

/// Certifies a request. The validity is that of the policy, unless another is given.
pub(crate) fn certify(
    authority: &Authority,
    csr: &Csr,
    policy: &Policy,
    profile: &str,
    validity: Option<Validity>,
) -> Certificate {
    let verdict = policy.evaluate(csr, policy.profile(Some(profile)).unwrap(), None);
    let grant = verdict.grant.unwrap_or_else(|| panic!("{:?}", verdict.findings));
    let (issuer, now) = (&authority.issuer, OffsetDateTime::now_utc());
    let validity = validity.unwrap_or_else(|| Validity::choose(now, grant.validity_days, issuer).unwrap());
    issue_granted(authority, csr, &grant, policy.publication(), &validity)
        .unwrap_or_else(|error| panic!("{}: {error}", authority.label))
}

/// Builds, lints, signs and checks a certificate like Sign. Fails with the reason.
pub(crate) fn issue_granted(
    authority: &Authority,
    csr: &Csr,
    grant: &Grant,
    publication: &Publication,
    validity: &Validity,
) -> Result<Certificate, String> {
    let (issuer, contents) = (&authority.issuer, grant.contents());
    let serial = Serial::random(&SystemRandom::new()).unwrap();
    let template = Template {
        csr,
        contents: &contents,
        issuer,
        algorithm: authority.key.algorithm(),
        serial: &serial,
        validity,
        publication,
    };
    let built = template.build().map_err(|error| error.to_string())?;
    let linted = lint(built, issuer, csr, &contents).map_err(|errors| format!("the linter: {errors:?}"))?;
    let signed = issue(&authority.key, linted).now_or_never().unwrap();
    let certificate = signed.map_err(|error| error.to_string())?;
    let approved = Approved { csr, contents: &contents, issuer, serial: &serial, validity };
    cross_check(&certificate, &approved).map_err(|error| format!("the last check: {error}"))?;
    Ok(certificate)
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
pub(crate) fn questions(files: &Files, profile: &str, names: &[&str]) -> Vec<Question> {
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
        let csr = Csr::read(&test_pki::csr_with(key, "www.example.com", &names)).unwrap();
        (label, csr)
    });
    let mut all = Vec::new();
    for authority in authorities {
        for (key, csr) in &requests {
            for profile in PROFILES {
                let certificate = certify(authority, csr, &policy, profile, None);
                let files = files(authority, &format!("{key}-{profile}").replace(' ', "-"), &certificate);
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
