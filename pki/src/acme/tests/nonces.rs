//! Nonces.

use std::cell::Cell;
use std::collections::HashSet;

use aws_lc_rs::rand::SystemRandom;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use time::{Duration, OffsetDateTime};

use super::*;

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW + seconds).unwrap()
}

#[test]
fn a_nonce_lives_for_an_hour_and_is_base64url() {
    let key = NonceKey::from_secret(b"secret");
    let nonce = key.make(&SystemRandom::new(), at(0)).unwrap();
    assert_eq!(nonce.len(), 75);
    let spendable = key.check(&nonce, at(0)).unwrap();
    assert_eq!(spendable.expires(), at(0) + NONCE_LIFETIME);
    for (late, is_right) in [(-121, false), (-120, true), (3_600, true), (3_601, false)] {
        assert_eq!(key.check(&nonce, at(late)).is_ok(), is_right, "{late}");
    }
    assert_eq!(kind(key.check(&nonce, at(9_999))), (AcmeErrorType::BadNonce, 400));
    // Another server with the same secret knows it, and one with another secret does not.
    assert_eq!(NonceKey::from_secret(b"secret").check(&nonce, at(1)), Ok(spendable));
    assert!(NonceKey::from_secret(b"other").check(&nonce, at(1)).is_err());
    assert_eq!(format!("{key:?}"), "NonceKey");
}

#[test]
fn nonces_and_their_ids_differ() {
    let (key, random) = (NonceKey::from_secret(b"secret"), SystemRandom::new());
    let nonces: HashSet<String> = (0..500).map(|_| key.make(&random, at(0)).unwrap()).collect();
    let ids: HashSet<String> =
        nonces.iter().map(|nonce| key.check(nonce, at(0)).unwrap().id().to_owned()).collect();
    assert_eq!((nonces.len(), ids.len()), (500, 500));
}

#[test]
fn a_changed_nonce_is_refused_and_a_right_one_accepted_in_its_time() {
    let (key, random) = (NonceKey::from_secret(b"secret"), SystemRandom::new());
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config::with_cases(1_000));
    let cases = (-8_000_i64..8_000, any::<prop::sample::Index>(), 1..0x80_u8);
    let judge = |(late, place, difference): (i64, prop::sample::Index, u8)| {
        let nonce = key.make(&random, at(0)).unwrap();
        let said = key.check(&nonce, at(late));
        prop_assert_eq!(said.is_ok(), (-120..=NONCE_LIFETIME.whole_seconds()).contains(&late));
        if let Ok(spendable) = said {
            // What is written is needed until then only.
            prop_assert!(at(late) <= spendable.expires());
            prop_assert!(key.check(&nonce, spendable.expires() + Duration::SECOND).is_err());
            accepted.set(accepted.get() + 1);
        }
        let mut changed = nonce.into_bytes();
        let place = place.index(changed.len());
        changed[place] ^= difference;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(kind(key.check(&changed, at(0))), (AcmeErrorType::BadNonce, 400));
        refused.set(refused.get() + 1);
        Ok(())
    };
    runner.run(&cases, judge).unwrap();
    assert!(accepted.get() > 150 && refused.get() == 1_000, "{} {}", accepted.get(), refused.get());
}

#[test]
fn any_text_is_a_bad_nonce() {
    let key = NonceKey::from_secret(b"secret");
    proptest!(|(text in "[A-Za-z0-9_=-]{0,100}")| {
        prop_assert!(key.check(&text, at(0)).is_err());
    });
    for length in 0..80 {
        assert!(key.check(&crate::base64url::encode(vec![0xff; length]), at(0)).is_err());
    }
}
