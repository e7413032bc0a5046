//! Reading and refusing requests. `workflow/tests/findings` has more cases, with the texts of the findings.

use proptest::prelude::*;

use super::*;
use crate::testing::{CsrMaker, TestKey, TestKeyPair, oid, sequence, tlv};

/// A request signed by its key, with one part of the public key replaced.
fn key_with(kind: TestKey, part: &[u8], other: &[u8]) -> String {
    let maker = CsrMaker::new(kind).names(&["www.example.com"]);
    let spki = maker.key().spki().to_vec();
    let at = spki.windows(part.len()).position(|window| window == part).unwrap();
    // The content of the outer SEQUENCE; its header keeps the shortest form.
    let start = if spki[1] < 0x80 { 2 } else { 2 + usize::from(spki[1] & 0x7f) };
    assert!(at >= start);
    let content = [&spki[start..at], other, &spki[at + part.len()..]].concat();
    maker.spki(tlv(0x30, &content)).pem()
}

#[test]
fn a_key_that_is_not_in_its_one_der_form_is_refused() {
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let rsa_identifier = [&[0x30, 0x0d, 0x06, 0x09][..], &rsa, &[0x05, 0x00]].concat();
    let with_parameters = |parameters: &[u8]| sequence(&[oid("1.2.840.113549.1.1.1"), parameters.to_vec()]);
    let hello = tlv(0x0c, b"hi");
    let ed25519 = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
    let ed25519_spki = TestKeyPair::generate(TestKey::Ed25519).spki().to_vec();
    let long_form = |der: &[u8]| [&[der[0], 0x81, der[1]], &der[2..]].concat();
    let texts = [
        (
            "NULL with content",
            key_with(TestKey::Rsa2048, &rsa_identifier, &with_parameters(&tlv(5, b"covert"))),
        ),
        (
            "much content in NULL",
            key_with(TestKey::Rsa2048, &rsa_identifier, &with_parameters(&tlv(5, &[7; 20_000]))),
        ),
        (
            "more after NULL",
            key_with(TestKey::Rsa2048, &rsa_identifier, &with_parameters(&[&[5, 0], &hello[..]].concat())),
        ),
        ("a long length of the algorithm", key_with(TestKey::Ed25519, &ed25519, &long_form(&ed25519))),
        ("a long length of the bits", key_with(TestKey::Ed25519, &[3, 33, 0], &[3, 0x81, 33, 0])),
        (
            "a long length of the key",
            CsrMaker::new(TestKey::Ed25519).names(&["www.example.com"]).spki(long_form(&ed25519_spki)).pem(),
        ),
        ("more after the bits", {
            let maker = CsrMaker::new(TestKey::Ed25519).names(&["www.example.com"]);
            let spki = [&maker.key().spki()[2..], &hello].concat();
            maker.spki(tlv(0x30, &spki)).pem()
        }),
        ("more after the curve", {
            let maker = CsrMaker::new(TestKey::EcP256).names(&["www.example.com"]);
            let spki = maker.key().spki();
            let algorithm = [&spki[4..4 + usize::from(spki[3])], &hello].concat();
            let content = [tlv(0x30, &algorithm), spki[4 + usize::from(spki[3])..].to_vec()].concat();
            maker.spki(tlv(0x30, &content)).pem()
        }),
    ];
    for (what, text) in texts {
        let errors = Csr::read(&text).expect_err(what);
        assert!(
            matches!(
                errors[0],
                CsrError::Key(KeyError::NotDer | KeyError::Malformed | KeyError::RsaParameters)
                    | CsrError::Structure(_)
            ),
            "{what}: {errors:?}"
        );
    }
    for kind in [TestKey::Rsa2048, TestKey::EcP256, TestKey::EcP384, TestKey::EcP521, TestKey::Ed25519] {
        let maker = CsrMaker::new(kind).names(&["www.example.com"]);
        let csr = Csr::read(&maker.pem()).unwrap();
        assert_eq!(csr.key().spki_der(), maker.key().spki());
        let octets = csr.key().spki_der().len();
        // A key that differs in one octet is another key or malformed.
        for at in 0..octets {
            let mut spki = csr.key().spki_der().to_vec();
            spki[at] ^= 1;
            if let Ok(key) = PublicKey::from_spki(&spki) {
                assert_ne!(key.digest(), csr.key().digest(), "octet {at}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_strict_is_written_again_the_same(
        kept in 0_usize..60,
        tail in proptest::collection::vec(any::<u8>(), 0..12),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..3),
    ) {
        use ::der::Encode;
        // Small, so that changes often hit a tag or a length.
        let algorithm = sequence(&[oid("1.2.840.10045.4.3.2"), tlv(5, &[])]);
        let mut der = sequence(&[sequence(&[tail]), algorithm, tlv(3, &vec![0; kept + 1])]);
        for (at, octet, how) in cuts {
            let at = at.index(der.len());
            match how {
                0 => der[at] = octet,
                1 => der.insert(at, octet),
                _ => drop(der.remove(at)),
            }
        }
        if is_strict(&der) {
            prop_assert_eq!(Outer::from_der(&der).unwrap().to_der().unwrap(), der);
        }
    }
}
