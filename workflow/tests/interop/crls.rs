//! Certificate revocation lists, shown to other implementations: each accepts a certificate that the list does not have, and
//! refuses one that is revoked, one whose list is too old, and one with the list of another issuer.

mod judges;

use std::fs;
use std::path::{Path, PathBuf};

use pki::certificate::Certificate;
use pki::crl::{Crl, CrlBuilder, CrlTemplate, RevocationReason, RevokedCertificate, issue_crl};
use pki::csr::Csr;
use pki::signer::Signer as _;
use pki::testing::{CaMaker, TestKey, root_with};
use time::{Duration, OffsetDateTime};
use workflow::policy::Policy;

use crate::authorities::Authority;
use crate::certificates::{certify, files};
use crate::panel::say;
use crate::question::Files;
use crate::venv;
use judges::JUDGES;

const POLICY: &str = include_str!("../../../infra/policy.toml");

/// What a verifier has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Accept,
    Refuse,
    /// Its list is too old.
    RefuseTheAge,
}

/// A certificate, the list that a verifier gets, and what it has to do.
struct Case {
    label: String,
    files: Files,
    /// The issuer of the certificate.
    authority: PathBuf,
    /// The list as DER and as PEM.
    der: PathBuf,
    pem: PathBuf,
    expected: Expected,
}

/// A list of an authority.
fn list(authority: &Authority, age: Duration, entries: &[RevokedCertificate]) -> Crl {
    let made = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - age;
    let mut builder = CrlBuilder::new(CrlTemplate {
        issuer: &authority.issuer,
        algorithm: authority.key.algorithm(),
        number: 41,
        this_update: made,
        next_update: made + Duration::days(7),
        shard: None,
    });
    for entry in entries {
        builder.push(entry).unwrap();
    }
    let signed = issue_crl(&authority.key, builder.finish().unwrap());
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(signed).unwrap()
}

fn entry(certificate: &Certificate, reason: RevocationReason) -> RevokedCertificate {
    RevokedCertificate {
        serial: certificate.serial().clone(),
        revoked_at: OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() - Duration::hours(2),
        reason,
    }
}

/// The cases of one authority. `other` is another one with the same name.
fn cases(authority: &Authority, other: &Authority) -> Vec<Case> {
    let policy = Policy::parse(POLICY).unwrap();
    let certificate = || {
        let csr = Csr::read(&pki::testing::csr(&["www.example.com"])).unwrap();
        certify(authority, &csr, &policy, "server", None)
    };
    let (leaf, neighbour) = (certificate(), certificate());
    let hour = Duration::hours(1);
    let revoked = |reason| vec![entry(&neighbour, RevocationReason::Superseded), entry(&leaf, reason)];
    let many: Vec<RevokedCertificate> = (1..=2_000_u32)
        .map(|number| RevokedCertificate {
            serial: format!("5{number:07x}").parse().unwrap(),
            ..entry(&neighbour, RevocationReason::CessationOfOperation)
        })
        .chain(revoked(RevocationReason::KeyCompromise))
        .collect();
    let mut lists = vec![
        ("an empty list".to_owned(), list(authority, hour, &[]), Expected::Accept),
        (
            "others are revoked".to_owned(),
            list(authority, hour, &[entry(&neighbour, RevocationReason::KeyCompromise)]),
            Expected::Accept,
        ),
        ("revoked, among 2,000".to_owned(), list(authority, hour, &many), Expected::Refuse),
        (
            "a list that is too old".to_owned(),
            list(authority, Duration::days(8), &[]),
            Expected::RefuseTheAge,
        ),
        ("a list of another key".to_owned(), list(other, hour, &[]), Expected::Refuse),
    ];
    lists.extend(RevocationReason::ALL.map(|reason| {
        (format!("revoked: {reason}"), list(authority, hour, &revoked(reason)), Expected::Refuse)
    }));
    let files = files(authority, "leaf", &leaf);
    let case = |(at, (label, crl, expected)): (usize, (String, Crl, Expected))| {
        let write = |extension: &str, octets: &[u8]| {
            let path = authority.folder.join(format!("list-{at}.{extension}"));
            fs::write(&path, octets).unwrap();
            path
        };
        Case {
            label: format!("{}, {label}", authority.label),
            files: files.clone(),
            authority: authority.certificate.clone(),
            der: write("crl", crl.der()),
            pem: write("pem", crl.to_pem().as_bytes()),
            expected,
        }
    };
    lists.into_iter().enumerate().map(case).collect()
}

fn every(folder: &Path) -> Vec<Case> {
    let issuing = || {
        let root = CaMaker::new(TestKey::EcP384).named("List Root");
        root.issuing(CaMaker::new(TestKey::EcP256).named("List Issuing CA"))
    };
    let authority = |label, ca: &_, name: &str| Authority::new(label, ca, folder.join(name));
    let mut all = Vec::new();
    for (label, kind) in [
        ("root P-256", TestKey::EcP256),
        ("root RSA 2048", TestKey::Rsa2048),
        ("root P-384", TestKey::EcP384),
    ] {
        let (one, other) = (root_with(kind), root_with(kind));
        let name = label.replace(' ', "-");
        all.extend(cases(
            &authority(label, &one, &name),
            &authority(label, &other, &format!("other-{name}")),
        ));
    }
    let label = "root P-384, issuing P-256";
    all.extend(cases(
        &authority(label, &issuing(), "issuing"),
        &authority(label, &issuing(), "other-issuing"),
    ));
    all
}

#[test]
fn every_verifier_refuses_what_a_list_revokes_and_nothing_else() {
    if let Err(missing) = crate::panel::openssl_is_there() {
        return crate::panel::skip("revocation lists", &missing, false);
    }
    let folder = tempfile::tempdir().unwrap();
    let cases = every(folder.path());
    let mut faults = Vec::new();
    for judge in JUDGES {
        if let Err(missing) = (judge.version)() {
            crate::panel::skip(&format!("{} about revocation lists", judge.name), &missing, false);
            continue;
        }
        let answers = (judge.ask)(&cases, folder.path());
        let mut refused = 0;
        for (case, answer) in cases.iter().zip(&answers) {
            refused += usize::from(answer.is_err());
            let accepts = match case.expected {
                Expected::Accept => true,
                Expected::Refuse => false,
                Expected::RefuseTheAge => judge.takes_old_lists,
            };
            if answer.is_ok() != accepts {
                faults.push(format!("{}: {}: {answer:?}", judge.name, case.label));
            }
        }
        say(&format!("{}: {} lists, {refused} certificates refused", judge.name, answers.len()));
    }
    if venv::python().is_ok() {
        for (case, found) in cases.iter().zip(judges::lint(&cases, folder.path())) {
            faults.extend(found.err().map(|found| format!("pkilint: {}: {found}", case.label)));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
