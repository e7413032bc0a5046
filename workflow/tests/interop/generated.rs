//! Random requests under random policies: every accepted request can be issued, and pkilint finds no error in its
//! certificate.
//!
//! Invariant: an accepted request passes the linter and the last check, so every fault is found before anybody approves.
//! Each part of policies and requests comes into some certificate; a part that is a fault of the request comes into
//! none. The seed is fixed; COUNTERSIGN_SEED is another one.

mod policies;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

use pki::certificate::{Certificate, Validity};
use pki::testing as test_pki;
use pki::testing::{CaMaker, CsrMaker, TestKey, TestKeyPair, oid, sequence};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use time::{Duration, OffsetDateTime};
use workflow::grant::{CheckedKey, Grant};
use workflow::policy::Policy;
use workflow::policy::evaluate::{evaluate_csr, read};
use workflow::requester::Requester;

use crate::authorities::Authority;
use crate::certificates::issue_granted;
use crate::panel::say;
use crate::pkilint;
use policies::GeneratedPolicy;
use requests::GeneratedRequest;

/// Policies that may come into force.
const POLICIES: usize = 250;
/// Requests under each.
const REQUESTS: usize = 10;

/// A certificate, with its policy, request and issuer.
struct Issued {
    policy: GeneratedPolicy,
    request: GeneratedRequest,
    certificate: Certificate,
    /// The place of its issuer.
    authority: usize,
}

/// Issuers that differ in what they allow.
fn authorities(folder: &Path) -> Vec<Authority> {
    let century = Duration::days(40_000);
    let tls_only = sequence(&[oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")]);
    let made = [
        ("long-lived", CaMaker::new(TestKey::EcP256).lifetime(Duration::days(1), century).self_signed()),
        ("RSA", test_pki::root_with(TestKey::Rsa2048)),
        ("Ed25519", test_pki::root_with(TestKey::Ed25519)),
        (
            "for TLS only",
            CaMaker::new(TestKey::EcP384).named("Root").path_length(1).issuing(
                CaMaker::new(TestKey::EcP256).path_length(0).extension("2.5.29.37", false, &tls_only),
            ),
        ),
        (
            "with name constraints",
            CaMaker::new(TestKey::EcP256).named("Root").issuing(
                CaMaker::new(TestKey::EcP256)
                    .name_constraints(&["example.com"], &["secret.example.com"])
                    .lifetime(Duration::days(2), Duration::days(30)),
            ),
        ),
    ];
    made.iter().map(|(label, ca)| Authority::new(label, ca, folder.join(label.replace(' ', "-")))).collect()
}

fn runner() -> TestRunner {
    let seed: u64 = std::env::var("COUNTERSIGN_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut octets = [0; 32];
    octets[..8].copy_from_slice(&seed.to_le_bytes());
    say(&format!("COUNTERSIGN_SEED={seed}"));
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &octets))
}

fn checked(key: &TestKeyPair) -> CheckedKey {
    let csr = CsrMaker::new(TestKey::EcP256).with_key(key).names(&["www.example.com"]).pem();
    read(&csr, None).unwrap().1
}

/// Issues a granted certificate, with the validity that the policy and the issuer allow.
fn certified(
    authority: &Authority,
    policy: &Policy,
    csr: &pki::csr::Csr,
    grant: &Grant,
) -> Result<Certificate, String> {
    let validity =
        Validity::choose(OffsetDateTime::now_utc(), grant.validity_days, &authority.issuer).unwrap();
    issue_granted(authority, csr, grant, policy.publication(), &validity)
}

#[test]
fn what_is_accepted_is_issued_without_an_error_for_pkilint() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authorities = authorities(folder);
    let requester = Requester::Person("alice@example.com".parse().unwrap());
    let keys = requests::keys();
    // The slow checks run once for each key.
    let checked_keys: Vec<CheckedKey> = keys.iter().map(checked).collect();
    let (policies, requests) = (policies::policies(), requests::requests(keys));
    let mut runner = runner();

    let begun = Instant::now();
    let mut answers = BTreeMap::<String, usize>::new();
    let mut count = |answer: String| *answers.entry(answer).or_default() += 1;
    let (mut accepted, mut issued, mut faults) = (0, Vec::new(), Vec::new());
    while accepted < POLICIES {
        let policy = policies.new_tree(&mut runner).unwrap().current();
        let Ok(parsed) = Policy::parse(&policy.text) else {
            count("policy refused".to_owned());
            continue;
        };
        accepted += 1;
        let at = accepted % authorities.len();
        let authority = &authorities[at];
        for _ in 0..REQUESTS {
            let request = requests.new_tree(&mut runner).unwrap().current();
            let pem = request.maker.pem();
            let checked = Some(&checked_keys[request.key]);
            let evaluated =
                evaluate_csr(&parsed, Some(&authority.issuer), &pem, checked, None, Some(&requester));
            let granted = match evaluated {
                Ok(granted) => granted,
                Err(rejection) => {
                    count(rejection.main().unwrap().code.as_str().to_owned());
                    continue;
                }
            };
            match certified(authority, &parsed, &granted.csr, &granted.grant) {
                Ok(certificate) => {
                    let policy = policy.clone();
                    issued.push(Issued { policy, request, certificate, authority: at });
                }
                Err(fault) => faults.push(failure(&fault, authority, &policy, &request)),
            }
        }
    }
    let refused: Vec<String> = answers.iter().map(|(code, count)| format!("{count} {code}")).collect();
    say(&format!(
        "{accepted} policies accepted, {} certificates issued in {:.1} s, refused: {}",
        issued.len(),
        begun.elapsed().as_secs_f32(),
        refused.join(", ")
    ));
    fail_on(&faults);
    assert!(issued.len() >= 300, "{}", issued.len());
    for code in ["name_not_allowed", "bad_name", "unsupported_key", "forbidden_extension", "weak_key"] {
        assert!(answers.contains_key(code), "no request was refused as {code}");
    }

    let subjects: Vec<_> = issued
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let authority = &authorities[one.authority];
            let leaf = folder.join(format!("{at}.pem"));
            fs::write(&leaf, one.certificate.pem()).unwrap();
            (leaf, authority)
        })
        .collect();
    let subjects: Vec<pkilint::Subject<'_>> = subjects
        .iter()
        .enumerate()
        .map(|(at, (leaf, authority))| (at.to_string(), leaf.as_path(), authority.certificate.as_path()))
        .collect();
    let Some(found) = pkilint::lint(&subjects, folder) else { return };
    let mut used = BTreeSet::new();
    for (one, findings) in issued.iter().zip(&found) {
        for finding in findings {
            match pkilint::explanation(finding) {
                Some(at) => _ = used.insert(at),
                None => faults.push(failure(
                    &format!("{finding:?}"),
                    &authorities[one.authority],
                    &one.policy,
                    &one.request,
                )),
            }
        }
    }
    fail_on(&faults);
    pkilint::every_explanation_is_in(&used);
    every_part_is_there(&issued);
}

