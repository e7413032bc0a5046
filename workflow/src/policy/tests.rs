use std::time::Duration;

use pki::csr::Csr;

use super::*;
use crate::finding::Severity;
use crate::requester::Requester;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey, oid, sequence, tlv};

mod documents;

const DEFAULT: &str = include_str!("../../../infra/policy.toml");

/// One profile with the given lines, and names under example.com.
fn policy(lines: &str) -> Policy {
    Policy::parse(&format!(
        "[profiles.server]\napprovers = [\"a@example.com\"]\nextended_key_usage = [\"serverAuth\"]\n{lines}"
    ))
    .unwrap()
}

/// The mistakes of one profile with the given lines, as one line.
fn policy_errors(lines: &str) -> String {
    let text =
        format!("[profiles.server]\napprovers = [\"a@example.com\"]\nextended_key_usage = []\n{lines}");
    Policy::parse(&text).unwrap_err().to_string()
}

const DNS: &str = "names.dns.allow = [\"example.com\"]\n";

fn evaluate(policy: &Policy, csr_pem: &str, requester: &str) -> Evaluation {
    let csr = Csr::read(csr_pem).unwrap_or_else(|findings| panic!("{findings:?}"));
    let requester = (!requester.is_empty()).then(|| Requester::Person(requester.parse().unwrap()));
    policy.evaluate(&csr, policy.profile(None).unwrap(), requester.as_ref())
}

fn codes(evaluation: &Evaluation) -> Vec<(Code, Severity)> {
    assert_eq!(evaluation.grant.is_none(), evaluation.code().is_some());
    evaluation.findings.iter().map(|finding| (finding.code, finding.severity)).collect()
}

#[test]
fn a_profile_is_described_in_the_languages_of_its_readers() {
    let policy = policy(&format!("description = \"Servers\"\ndescriptions.ja = \"サーバー\"\n{DNS}"));
    let server = policy.profile(None).unwrap();
    assert_eq!(server.description(Language::English), "Servers");
    assert_eq!(server.description(Language::Japanese), "サーバー");
    let plain = self::policy(&format!("description = \"Servers\"\n{DNS}"));
    assert_eq!(plain.profile(None).unwrap().description(Language::Japanese), "Servers");
    for profile in Policy::parse(DEFAULT).unwrap().profiles() {
        let [english, japanese] = Language::ALL.map(|language| profile.description(language));
        assert!(!english.is_empty() && english != japanese, "{}", profile.name());
    }
    let error = policy_errors(&format!("descriptions.xx = \"?\"\n{DNS}"));
    assert!(error.contains("line 4") && error.contains("en or ja"), "{error}");
}

#[test]
fn the_default_policy_is_small_and_grants_what_it_says() {
    assert!(DEFAULT.len() < 4096);
    let policy = Policy::parse(DEFAULT).unwrap();
    assert_eq!(policy.version().len(), 16);
    let profiles: Vec<&str> = policy.profiles().map(Profile::name).collect();
    assert_eq!(profiles, ["server", "client", "server-client"]);
    let server = policy.profile(None).unwrap();
    let [group] = server.quorums() else { panic!("one group") };
    assert_eq!((group.members.len(), group.quorum), (1, 1));
    assert_eq!(group.members[0].as_str(), "approver@example.com");
    assert_eq!(server.limit(), Duration::from_secs(7 * 86_400));
    assert_eq!(server.validity(), Duration::from_secs(365 * 86_400));
    assert!(!server.allowed_names().is_empty());

    let csr = test_pki::csr_with(
        TestKey::Rsa2048,
        "www.example.com",
        &["www.example.com", "10.0.0.1", "::1", "db.internal"],
    );
    let evaluation = evaluate(&policy, &csr, "alice@anywhere.example");
    assert_eq!(evaluation.findings, []);
    assert_eq!(
        evaluation.grant,
        Some(Grant {
            profile: "server".to_owned(),
            subject: "CN=www.example.com".to_owned(),
            names: ["www.example.com", "10.0.0.1", "::1", "db.internal"].map(str::to_owned).to_vec(),
            key: "RSA 2048 bits".to_owned(),
            key_usage: ["digitalSignature", "keyEncipherment"].map(str::to_owned).to_vec(),
            extended_key_usage: vec!["serverAuth".to_owned()],
            validity_days: 365,
        })
    );
    // Only RSA enciphers.
    let ec = evaluate(&policy, &test_pki::csr(&["www.example.com"]), "").grant.unwrap();
    assert_eq!(ec.key_usage, ["digitalSignature"]);
}

#[test]
fn an_unknown_profile_is_answered_with_the_known_ones() {
    let finding = Policy::parse(DEFAULT).unwrap().profile(Some("serve")).unwrap_err();
    assert_eq!(finding.code, Code::UnknownProfile);
    assert_eq!(finding.advice, "Choose one of: server, client, server-client.");
}

