//! Generated responses, right ones with an octet changed, and any octets.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

/// The changed octet of an assertion: a part, a place in it, and the difference.
fn change() -> impl Strategy<Value = (usize, prop::sample::Index, u8)> {
    (0..3_usize, any::<prop::sample::Index>(), 1..=u8::MAX)
}

#[test]
fn an_assertion_with_any_octet_changed_is_refused() {
    let passkeys = PasskeyAlgorithm::ALL.map(SoftPasskey::new);
    let keys = passkeys.each_ref().map(key);
    let (accepted, refused) = (Cell::new(0), [const { Cell::new(0) }; 3]);
    let mut runner = TestRunner::new(Config::with_cases(3_000));
    let judge = |(which, flags, counter, (part, at, difference)): (usize, u8, u32, _)| {
        let at: prop::sample::Index = at;
        let passkey = passkeys[which].clone().with_counter(counter).with_flags(flags | UP | UV);
        let mut assertion = passkey.get(&party(), &CHALLENGE);
        let right = verify(&party(), &CHALLENGE, &keys[which], &assertion);
        prop_assert_eq!(right.is_ok(), flags & (BE | BS) != BS, "{:?}", right);
        accepted.set(accepted.get() + usize::from(right.is_ok()));
        let octets = match part {
            0 => &mut assertion.authenticator_data,
            1 => &mut assertion.client_data_json,
            _ => &mut assertion.signature,
        };
        let at = at.index(octets.len());
        octets[at] ^= difference;
        let wrong = verify(&party(), &CHALLENGE, &keys[which], &assertion);
        prop_assert!(wrong.is_err(), "part {part}, octet {at}, difference {difference}");
        refused[part].set(refused[part].get() + 1);
        Ok(())
    };
    let flags = any::<u8>().prop_map(|flags| flags & !(0x40 | 0x80));
    runner.run(&(0..3_usize, flags, any::<u32>(), change()), judge).unwrap();
    assert!(accepted.get() > 1_500, "{} accepted", accepted.get());
    assert!(refused.iter().all(|part| part.get() > 700), "{refused:?}");
}

/// The parts of a registration with an octet changed are refused, or read as the same passkey with another field.
#[test]
fn a_registration_with_any_octet_changed_keeps_the_rules() {
    let passkeys = PasskeyAlgorithm::ALL.map(SoftPasskey::new);
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config::with_cases(3_000));
    let judge = |(which, (part, at, difference)): (usize, (usize, prop::sample::Index, u8))| {
        let (mut client_data, mut object) = passkeys[which].create(&party(), &CHALLENGE);
        let right = register(&party(), &CHALLENGE, &client_data, &object).unwrap();
        let octets = if part == 0 { &mut client_data } else { &mut object };
        let at = at.index(octets.len());
        octets[at] ^= difference;
        match register(&party(), &CHALLENGE, &client_data, &object) {
            Ok(registration) => {
                accepted.set(accepted.get() + 1);
                prop_assert!(part != 0 || registration == right);
                prop_assert_eq!(registration.key.algorithm(), right.key.algorithm());
                prop_assert_eq!(registration.credential_id.len(), right.credential_id.len());
            }
            Err(_) => refused.set(refused.get() + 1),
        }
        Ok(())
    };
    runner.run(&(0..3_usize, change()), judge).unwrap();
    assert!(accepted.get() > 200 && refused.get() > 1_000, "{accepted:?} accepted, {refused:?} refused");
}

proptest! {
    #[test]
    fn any_octets_end_in_a_result(
        client_data in prop::collection::vec(any::<u8>(), 0..200),
        octets in prop::collection::vec(any::<u8>(), 0..300),
        signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        prop_assert!(register(&party(), &CHALLENGE, &client_data, &octets).is_err());
        // The octets after the checks of the parts before them.
        let right = passkey().client_data("webauthn.create", &party(), &CHALLENGE);
        _ = register(&party(), &CHALLENGE, &right, &octets);
        let head = passkey().with_flags(UP | UV | 0xc0).authenticator_data(&party(), false);
        let data = [&head[..], &octets].concat();
        _ = register(&party(), &CHALLENGE, &right, &SoftPasskey::attestation_object(&data));
        _ = PasskeyKey::from_cose(&octets);
        let right = passkey().client_data("webauthn.get", &party(), &CHALLENGE);
        let client_data_json = if signature.len().is_multiple_of(2) { right } else { client_data };
        let authenticator_data = if octets.len().is_multiple_of(2) { data } else { octets };
        let assertion = Assertion { authenticator_data, client_data_json, signature };
        prop_assert!(verify(&party(), &CHALLENGE, &key(&passkey()), &assertion).is_err());
    }
}
