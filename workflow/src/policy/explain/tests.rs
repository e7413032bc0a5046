use super::*;
use crate::policy::Policy;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey, oid, sequence, tlv};

const POLICY: &str = include_str!("../../../../infra/policy.toml");

const STRICT: &str = "[profiles.server]\napprovers = [\"a@example.com\", \"b@example.com\"]\nkeys = [\"rsa\", \"ec-p256\"]\n\
    rsa_min_bits = 3072\nungranted = \"refused\"\nsubject = \"O=Example\"\nextended_key_usage = [\"serverAuth\"]\n\
    names.dns = { allow = [\"example.com\"], deny = [\"secret.example.com\"] }\nmax_names = 3\n\
    [[profiles.server.requesters]]\ndomains = [\"example.com\"]\nnames.dns.allow = [\"apps.example.com\"]\n\
    [[profiles.server.requesters]]\ndomains = [\"=admin.example.com\"]\n";

fn requests() -> Vec<String> {
    let usages = tlv(3, &[5, 0b1010_0000]);
    let purposes = sequence(&[oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")]);
    vec![
        test_pki::csr(&["www.example.com"]),
        test_pki::csr(&[
            "a.apps.example.com",
            "x.secret.example.com",
            "*.example.com",
            "www.example.org",
            "10.0.0.1",
        ]),
        test_pki::csr_with(
            TestKey::Rsa2048,
            "www.example.com",
            &["www.example.com", "spiffe://example.org/a"],
        ),
        test_pki::csr_with(TestKey::Ed25519, "", &["alice@example.com"]),
        CsrMaker::new(TestKey::EcP256)
            .common_name("ilo")
            .subject_part("2.5.4.10", 12, b"Evil Corp")
            .names(&["ilo", "www.example.com"])
            .extension("2.5.29.15", true, &usages)
            .extension("2.5.29.37", false, &purposes)
            .extension("2.5.29.14", false, &tlv(4, &[1; 20]))
            .attribute("1.2.840.113549.1.9.7", &tlv(12, b"hunter2"))
            .pem(),
        CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]).asking_for_ca().pem(),
    ]
}

#[test]
fn a_standing_approval_is_open_where_the_profile_has_them() {
    let csr = Csr::read(&test_pki::csr(&["www.example.com"])).unwrap();
    let line = |text: &str| {
        let policy = Policy::parse(text).unwrap();
        let rules = policy.explain(&csr, policy.profile(None).unwrap(), None).rules;
        rules.into_iter().find(|rule| rule.part == "standing approval")
    };
    assert_eq!(line(POLICY), None);
    let found = line(&format!("{POLICY}\n[profiles.server.standing]\nmax = \"90d\"\nmost = 500")).unwrap();
    assert_eq!(
        (found.value.as_str(), found.outcome),
        ("at most 90 days, 500 certificates", RuleOutcome::Open)
    );
}

/// Every finding has its line, and no line refuses what no finding refuses.
#[test]
fn the_lines_are_those_of_the_evaluation() {
    let (mut granted, mut refused) = (0, 0);
    let addresses = [None, Some("a@example.com"), Some("a@admin.example.com"), Some("a@evil.example")];
    for text in requests() {
        let csr = Csr::read(&text).unwrap();
        for policy in [POLICY, STRICT].map(|text| Policy::parse(text).unwrap()) {
            for (profile, address) in
                policy.profiles().flat_map(|profile| addresses.map(|one| (profile, one)))
            {
                let requester = address.map(|address| Requester::Person(address.parse().unwrap()));
                let explanation = policy.explain(&csr, profile, requester.as_ref());
                assert_eq!(explanation.evaluation, policy.evaluate(&csr, profile, requester.as_ref()));
                let is_refused = explanation.rules.iter().any(|rule| rule.outcome == RuleOutcome::Refused);
                assert_eq!(is_refused, explanation.evaluation.grant.is_none(), "{explanation:?}");
                let refusals = explanation.evaluation.findings.iter().filter(|finding| finding.is_refusal());
                for finding in refusals {
                    assert!(
                        explanation.rules.iter().any(|rule| rule.reason.starts_with(&finding.detail)),
                        "{finding:?}"
                    );
                }
                if let Some(grant) = &explanation.evaluation.grant {
                    let of = |part: &str| -> Vec<String> {
                        let rules = explanation.rules.iter();
                        let granted =
                            rules.filter(|rule| rule.part == part && rule.outcome == RuleOutcome::Granted);
                        granted.map(|rule| rule.value.clone()).collect()
                    };
                    assert_eq!(of("key usage"), grant.key_usage);
                    assert_eq!(of("purpose"), grant.extended_key_usage);
                    assert_eq!(of("key").concat(), grant.key);
                    granted += 1;
                } else {
                    refused += 1;
                }
                assert!(!format!("{explanation:?}").contains("hunter2"));
            }
        }
    }
    assert!(granted > 5 && refused > 5, "{granted} granted, {refused} refused");
}

#[test]
fn a_granted_name_has_the_rule_that_covers_it() {
    let policy = Policy::parse(STRICT).unwrap();
    let csr = Csr::read(&test_pki::csr(&["a.apps.example.com", "x.secret.example.com"])).unwrap();
    let requester = Requester::Person("a@example.com".parse().unwrap());
    let explanation = policy.explain(&csr, policy.profile(None).unwrap(), Some(&requester));
    let of = |value: &str| explanation.rules.iter().find(|rule| rule.value == value).unwrap();
    assert_eq!(of("a.apps.example.com").reason, "names.dns.allow: example.com");
    assert_eq!(of("a@example.com").reason, "requesters.domains: example.com");
    assert_eq!(of("x.secret.example.com").outcome, RuleOutcome::Refused);
    assert!(of("x.secret.example.com").reason.contains("secret.example.com"));
}
