//! A standing approval in the place of the approval of a request: what it covers, and every attack on it.

use std::sync::Arc;

use pki::testing::{self as test_pki, CaMaker, TestKey};
use time::Duration;

use super::*;
use crate::approval::coverage::{Covered, covers};
use crate::approval::sign_in::SignInError;
use crate::approval::standing::OutsidePart;
use crate::decision::Outcome;
use crate::ids::RequestId;
use crate::request::Status;
use crate::request::audit::Actor;
use crate::testing::InMemoryBackend;
use crate::testing::fixtures::standing_policy;
use crate::testing::passkeys::base_url;
use crate::testing::sign_in::asking_requesters_to_sign_in;

const TERMS: &str = r#"{"kind":"grant","names":[".web.example.com","www.example.com","10.0.0.1"],"days":30,"certificates":3}"#;

/// A certificate under a standing approval, and all that decides about it.
struct Case {
    backend: Arc<InMemoryBackend>,
    policy: String,
    approval: StandingApproval,
    request: Request,
    counted: Option<StandingUse>,
    at: OffsetDateTime,
}

impl Case {
    /// A certificate for these names, with its use counted.
    fn of(names: &[&str]) -> Self {
        let (backend, policy) = (InMemoryBackend::new(), standing_policy());
        backend.set_policy(&policy);
        let mut approval = backend.standing_approval(TERMS);
        let request = backend.unsaved_under(approval.id(), &test_pki::csr(names));
        let at = approval.from() + Duration::DAY;
        let counted = approval.count(request.id(), &backend.policy(), at).ok();
        Self { backend, policy, approval, request, counted, at }
    }

    fn covered(&self) -> Result<Covered, NotCovered> {
        let (policy, base_url) = (Policy::parse(&self.policy).unwrap(), base_url());
        let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
        let used = UsedStanding { approval: &self.approval, counted: self.counted.as_ref(), at: self.at };
        let related = RelatedRows { replaced: None, standing: Some(used) };
        covers(&self.request, related, &policy, &self.backend.latest_issuer(), voters)
    }
}

#[test]
fn a_certificate_inside_is_covered_whatever_its_key() {
    for names in [
        &["www.example.com"][..],
        &["a.web.example.com"],
        &["a.web.example.com", "b.c.web.example.com", "www.example.com", "10.0.0.1"],
    ] {
        let covered = Case::of(names).covered().unwrap();
        assert_eq!(covered.grant().names, names);
    }
    // Two keys, one standing approval.
    let case = Case::of(&["www.example.com"]);
    let other = Case {
        request: case.backend.unsaved_under(case.approval.id(), &test_pki::csr(&["www.example.com"])),
        ..case
    };
    assert_eq!(other.covered().unwrap_err(), NotCovered::NotCounted);
}

#[test]
fn the_certificate_of_a_wildcard_needs_the_profile_too() {
    let mut case = Case::of(&["www.example.com"]);
    let wild = standing_policy().replace("wildcards = false", "wildcards = true");
    case.backend.set_policy(&wild);
    let row = case.backend.unsaved_under(case.approval.id(), &test_pki::csr(&["*.web.example.com"]));
    case.counted = case.counted.map(|counted| StandingUse { request_id: row.id(), ..counted });
    case.request = row;
    assert!(matches!(case.covered(), Err(NotCovered::NotGranted(_))));
    case.policy = wild;
    assert!(case.covered().is_ok());
}

type Attack = fn(&mut Case);

/// A change of the row of the standing approval, as JSON.
fn altered(case: &mut Case, alter: impl FnOnce(&mut serde_json::Value)) {
    case.approval = case.approval.altered(alter);
}

/// A change of the row of the certificate.
fn row(case: &mut Case, alter: impl FnOnce(&mut crate::request::Columns)) {
    case.request = case.request.clone().altered(alter);
}

const CERTIFICATE: [(&str, NotCovered, Attack); 13] = [
    ("other names", NotCovered::Outside(OutsidePart::Names), |case| {
        row(case, |row| row.csr_content = Some(test_pki::csr(&["api.example.com"])));
    }),
    ("a name more", NotCovered::Outside(OutsidePart::Names), |case| {
        row(case, |row| row.csr_content = Some(test_pki::csr(&["www.example.com", "api.example.com"])));
    }),
    ("the domain of the suffix", NotCovered::Outside(OutsidePart::Names), |case| {
        row(case, |row| row.csr_content = Some(test_pki::csr(&["web.example.com"])));
    }),
    ("another address", NotCovered::Outside(OutsidePart::Names), |case| {
        row(case, |row| row.csr_content = Some(test_pki::csr(&["10.0.0.2"])));
    }),
    ("another profile", NotCovered::Outside(OutsidePart::Profile), |case| {
        row(case, |row| row.profile = "client".into())
    }),
    ("another requester", NotCovered::Outside(OutsidePart::Requester), |case| {
        row(case, |row| row.email = "mallory@example.com".parse().unwrap());
    }),
    ("another standing approval in the row", NotCovered::NotApproved, |case| {
        row(case, |row| row.grant = Some(RequestId::random()));
    }),
    ("no standing approval in the row", NotCovered::NotApproved, |case| row(case, |row| row.grant = None)),
    ("no use", NotCovered::NotCounted, |case| case.counted = None),
    ("the use of another request", NotCovered::NotCounted, |case| {
        case.counted.as_mut().unwrap().request_id = RequestId::random();
    }),
    ("a use of another standing approval", NotCovered::NotCounted, |case| {
        case.counted.as_mut().unwrap().standing = RequestId::random();
    }),
    ("a use beyond the number", NotCovered::NotAlive(StandingError::UsedUp), |case| {
        case.counted.as_mut().unwrap().number = 4;
    }),
    ("a use beyond the number of the policy in force", NotCovered::NotAlive(StandingError::UsedUp), |case| {
        case.counted.as_mut().unwrap().number = 2;
        case.policy = standing_policy().replace("most = 500", "most = 1");
    }),
];