#[test]
fn names_outside_of_the_profile_are_refused_one_by_one() {
    let policy = policy(
        "names.dns = { allow = [\"example.com\"], deny = [\"secret.example.com\"] }\nwildcards = true",
    );
    let refused = |names: &[&str]| {
        let evaluation = evaluate(&policy, &test_pki::csr_with(TestKey::EcP256, "", names), "");
        assert!(evaluation.findings.iter().all(|finding| finding.code == Code::NameNotAllowed));
        evaluation.findings.len()
    };
    assert_eq!(refused(&["example.com", "a.b.example.com", "*.apps.example.com"]), 0);
    assert_eq!(
        refused(&["www.example.org", "badexample.com", "secret.example.com", "a.secret.example.com"]),
        4
    );
    // A wildcard that would cover a denied name.
    assert_eq!(refused(&["*.example.com"]), 1);
    // Kinds without rules.
    assert_eq!(refused(&["10.0.0.1", "alice@example.com", "spiffe://example.com/a"]), 3);
}

#[test]
fn wildcards_are_for_profiles_that_allow_them() {
    let evaluation = evaluate(&policy(DNS), &test_pki::csr(&["*.example.com"]), "");
    assert_eq!(codes(&evaluation), [(Code::NameNotAllowed, Severity::Refused)]);
    let evaluation =
        evaluate(&policy(&format!("wildcards = true\n{DNS}")), &test_pki::csr(&["*.example.com"]), "");
    assert_eq!(evaluation.grant.unwrap().subject, "CN=*.example.com");
}

#[test]
fn unusable_names_are_left_out_where_the_profile_says_so_and_refused_elsewhere() {
    let appliance = |names: &[&str]| {
        let address = tlv(0x82, b"10.0.0.1");
        CsrMaker::new(TestKey::EcP256).common_name("ilo").names(names).general_name(address).pem()
    };
    let good = appliance(&["ilo", "ilo.example.com"]);
    let strict = evaluate(&policy(DNS), &good, "");
    let refused = (Code::BadName, Severity::Refused);
    let ignored = (Code::BadName, Severity::Ignored);
    assert_eq!(codes(&strict), [refused, refused, ignored]);
    let drops = policy(&format!("drop_unusable_names = true\n{DNS}"));
    let evaluation = evaluate(&drops, &good, "");
    assert_eq!(codes(&evaluation), [ignored, ignored, ignored]);
    let details: Vec<&str> = evaluation.findings.iter().map(|finding| finding.detail.as_str()).collect();
    assert!(details[0].contains("\"ilo\"") && details[1].contains("\"10.0.0.1\""), "{details:?}");
    assert!(evaluation.findings.iter().all(|finding| finding.advice.contains("won't contain it")));
    assert!(evaluation.findings[0].advice_in(Language::Japanese).contains("証明書には含まれません"));
    assert_eq!(evaluation.grant.unwrap().names, ["ilo.example.com"]);
    // No other fault of a name is forgiven, and one good name is needed.
    for text in [
        appliance(&["ilo", "a_b.example.com", "ilo.example.com"]),
        appliance(&["ilo", "ilo.example.com."]),
        appliance(&["ilo", "*"]),
        appliance(&["ilo"]),
    ] {
        assert!(Csr::read(&text).is_err());
    }
}

#[test]
fn an_authority_is_never_granted() {
    let csr = CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]).asking_for_ca().pem();
    let evaluation = evaluate(&policy(DNS), &csr, "");
    assert_eq!(codes(&evaluation), [(Code::ForbiddenExtension, Severity::Refused)]);
    assert!(evaluation.findings[0].detail.contains("CA:TRUE"));
}

#[test]
fn wishes_that_are_not_granted_are_ignored_or_refused_by_policy_but_always_told() {
    let csr = CsrMaker::new(TestKey::EcP256)
        .subject_part("2.5.4.10", 12, b"Evil Corp")
        .names(&["www.example.com"])
        .extension("2.5.29.15", true, &tlv(3, &[5, 0b1010_0000]))
        .extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")]))
        .extension("2.5.29.14", false, &tlv(4, &[1; 20]))
        .attribute("1.2.840.113549.1.9.7", &tlv(12, b"hunter2"))
        .pem();
    let ignored = evaluate(&policy(DNS), &csr, "");
    assert!(ignored.grant.is_some());
    assert!(ignored.findings.iter().all(|finding| finding.severity == Severity::Ignored));
    let details: Vec<&str> = ignored.findings.iter().map(|finding| finding.detail.as_str()).collect();
    for words in
        ["keyEncipherment", "clientAuth", "subjectKeyIdentifier", "challengePassword", "O=\"Evil Corp\""]
    {
        assert!(details.iter().any(|detail| detail.contains(words)), "{words}: {details:?}");
    }
    assert_eq!(details.len(), 5);
    assert!(!format!("{ignored:?}").contains("hunter2"));

    let refused = evaluate(&policy(&format!("ungranted = \"refused\"\n{DNS}")), &csr, "");
    assert_eq!(refused.code(), Some(Code::ForbiddenExtension));
}

