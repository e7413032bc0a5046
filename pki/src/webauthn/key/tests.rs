//! COSE keys that are read, and each wrong one.

use x509_parser::num_bigint::BigUint;

use super::WebAuthnError as E;
use super::*;
use crate::testing::{SoftPasskey, TestKey, cbor_bytes, cbor_integer, cbor_map, cbor_text};

type Entry = (Vec<u8>, Vec<u8>);

fn int(label: i64, value: i64) -> Entry {
    (cbor_integer(label), cbor_integer(value))
}

fn bytes(label: i64, value: &[u8]) -> Entry {
    (cbor_integer(label), cbor_bytes(value))
}

fn read(entries: &[Entry]) -> Result<PasskeyAlgorithm, E> {
    PasskeyKey::from_cose(&cbor_map(entries)).map(|key| key.algorithm())
}

/// The number of a parameter in the COSE_Key of a passkey.
fn parameter(passkey: &SoftPasskey, label: i64) -> Vec<u8> {
    let octets = passkey.cose_key();
    let (map, _) = cbor::map(&octets).unwrap();
    match map.get(CborKey::Integer(label.into())) {
        Some(CborItem::Bytes(value)) => value.to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Each list with one entry replaced by another of the same label, left out, or added; all are malformed.
fn assert_strict(right: &[Entry], wrong: &[Entry]) {
    assert!(read(right).is_ok());
    let reversed: Vec<Entry> = right.iter().rev().cloned().collect();
    assert!(read(&reversed).is_ok(), "the order does not matter");
    for (label, value) in wrong {
        let replaced: Vec<Entry> = right
            .iter()
            .map(|(known, kept)| (known.clone(), if known == label { value } else { kept }.clone()))
            .collect();
        assert_ne!(replaced, right);
        assert_eq!(read(&replaced), Err(MALFORMED), "{label:02x?}: {value:02x?}");
    }
    for omitted in 0..right.len() {
        let rest: Vec<Entry> = right
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != omitted)
            .map(|(_, entry)| entry.clone())
            .collect();
        assert_eq!(read(&rest), Err(MALFORMED), "without {:02x?}", right[omitted].0);
    }
    // kid, key_ops, an unknown label, a text, a private key, and a label twice.
    for entry in [
        bytes(2, b"kid"),
        (cbor_integer(4), vec![0x81, 2]),
        int(99, 1),
        (cbor_text("x"), cbor_integer(1)),
        bytes(-4, &[1; 32]),
        right[0].clone(),
    ] {
        let more = [right, &[entry]].concat();
        assert_eq!(read(&more), Err(MALFORMED), "with {:02x?}", more.last());
    }
    let octets = cbor_map(right);
    assert_eq!(PasskeyKey::from_cose(&[&octets[..], &[0]].concat()), Err(MALFORMED));
    assert_eq!(PasskeyKey::from_cose(&octets[..octets.len() - 1]), Err(MALFORMED));
}

#[test]
fn keys_of_es256_are_read_strictly() {
    let passkey = SoftPasskey::new(PasskeyAlgorithm::Es256);
    let (x, y) = (parameter(&passkey, -2), parameter(&passkey, -3));
    let right = [int(1, 2), int(3, -7), int(-1, 1), bytes(-2, &x), bytes(-3, &y)];
    assert_eq!(read(&right), Ok(PasskeyAlgorithm::Es256));
    let mut off_curve = y.clone();
    off_curve[31] ^= 1;
    assert_strict(
        &right,
        &[
            int(1, 1),
            int(1, 3),
            (cbor_integer(1), cbor_text("EC2")),
            (cbor_integer(3), cbor_text("ES256")),
            // P-384, secp256k1
            int(-1, 2),
            int(-1, 8),
            bytes(-2, &x[1..]),
            bytes(-2, &[&[0], &x[..]].concat()),
            bytes(-2, &[0xff; 32]),
            bytes(-3, &off_curve),
            bytes(-3, &[]),
            // A compressed point: the sign of y.
            (cbor_integer(-3), vec![0xf5]),
            int(-3, 1),
        ],
    );
    assert_eq!(
        read(&[int(1, 2), int(3, -7), int(-1, 1), bytes(-2, &[0; 32]), bytes(-3, &[0; 32])]),
        Err(MALFORMED)
    );
}

#[test]
fn keys_of_ed25519_are_read_strictly() {
    let x = parameter(&SoftPasskey::new(PasskeyAlgorithm::EdDsa), -2);
    let right = [int(1, 1), int(3, -8), int(-1, 6), bytes(-2, &x)];
    assert_eq!(read(&right), Ok(PasskeyAlgorithm::EdDsa));
    assert_strict(
        &right,
        &[
            int(1, 2),
            // X25519, Ed448
            int(-1, 4),
            int(-1, 7),
            bytes(-2, &x[1..]),
            bytes(-2, &[&x[..], &[0]].concat()),
            int(-2, 1),
        ],
    );
    // The neutral element, and a point of order 2: any signature is valid for some messages.
    let point = |first: u8, others: u8, last: u8| [&[first][..], &[others; 30], &[last]].concat();
    for weak in [point(1, 0, 0), point(0xec, 0xff, 0x7f), point(0, 0, 0)] {
        let key = [int(1, 1), int(3, -8), int(-1, 6), bytes(-2, &weak)];
        assert_eq!(read(&key), Err(E::WeakKey), "{weak:02x?}");
    }
}

#[test]
fn keys_of_rs256_are_read_strictly() {
    let n = parameter(&SoftPasskey::new(PasskeyAlgorithm::Rs256), -1);
    let key = |n: &[u8], e: &[u8]| [int(1, 3), int(3, -257), bytes(-1, n), bytes(-2, e)];
    let right = key(&n, &[1, 0, 1]);
    assert_eq!(read(&right), Ok(PasskeyAlgorithm::Rs256));
    assert_strict(
        &right,
        &[
            int(1, 2),
            bytes(-1, &[&[0], &n[..]].concat()),
            bytes(-1, &[]),
            int(-1, 1),
            bytes(-2, &[0, 1, 0, 1]),
            bytes(-2, &[]),
            int(-2, 65_537),
        ],
    );
    // No small prime divides the product of two moduli.
    let other = parameter(&SoftPasskey::new(PasskeyAlgorithm::Rs256).with_rsa(TestKey::Rsa3072), -1);
    let product = BigUint::from_bytes_be(&n) * BigUint::from_bytes_be(&other);
    let mut even = n.clone();
    even[255] &= 0xfe;
    for (what, weak) in [
        ("the exponent 3", key(&n, &[3])),
        ("the exponent 65536", key(&n, &[1, 0, 0])),
        ("a large exponent", key(&n, &[1, 0, 0, 0, 1])),
        ("1024 bits", key(&n[..128], &[1, 0, 1])),
        ("2040 bits", key(&n[..255], &[1, 0, 1])),
        ("5120 bits", key(&product.to_bytes_be(), &[1, 0, 1])),
        ("an even modulus", key(&even, &[1, 0, 1])),
    ] {
        assert_eq!(read(&weak), Err(E::WeakKey), "{what}");
    }
}

#[test]
fn rsa_keys_have_2048_to_4096_bits() {
    for kind in [TestKey::Rsa2048, TestKey::Rsa3072, TestKey::Rsa4096] {
        let octets = SoftPasskey::new(PasskeyAlgorithm::Rs256).with_rsa(kind).cose_key();
        assert!(octets.len() <= PasskeyKey::MAX_BYTES);
        assert!(PasskeyKey::from_cose(&octets).is_ok(), "{kind:?}");
    }
}

#[test]
fn other_algorithms_are_refused_by_name() {
    let passkey = SoftPasskey::new(PasskeyAlgorithm::Es256);
    let (x, y) = (parameter(&passkey, -2), parameter(&passkey, -3));
    // ES384, ES512, PS256, RS1, ESP256, Ed25519 by its own number, HS256.
    for number in [-35, -36, -37, -65_535, -9, -19, 5, i64::MAX, i64::MIN] {
        let key = [int(1, 2), int(3, number), int(-1, 1), bytes(-2, &x), bytes(-3, &y)];
        assert_eq!(read(&key), Err(E::UnknownAlgorithm), "{number}");
    }
    // The numbers of the other two, with the parameters of ES256.
    for algorithm in [PasskeyAlgorithm::EdDsa, PasskeyAlgorithm::Rs256] {
        let number = int(3, algorithm.cose_number());
        let key = [int(1, 2), number, int(-1, 1), bytes(-2, &x), bytes(-3, &y)];
        assert_eq!(read(&key), Err(MALFORMED), "{algorithm:?}");
    }
}
