//! A policy that asks for sign-ins: on every path, Sign signs only what the identity provider states of each voter.
//!
//! The attacker of these tests has everything that the portal and await-approval may write: the row, with any decision and
//! any vote in it, and any ID token that the provider ever gave. Not the table of keys, which only Sign writes.

use std::sync::Arc;

use pki::id_token::{JsonWebKey, TOKEN_ALGORITHMS};
use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use workflow::approval::BaseUrl;
use workflow::approval::sign_in::ProviderKey;
use workflow::decision::{ApprovalDigest, Decision, Evidence, IdTokenEvidence, ReviewDigest, Vote};
use workflow::ids::RequestId;
use workflow::ports::PeopleWriter as _;
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::runtime::step::StepError;
use workflow::testing::InMemoryBackend;
use workflow::testing::passkeys::PasskeyHolder;
use workflow::testing::sign_in::{TestProvider, asking_for_sign_ins};

use super::approved::{alter_decision, decided};
use super::coverage::{PATHS, Path};
use super::meaning::Meaning;
use super::outcomes::{assert_refused, assert_signed_once};
use super::sign;

const APPROVER: &str = "approver@example.com";

/// A backend with an approved request, for whose vote the approver signed in.
pub(super) struct Case {
    backend: Arc<InMemoryBackend>,
    id: RequestId,
    provider: TestProvider,
}

impl Case {
    async fn new(path: Path) -> Self {
        Self::of(path, TestProvider::default()).await
    }

    async fn of(path: Path, provider: TestProvider) -> Self {
        let (backend, id) = path.approved();
        backend.set_policy(&asking_for_sign_ins(&path.policy()));
        provider.record(&backend).await;
        let case = Self { backend, id, provider };
        case.put(case.evidence(|_| {}, |claims| claims));
        case
    }

    fn vote(&self) -> Vote {
        decided(&self.backend, self.id).1.votes[0].clone()
    }

    /// The statement about the vote of the row, or about something else, with changed claims.
    fn evidence(
        &self,
        change: impl FnOnce(&mut Meaning),
        claims: impl FnOnce(Value) -> Value,
    ) -> IdTokenEvidence {
        self.evidence_by(&self.provider, change, claims)
    }

    fn evidence_by(
        &self,
        provider: &TestProvider,
        change: impl FnOnce(&mut Meaning),
        claims: impl FnOnce(Value) -> Value,
    ) -> IdTokenEvidence {
        let (mut meaning, at) = (Meaning::of(&self.backend, self.id), self.vote().at);
        change(&mut meaning);
        let review = ReviewDigest::from_text("the review");
        let claims = |nonce: &str| claims(TestProvider::claims(APPROVER, nonce, at));
        provider.evidence_with(&meaning.borrowed(), &review, claims)
    }

    fn alter(&self, change: impl Fn(&mut Vote)) {
        alter_decision(&self.backend, self.id, |decision| change(&mut decision.votes[0]));
    }

    /// Replaces the evidence of the vote.
    fn put(&self, evidence: impl Into<Evidence>) {
        let evidence = evidence.into();
        self.alter(|vote| vote.evidence = Some(evidence.clone()));
    }

    /// Replaces a claim of the right token.
    fn claim(&self, name: &str, value: Value) {
        self.put(self.evidence(
            |_| {},
            |mut claims| {
                claims[name] = value;
                claims
            },
        ));
    }

    /// Puts another token in place of the right one.
    fn token(&self, token: String) {
        self.put(IdTokenEvidence { id_token: token, ..self.evidence(|_| {}, |claims| claims) });
    }

    /// The claims of the right token.
    fn right(&self) -> Value {
        let mut kept = Value::Null;
        self.evidence(
            |_| {},
            |claims| {
                kept = claims.clone();
                claims
            },
        );
        kept
    }

    fn at(&self, after: Duration) -> Value {
        json!((self.vote().at + after).unix_timestamp())
    }
}

