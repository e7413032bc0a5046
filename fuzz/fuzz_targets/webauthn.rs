//! Any octets end in a registration and an assertion, or in an error; whatever is accepted keeps the rules.
//!
//! The input has five parts: clientDataJSON and attestationObject of a registration; authenticatorData, clientDataJSON and
//! signature of an assertion. Each has its length in front, as two octets. Party and challenge are those of the seeds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pki::webauthn::{Assertion, PasskeyKey, RelyingParty, register, verify};

const CHALLENGE: [u8; 32] = [7; 32];

/// The next part, up to the end of the input.
fn part<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, after)) = rest.split_first_chunk() else {
        return std::mem::take(rest);
    };
    let (part, after) = after.split_at(after.len().min(usize::from(u16::from_be_bytes(*length))));
    *rest = after;
    part
}

fuzz_target!(|octets: &[u8]| {
    let party = RelyingParty { id: "ca.example.com".into(), origin: "https://ca.example.com".into() };
    let mut rest = octets;
    let (client_data, object) = (part(&mut rest), part(&mut rest));
    if let Ok(key) = PasskeyKey::from_cose(object) {
        assert_eq!(key.cose(), object);
    }
    let Ok(registration) = register(&party, &CHALLENGE, client_data, object) else {
        return;
    };
    assert!((1..=1023).contains(&registration.credential_id.len()));
    assert!(registration.key.cose().len() <= PasskeyKey::MAX_BYTES);
    assert_eq!(PasskeyKey::from_cose(registration.key.cose()).as_ref(), Ok(&registration.key));
    for kept in [&registration.credential_id[..], registration.key.cose()] {
        assert!(object.windows(kept.len()).any(|part| part == kept));
    }
    let assertion = Assertion {
        authenticator_data: part(&mut rest).to_vec(),
        client_data_json: part(&mut rest).to_vec(),
        signature: part(&mut rest).to_vec(),
    };
    if let Ok(verified) = verify(&party, &CHALLENGE, &registration.key, &assertion) {
        let data = &assertion.authenticator_data;
        // UP and UV are set, AT is not.
        assert_eq!(data[32] & 0x45, 0x05);
        assert_eq!(data[33..37], verified.counter.to_be_bytes());
    }
});