const STANDING: [(&str, NotCovered, Attack); 18] = [
    ("more days", NotCovered::Another, |case| altered(case, |row| row["terms"]["days"] = 31.into())),
    ("more certificates", NotCovered::Another, |case| {
        altered(case, |row| row["terms"]["certificates"] = 4.into())
    }),
    ("another name", NotCovered::Another, |case| {
        altered(case, |row| row["terms"]["names"] = vec![".example.com"].into())
    }),
    ("the profile of others", NotCovered::Another, |case| {
        altered(case, |row| row["profile"] = "client".into())
    }),
    ("handed to another requester", NotCovered::Another, |case| {
        altered(case, |row| row["requester"] = "mallory@example.com".into());
        row(case, |row| row.email = "mallory@example.com".parse().unwrap());
    }),
    ("the decision of another one", NotCovered::Another, |case| {
        let other = case.backend.standing_approval(TERMS);
        altered(case, |row| row["decision"] = serde_json::to_value(other.decision()).unwrap());
    }),
    ("the decision about a CSR", NotCovered::Another, |case| {
        let other = case.backend.request(case.backend.request_at(Status::Approved)).unwrap();
        altered(case, |row| row["decision"] = serde_json::to_value(other.decision()).unwrap());
    }),
    ("a rejection", NotCovered::NotApproved, |case| {
        altered(case, |row| row["decision"]["outcome"] = Outcome::Rejected.as_str().into());
    }),
    ("an expiry", NotCovered::NotApproved, |case| {
        altered(case, |row| row["decision"]["outcome"] = Outcome::Expired.as_str().into());
    }),
    ("no votes", NotCovered::NotAlive(StandingError::ApproversLeft), |case| {
        altered(case, |row| row["decision"]["votes"] = serde_json::json!([]))
    }),
    (
        "a vote by somebody who is not in the policy",
        NotCovered::NotAlive(StandingError::ApproversLeft),
        |case| {
            altered(case, |row| row["decision"]["votes"][0]["approver"] = "mallory@example.com".into());
        },
    ),
    ("an approver who has left", NotCovered::NotAlive(StandingError::ApproversLeft), |case| {
        case.policy = standing_policy().replace("\"approver@example.com\"", "\"third@example.com\"");
    }),
    ("a policy that asks for more approvals", NotCovered::NotAlive(StandingError::ApproversLeft), |case| {
        case.policy = standing_policy()
            .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]")
            .replace("quorum = 1 ", "quorum = 2 ");
    }),
    ("a policy that asks for passkeys", NotCovered::NotAlive(StandingError::ApproversLeft), |case| {
        case.policy = standing_policy().replace("[people]", "[people]\nidentity = \"passkey\"");
    }),
    ("ended", NotCovered::NotAlive(StandingError::Ended), |case| {
        case.approval.end(&Actor::operator("olivia"), "Over.", case.at);
    }),
    ("over", NotCovered::NotAlive(StandingError::Over), |case| case.at = case.approval.until()),
    ("over by the policy in force", NotCovered::NotAlive(StandingError::Over), |case| {
        case.policy = standing_policy().replace("max = \"90d\"", "max = \"1d\"");
    }),
    ("a policy without standing approvals", NotCovered::NotAlive(StandingError::NotAllowed), |case| {
        case.policy = include_str!("../../../../../infra/policy.toml").to_owned();
    }),
];

#[test]
fn no_attack_on_the_certificate_or_the_standing_approval_is_covered() {
    for (what, expected, attack) in CERTIFICATE.iter().chain(&STANDING) {
        let mut case = Case::of(&["www.example.com"]);
        assert!(case.covered().is_ok());
        attack(&mut case);
        assert_eq!(case.covered().unwrap_err(), *expected, "{what}");
    }
}