pub(super) type Attack = fn(&Case);

/// What a stolen portal can put into the row.
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 24] = [
    // A vote without evidence of the right kind does not count at all.
    ("no evidence", Refused, |case| case.alter(|vote| vote.evidence = None)),
    ("a token of the algorithm none", NotApproved, |case| {
        let signed = case.provider.key.token_with(&json!({"alg": "none", "kid": "k1"}), &case.right());
        case.token(format!("{}.", signed.rsplit_once('.').unwrap().0));
    }),
    ("a token of HS256 with the public key as the secret", NotApproved, |case| {
        case.token(case.provider.key.token_with(&json!({"alg": "HS256", "kid": "k1"}), &case.right()));
    }),
    ("a key that the portal supplies in the token", NotApproved, |case| {
        let own = ProviderKeyPair::new(JwsAlgorithm::Es256, "k2");
        let header =
            json!({"alg": "ES256", "kid": "k2", "jwk": own.jwk(), "jku": "https://example.org/jwks"});
        case.token(own.token_with(&header, &case.right()));
    }),
    ("a key of the portal with a known id", NotApproved, |case| {
        let own = TestProvider { key: ProviderKeyPair::new(JwsAlgorithm::Es256, "k1") };
        case.put(case.evidence_by(&own, |_| {}, |claims| claims));
    }),
    ("a token of another issuer", NotApproved, |case| case.claim("iss", json!("https://id.example.org"))),
    ("a token for another client", NotApproved, |case| case.claim("aud", json!("other"))),
    ("a token for several clients", NotApproved, |case| case.claim("aud", json!(["countersign", "other"]))),
    ("a token that another client was authorised for", NotApproved, |case| case.claim("azp", json!("other"))),
    ("a token of a sign-in to the portal, about no decision", NotApproved, |case| {
        case.claim("nonce", json!("n-0S6_WzA2Mj"))
    }),
    ("a token about another request", NotApproved, |case| {
        case.put(case.evidence(|meaning| meaning.request_id = RequestId::random(), |claims| claims));
    }),
    ("a token about another digest", NotApproved, |case| {
        let other = ApprovalDigest::from_text(&"a".repeat(64));
        case.put(case.evidence(move |meaning| meaning.binds = other, |claims| claims));
    }),
    ("a token that rejects", NotApproved, |case| {
        case.put(case.evidence(|meaning| meaning.decision = Decision::Reject, |claims| claims));
    }),
    ("a token with another reason", NotApproved, |case| {
        case.put(case.evidence(|meaning| meaning.reason = Some("Other.".into()), |claims| claims));
    }),
    ("a token for another stack", NotApproved, |case| {
        let other = BaseUrl::parse("https://other.example.com/").unwrap();
        case.put(case.evidence(move |meaning| meaning.base_url = other, |claims| claims));
    }),
    ("another random text", NotApproved, |case| {
        let right = case.evidence(|_| {}, |claims| claims);
        case.put(IdTokenEvidence { nonce: "other".into(), ..right });
    }),
    ("another review in the token", NotApproved, |case| {
        let right = case.evidence(|_| {}, |claims| claims);
        case.put(IdTokenEvidence { review_digest: ReviewDigest::from_text("other"), ..right });
    }),
    ("an address that the provider did not verify", NotApproved, |case| {
        case.claim("email_verified", json!(false))
    }),
    ("an address that is verified as a text", NotApproved, |case| {
        case.claim("email_verified", json!("true"))
    }),
    ("the sign-in of another person", NotApproved, |case| case.claim("email", json!("mallory@example.com"))),
    ("an address with a letter of another script", NotApproved, |case| {
        case.claim("email", json!("аpprover@example.com"))
    }),
    ("an address with a tag, which can be another account", NotApproved, |case| {
        case.claim("email", json!("approver+x@example.com"));
    }),
    ("a token that had expired", NotApproved, |case| case.claim("exp", case.at(Duration::minutes(-3)))),
    ("the signature of a passkey", Refused, |case| {
        let meaning = Meaning::of(&case.backend, case.id);
        let holder = PasskeyHolder::new(APPROVER);
        case.put(holder.evidence(&meaning.borrowed(), &ReviewDigest::from_text("the review")));
    }),
];