/// Panics unless every part came into a certificate, and no fault of a request did.
fn every_part_is_there(issued: &[Issued]) {
    let (required, forbidden) = requests::required_and_forbidden();
    let of_requests: BTreeSet<&String> = issued.iter().flat_map(|one| &one.request.features).collect();
    let of_policies: BTreeSet<&String> = issued.iter().flat_map(|one| &one.policy.features).collect();
    let missing: Vec<_> = required.iter().filter(|part| !of_requests.contains(part)).collect();
    assert!(missing.is_empty(), "no certificate comes from a request with: {missing:?}");
    assert!(of_requests.contains(&requests::MANY_NAMES.to_owned()));
    let wrong: Vec<_> = forbidden.iter().filter(|part| of_requests.contains(part)).collect();
    assert!(wrong.is_empty(), "a certificate comes from a request with: {wrong:?}");
    let required = policies::required();
    let missing: Vec<_> = required.iter().filter(|part| !of_policies.contains(part)).collect();
    assert!(missing.is_empty(), "no certificate comes from a policy with: {missing:?}");
}

/// A fault, with everything that is needed to repeat it.
fn failure(
    fault: &str,
    authority: &Authority,
    policy: &GeneratedPolicy,
    request: &GeneratedRequest,
) -> String {
    format!("{fault}\nissuer: {}\n{}\n{request:?}", authority.label, policy.text)
}

fn fail_on(faults: &[String]) {
    let kinds: BTreeSet<&str> = faults.iter().filter_map(|fault| fault.lines().next()).collect();
    let kinds: Vec<&str> = kinds.into_iter().take(20).collect();
    let first = faults.first().map_or("", String::as_str);
    assert!(faults.is_empty(), "{} faults:\n{}\nthe first:\n{first}", faults.len(), kinds.join("\n"));
}
