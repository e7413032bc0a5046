//! Tokens that are right, wrong in one way each, and changed by one octet.

use std::cell::Cell;

use aws_lc_rs::hmac;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::*;
use crate::testing::ProviderKeyPair;

const AT: i64 = 1_800_000_000;

fn expected() -> ExpectedClaims<'static> {
    ExpectedClaims {
        issuer: "https://id.example.com",
        client_id: "countersign",
        nonce: "n",
        at: AT,
        max_age: None,
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example.com", "aud": "countersign", "nonce": "n", "iat": AT - 5, "exp": AT + 300,
        "sub": "1", "email": "approver@example.com", "email_verified": true,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn keys(pairs: &[&ProviderKeyPair]) -> Vec<JsonWebKey> {
    let set = json!({ "keys": pairs.iter().map(|pair| pair.jwk()).collect::<Vec<_>>() });
    key_set(set.to_string().as_bytes()).unwrap()
}

fn checked(token: &str, keys: &[JsonWebKey], expected: &ExpectedClaims<'_>) -> Result<(), IdTokenError> {
    IdToken::parse(token)?.verify(keys)?.0.check(expected)
}

#[test]
fn a_token_of_each_algorithm_is_accepted() {
    for algorithm in TOKEN_ALGORITHMS {
        let pair = ProviderKeyPair::new(algorithm, "k1");
        let keys = keys(&[&pair]);
        assert_eq!(checked(&pair.token(&claims()), &keys, &expected()), Ok(()), "{algorithm:?}");
        let nameless = pair.token_with(&json!({ "alg": algorithm.name() }), &claims());
        assert_eq!(checked(&nameless, &keys, &expected()), Ok(()), "{algorithm:?} without kid");
        assert_eq!(JsonWebKey::from_json(&keys[0].to_json()).as_ref(), Some(&keys[0]), "{algorithm:?}");
    }
}

#[test]
fn each_wrong_claim_has_its_error() {
    let pair = ProviderKeyPair::new(JwsAlgorithm::Es256, "k1");
    let keys = keys(&[&pair]);
    let skew = ExpectedClaims::SKEW;
    for (claims, error) in [
        (with("iss", json!("https://id.example.com/")), IdTokenError::WrongIssuer),
        (without("iss"), IdTokenError::WrongIssuer),
        (with("aud", json!("other")), IdTokenError::WrongAudience),
        (with("aud", json!([])), IdTokenError::WrongAudience),
        (with("aud", json!(["countersign", "other"])), IdTokenError::WrongAudience),
        (with("azp", json!("other")), IdTokenError::WrongAudience),
        (without("aud"), IdTokenError::WrongAudience),
        (with("nonce", json!("m")), IdTokenError::WrongNonce),
        (without("nonce"), IdTokenError::WrongNonce),
        (with("iat", json!(AT + skew + 1)), IdTokenError::FromTheFuture),
        (with("exp", json!(AT - skew - 1)), IdTokenError::Expired),
        (with("iat", json!(AT - ExpectedClaims::MAX_USE - skew - 1)), IdTokenError::Expired),
        (with("iat", json!(1e300)), IdTokenError::Malformed("the ID token has no iat or no exp")),
        (with("iat", json!("1")), IdTokenError::Malformed("the ID token has no iat or no exp")),
        (without("exp"), IdTokenError::Malformed("the ID token has no iat or no exp")),
    ] {
        assert_eq!(checked(&pair.token(&claims), &keys, &expected()), Err(error), "{claims}");
    }
    for claims in [
        with("aud", json!(["countersign"])),
        with("azp", json!("countersign")),
        with("iat", json!(AT + skew)),
        with("iat", json!(1_800_000_000.75 - 5.0)),
        with("exp", json!(AT - skew)),
    ] {
        assert_eq!(checked(&pair.token(&claims), &keys, &expected()), Ok(()), "{claims}");
    }
    let mut several = with("aud", json!(["countersign", "other"]));
    several["azp"] = "countersign".into();
    assert_eq!(checked(&pair.token(&several), &keys, &expected()), Ok(()));
    let fresh = ExpectedClaims { max_age: Some(300), ..expected() };
    for (claims, said) in [
        (claims(), Err(IdTokenError::OldSignIn)),
        (with("auth_time", json!(AT - 5 - 300 - skew)), Ok(())),
        (with("auth_time", json!(AT - 5 - 301 - skew)), Err(IdTokenError::OldSignIn)),
    ] {
        assert_eq!(checked(&pair.token(&claims), &keys, &fresh), said, "{claims}");
    }
}

#[test]
fn no_other_algorithm_and_no_other_key_is_accepted() {
    let pair = ProviderKeyPair::new(JwsAlgorithm::Rs256, "k1");
    let keys = keys(&[&pair]);
    for name in ["none", "None", "HS256", "RS384", "RS1", "ES256K", ""] {
        let token = pair.token_with(&json!({ "alg": name, "kid": "k1" }), &claims());
        assert_eq!(checked(&token, &keys, &expected()), Err(IdTokenError::Algorithm), "{name}");
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(checked(&unsigned, &keys, &expected()), Err(IdTokenError::Algorithm), "{name}");
    }
    // HS256 with the public key as the secret.
    let header = json!({ "alg": "HS256", "kid": "k1" }).to_string();
    let signed = format!("{}.{}", base64url::encode(header), base64url::encode(claims().to_string()));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, keys[0].to_json().as_bytes());
    let forged = format!("{signed}.{}", base64url::encode(hmac::sign(&secret, signed.as_bytes())));
    assert_eq!(checked(&forged, &keys, &expected()), Err(IdTokenError::Algorithm));
    // The key is of another kind than the header says, or its own algorithm is another one.
    for name in ["ES256", "PS256"] {
        let token = pair.token_with(&json!({ "alg": name, "kid": "k1" }), &claims());
        assert_eq!(checked(&token, &keys, &expected()), Err(IdTokenError::UnknownKey), "{name}");
    }
    let other = ProviderKeyPair::new(JwsAlgorithm::Rs256, "k1");
    assert_eq!(checked(&other.token(&claims()), &keys, &expected()), Err(IdTokenError::BadSignature));
    let unknown = ProviderKeyPair::new(JwsAlgorithm::Rs256, "k2");
    assert_eq!(checked(&unknown.token(&claims()), &keys, &expected()), Err(IdTokenError::UnknownKey));
    // A key inside of the token is not looked at.
    let carried =
        json!({ "alg": "RS256", "kid": "k2", "jwk": unknown.jwk(), "jku": "https://id.example.org" });
    let carried = unknown.token_with(&carried, &claims());
    assert_eq!(checked(&carried, &keys, &expected()), Err(IdTokenError::UnknownKey));
}