#[tokio::test]
async fn on_every_path_a_vote_that_the_provider_states_is_signed() {
    for path in PATHS {
        let case = Case::new(path).await;
        assert_signed_once(&case.backend, case.id, &format!("{path:?}")).await;
    }
}

#[tokio::test]
async fn every_algorithm_of_the_list_is_signed() {
    for algorithm in TOKEN_ALGORITHMS {
        let provider = TestProvider { key: ProviderKeyPair::new(algorithm, "k1") };
        let case = Case::of(Path::Form, provider).await;
        assert!(sign(&case.backend, case.id).await.is_ok(), "{algorithm:?}");
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

/// Replaces the recorded key by one with these times.
async fn record(case: &Case, last_seen: OffsetDateTime) {
    case.backend.record_key(&case.provider.row(last_seen, last_seen)).await.unwrap();
}

#[tokio::test]
async fn a_key_proves_only_what_was_issued_while_it_was_published() {
    let case = Case::new(Path::Form).await;
    let at = case.vote().at;
    record(&case, at - ProviderKey::GRACE - Duration::SECOND).await;
    assert!(matches!(sign(&case.backend, case.id).await, Err(StepError::Refused { code: NotApproved, .. })));
    // The provider rotated its key after the vote: the old one still proves it.
    record(&case, at - ProviderKey::GRACE).await;
    let new = ProviderKeyPair::new(JwsAlgorithm::Es256, "k2");
    let jwk = JsonWebKey::from_json(&new.jwk().to_string()).unwrap().to_json();
    let old = case.provider.row(at, at);
    case.backend.record_key(&ProviderKey { jwk, ..old }).await.unwrap();
    assert!(sign(&case.backend, case.id).await.is_ok());
}

#[tokio::test]
async fn a_key_of_another_issuer_proves_nothing() {
    let case = Case::new(Path::Form).await;
    let other = asking_for_sign_ins(&Path::Form.policy()).replace("id.example.com", "id.example.org");
    case.backend.set_policy(&other);
    assert!(matches!(sign(&case.backend, case.id).await, Err(StepError::Refused { code: NotApproved, .. })));
}

#[tokio::test]
async fn the_policy_says_which_claim_names_the_person_and_how_old_a_sign_in_may_be() {
    let with = |more: &str| {
        let policy = asking_for_sign_ins(&Path::Form.policy());
        policy.replace("client_id = \"countersign\"", &format!("client_id = \"countersign\", {more}"))
    };
    for (more, name, value, is_signed) in [
        ("claim = \"upn\"", "upn", json!("Approver@example.com"), true),
        ("claim = \"upn\"", "upn", json!("other@example.com"), false),
        ("claim = \"upn\"", "other", json!(APPROVER), false),
        ("claim = \"upn\"", "upn", json!([APPROVER]), false),
        ("max_age = \"5m\"", "auth_time", Value::Null, false),
        ("max_age = \"5m\"", "other", Value::Null, true),
    ] {
        let case = Case::new(Path::Form).await;
        case.backend.set_policy(&with(more));
        case.claim(name, value.clone());
        let said = sign(&case.backend, case.id).await;
        assert_eq!(said.is_ok(), is_signed, "{more} {name} {value}: {said:?}");
    }
    let case = Case::new(Path::Form).await;
    case.backend.set_policy(&with("max_age = \"5m\""));
    case.claim("auth_time", case.at(Duration::minutes(-8)));
    assert!(sign(&case.backend, case.id).await.is_err());
}
