//! Requests whose public key is not in the one DER form of its algorithm and numbers.

use super::encode::{oid, sequence, tlv};
use super::key::TestKey;
use super::request::CsrMaker;

/// Requests that are valid but for the encoding of their SubjectPublicKeyInfo, each with what is wrong. The key in it signs.
#[must_use]
pub fn csrs_with_non_canonical_keys() -> Vec<(&'static str, CsrMaker)> {
    let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let rsa_identifier = [&[0x30, 0x0d, 0x06, 0x09][..], &rsa, &[0x05, 0x00]].concat();
    let rsa_with = |parameters: &[u8]| {
        let identifier = sequence(&[oid("1.2.840.113549.1.1.1"), parameters.to_vec()]);
        with_part(TestKey::Rsa2048, &rsa_identifier, &identifier)
    };
    let hello = tlv(0x0c, b"hi");
    let ed25519 = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
    let long_form = |der: &[u8]| [&[der[0], 0x81, der[1]], &der[2..]].concat();
    vec![
        ("NULL with content", rsa_with(&tlv(5, b"covert"))),
        ("much content in NULL", rsa_with(&tlv(5, &[7; 20_000]))),
        ("more after NULL", rsa_with(&[&[5, 0], &hello[..]].concat())),
        ("a long length of the algorithm", with_part(TestKey::Ed25519, &ed25519, &long_form(&ed25519))),
        ("a long length of the bits", with_part(TestKey::Ed25519, &[3, 33, 0], &[3, 0x81, 33, 0])),
        ("a long length of the key", with_key(TestKey::Ed25519, |spki| long_form(spki))),
        ("more after the bits", with_key(TestKey::Ed25519, |spki| tlv(0x30, &[&spki[2..], &hello].concat()))),
        ("more after the curve", {
            with_key(TestKey::EcP256, |spki| {
                let bits = 4 + usize::from(spki[3]);
                let algorithm = [&spki[4..bits], &hello].concat();
                tlv(0x30, &[tlv(0x30, &algorithm), spki[bits..].to_vec()].concat())
            })
        }),
    ]
}

/// A request with its key encoded in another way.
fn with_key(kind: TestKey, change: impl Fn(&[u8]) -> Vec<u8>) -> CsrMaker {
    let maker = CsrMaker::new(kind).names(&["www.example.com"]);
    let spki = change(maker.key().spki());
    maker.spki(spki)
}

/// A request with a part of its key, found by its octets, replaced.
fn with_part(kind: TestKey, part: &[u8], other: &[u8]) -> CsrMaker {
    with_key(kind, |spki| {
        let at = spki.windows(part.len()).position(|window| window == part).unwrap();
        // The content of the outer SEQUENCE, which keeps its header in the one short form.
        let start = if spki[1] < 0x80 { 2 } else { 2 + usize::from(spki[1] & 0x7f) };
        assert!(at >= start);
        tlv(0x30, &[&spki[start..at], other, &spki[at + part.len()..]].concat())
    })
}
