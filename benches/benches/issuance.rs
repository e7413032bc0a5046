//! Time of a certificate relative to its bare cryptography: `cargo bench -p benches --bench issuance`.
//!
//! Measures in the same rounds, for each pair of key types: the bare signature and the bare verification of
//! aws-lc-rs, the weak-key checks, and a certificate from PEM to PEM. Prints Markdown: medians, and the ratio of the
//! certificate to the bare cryptography, with and without the weak-key checks (their median subtracted). `-- EcP256
//! Rsa2048` issues for this pair only, without pauses, for a profiler.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use benches::issuing::{Asked, Authority, shipped_policy};
use benches::{machine, paired};
use pki::testing::TestKey;

const BUDGET: Duration = Duration::from_secs(2);
const ISSUERS: [TestKey; 4] = [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Rsa4096];
const REQUESTS: [TestKey; 4] = [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Ed25519];

/// Maximum ratios to the bare cryptography, without and with the weak-key checks (docs/performance.md).
fn targets(issuer: TestKey) -> Option<(f64, f64)> {
    match issuer {
        TestKey::EcP256 => Some((1.4, 1.6)),
        TestKey::Rsa2048 => Some((1.10, 1.10)),
        TestKey::Rsa4096 => Some((1.05, 1.05)),
        _ => None,
    }
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |at: usize, kind: &TestKey| only.get(at).is_none_or(|name| *name == format!("{kind:?}"));
    let policy = shipped_policy();
    let requests: Vec<(TestKey, Asked)> =
        REQUESTS.into_iter().filter(|kind| wanted(1, kind)).map(|kind| (kind, Asked::of(kind))).collect();
    println!("{}\n", machine::description());
    println!(
        "| issuer | key of the request | sign µs | verify µs | weak-key checks µs | whole µs | without checks | with | target |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for issuer in ISSUERS.into_iter().filter(|kind| wanted(0, kind)) {
        let authority = Authority::of(issuer);
        for (kind, asked) in &requests {
            if only.len() == 2 {
                (0..20_000).for_each(|_| drop(authority.certify(&policy, asked)));
            }
            let [sign, verify, checks, whole] = paired::medians(
                BUDGET,
                [
                    &mut || authority.sign(),
                    &mut || asked.verify(),
                    &mut || drop(asked.weaknesses()),
                    &mut || drop(authority.certify(&policy, asked)),
                ],
            );
            let (without, with) = ((whole - checks) / (sign + verify), whole / (sign + verify));
            let verdict = match targets(issuer) {
                None => "none".to_owned(),
                Some((most_without, most_with)) => {
                    let met = if without <= most_without && with <= most_with { "met" } else { "missed" };
                    format!("{most_without:.2} and {most_with:.2}: {met}")
                }
            };
            println!(
                "| {} | {} | {sign:.1} | {verify:.1} | {checks:.1} | {whole:.1} | {without:.2} | {with:.2} | {verdict} |",
                name(issuer),
                name(*kind)
            );
        }
    }
}

fn name(kind: TestKey) -> &'static str {
    match kind {
        TestKey::EcP256 => "EC P-256",
        TestKey::EcP384 => "EC P-384",
        TestKey::EcP521 => "EC P-521",
        TestKey::Rsa2048 => "RSA 2048",
        TestKey::Rsa3072 => "RSA 3072",
        TestKey::Rsa4096 => "RSA 4096",
        TestKey::Ed25519 => "Ed25519",
    }
}
