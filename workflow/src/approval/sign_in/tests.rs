//! ID tokens for votes: generated, and each wrong in at most one way.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::*;
use crate::decision::Decision;
use crate::policy::Policy;
use crate::testing::sign_in::{TestProvider, asking_for_sign_ins};

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const AT: OffsetDateTime = time::macros::datetime!(2026-01-01 12:00:00 UTC);

fn settings() -> OidcSettings {
    Policy::parse(&asking_for_sign_ins(POLICY)).unwrap().oidc().unwrap().clone()
}

/// What the token says otherwise than it should.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Claim(&'static str, Value),
    Nonce,
    Reason,
    Review,
    Key,
    Seen(i64),
    Late(i64),
}

fn change() -> impl Strategy<Value = Change> {
    let wrong_claims = prop::sample::select(vec![
        ("iss", json!("https://id.example.com/")),
        ("aud", json!("countersign2")),
        ("aud", json!(["countersign", "x"])),
        ("azp", json!("x")),
        ("email", json!("other@example.com")),
        ("email", json!("approver@example.com ")),
        ("email", json!("approver@example.co")),
        ("email", json!("аpprover@example.com")),
        ("email", json!("approver+x@example.com")),
        ("email", json!(["approver@example.com"])),
        ("email_verified", json!("true")),
        ("email_verified", json!(1)),
        ("email_verified", Value::Null),
    ]);
    prop_oneof![
        5 => Just(Change::Nothing),
        4 => wrong_claims.prop_map(|(name, value)| Change::Claim(name, value)),
        1 => Just(Change::Nonce),
        1 => Just(Change::Reason),
        1 => Just(Change::Review),
        1 => Just(Change::Key),
        3 => (-8_000_i64..8_000).prop_map(Change::Seen),
        3 => (-1_000_i64..1_000).prop_map(Change::Late),
    ]
}

/// A vote counts exactly if nothing is wrong with the token, its key and its times.
#[test]
fn a_token_counts_exactly_if_nothing_is_wrong_with_it() {
    let (settings, provider) = (settings(), TestProvider::default());
    let other = TestProvider::default();
    let base_url = crate::testing::passkeys::base_url();
    let binds = ApprovalDigest::from_text(&"b".repeat(64));
    let review = ReviewDigest::from_text("the review");
    let counted = [const { Cell::new(0) }; 2];
    let mut runner = TestRunner::new(Config::with_cases(2_000));
    let judge = |(change, approves, tag): (Change, bool, bool)| {
        let decision = if approves { Decision::Approve } else { Decision::Reject };
        let meaning = |reason| VoteMeaning {
            base_url: &base_url,
            request_id: "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap(),
            binds: &binds,
            decision,
            reason,
        };
        let signer = if matches!(change, Change::Key) { &other } else { &provider };
        let mut evidence = signer.evidence_with(&meaning(Some("Because.")), &review, |nonce| {
            let mut claims = TestProvider::claims("Approver@Example.com", nonce, AT);
            if let Change::Claim(name, value) = &change {
                claims[*name] = value.clone();
            }
            claims
        });
        let (mut at, mut seen, mut reason) = (AT, AT, "Because.");
        match change {
            Change::Nonce => evidence.nonce = "other".into(),
            Change::Review => evidence.review_digest = ReviewDigest::from_text("another"),
            Change::Reason => reason = "Another.",
            Change::Seen(seconds) => seen += Duration::seconds(seconds),
            Change::Late(seconds) => at += Duration::seconds(seconds),
            Change::Nothing | Change::Claim(..) | Change::Key => {}
        }
        let keys = [provider.row(seen, seen)];
        let is_right = match &change {
            Change::Nothing => true,
            Change::Seen(seconds) => *seconds >= -3_600,
            Change::Late(seconds) => (-120..=420).contains(seconds),
            _ => false,
        };
        // The policy may have a tag where the provider has none.
        let approver: Email =
            if tag { "approver+ca@example.com" } else { "approver@example.com" }.parse().unwrap();
        let known = Provider { settings: &settings, keys: &keys, plus_tags: PlusTags::Same };
        let said = evidence.signed_in(&meaning(Some(reason)), at, known).and_then(|who| who.is(&approver));
        prop_assert_eq!(said.is_ok(), is_right, "{:?}: {:?}", change, said);
        counted[usize::from(is_right)].set(counted[usize::from(is_right)].get() + 1);
        Ok(())
    };
    runner.run(&(change(), any::<bool>(), any::<bool>()), judge).unwrap();
    assert!(counted.iter().all(|one| one.get() > 600), "{counted:?}");
}

