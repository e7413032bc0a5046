//! Any octets as a key set and an ID token: three parts with their lengths, the set, the token and the expected nonce.
//!
//! A token that is accepted has the claims that were asked for, and a key of the set that is written and read back alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::id_token::{ExpectedClaims, IdToken, JsonWebKey, MAX_ID_TOKEN_BYTES, key_set};

fn part<'a>(octets: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, rest)) = octets.split_first_chunk::<2>() else { return &[] };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let (part, rest) = rest.split_at(length);
    *octets = rest;
    part
}

fuzz_target!(|octets: &[u8]| {
    let mut octets = octets;
    let (set, token, nonce) = (part(&mut octets), part(&mut octets), part(&mut octets));
    let keys = key_set(set).unwrap_or_default();
    for key in &keys {
        assert_eq!(JsonWebKey::from_json(&key.to_json()).as_ref(), Some(key));
    }
    let (Ok(text), Ok(nonce)) = (std::str::from_utf8(token), std::str::from_utf8(nonce)) else { return };
    let Ok(token) = IdToken::parse(text) else { return };
    assert!(text.len() <= MAX_ID_TOKEN_BYTES);
    let Ok((claims, key)) = token.verify(&keys) else { return };
    assert!(token.key_id().is_none() || token.key_id() == key.key_id());
    let expected = ExpectedClaims {
        issuer: "https://id.example.com",
        client_id: "countersign",
        nonce,
        at: 1_800_000_000,
        max_age: Some(300),
    };
    if claims.check(&expected).is_ok() {
        assert_eq!(claims.text("nonce"), Some(nonce));
        assert_eq!(claims.text("iss"), Some(expected.issuer));
        assert!(claims.seconds("iat").is_some_and(|at| at <= expected.at + ExpectedClaims::SKEW));
    }
});
