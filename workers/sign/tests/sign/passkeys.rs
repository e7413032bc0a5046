//! A policy that asks for passkeys: on every path, Sign signs only what a passkey of each voter signed.
//!
//! The attacker of these tests has everything that the portal and await-approval may write: the row, with any decision and
//! any vote in it. Not the table of passkeys, which only Sign and operators write.

use std::sync::Arc;

use pki::testing::SoftPasskey;
use workflow::approval::BaseUrl;
use workflow::decision::{ApprovalDigest, Decision, Evidence, PasskeyEvidence, ReviewDigest, Vote};
use workflow::ids::RequestId;
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::runtime::step::StepError;
use workflow::testing::InMemoryBackend;
use workflow::testing::passkeys::PasskeyHolder;

use super::approved::alter_decision;
use super::coverage::{PATHS, Path};
use super::meaning::Meaning;
use super::outcomes::{assert_refused, assert_signed_once};
use super::sign;

/// A backend with an approved request, whose vote the passkey of the approver signed.
pub(super) struct Case {
    backend: Arc<InMemoryBackend>,
    id: RequestId,
    approver: PasskeyHolder,
}

impl Case {
    async fn new(path: Path) -> Self {
        let (backend, id) = path.approved();
        backend.set_policy(&asking_for_passkeys(path));
        let approver = PasskeyHolder::new("approver@example.com");
        approver.enrol(&backend).await;
        let case = Self { backend, id, approver };
        let evidence = case.evidence(&case.approver, |_| {});
        case.alter(|vote| vote.evidence = Some(evidence.clone().into()));
        case
    }

    /// The signature of a person over the vote of the row, or over something else.
    fn evidence(&self, by: &PasskeyHolder, change: impl FnOnce(&mut Meaning)) -> PasskeyEvidence {
        let mut meaning = Meaning::of(&self.backend, self.id);
        change(&mut meaning);
        by.evidence(&meaning.borrowed(), &ReviewDigest::from_text("the review"))
    }

    fn alter(&self, change: impl Fn(&mut Vote)) {
        alter_decision(&self.backend, self.id, |decision| change(&mut decision.votes[0]));
    }

    /// Changes the evidence of the vote.
    fn change(&self, change: impl Fn(&mut PasskeyEvidence)) {
        self.alter(|vote| match vote.evidence.as_mut() {
            Some(Evidence::Passkey(evidence)) => change(evidence),
            other => panic!("{other:?}"),
        });
    }

    /// Replaces the evidence of the vote.
    fn put(&self, evidence: PasskeyEvidence) {
        self.alter(|vote| vote.evidence = Some(evidence.clone().into()));
    }
}

fn asking_for_passkeys(path: Path) -> String {
    path.policy().replace("[people]", "[people]\nidentity = \"passkey\"")
}

pub(super) type Attack = fn(&Case);

/// What a stolen portal can put into the row.
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 15] = [
    // Such a vote does not count at all.
    ("no evidence", Refused, |case| case.alter(|vote| vote.evidence = None)),
    ("a passkey that nobody enrolled", NotApproved, |case| {
        let mallory = PasskeyHolder::new("approver@example.com");
        case.put(case.evidence(&mallory, |_| {}));
    }),
    ("another key behind the known credential id", NotApproved, |case| {
        let authenticator = case.approver.authenticator.clone().with_other_key();
        let mallory = PasskeyHolder { authenticator, ..case.approver.clone() };
        case.put(case.evidence(&mallory, |_| {}));
    }),
    ("a signature about another request", NotApproved, |case| {
        case.put(case.evidence(&case.approver, |meaning| meaning.request_id = RequestId::random()));
    }),
    ("a signature about another digest", NotApproved, |case| {
        let other = ApprovalDigest::from_text(&"a".repeat(64));
        case.put(case.evidence(&case.approver, move |meaning| meaning.binds = other));
    }),
    ("a signature that rejects", NotApproved, |case| {
        case.put(case.evidence(&case.approver, |meaning| meaning.decision = Decision::Reject));
    }),
    ("a signature with another reason", NotApproved, |case| {
        case.put(case.evidence(&case.approver, |meaning| meaning.reason = Some("Other.".into())));
    }),
    ("a signature for another stack", NotApproved, |case| {
        let other = BaseUrl::parse("https://other.example.com/").unwrap();
        case.put(case.evidence(&case.approver, move |meaning| meaning.base_url = other));
    }),
    ("a signature for another path of the same host", NotApproved, |case| {
        let other = BaseUrl::parse("https://pki.example.com/other/").unwrap();
        case.put(case.evidence(&case.approver, move |meaning| meaning.base_url = other));
    }),
    ("another nonce", NotApproved, |case| case.change(|evidence| evidence.nonce = "other".into())),
    ("another review", NotApproved, |case| {
        case.change(|evidence| evidence.review_digest = ReviewDigest::from_text("other"));
    }),
    ("no user verification", NotApproved, |case| {
        let authenticator = case.approver.authenticator.clone().with_flags(SoftPasskey::USER_PRESENT);
        let careless = PasskeyHolder { authenticator, ..case.approver.clone() };
        case.put(case.evidence(&careless, |_| {}));
    }),
    ("a page of another origin", NotApproved, |case| {
        let authenticator = case.approver.authenticator.clone().with_origin("https://pki.example.org");
        let lured = PasskeyHolder { authenticator, ..case.approver.clone() };
        case.put(case.evidence(&lured, |_| {}));
    }),
    ("the vote in another name", NotApproved, |case| {
        case.alter(|vote| vote.approver = "other@example.com".parse().unwrap());
        case.backend.set_policy(
            &asking_for_passkeys(Path::Form)
                .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]"),
        );
    }),
    ("an octet of the signature", NotApproved, |case| {
        case.change(|evidence| *evidence.signature.0.last_mut().unwrap() ^= 1);
    }),
];

#[tokio::test]
async fn on_every_path_a_vote_that_the_passkey_signed_is_signed() {
    for path in PATHS {
        let case = Case::new(path).await;
        assert_signed_once(&case.backend, case.id, &format!("{path:?}")).await;
    }
}

#[tokio::test]
async fn on_every_path_whoever_owns_the_portal_gets_nothing_signed() {
    for path in PATHS {
        for (what, expected, attack) in ATTACKS {
            let case = Case::new(path).await;
            attack(&case);
            assert_refused(&case.backend, case.id, expected, &format!("{path:?}, {what}")).await;
        }
    }
}

#[tokio::test]
async fn a_passkey_that_was_removed_proves_nothing_any_more() {
    let case = Case::new(Path::Form).await;
    case.backend.forget_passkeys();
    assert!(matches!(sign(&case.backend, case.id).await, Err(StepError::Refused { code: NotApproved, .. })));
}
