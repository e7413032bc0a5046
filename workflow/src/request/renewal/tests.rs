use std::sync::Arc;

use pki::crl::RevocationReason;
use pki::testing as test_pki;
use pki::testing::TestKey;
use time::macros::datetime;

use super::*;
use crate::request::{Columns, RequestContent, Submission};
use crate::testing::InMemoryBackend;

const POLICY: &str = include_str!("../../../../infra/policy.toml");

/// Two approvals for a first request, and one for a renewal.
fn policy() -> String {
    let two = POLICY
        .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]")
        .replace("quorum = 1 ", "quorum = 2 ");
    two.replace("[lifecycle]", "[lifecycle]\nrenewal.approvals = 1")
}

/// A backend with the policy above and a delivered certificate for two names.
fn delivered() -> (Arc<InMemoryBackend>, Request) {
    let backend = InMemoryBackend::new();
    backend.set_policy(&policy());
    let old =
        backend.unsaved_request(&test_pki::csr(&["www.example.com", "api.example.com"]), Status::Delivered);
    backend.put(old.clone());
    (backend, old)
}

/// A change of the columns of a row.
type Alter = fn(&mut Columns);

/// The quorum of a renewal of `old` with this CSR, after a change of its columns and of those of `old`.
fn quorum(backend: &InMemoryBackend, old: &Request, csr: &str, alter: Alter, alter_old: Alter) -> usize {
    let old = old.clone().altered(alter_old);
    let row = backend.unsaved_request(csr, Status::PendingApproval).altered(|row| {
        row.replaces = Some(old.id());
        alter(row);
    });
    let csr = row.csr().unwrap();
    approvers_in_force(&backend.policy(), &row.renewal_terms(csr), Some(&old)).unwrap().quorum()
}

fn unchanged(_: &mut Columns) {}

#[test]
fn only_a_new_key_and_new_dates_need_fewer_approvals() {
    let (backend, old) = delivered();
    let both = test_pki::csr(&["www.example.com", "api.example.com"]);
    let (fewer, all) = (1, 2);
    let of_names = |names: &[&str]| test_pki::csr_with(TestKey::EcP256, names[0], names);
    let cases: [(&str, &str, Alter, Alter, usize); 14] = [
        ("the same names", &both, unchanged, unchanged, fewer),
        ("a subset", &of_names(&["api.example.com"]), unchanged, unchanged, fewer),
        ("another order", &of_names(&["api.example.com", "www.example.com"]), unchanged, unchanged, fewer),
        (
            "another kind of key",
            &test_pki::csr_with(TestKey::EcP384, "", &["www.example.com"]),
            unchanged,
            unchanged,
            fewer,
        ),
        (
            "an address with a tag",
            &both,
            |row| row.email = email("Requester+ca@example.com"),
            unchanged,
            fewer,
        ),
        ("another name", &of_names(&["www.example.com", "new.example.com"]), unchanged, unchanged, all),
        ("another profile", &both, |row| row.profile = "client".into(), unchanged, all),
        ("another requester", &both, |row| row.email = email("mallory@example.com"), unchanged, all),
        ("a revoked certificate", &both, unchanged, |old| old.status = Status::Revoked, all),
        ("a failed request", &both, unchanged, |old| old.status = Status::Failed, all),
        (
            "more names written into the old row",
            &of_names(&["www.example.com", "new.example.com"]),
            unchanged,
            |old| old.names.push("new.example.com".into()),
            all,
        ),
        ("no decision in the old row", &both, unchanged, |old| old.decision = None, all),
        (
            "a certificate that ended a month ago",
            &both,
            |row| row.registration_date += Duration::days(390),
            unchanged,
            fewer,
        ),
        (
            "a certificate that ended long ago",
            &both,
            |row| row.registration_date += Duration::days(396),
            unchanged,
            all,
        ),
    ];
    for (what, csr, alter, alter_old, expected) in cases {
        assert_eq!(quorum(&backend, &old, csr, alter, alter_old), expected, "{what}");
    }
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

#[test]
fn a_revocation_that_is_accepted_counts_before_it_is_recorded() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&policy());
    let old = backend.accepted_revocation(RevocationReason::Superseded);
    let old = backend.request(old).unwrap();
    assert_eq!(old.status(), Status::Delivered);
    assert_eq!(quorum(&backend, &old, &test_pki::csr(&["www.example.com"]), unchanged, unchanged), 2);
    assert_eq!(old.not_renewable(&backend.policy(), old.registration_date()), None);
}