#[test]
fn a_purpose_that_another_profile_grants_is_pointed_to() {
    let csr = CsrMaker::new(TestKey::EcP256)
        .names(&["www.example.com"])
        .extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.2")]))
        .pem();
    let evaluation = evaluate(&Policy::parse(DEFAULT).unwrap(), &csr, "");
    assert!(
        evaluation.findings[0].advice.ends_with("choose another profile: client, server-client."),
        "{evaluation:?}"
    );
}

#[test]
fn keys_are_held_against_the_profile_and_the_list() {
    let csr = test_pki::csr_with(TestKey::Rsa2048, "", &["www.example.com"]);
    let only = |lines: &str| codes(&evaluate(&policy(&format!("{lines}\n{DNS}")), &csr, ""));
    assert_eq!(only("keys = [\"ec-p256\"]"), [(Code::UnsupportedKey, Severity::Refused)]);
    assert_eq!(only("rsa_min_bits = 3072"), [(Code::WeakKey, Severity::Refused)]);
    assert_eq!(only("keys = [\"rsa\"]"), []);
    let digest = Csr::read(&csr).unwrap().key().digest();
    let listed = DEFAULT.replace("denied_keys = []", &format!("denied_keys = [\"{digest}\"]"));
    assert_eq!(
        codes(&evaluate(&Policy::parse(&listed).unwrap(), &csr, "")),
        [(Code::WeakKey, Severity::Refused)]
    );
}

#[test]
fn who_may_ask_for_what_goes_by_mail_domain() {
    let policy = policy(&format!(
        "{DNS}names.ip.allow = [\"10.0.0.0/8\"]\n[[profiles.server.requesters]]\ndomains = [\"example.com\"]\n\
         [[profiles.server.requesters]]\ndomains = [\"partner.example\"]\nnames.dns.allow = [\"partner.example.com\"]\n"
    ));
    let asks = |requester: &str, name: &str| codes(&evaluate(&policy, &test_pki::csr(&[name]), requester));
    assert_eq!(asks("a@example.com", "www.example.com"), [(Code::NameNotAllowed, Severity::Refused)][..0]);
    assert_eq!(asks("a@EXAMPLE.com", "www.example.com"), []);
    assert_eq!(asks("a@partner.example", "x.partner.example.com"), []);
    // Not listed for these requesters, though the profile allows it to others.
    assert_eq!(asks("a@partner.example", "10.0.0.1"), [(Code::NameNotAllowed, Severity::Refused)]);
    assert_eq!(asks("a@example.com", "10.0.0.1"), []);
    assert_eq!(asks("a@partner.example", "www.example.com"), [(Code::NameNotAllowed, Severity::Refused)]);
    assert_eq!(asks("a@evil.example", "www.example.com"), [(Code::NameNotAllowed, Severity::Refused)]);
    assert_eq!(
        asks("a@example.com.evil.example", "www.example.com"),
        [(Code::NameNotAllowed, Severity::Refused)]
    );
    assert_eq!(asks("", "www.example.com"), [(Code::NameNotAllowed, Severity::Warning)]);
}

#[test]
fn a_common_name_that_is_no_name_is_left_out_and_a_fixed_subject_is_added() {
    let csr = CsrMaker::new(TestKey::EcP256).common_name("My Server").names(&["www.example.com"]).pem();
    let evaluation = evaluate(&policy(DNS), &csr, "");
    assert_eq!(codes(&evaluation), [(Code::BadName, Severity::Ignored)]);
    assert_eq!(evaluation.grant.unwrap().subject, "");
    let fixed = policy(&format!("subject = \"O=Example,C=DE\"\n{DNS}"));
    assert_eq!(evaluate(&fixed, &csr, "").grant.unwrap().subject, "O=Example,C=DE");
    assert_eq!(
        evaluate(&fixed, &test_pki::csr(&["www.example.com"]), "").grant.unwrap().subject,
        "CN=www.example.com,O=Example,C=DE"
    );
}

#[test]
fn a_limit_on_names_is_kept() {
    let evaluation = evaluate(
        &policy(&format!("max_names = 1\n{DNS}")),
        &test_pki::csr(&["a.example.com", "b.example.com"]),
        "",
    );
    assert_eq!(codes(&evaluation), [(Code::TooLarge, Severity::Refused)]);
}
