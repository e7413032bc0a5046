//! A policy that has requesters sign in: on every path, Sign signs only what the identity provider states of the requester.
//!
//! The attacker of these tests has everything that the portal may write: the row of a request that nobody sent, or of one
//! that somebody else sent, and any ID token that the provider ever gave. The approval is right in all of them. Under a
//! standing approval its own request has the sign-in, and the attacker writes the standing approval, too.

use std::sync::Arc;

use pki::jose::JwsAlgorithm;
use pki::testing::ProviderKeyPair;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use workflow::approval::sign_in::ProviderKey;
use workflow::approval::{BaseUrl, ConfirmedRequest};
use workflow::decision::ReviewDigest;
use workflow::ids::RequestId;
use workflow::ports::PeopleWriter as _;
use workflow::request::{Columns, Request, RequesterEvidence, Status};
use workflow::runtime::step::ErrorName::{self, NotApproved, Refused};
use workflow::runtime::step::StepError;
use workflow::testing::InMemoryBackend;
use workflow::testing::fixtures::{standing_backend, standing_policy};
use workflow::testing::passkeys::base_url;
use workflow::testing::sign_in::{TestProvider, asking_requesters_to_sign_in};

use super::approved::{ask_as, standing_above};
use super::coverage::{Path, TERMS};
use super::meaning::Meaning;
use super::outcomes::{assert_refused, assert_signed_once};
use super::sign;
use super::terms::grant;

const REQUESTER: &str = "requester@example.com";

/// The paths of these tests: those of certificates, and that of a standing approval itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum SignInPath {
    /// A certificate.
    Certificate(Path),
    /// A standing approval.
    Terms,
}

pub(super) const SIGN_IN_PATHS: [SignInPath; 7] = [
    SignInPath::Certificate(Path::Form),
    SignInPath::Certificate(Path::Renewal),
    SignInPath::Certificate(Path::Restart),
    SignInPath::Certificate(Path::Retry),
    SignInPath::Certificate(Path::Import),
    SignInPath::Certificate(Path::Standing),
    SignInPath::Terms,
];

/// A backend with an approved request whose requester signed in.
pub(super) struct Case {
    backend: Arc<InMemoryBackend>,
    path: SignInPath,
    /// The request that Sign gets.
    id: RequestId,
    /// The request that its requester confirmed: that one, or the one of the standing approval above it.
    confirmed: RequestId,
    provider: TestProvider,
}

impl Case {
    async fn new(path: SignInPath) -> Self {
        let (backend, id, policy) = match path {
            SignInPath::Certificate(path) => {
                let (backend, id) = path.approved();
                (backend, id, path.policy())
            }
            SignInPath::Terms => {
                let backend = standing_backend();
                let id = backend.grant_at(Status::Approved);
                (backend, id, standing_policy())
            }
        };
        let confirmed = match standing_above(&backend, id) {
            Some(standing) => {
                let id = standing.id();
                backend.put(backend.unsaved_grant(TERMS, Status::Delivered).altered(|row| row.id = id));
                id
            }
            None => id,
        };
        backend.set_policy(&asking_requesters_to_sign_in(&policy));
        let case = Self { backend, path, id, confirmed, provider: TestProvider::default() };
        case.provider.record(&case.backend).await;
        case.put(case.evidence(&case.row(), |_| {}));
        case
    }

    /// The row of the confirmed request.
    fn row(&self) -> Request {
        self.backend.request(self.confirmed).unwrap()
    }

    /// Changes the row of the confirmed request, and with it what the standing approval has of it.
    fn alter(&self, alter: impl FnOnce(&mut Columns)) {
        self.backend.alter(self.confirmed, alter);
        if let Some(standing) = standing_above(&self.backend, self.id) {
            let row = self.row();
            ask_as(&self.backend, self.id, row.email());
            let confirmed = serde_json::to_value(ConfirmedRequest::of(&row)).unwrap();
            let asked = standing_above(&self.backend, self.id).unwrap_or(standing);
            self.backend.put_standing(asked.altered(|row| row["confirmed"] = confirmed));
        }
    }

    async fn assert_signed_once(&self) {
        match self.path {
            SignInPath::Certificate(path) => {
                assert_signed_once(&self.backend, self.id, &format!("{path:?}")).await;
            }
            SignInPath::Terms => {
                let granted = grant(&self.backend, self.id).await.unwrap();
                assert_eq!(grant(&self.backend, self.id).await.unwrap(), granted);
                assert!(self.backend.standing(self.id).is_some());
            }
        }
    }

    async fn assert_refused(&self, expected: ErrorName, what: &str) {
        let what = format!("{:?}, {what}", self.path);
        match self.path {
            SignInPath::Certificate(_) => assert_refused(&self.backend, self.id, expected, &what).await,
            SignInPath::Terms => {
                let said = grant(&self.backend, self.id).await;
                let is_expected = matches!(&said, Err(StepError::Refused { code, .. }) if *code == expected);
                assert!(is_expected, "{what}: {said:?}");
                assert_eq!(self.backend.standing(self.id), None, "{what}");
            }
        }
    }

    /// The time of the confirmation.
    fn at(&self) -> OffsetDateTime {
        self.row().entered(Status::Submitted).unwrap()
    }

    /// The statement about a request, with changed claims.
    fn evidence(&self, request: &Request, change: impl FnOnce(&mut Value)) -> RequesterEvidence {
        self.evidence_by(&self.provider, &base_url(), request, change)
    }