#[test]
fn a_renewal_without_the_replaced_row_or_without_a_rule_needs_all_approvals() {
    let (backend, old) = delivered();
    let row = backend.renewal_at(&test_pki::csr(&["www.example.com"]), Status::PendingApproval, old.id());
    let csr = row.csr().unwrap();
    let quorum = |policy: &Policy, replaced| {
        approvers_in_force(policy, &row.renewal_terms(csr), replaced).unwrap().quorum()
    };
    assert_eq!(quorum(&backend.policy(), Some(&old)), 1);
    assert_eq!(quorum(&backend.policy(), None), 2);
    for approvals in ["2", "5"] {
        let more = policy().replace("approvals = 1", &format!("approvals = {approvals}"));
        assert_eq!(quorum(&Policy::parse(&more).unwrap(), Some(&old)), 2, "never more than a first request");
    }
    let none = policy().replace("renewal.approvals = 1", "");
    assert_eq!(quorum(&Policy::parse(&none).unwrap(), Some(&old)), 2);
}

#[test]
fn a_requester_among_the_approvers_never_counts() {
    let (backend, old) = delivered();
    let old = old.altered(|row| row.email = email("other@example.com"));
    let csr = test_pki::csr(&["www.example.com"]);
    let row = backend.unsaved_request(&csr, Status::PendingApproval);
    let row = row.altered(|row| row.email = email("Other+ca@example.com"));
    let terms = row.renewal_terms(row.csr().unwrap());
    let asked = approver_set(&backend.policy(), &terms, Some(&old)).unwrap();
    assert_eq!(asked.approvers(), [email("approver@example.com")]);
    // The profile alone has too few others for two approvals.
    assert!(matches!(approver_set(&backend.policy(), &terms, None), Err(ApproverSetError::TooFew(_))));
}

#[test]
fn a_subject_with_other_fixed_parts_is_more_than_a_new_key() {
    assert_eq!(without_common_name("CN=www.example.com,O=Example"), "O=Example");
    assert_eq!(without_common_name("CN=www.example.com"), without_common_name(""));
    let (backend, old) = delivered();
    let fixed = |row: &mut Columns| row.subject = Some("CN=www.example.com,O=Other".into());
    let csr = test_pki::csr(&["www.example.com"]);
    assert_eq!(quorum(&backend, &old, &csr, fixed, unchanged), 2);
}

#[test]
fn what_cannot_be_renewed_says_why() {
    let (backend, old) = delivered();
    let policy = backend.policy();
    let at = old.registration_date();
    let refused = |requester: &str, at, alter: fn(&mut Columns)| {
        refusal(&policy, &email(requester), at, &old.clone().altered(alter)).map(|finding| finding.detail)
    };
    let own = "requester@example.com";
    assert_eq!(refused(own, at, unchanged), None);
    assert_eq!(refused("Requester+2@Example.com", at, unchanged), None);
    assert_eq!(refused(own, at, |row| row.status = Status::Revoked), None, "revoked, to be replaced");
    let other = refused("mallory@example.com", at, unchanged).unwrap();
    assert_eq!(other, "The certificate belongs to another e-mail address.");
    let late = refused(own, at + Duration::days(396), unchanged).unwrap();
    assert!(late.contains("ended on 1 January 2027"), "{late}");
    assert!(late.contains("30 days"), "{late}");
    let none = refused(own, at, |row| row.status = Status::Failed).unwrap();
    assert!(none.starts_with("There's no certificate to renew"), "{none}");
    for status in [Status::PendingApproval, Status::Approved, Status::Rejected, Status::Withdrawn] {
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), status);
        assert!(row.not_renewable(&policy, at).is_some(), "{status}");
    }
    let distinct = policy_with("[people]\nplus_tags = \"distinct\"");
    assert!(refusal(&distinct, &email("requester+2@example.com"), at, &old).is_some());
}

fn policy_with(people: &str) -> Policy {
    let lines = POLICY.replace("plus_tags = \"same\"", "").replace("[people]", people);
    Policy::parse(&lines).unwrap()
}

