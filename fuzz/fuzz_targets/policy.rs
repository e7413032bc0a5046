//! Any text as a policy: reading never panics, an error is one line, and what is read can judge.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pki::csr::Csr;
use pki::testing as test_pki;
use workflow::policy::Policy;
use workflow::requester::Requester;

static ALICE: LazyLock<Requester> =
    LazyLock::new(|| Requester::Person("alice@example.com".parse().expect("an address")));

static CSR: LazyLock<Csr> = LazyLock::new(|| {
    Csr::read(&test_pki::csr(&["www.example.com", "10.0.0.1", "alice@example.com", "spiffe://example.org/a"]))
        .expect("a valid request")
});

fuzz_target!(|text: &str| {
    match Policy::parse(text) {
        Ok(policy) => {
            for profile in policy.profiles() {
                let verdict = policy.evaluate(&CSR, profile, Some(&ALICE));
                assert_eq!(verdict.grant.is_none(), verdict.code().is_some());
            }
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
});