#[test]
fn a_malformed_token_is_refused() {
    let pair = ProviderKeyPair::new(JwsAlgorithm::EdDsa, "k1");
    let keys = keys(&[&pair]);
    let right = pair.token(&claims());
    let parts: Vec<&str> = right.split('.').collect();
    let text = |json: &str| base64url::encode(json);
    let twice = text(r#"{"iss":"a","iss":"https://id.example.com"}"#);
    for wrong in [
        String::new(),
        "a.b".into(),
        format!("{right}."),
        format!("{}.{}.{}=", parts[0], parts[1], parts[2]),
        format!("{}.{twice}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", text("[]"), parts[1], parts[2]),
        format!("{}.{}.{}", text(r#"{"alg":"EdDSA","crit":["b64"],"b64":false}"#), parts[1], parts[2]),
        format!("{}.{}.{}", text(r#"{"alg":"EdDSA","kid":1}"#), parts[1], parts[2]),
        pair.token(&with("padding", "x".repeat(MAX_ID_TOKEN_BYTES).into())),
    ] {
        let said = checked(&wrong, &keys, &expected());
        assert!(matches!(said, Err(IdTokenError::Malformed(_))), "{wrong}: {said:?}");
    }
}

#[test]
fn keys_that_cannot_verify_are_left_out() {
    let pair = ProviderKeyPair::new(JwsAlgorithm::Es256, "k1");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut jwk = pair.jwk();
        change(&mut jwk);
        jwk
    };
    let weak = json!({ "kty": "RSA", "n": base64url::encode([0xc1; 128]), "e": "AQAB" });
    let wrong = [
        weak,
        json!({ "kty": "oct", "k": "AAAA" }),
        json!("x"),
        changed(&|jwk| jwk["use"] = "enc".into()),
        changed(&|jwk| jwk["key_ops"] = json!(["sign"])),
        changed(&|jwk| jwk["alg"] = "HS256".into()),
        changed(&|jwk| jwk["alg"] = "ES384".into()),
        changed(&|jwk| jwk["crv"] = "P-384".into()),
        changed(&|jwk| jwk["x"] = jwk["y"].clone()),
        changed(&|jwk| jwk["kid"] = "x".repeat(300).into()),
    ];
    let set = json!({ "keys": wrong });
    assert_eq!(key_set(set.to_string().as_bytes()), Ok(Vec::new()));
    for text in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert!(key_set(text.as_bytes()).is_err(), "{text}");
    }
    assert!(key_set(&vec![b' '; MAX_KEY_SET_BYTES + 1]).is_err());
}

#[test]
fn a_token_with_any_octet_changed_is_refused() {
    let pairs = TOKEN_ALGORITHMS.map(|algorithm| ProviderKeyPair::new(algorithm, "k1"));
    let all = pairs.each_ref().map(|pair| keys(&[pair]));
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config::with_cases(1_000));
    let judge = |(which, late, at, difference): (usize, i64, prop::sample::Index, u8)| {
        let token = pairs[which].token(&claims());
        let expected = ExpectedClaims { at: AT + late, ..expected() };
        let right = checked(&token, &all[which], &expected);
        prop_assert_eq!(
            right.is_ok(),
            (-5 - ExpectedClaims::SKEW..=300 + ExpectedClaims::SKEW).contains(&late)
        );
        accepted.set(accepted.get() + usize::from(right.is_ok()));
        let mut octets = token.into_bytes();
        let at = at.index(octets.len());
        octets[at] ^= difference;
        let changed = String::from_utf8(octets).unwrap();
        let said = checked(&changed, &all[which], &expected);
        prop_assert!(said.is_err(), "{changed}");
        refused.set(refused.get() + 1);
        Ok(())
    };
    let cases = (0..5_usize, -400_i64..700, any::<prop::sample::Index>(), 1..0x80_u8);
    runner.run(&cases, judge).unwrap();
    assert!(accepted.get() > 300 && refused.get() > 990, "{} {}", accepted.get(), refused.get());
}
