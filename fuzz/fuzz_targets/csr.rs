//! Any bytes, as DER and as text: reading never panics, and ends in a request or in findings that refuse it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pki::csr::Csr;
use pki::name::Name;
use workflow::finding::{Finding, findings};
use workflow::policy::Policy;
use workflow::requester::Requester;

static ALICE: LazyLock<Requester> =
    LazyLock::new(|| Requester::Person("alice@example.com".parse().expect("an address")));

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    Policy::parse(include_str!("../../infra/policy.toml")).expect("the default policy is valid")
});

fn check(read: Result<Csr, Vec<Finding>>) {
    match read {
        Ok(csr) => {
            for name in csr.names() {
                assert_eq!(name.to_string().parse::<Name>().as_ref(), Ok(name));
            }
            for profile in POLICY.profiles() {
                let verdict = POLICY.evaluate(&csr, profile, Some(&ALICE));
                assert_eq!(verdict.grant.is_none(), verdict.code().is_some());
            }
        }
        Err(findings) => {
            assert!(!findings.is_empty());
            assert!(findings.iter().all(Finding::is_refusal));
            let said = findings.iter().map(ToString::to_string).collect::<String>();
            assert!(!said.chars().any(char::is_control), "{said:?}");
        }
    }
}

fuzz_target!(|data: &[u8]| {
    check(Csr::from_der(data.to_vec()).map_err(findings));
    if let Ok(text) = std::str::from_utf8(data) {
        check(Csr::read(text).map_err(findings));
    }
});
