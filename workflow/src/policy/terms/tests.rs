use proptest::prelude::*;

use super::*;
use crate::texts::Language;
use pki::csr::Csr;
use pki::testing::{self as test_pki, CaMaker, TestKey};

const POLICY: &str = "default = \"server\"\n[profiles.server]\napprovers = [\"a@example.com\", \"b@example.com\"]\n\
    quorum = 2\nextended_key_usage = [\"serverAuth\"]\nnames.ip.allow = [\"10.0.0.0/8\"]\n\
    names.dns = { allow = [\"example.com\", \".example.net\"], deny = [\"secret.example.com\", \"=one.app.example.com\"] }\n\
    standing = { max = \"90d\", most = 500 }\n\
    [profiles.client]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n";

fn terms(names: &[&str], days: u32, certificates: u32) -> StandingTerms {
    let text =
        serde_json::json!({ "kind": "grant", "names": names, "days": days, "certificates": certificates });
    StandingTerms::read(&text.to_string()).unwrap()
}

/// What is wrong with terms, in the words of the findings.
fn wrong(policy: &str, profile: &str, terms: &StandingTerms) -> Vec<String> {
    let policy = Policy::parse(policy).unwrap();
    let requester = Requester::Person("requester@example.com".parse().unwrap());
    let findings = policy.evaluate_standing(terms, policy.profile(Some(profile)).unwrap(), None, &requester);
    assert!(findings.iter().all(Finding::is_refusal));
    findings.into_iter().map(|finding| format!("{}: {}", finding.code, finding.detail)).collect()
}

#[test]
fn terms_within_the_bounds_of_the_profile_are_allowed() {
    let names = [".web.example.com", "www.example.com", "10.1.2.3", ".example.net"];
    assert_eq!(wrong(POLICY, "server", &terms(&names, 90, 500)), [""; 0]);
}

#[test]
fn a_profile_without_the_table_has_no_standing_approvals() {
    let found = wrong(POLICY, "client", &terms(&["www.example.com"], 1, 1));
    assert_eq!(found, ["bad_request: The “client” profile has no standing approvals."]);
}

#[test]
fn each_bound_that_is_exceeded_has_its_finding() {
    let found = wrong(POLICY, "server", &terms(&["www.example.com"], 91, 501));
    assert_eq!(
        found,
        [
            "too_large: A standing approval of the “server” profile ends after 90 days at most; 91 were requested.",
            "too_large: A standing approval of the “server” profile is for 500 certificates at most; 501 were requested.",
        ]
    );
}

#[test]
fn each_name_outside_of_the_profile_has_its_finding() {
    for (name, says) in [
        ("www.example.org", "doesn't allow the DNS name \"www.example.org\""),
        ("x.secret.example.com", "excluded by the “server” profile (rule secret.example.com)"),
        ("*.web.example.com", "is a wildcard"),
        ("11.0.0.1", "doesn't allow the IP address"),
        (".example.org", "doesn't allow the DNS name \".example.org\""),
        // A suffix is allowed only if every name below it is.
        (".example.com", "excluded by the “server” profile (rule secret.example.com)"),
        (".app.example.com", "excluded by the “server” profile (rule =one.app.example.com)"),
        (".secret.example.com", "excluded"),
    ] {
        let found = wrong(POLICY, "server", &terms(&[name], 1, 1));
        let [only] = found.as_slice() else { panic!("{name}: {found:?}") };
        assert!(only.starts_with("name_not_allowed: ") && only.contains(says), "{name}: {only}");
    }
    // The names below a domain do not include the domain.
    assert_eq!(wrong(POLICY, "server", &terms(&["example.net"], 1, 1)).len(), 1);
}

#[test]
fn rules_on_requesters_and_the_issuer_apply_as_to_a_csr() {
    let closed =
        |lines: &str| POLICY.replace("standing =", &format!("requesters = [{{ {lines} }}]\nstanding ="));
    let of_others = closed("domains = [\"example.edu\"]");
    assert!(wrong(&of_others, "server", &terms(&["www.example.com"], 1, 1))[0].contains("isn't open"));
    let some_names = closed("domains = [\"example.com\"], names.dns.allow = [\"apps.example.com\"]");
    assert_eq!(
        wrong(&some_names, "server", &terms(&["a.apps.example.com", ".apps.example.com"], 1, 1)),
        [""; 0]
    );
    for name in ["www.example.com", ".web.example.com"] {
        assert!(
            wrong(&some_names, "server", &terms(&[name], 1, 1))[0].contains("can't be requested"),
            "{name}"
        );
    }
    let ca = CaMaker::new(TestKey::EcP256).name_constraints(&["example.org"], &[]).self_signed();
    let issuer = Issuer::from_pem(&ca.certificate_pem).unwrap();
    let policy = Policy::parse(POLICY).unwrap();
    let requester = Requester::Person("requester@example.com".parse().unwrap());
    let of = |name: &str| {
        let profile = policy.profile(None).unwrap();
        policy.evaluate_standing(&terms(&[name], 1, 1), profile, Some(&issuer), &requester)
    };
    for name in ["www.example.com", ".web.example.com"] {
        let found = of(name);
        assert!(found[0].detail_in(Language::English).contains("name constraints"), "{name}: {found:?}");
    }
}

proptest! {
    /// A suffix that the profile allows has no name below it that the profile refuses in a CSR.
    #[test]
    fn every_name_below_an_allowed_suffix_is_allowed(
        labels in proptest::collection::vec("web|app|one|secret|a", 1..4),
        above in prop_oneof![Just("example.com"), Just("web.example.com"), Just("app.example.com"), Just("example.net")],
    ) {
        let suffix = format!(".{above}");
        let policy = Policy::parse(POLICY).unwrap();
        let name = format!("{}{suffix}", labels.join("."));
        let csr = Csr::read(&test_pki::csr(&[&name])).unwrap();
        let is_granted = policy.evaluate(&csr, policy.profile(None).unwrap(), None).grant.is_some();
        let is_allowed = wrong(POLICY, "server", &terms(&[&suffix], 1, 1)).is_empty();
        prop_assert!(!is_allowed || is_granted, "{} below {}", name, suffix);
        prop_assert!(terms(&[&suffix], 1, 1).cover(&[name]));
    }
}