#[test]
fn the_policy_and_the_issuer_in_force_judge_each_certificate() {
    let mut case = Case::of(&["www.example.com"]);
    case.policy = standing_policy().replace("\"example.com\"", "\"example.edu\"");
    assert!(matches!(case.covered(), Err(NotCovered::NotGranted(_))));
    let case = Case::of(&["www.example.com"]);
    let ca = CaMaker::new(TestKey::EcP256)
        .lifetime(Duration::days(3_650), Duration::days(7_300))
        .name_constraints(&["example.org"], &[]);
    case.backend.rotate_to(&ca.self_signed());
    assert!(matches!(case.covered(), Err(NotCovered::NotGranted(_))));
}

#[test]
fn the_decision_of_the_certificate_itself_counts_for_nothing() {
    let mut case = Case::of(&["www.example.com"]);
    let own = case.backend.unsaved_request(&test_pki::csr(&["api.example.com"]), Status::Approved);
    case.request = own.clone().altered(|row| row.grant = Some(case.approval.id()));
    assert_eq!(case.covered().unwrap_err(), NotCovered::Outside(OutsidePart::Names));
    case.request = own;
    assert!(case.covered().is_ok(), "its own approval covers it, without the standing one");
}

#[test]
fn where_requesters_sign_in_the_standing_approval_needs_the_sign_in() {
    let mut case = Case::of(&["www.example.com"]);
    case.policy = asking_requesters_to_sign_in(&standing_policy());
    let expected = NotCovered::RequesterNotProven(SignInError::NoToken);
    assert_eq!(case.covered().unwrap_err(), expected);
}

/// The request of a standing approval, and the answer about its terms.
fn terms_covered(policy: &str, request: &Request) -> Result<StandingApproval, NotCovered> {
    let (policy, base_url) = (Policy::parse(policy).unwrap(), base_url());
    let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
    covers_terms(request, &policy, InMemoryBackend::new().issuer_certificate(), voters)
}

#[test]
fn an_approval_of_terms_makes_the_same_standing_approval_each_time() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let request = backend.unsaved_grant(TERMS, Status::Approved);
    let approval = terms_covered(&standing_policy(), &request).unwrap();
    assert_eq!(terms_covered(&standing_policy(), &request).unwrap(), approval);
    assert_eq!((approval.id(), approval.used(), approval.version()), (request.id(), 0, 1));
    assert_eq!((approval.terms(), approval.requester()), (request.terms().unwrap(), request.email()));
}

type AlterRow = fn(&mut crate::request::Columns);

#[test]
fn no_other_terms_than_the_approved_ones_make_a_standing_approval() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let request = backend.unsaved_grant(TERMS, Status::Approved);
    let attacks: [(&str, NotCovered, AlterRow); 7] = [
        ("no decision", NotCovered::NotApproved, |row| row.decision = None),
        ("a rejection", NotCovered::NotApproved, |row| {
            row.decision.as_mut().unwrap().outcome = Outcome::Rejected;
        }),
        ("other terms", NotCovered::Another, |row| {
            let other = TERMS.replace("\"days\":30", "\"days\":31");
            row.terms = Some(crate::standing::StandingTerms::read(&other).unwrap());
        }),
        ("another requester", NotCovered::Another, |row| row.email = "mallory@example.com".parse().unwrap()),
        ("another id", NotCovered::Another, |row| row.id = RequestId::random()),
        ("no votes", NotCovered::TooFew, |row| row.decision.as_mut().unwrap().votes.clear()),
        ("the vote of the requester", NotCovered::Another, |row| {
            row.email = "approver@example.com".parse().unwrap()
        }),
    ];
    for (what, expected, alter) in attacks {
        let altered = request.clone().altered(alter);
        assert_eq!(terms_covered(&standing_policy(), &altered).unwrap_err(), expected, "{what}");
    }
    let refused = |policy: &str, request: &Request| {
        let refused = terms_covered(policy, request).unwrap_err();
        matches!(refused, NotCovered::NotGranted(_))
    };
    assert!(refused(include_str!("../../../../../infra/policy.toml"), &request), "no standing approvals");
    assert!(refused(&standing_policy().replace("max = \"90d\"", "max = \"29d\""), &request), "too long");
    assert!(
        refused(&standing_policy().replace("\"example.com\"", "\"example.edu\""), &request),
        "other names"
    );
    assert!(refused(&standing_policy(), &request.clone().altered(|row| row.profile = "client".into())));
    assert!(refused(&asking_requesters_to_sign_in(&standing_policy()), &request), "no sign-in");
    let certificate = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Approved);
    assert!(refused(&standing_policy(), &certificate), "a certificate is no standing approval");
}

#[test]
fn the_request_of_a_standing_approval_is_never_a_certificate() {
    let backend = InMemoryBackend::new();
    backend.set_policy(&standing_policy());
    let request = backend.unsaved_grant(TERMS, Status::Approved);
    let base_url = base_url();
    let voters = Voters { base_url: &base_url, passkeys: &[], provider_keys: &[] };
    let covered =
        covers(&request, RelatedRows::default(), &backend.policy(), backend.issuer_certificate(), voters);
    assert!(matches!(covered, Err(NotCovered::NotGranted(_))), "{covered:?}");
}
