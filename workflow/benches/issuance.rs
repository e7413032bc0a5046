//! What a certificate costs over its bare signature: a request in, a certificate out, with the key already loaded.
//!
//! `cargo bench -p workflow --bench issuance` prints, in one run, for each kind of issuer: the bare signing of aws-lc-rs,
//! the whole way (read, judge, choose, build, lint, sign), and the ratio of the two; and what reading each kind of
//! request costs. Each figure is the fastest call of half a second, so that a busy machine disturbs it least. With a name of an
//! issuer's key and one of a request's (`-- EcP256 Rsa2048`) it goes that way alone, for a profiler to look at.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use time::OffsetDateTime;
use workflow::csr::Csr;
use workflow::issuance::{Issuer, LocalKey, Publication, Serial, Signer, Template, Validity, issue, lint};
use workflow::policy::Policy;
use workflow::testing::pki::{self, TestKey};

/// Microseconds for one call, the fastest of half a second: whatever else the machine does then lengthens other calls.
fn microseconds(mut call: impl FnMut()) -> f64 {
    const LONG_ENOUGH: Duration = Duration::from_millis(500);
    let begin = Instant::now();
    let mut best = Duration::MAX;
    while begin.elapsed() < LONG_ENOUGH {
        let start = Instant::now();
        call();
        best = best.min(start.elapsed());
    }
    best.as_secs_f64() * 1e6
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let policy = Policy::parse(include_str!("../../infra/policy.toml")).unwrap();
    let profile = policy.profile(None).unwrap();
    let kinds = [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Rsa4096, TestKey::Ed25519];
    let only: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |at: usize, kind: TestKey| only.get(at).is_none_or(|name| *name == format!("{kind:?}"));
    let requests: Vec<(TestKey, String)> = kinds
        .into_iter()
        .filter(|kind| wanted(1, *kind))
        .map(|kind| (kind, pki::csr_with(kind, "www.example.com", &["www.example.com"])))
        .collect();

    println!("reading a request: parsing, proof of possession, weak-key checks");
    for (kind, text) in requests.iter().filter(|_| only.is_empty()) {
        println!("  {:<8} {:>8.1} µs", format!("{kind:?}"), microseconds(|| drop(Csr::read(text).unwrap())));
    }

    println!("request in, certificate out");
    println!(
        "  {:<8} {:<8} {:>10} {:>10} {:>10} {:>6}",
        "issuer", "request", "raw µs", "full µs", "over µs", "ratio"
    );
    let issuers = [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Rsa4096];
    for issuer_kind in issuers.into_iter().filter(|kind| wanted(0, *kind)) {
        let ca = pki::root_with(issuer_kind);
        let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
        let key = LocalKey::from_pem(&ca.key_pem).unwrap();
        let message = [0x5a; 400];
        for (request_kind, text) in &requests {
            let raw = microseconds(|| drop(runtime.block_on(key.sign(&message)).unwrap()));
            let full = microseconds(|| {
                let csr = Csr::read(text).unwrap();
                let grant = policy.judge(&csr, profile, "alice@example.com").grant.unwrap();
                let template = Template {
                    csr: &csr,
                    grant: &grant,
                    issuer: &issuer,
                    algorithm: key.algorithm(),
                    serial: &Serial::random(&SystemRandom::new()).unwrap(),
                    validity: &Validity::choose(OffsetDateTime::now_utc(), grant.validity_days, &issuer)
                        .unwrap(),
                    publication: &Publication::default(),
                };
                let linted = lint(template.build().unwrap(), &issuer, &csr, &grant).unwrap();
                drop(runtime.block_on(issue(&key, linted)).unwrap());
            });
            println!(
                "  {:<8} {:<8} {raw:>10.1} {full:>10.1} {:>10.1} {:>6.2}",
                format!("{issuer_kind:?}"),
                format!("{request_kind:?}"),
                full - raw,
                full / raw
            );
        }
    }
}
