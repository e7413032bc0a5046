//! Any bytes, as DER and as text: reading never panics, and ends in a request or in findings that refuse it. Behind the
//! signature, which fuzzing cannot make, a request goes the whole way: what the policy grants is built, linted and signed,
//! and two other libraries read it as it was granted.
#![no_main]

use std::sync::LazyLock;

use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;
use pki::certificate::{Approved, Serial, Template, Validity, cross_check, issue, lint};
use pki::csr::Csr;
use pki::issuer::Issuer;
use pki::name::Name;
use pki::signer::{LocalKey, Signer as _};
use time::OffsetDateTime;
use workflow::finding::{Finding, findings};
use workflow::policy::Policy;
use workflow::requester::Requester;

static ALICE: LazyLock<Requester> =
    LazyLock::new(|| Requester::Person("alice@example.com".parse().expect("an address")));

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    Policy::parse(include_str!("../../infra/policy.toml")).expect("the default policy is valid")
});

/// Grants every name that is one.
static GENEROUS: LazyLock<Policy> = LazyLock::new(|| {
    Policy::parse(include_str!("../../workflow/tests/interop/any-name-policy.toml")).expect("the policy is valid")
});

struct Authority {
    issuer: Issuer,
    key: LocalKey,
    serial: Serial,
    validity: Validity,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let ca = pki::testing::root();
    let issuer = Issuer::from_pem(&ca.certificate_pem).expect("an issuer");
    Authority {
        key: LocalKey::from_pem(&ca.key_pem).expect("a key"),
        serial: "0123456789abcdef0123456789abcdef01234567".parse().expect("a serial"),
        validity: Validity::choose(OffsetDateTime::now_utc(), 365, &issuer).expect("a validity"),
        issuer,
    }
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

/// What is granted can be issued, and says to others what was granted.
fn certify(csr: &Csr) {
    let profile = GENEROUS.profile(None).expect("a profile");
    let Some(grant) = GENEROUS.evaluate(csr, profile, Some(&ALICE)).grant else { return };
    let contents = grant.contents();
    let Authority { issuer, key, serial, validity } = &*AUTHORITY;
    let template = Template {
        csr,
        contents: &contents,
        issuer,
        algorithm: key.algorithm(),
        serial,
        validity,
        publication: GENEROUS.publication(),
    };
    let built = template.build().expect("what is granted is built");
    let linted = lint(built, issuer, csr, &contents).expect("what is granted passes the linter");
    let certificate = issue(key, linted).now_or_never().expect("a key in memory answers at once").expect("a signature");
    let approved = Approved { csr, contents: &contents, issuer, serial, validity };
    cross_check(&certificate, &approved).expect("others read what was granted");
}

fuzz_target!(|data: &[u8]| {
    check(Csr::from_der(data.to_vec()).map_err(findings));
    if let Ok(csr) = Csr::from_der_without_proof(data.to_vec()) {
        certify(&csr);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        check(Csr::read(text).map_err(findings));
    }
});
