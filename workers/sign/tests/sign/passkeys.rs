//! A policy that asks for passkeys: on every path, Sign signs only what a passkey of each voter signed.
//!
//! The attacker of these tests has everything that the portal and await-approval may write: the row, with any decision and
//! any vote in it. Not the table of passkeys, which only Sign and operators write.

use std::sync::Arc;

use pki::testing::SoftPasskey;
use workflow::approval::BaseUrl;
use workflow::approval::passkey::VoteMeaning;
use workflow::decision::{ApprovalDigest, Decision, Evidence, PasskeyEvidence, ReviewDigest, Vote};
use workflow::ids::RequestId;
use workflow::request::Status;
use workflow::runtime::step::ErrorName::NotApproved;
use workflow::runtime::step::StepError;
use workflow::testing::InMemoryBackend;
use workflow::testing::passkeys::{PasskeyHolder, base_url};

use super::coverage::{PATHS, Path};
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
        let row = self.backend.request(self.id).unwrap();
        let decision = row.decision().unwrap();
        let vote = &decision.votes[0];
        let mut meaning = Meaning {
            base_url: base_url(),
            request_id: self.id,
            binds: decision.digest.clone(),
            decision: vote.decision,
            reason: vote.reason.clone(),
        };
        change(&mut meaning);
        let Meaning { base_url, request_id, binds, decision, reason } = &meaning;
        let reason = reason.as_deref();
        let meaning = VoteMeaning { base_url, request_id: *request_id, binds, decision: *decision, reason };
        by.evidence(&meaning, &ReviewDigest::from_text("the review"))
    }

    fn alter(&self, change: impl Fn(&mut Vote)) {
        self.backend.alter(self.id, |row| change(&mut row.decision.as_mut().unwrap().votes[0]));
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

/// [`VoteMeaning`], with values of its own.
struct Meaning {
    base_url: BaseUrl,
    request_id: RequestId,
    binds: ApprovalDigest,
    decision: Decision,
    reason: Option<String>,
}

fn asking_for_passkeys(path: Path) -> String {
    path.policy().replace("[people]", "[people]\nidentity = \"passkey\"")
}

/// The attack after which the vote does not count at all.
pub(super) const NO_EVIDENCE: &str = "no evidence";

pub(super) type Attack = fn(&Case);

/// What a stolen portal can put into the row.
pub(super) const ATTACKS: [(&str, Attack); 15] = [
    (NO_EVIDENCE, |case| case.alter(|vote| vote.evidence = None)),
    ("a passkey that nobody enrolled", |case| {
        let mallory = PasskeyHolder::new("approver@example.com");
        case.put(case.evidence(&mallory, |_| {}));
    }),
    ("another key behind the known credential id", |case| {
        let authenticator = case.approver.authenticator.clone().with_other_key();
        let mallory = PasskeyHolder { authenticator, ..case.approver.clone() };
        case.put(case.evidence(&mallory, |_| {}));
    }),
    ("a signature about another request", |case| {
        case.put(case.evidence(&case.approver, |meaning| meaning.request_id = RequestId::random()));
    }),
    ("a signature about another digest", |case| {
        let other = ApprovalDigest::from_text(&"a".repeat(64));
        case.put(case.evidence(&case.approver, move |meaning| meaning.binds = other));
    }),
    ("a signature that rejects", |case| {
        case.put(case.evidence(&case.approver, |meaning| meaning.decision = Decision::Reject));
    }),
    ("a signature with another reason", |case| {
        case.put(case.evidence(&case.approver, |meaning| meaning.reason = Some("Other.".into())));
    }),
    ("a signature for another stack", |case| {
        let other = BaseUrl::parse("https://other.example.com/").unwrap();
        case.put(case.evidence(&case.approver, move |meaning| meaning.base_url = other));
    }),
    ("a signature for another path of the same host", |case| {
        let other = BaseUrl::parse("https://pki.example.com/other/").unwrap();
        case.put(case.evidence(&case.approver, move |meaning| meaning.base_url = other));
    }),
    ("another nonce", |case| case.change(|evidence| evidence.nonce = "other".into())),
    ("another review", |case| {
        case.change(|evidence| evidence.review_digest = ReviewDigest::from_text("other"));
    }),
    ("no user verification", |case| {
        let authenticator = case.approver.authenticator.clone().with_flags(SoftPasskey::USER_PRESENT);
        let careless = PasskeyHolder { authenticator, ..case.approver.clone() };
        case.put(case.evidence(&careless, |_| {}));
    }),
    ("a page of another origin", |case| {
        let authenticator = case.approver.authenticator.clone().with_origin("https://pki.example.org");
        let lured = PasskeyHolder { authenticator, ..case.approver.clone() };
        case.put(case.evidence(&lured, |_| {}));
    }),
    ("the vote in another name", |case| {
        case.alter(|vote| vote.approver = "other@example.com".parse().unwrap());
        case.backend.set_policy(
            &asking_for_passkeys(Path::Form)
                .replace("[\"approver@example.com\"]", "[\"approver@example.com\", \"other@example.com\"]"),
        );
    }),
    ("an octet of the signature", |case| {
        case.change(|evidence| *evidence.signature.0.last_mut().unwrap() ^= 1);
    }),
];

#[tokio::test]
async fn on_every_path_a_vote_that_the_passkey_signed_is_signed() {
    for path in PATHS {
        let case = Case::new(path).await;
        let signed = sign(&case.backend, case.id).await.unwrap_or_else(|error| panic!("{path:?}: {error:?}"));
        assert_eq!(sign(&case.backend, case.id).await.unwrap(), signed, "{path:?}");
        assert_eq!(case.backend.certificates().len(), 1, "{path:?}");
    }
}

#[tokio::test]
async fn on_every_path_whoever_owns_the_portal_gets_nothing_signed() {
    for path in PATHS {
        for (what, attack) in ATTACKS {
            let case = Case::new(path).await;
            attack(&case);
            let said = sign(&case.backend, case.id).await;
            let is_refused = matches!(&said, Err(StepError::Refused { code: NotApproved, .. }));
            assert!(is_refused || is_too_few(&said, what), "{path:?}, {what}: {said:?}");
            assert!(case.backend.certificates().is_empty(), "{path:?}, {what}");
            assert_eq!(case.backend.request(case.id).unwrap().status(), Status::Approved, "{path:?}, {what}");
        }
    }
}

/// A vote without evidence does not count at all.
fn is_too_few<T>(said: &Result<T, StepError>, what: &str) -> bool {
    what == NO_EVIDENCE && matches!(said, Err(StepError::Refused { .. }))
}

#[tokio::test]
async fn a_passkey_that_was_removed_proves_nothing_any_more() {
    let case = Case::new(Path::Form).await;
    case.backend.forget_passkeys();
    assert!(matches!(sign(&case.backend, case.id).await, Err(StepError::Refused { code: NotApproved, .. })));
}
