//! ID tokens for requests: generated, and each wrong in at most one way.

use std::cell::Cell;

use pki::testing as test_pki;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use time::Duration;

use super::*;
use crate::approval::passkey::VoteMeaning;
use crate::approval::sign_in::ProviderKey;
use crate::decision::{ApprovalDigest, Decision, IdTokenEvidence, ReviewDigest};
use crate::finding::Code;
use crate::ids::RequestId;
use crate::policy::Policy;
use crate::request::{Columns, Status};
use crate::testing::InMemoryBackend;
use crate::testing::passkeys::base_url;
use crate::testing::sign_in::{TestProvider, asking_requesters_to_sign_in};

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const AT: OffsetDateTime = time::macros::datetime!(2026-01-01 12:00:00 UTC);

fn policy() -> Policy {
    Policy::parse(&asking_requesters_to_sign_in(POLICY)).unwrap()
}

fn unconfirmed() -> Request {
    InMemoryBackend::new().unsaved_request(&test_pki::csr(&["www.example.com"]), Status::Unconfirmed)
}

/// What the token, or the row, says otherwise than it should.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    Claim(&'static str, &'static str),
    Row(fn(&mut Columns)),
    Stack,
    Nonce,
    Vote,
    Key,
    Seen(i64),
    Late(i64),
}

fn change() -> impl Strategy<Value = Change> {
    let wrong_claims = prop::sample::select(vec![
        ("iss", "\"https://id.example.org\""),
        ("aud", "\"other\""),
        ("aud", "[\"countersign\", \"x\"]"),
        ("azp", "\"x\""),
        ("nonce", "\"n-0S6_WzA2Mj\""),
        ("email", "\"other@example.com\""),
        ("email", "\"requester+x@example.com\""),
        ("email", "\"rеquester@example.com\""),
        ("email", "null"),
        ("email_verified", "false"),
        ("email_verified", "\"true\""),
    ]);
    let rows: Vec<fn(&mut Columns)> = vec![
        |row| row.id = RequestId::random(),
        |row| row.csr_content = Some(test_pki::csr(&["www.example.com"])),
        |row| row.profile = "client".into(),
        |row| row.comment = "For somebody else.".into(),
        |row| row.replaces = Some(RequestId::random()),
        |row| row.email = "other@example.com".parse().unwrap(),
    ];
    prop_oneof![
        5 => Just(Change::Nothing),
        3 => wrong_claims.prop_map(|(name, value)| Change::Claim(name, value)),
        3 => prop::sample::select(rows).prop_map(Change::Row),
        1 => Just(Change::Stack),
        1 => Just(Change::Nonce),
        1 => Just(Change::Vote),
        1 => Just(Change::Key),
        3 => (-8_000_i64..8_000).prop_map(Change::Seen),
        3 => (-1_000_i64..1_000).prop_map(Change::Late),
    ]
}

#[test]
fn a_token_confirms_exactly_if_nothing_is_wrong_with_it() {
    let (policy, request) = (policy(), unconfirmed());
    let (provider, other) = (TestProvider::default(), TestProvider::default());
    let (here, elsewhere) = (base_url(), BaseUrl::parse("https://other.example.com/").unwrap());
    let counted = [const { Cell::new(0) }; 2];
    let judge = |(change, tag): (Change, bool)| {
        // The address of a request may have a tag where the provider has none.
        let request = match tag {
            true => request.clone().altered(|row| row.email = "requester+ca@example.com".parse().unwrap()),
            false => request.clone(),
        };
        let signer = if matches!(change, Change::Key) { &other } else { &provider };
        let stack = if matches!(change, Change::Stack) { &elsewhere } else { &here };
        let mut evidence = signer.requester_evidence_with(stack, &request, |nonce| {
            let mut claims = TestProvider::claims("Requester@example.com", nonce, AT);
            if let Change::Claim(name, value) = change {
                claims[name] = serde_json::from_str::<Value>(value).unwrap();
            }
            claims
        });
        let (mut row, mut at, mut seen) = (request.clone(), AT, AT);
        match change {
            Change::Row(alter) => row = row.altered(alter),
            Change::Nonce => evidence.nonce = "other".into(),
            Change::Vote => evidence = vote_for(&provider, &request).0,
            Change::Seen(seconds) => seen += Duration::seconds(seconds),
            Change::Late(seconds) => at += Duration::seconds(seconds),
            Change::Nothing | Change::Claim(..) | Change::Stack | Change::Key => {}
        }
        let keys = [provider.row(seen, seen)];
        let is_right = match change {
            Change::Nothing => true,
            Change::Seen(seconds) => seconds >= -ProviderKey::GRACE.whole_seconds(),
            Change::Late(seconds) => (-120..=420).contains(&seconds),
            _ => false,
        };
        let said = evidence.check(&here, &row, at, Provider::of(&policy, &keys).unwrap());
        prop_assert_eq!(said.is_ok(), is_right, "{:?}: {:?}", change, said);
        counted[usize::from(is_right)].set(counted[usize::from(is_right)].get() + 1);
        Ok(())
    };
    let mut runner = TestRunner::new(Config::with_cases(2_000));
    runner.run(&(change(), any::<bool>()), judge).unwrap();
    assert!(counted.iter().all(|one| one.get() > 600), "{counted:?}");
}