    fn evidence_by(
        &self,
        provider: &TestProvider,
        base_url: &BaseUrl,
        request: &Request,
        change: impl FnOnce(&mut Value),
    ) -> RequesterEvidence {
        let at = self.at();
        provider.requester_evidence_with(base_url, request, |nonce| {
            let mut claims = TestProvider::claims(REQUESTER, nonce, at);
            change(&mut claims);
            claims
        })
    }

    fn put(&self, evidence: RequesterEvidence) {
        self.alter(|row| row.requester_evidence = Some(evidence));
    }

    fn claim(&self, name: &str, value: Value) {
        self.put(self.evidence(&self.row(), |claims| claims[name] = value));
    }
}

pub(super) type Attack = fn(&Case);

/// What a stolen portal can put into the row.
pub(super) const ATTACKS: [(&str, ErrorName, Attack); 16] = [
    ("a confirmation by mail, as before the policy changed", Refused, |case| {
        case.alter(|row| row.requester_evidence = None);
    }),
    ("the sign-in of another person", NotApproved, |case| case.claim("email", json!("mallory@example.com"))),
    ("another requester than signed in", NotApproved, |case| {
        // Also of the request that a renewal replaces: nobody renews the certificate of another.
        if let Some(replaced) = case.row().replaces() {
            case.backend.alter(replaced, |row| row.email = "alice@example.com".parse().unwrap());
        }
        case.alter(|row| row.email = "alice@example.com".parse().unwrap());
    }),
    ("an address with a tag, which can be another account", NotApproved, |case| {
        case.claim("email", json!("requester+x@example.com"));
    }),
    ("an address that the provider did not verify", NotApproved, |case| {
        case.claim("email_verified", json!(false));
    }),
    ("a token of the algorithm none", NotApproved, |case| {
        let mut claims = Value::Null;
        let right = case.evidence(&case.row(), |right| claims = right.clone());
        let id_token = case.provider.key.token_with(&json!({"alg": "none", "kid": "k1"}), &claims);
        case.put(RequesterEvidence { id_token, ..right });
    }),
    ("a key of the portal with a known id", NotApproved, |case| {
        let own = TestProvider { key: ProviderKeyPair::new(JwsAlgorithm::Es256, "k1") };
        case.put(case.evidence_by(&own, &base_url(), &case.row(), |_| {}));
    }),
    ("a token of another issuer", NotApproved, |case| case.claim("iss", json!("https://id.example.org"))),
    ("a token for another client", NotApproved, |case| case.claim("aud", json!("other"))),
    ("a token of a sign-in to the portal, about no request", NotApproved, |case| {
        case.claim("nonce", json!("n-0S6_WzA2Mj"));
    }),
    ("a token about another request of the same person", NotApproved, |case| {
        let other = case.row().altered(|row| row.id = RequestId::random());
        case.put(case.evidence(&other, |_| {}));
    }),
    ("another comment to the approvers than was confirmed", NotApproved, |case| {
        case.alter(|row| row.comment = "Urgent, from the CEO.".into());
    }),
    ("a token for another stack", NotApproved, |case| {
        let other = BaseUrl::parse("https://other.example.com/").unwrap();
        case.put(case.evidence_by(&case.provider, &other, &case.row(), |_| {}));
    }),
    ("another random text", NotApproved, |case| {
        let right = case.evidence(&case.row(), |_| {});
        case.put(RequesterEvidence { nonce: "other".into(), ..right });
    }),
    ("a token of the requester about a vote", NotApproved, |case| {
        let meaning = Meaning { reason: None, ..Meaning::of(&case.backend, case.id) };
        let vote =
            case.provider.evidence(&meaning.borrowed(), &ReviewDigest::from_text("r"), REQUESTER, case.at());
        case.put(RequesterEvidence { id_token: vote.id_token, nonce: vote.nonce });
    }),
    ("a token that had expired", NotApproved, |case| {
        case.claim("exp", json!((case.at() - Duration::minutes(3)).unix_timestamp()));
    }),
];

#[tokio::test]
async fn on_every_path_a_request_that_the_provider_states_is_signed() {
    for path in SIGN_IN_PATHS {
        Case::new(path).await.assert_signed_once().await;
    }
}

#[tokio::test]
async fn on_every_path_whoever_owns_the_portal_invents_no_requester() {
    for path in SIGN_IN_PATHS {
        for (what, expected, attack) in ATTACKS {
            // Under a standing approval, that is an attack of `super::standing`, with another answer.
            if matches!(path, SignInPath::Certificate(Path::Standing)) && what == ATTACKS[0].0 {
                continue;
            }
            let case = Case::new(path).await;
            attack(&case);
            case.assert_refused(expected, what).await;
        }
    }
}

#[tokio::test]
async fn a_confirmation_stays_valid_after_the_provider_rotates_its_keys() {
    let case = Case::new(SignInPath::Certificate(Path::Form)).await;
    let record = async |seen| case.backend.record_key(&case.provider.row(seen, seen)).await.unwrap();
    record(case.at() - ProviderKey::GRACE - Duration::SECOND).await;
    assert!(matches!(sign(&case.backend, case.id).await, Err(StepError::Refused { code: NotApproved, .. })));
    record(case.at() - ProviderKey::GRACE).await;
    assert!(sign(&case.backend, case.id).await.is_ok());
}

/// Where the policy has the mailed link confirm, the evidence is not looked at.
#[tokio::test]
async fn a_policy_without_sign_ins_asks_for_none() {
    let case = Case::new(SignInPath::Certificate(Path::Form)).await;
    case.put(RequesterEvidence { id_token: "none".into(), nonce: String::new() });
    case.backend.set_policy(&Path::Form.policy());
    assert!(sign(&case.backend, case.id).await.is_ok());
}