#[test]
fn tags_are_dropped_from_the_policy_and_never_from_the_provider() {
    let (settings, provider) = (settings(), TestProvider::default());
    let base_url = crate::testing::passkeys::base_url();
    let binds = ApprovalDigest::from_text("b");
    let meaning = VoteMeaning {
        base_url: &base_url,
        request_id: RequestId::random(),
        binds: &binds,
        decision: Decision::Approve,
        reason: None,
    };
    let review = ReviewDigest::from_text("r");
    for (listed, signed_in, plus_tags, counts) in [
        ("a@example.com", "a@example.com", PlusTags::Same, true),
        ("a+ca@example.com", "a@example.com", PlusTags::Same, true),
        ("a+ca@example.com", "A+CA@example.com", PlusTags::Same, true),
        ("a@example.com", "a+ca@example.com", PlusTags::Same, false),
        ("a+ca@example.com", "a+b@example.com", PlusTags::Same, false),
        ("a+ca@example.com", "a@example.com", PlusTags::Distinct, false),
    ] {
        let evidence = provider.evidence(&meaning, &review, signed_in, AT);
        let keys = [provider.row(AT, AT)];
        let known = Provider { settings: &settings, keys: &keys, plus_tags };
        let said = evidence.signed_in(&meaning, AT, known).and_then(|who| who.is(&listed.parse().unwrap()));
        assert_eq!(said.is_ok(), counts, "{listed} {signed_in}: {said:?}");
    }
}

#[test]
fn a_group_counts_exactly_as_the_claim_has_it() {
    let (settings, provider) = (settings(), TestProvider::default());
    let base_url = crate::testing::passkeys::base_url();
    let (binds, review) = (ApprovalDigest::from_text("b"), ReviewDigest::from_text("r"));
    let (request_id, decision) = (RequestId::random(), Decision::Approve);
    let meaning = VoteMeaning { base_url: &base_url, request_id, binds: &binds, decision, reason: None };
    let group = "PKI approvers";
    for (claim, counts) in [
        (json!([group]), true),
        (json!(["x", group]), true),
        (json!(group), true),
        (json!([]), false),
        (json!(["pki approvers"]), false),
        (json!(["PKI approvers "]), false),
        (json!(["PKI", "approvers"]), false),
        (json!("x PKI approvers"), false),
        (json!([[group]]), false),
        (json!({ group: true }), false),
        (json!(true), false),
        (Value::Null, false),
    ] {
        let evidence = provider.evidence_with(&meaning, &review, |nonce| {
            let mut claims = TestProvider::claims("a@example.com", nonce, AT);
            claims["groups"] = claim.clone();
            claims["roles"] = json!([group]);
            claims
        });
        let vote = |oidc_groups: &[&str]| Vote {
            approver: "a@example.com".parse().unwrap(),
            decision,
            reason: None,
            at: AT,
            stands_in_for: Vec::new(),
            oidc_groups: oidc_groups.iter().map(|&group| group.to_owned()).collect(),
            evidence: Some(evidence.clone().into()),
        };
        let keys = [provider.row(AT, AT)];
        let known = Provider { settings: &settings, keys: &keys, plus_tags: PlusTags::Same };
        let said = check_vote(&base_url, request_id, &binds, &vote(&[group]), known);
        let wanted = if counts { Ok(()) } else { Err(SignInError::NotInGroup) };
        assert_eq!(said, wanted, "{claim}");
        assert!(check_vote(&base_url, request_id, &binds, &vote(&[group, "other"]), known).is_err());
        assert_eq!(check_vote(&base_url, request_id, &binds, &vote(&[]), known), Ok(()));
        // The policy may name another claim.
        let roles = OidcSettings { groups_claim: "roles".into(), ..settings.clone() };
        let by_roles = Provider { settings: &roles, ..known };
        assert_eq!(check_vote(&base_url, request_id, &binds, &vote(&[group]), by_roles), Ok(()));
    }
}

/// RFC 7636 appendix B.
#[test]
fn the_challenge_is_that_of_the_example() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(code_challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn evidence_is_kept_as_json_and_shown_without_the_token() {
    let evidence = IdTokenEvidence {
        id_token: "a.b.c".into(),
        nonce: "n".into(),
        review_digest: ReviewDigest::from_text("r"),
    };
    let kept = serde_json::to_value(Evidence::from(evidence.clone())).unwrap();
    assert_eq!(kept, json!({"idToken": "a.b.c", "nonce": "n", "reviewDigest": "r"}));
    assert_eq!(serde_json::from_value::<Evidence>(kept).unwrap(), Evidence::IdToken(evidence.clone()));
    assert!(!format!("{evidence:?}").contains("a.b.c"));
    assert!(Evidence::from(evidence).summary().starts_with("oidc:"));
}