/// A token of the requester about a vote on their own request, as both kinds of evidence.
fn vote_for(provider: &TestProvider, request: &Request) -> (RequesterEvidence, IdTokenEvidence) {
    let (here, binds) = (base_url(), ApprovalDigest::from_text(RequestDigest::of(request).as_str()));
    let decision = Decision::Approve;
    let meaning =
        VoteMeaning { base_url: &here, request_id: request.id(), binds: &binds, decision, reason: None };
    let review = ReviewDigest::from_text(request.email().as_str());
    let vote = provider.evidence(&meaning, &review, request.email().as_str(), AT);
    (RequesterEvidence { id_token: vote.id_token.clone(), nonce: vote.nonce.clone() }, vote)
}

#[test]
fn a_token_for_a_vote_confirms_nothing_and_the_reverse() {
    let (policy, request, provider) = (policy(), unconfirmed(), TestProvider::default());
    let (here, keys) = (base_url(), [provider.row(AT, AT)]);
    let known = Provider::of(&policy, &keys).unwrap();
    let (as_confirmation, vote) = vote_for(&provider, &request);
    assert!(as_confirmation.check(&here, &request, AT, known).is_err());

    let confirmation = provider.requester_evidence(&here, &request, request.email().as_str(), AT);
    assert_eq!(confirmation.check(&here, &request, AT, known), Ok(()));
    let binds = ApprovalDigest::from_text(RequestDigest::of(&request).as_str());
    let meaning = VoteMeaning {
        base_url: &here,
        request_id: request.id(),
        binds: &binds,
        decision: Decision::Approve,
        reason: None,
    };
    assert!(vote.signed_in(&meaning, AT, known).is_ok());
    let as_vote = IdTokenEvidence { id_token: confirmation.id_token, ..vote };
    assert!(as_vote.signed_in(&meaning, AT, known).is_err());
}

/// Computed by Python's hashlib.
#[test]
fn a_request_has_the_known_digest_and_nonce() {
    let request = unconfirmed().altered(|row| {
        row.id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        row.csr_content = Some("the CSR".into());
    });
    let digest = "20d251e7270adea4b731d04e3c61ad7b7099c6e149cabe80a67702c78bf4bf39";
    assert_eq!(RequestDigest::of(&request).as_str(), digest);
    assert_eq!(
        request.confirmation_nonce(&base_url(), "random").to_string(),
        "q1O8vSzHjBc3i6rjtJkVvFpWmINJVH3E07oyLDlvIKU"
    );
}

#[test]
fn a_policy_that_has_requesters_sign_in_refuses_what_was_confirmed_otherwise() {
    let (policy, backend) = (policy(), InMemoryBackend::new());
    for status in Status::ALL {
        let row = backend.unsaved_request(&test_pki::csr(&["www.example.com"]), status);
        assert_eq!(row.lacks_sign_in(&backend.policy()), None, "{status}");
        let refused = row.lacks_sign_in(&policy).map(|finding| finding.code);
        let may_be = status == Status::Unconfirmed || row.is_signed();
        assert_eq!(refused, (!may_be).then_some(Code::SignInNeeded), "{status}");
        let said = row.evaluate(&policy, None, None).err().and_then(|rejection| rejection.main().cloned());
        assert_eq!(said.map(|finding| finding.code), refused, "{status}");
    }
}

#[test]
fn evidence_is_kept_as_json_and_shown_without_the_token() {
    let evidence = RequesterEvidence { id_token: "a.b.c".into(), nonce: "n".into() };
    let kept = serde_json::to_value(&evidence).unwrap();
    assert_eq!(kept, json!({"idToken": "a.b.c", "nonce": "n"}));
    assert_eq!(serde_json::from_value::<RequesterEvidence>(kept).unwrap(), evidence);
    assert!(!format!("{evidence:?}").contains("a.b.c"));
    let mut row = unconfirmed();
    assert!(!serde_json::to_string(&row).unwrap().contains("requesterEvidence"), "skipped");
    row.confirm(Some(&evidence), row.registration_date()).unwrap();
    let read: Request = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
    assert_eq!(read.requester_evidence(), Some(&evidence));
}
