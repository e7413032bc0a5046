//! Any text as a policy: reading never panics, an error is one line with a place inside of the text, and a policy that is read
//! evaluates and explains.
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
                let verdict = policy.explain(&CSR, profile, Some(&ALICE)).evaluation;
                assert_eq!(verdict.grant.is_none(), verdict.code().is_some());
            }
        }
        Err(errors) => {
            assert!(!errors.to_string().contains('\n') && !errors.all().is_empty());
            for place in errors.all().iter().filter_map(|error| error.place.as_ref()) {
                assert!(text.get(place.span.clone()).is_some());
            }
        }
    }
});