#[test]
fn the_key_of_the_replaced_certificate_is_refused_or_warned_about() {
    let backend = InMemoryBackend::new();
    let csr = test_pki::csr(&["www.example.com"]);
    let old = backend.unsaved_request(&csr, Status::Delivered);
    let row = backend.unsaved_request(&csr, Status::PendingApproval);
    let refused = row.evaluate(&backend.policy(), None, Some(&old)).unwrap_err();
    assert_eq!(refused.main().unwrap().code, Code::SameKey);
    let warn =
        Policy::parse(&POLICY.replace("[lifecycle]", "[lifecycle]\nrenewal.same_key = \"warn\"")).unwrap();
    let granted = row.evaluate(&warn, None, Some(&old)).unwrap();
    assert_eq!(
        granted.findings.iter().map(|one| (one.code, one.severity)).collect::<Vec<_>>(),
        [(Code::SameKey, Severity::Warning)]
    );
    let other = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::PendingApproval);
    assert_eq!(other.evaluate(&backend.policy(), None, Some(&old)).unwrap().findings, []);
}

#[test]
fn differences_are_those_of_names_subject_profile_key_and_validity() {
    let (_, old) = delivered();
    let same = RenewalDifferences::of(&old, "server", old.csr().unwrap(), Some(365)).unwrap();
    assert!(same.is_empty(), "{same:?}");
    let csr = CsrSummary {
        subject: "O=Example".into(),
        names: vec!["new.example.com".into(), "www.example.com".into()],
        key: "RSA 2048".into(),
        ..old.csr().unwrap().clone()
    };
    let all = RenewalDifferences::of(&old, "client", &csr, Some(90)).unwrap();
    assert_eq!(all.names_added, ["new.example.com"]);
    assert_eq!(all.names_removed, ["api.example.com"]);
    assert_eq!(all.profile_before.as_deref(), Some("server"));
    assert_eq!(all.key_before.as_deref(), Some("EC P-256"));
    assert_eq!(all.validity_days_before, Some(365));
    assert_eq!(all.subject_before.as_deref(), Some(old.csr().unwrap().subject.as_str()));
    assert_ne!(all.bound_fields(), same.bound_fields());
    let unsigned = old.altered(|row| row.signed_date = None);
    assert_eq!(RenewalDifferences::of(&unsigned, "server", &csr, None), None);
}

/// Each difference has its place, so two reviews with different texts never have the same fields.
#[test]
fn every_difference_changes_the_bound_fields() {
    let (_, old) = delivered();
    let same = RenewalDifferences::of(&old, "server", old.csr().unwrap(), Some(365)).unwrap();
    let changes: [fn(&mut RenewalDifferences); 9] = [
        |one| one.revoked = true,
        |one| one.not_after += Duration::SECOND,
        |one| one.names_added = vec!["a".into()],
        |one| one.names_removed = vec!["a".into()],
        |one| one.subject_before = Some("a".into()),
        |one| one.profile_before = Some("a".into()),
        |one| one.key_before = Some("a".into()),
        |one| one.key_before = Some(String::new()),
        |one| one.validity_days_before = Some(1),
    ];
    let mut all = vec![same.bound_fields()];
    for change in changes {
        let mut changed = same.clone();
        change(&mut changed);
        all.push(changed.bound_fields());
    }
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn a_row_with_another_replaced_request_does_not_agree_with_its_trail() {
    let (backend, old) = delivered();
    let csr = test_pki::csr(&["www.example.com"]);
    let row = backend.renewal_at(&csr, Status::Delivered, old.id());
    let events = backend.audit(row.id());
    assert_eq!(events[0].detail, Some(old.id().to_string()));
    assert_eq!(crate::request::verify_request(&row, &events), []);
    for other in [None, Some(RequestId::random())] {
        let altered = row.clone().altered(|row| row.replaces = other);
        let defects = crate::request::verify_request(&altered, &events);
        assert!(defects.iter().any(|defect| defect.to_string().contains("replaces")), "{defects:?}");
    }
}

#[test]
fn a_row_without_a_replaced_request_has_no_such_column() {
    let submission = |replaces| Submission {
        email: email("a@example.com"),
        language: crate::texts::Language::English,
        comment: String::new(),
        content: RequestContent::certificate("the CSR".into(), None, replaces),
        profile: "server".into(),
        policy_version: "1".into(),
    };
    let now = datetime!(2026-01-01 12:00 UTC);
    let row = |replaces| Request::submitted(RequestId::random(), submission(replaces), "arn".into(), now);
    let (plain, renewal) = (row(None), row(Some(RequestId::random())));
    assert!(serde_json::to_value(&plain).unwrap().get("replaces").is_none());
    let stored = serde_json::to_value(&renewal).unwrap();
    assert_eq!(stored["replaces"], renewal.replaces().unwrap().to_string());
    assert_eq!(serde_json::from_value::<Request>(stored).unwrap().replaces(), renewal.replaces());
}
