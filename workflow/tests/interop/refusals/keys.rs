//! Keys that are weak, or of no kind that is certified.

use pki::csr::Csr;
use pki::testing as test_pki;
use pki::testing::{CsrMaker, TestKey, oid, sequence, tlv};
use workflow::finding::Code::{UnsupportedKey, WeakKey};
use x509_parser::num_bigint::BigUint;

use super::{DEFAULT, Row, right};

const F4: &[u8] = &[1, 0, 1];

pub(super) fn rows() -> Vec<Row> {
    let rsa = |modulus: &BigUint, exponent: &[u8]| test_pki::csr_with_rsa(&modulus.to_bytes_be(), exponent);
    // 2048 bits, and its factors are far apart.
    let good = without_small_factors(&((prime() * 3u32) >> 2u32)) * prime();
    let with_spki = |spki: Vec<u8>| right().spki(spki).pem();
    let mut rows = vec![
        Row::new("RSA, 512 bits", WeakKey, test_pki::csr_with_rsa_bits(512)),
        Row::new("RSA, 1024 bits", WeakKey, test_pki::csr_with_rsa_bits(1024)),
        Row::new("RSA, 2047 bits", WeakKey, test_pki::csr_with_rsa_bits(2047)),
        Row::new("RSA, 2049 bits", WeakKey, test_pki::csr_with_rsa_bits(2049)),
        Row::new("RSA, 16384 bits", UnsupportedKey, test_pki::csr_with_rsa_bits(16_384)),
        Row::new("RSA, exponent 1", WeakKey, rsa(&good, &[1])),
        Row::new("RSA, exponent 3", WeakKey, rsa(&good, &[3])),
        Row::new("RSA, even exponent", WeakKey, rsa(&good, &[1, 0, 2])),
        Row::new("RSA, exponent 2147483649", UnsupportedKey, rsa(&good, &[0x80, 0, 0, 1])),
        Row::new("RSA, exponent of 64 bits", UnsupportedKey, rsa(&good, &[0xff; 8])),
        Row::new(
            "RSA, modulus divisible by a small prime",
            WeakKey,
            rsa(&((BigUint::from(1u32) << 2047u32) + 1u32), F4),
        ),
        Row::new("RSA, modulus a square", WeakKey, rsa(&(prime() * prime()), F4)),
        Row::new("RSA, primes close together", WeakKey, rsa(&close(), F4)),
        Row::new("RSA of the Infineon library (ROCA)", WeakKey, rsa(&roca(), F4)),
        Row::new("EC on secp256k1", UnsupportedKey, with_spki(ec("1.3.132.0.10", &[4; 65]))),
        Row::new("EC on P-224", UnsupportedKey, with_spki(ec("1.3.132.0.33", &[4; 57]))),
        Row::new(
            "EC in compressed form",
            UnsupportedKey,
            with_spki(ec("1.2.840.10045.3.1.7", &[&[2][..], &[7; 32]].concat())),
        ),
        Row::new("EC, not a point of the curve", WeakKey, with_spki(ec("1.2.840.10045.3.1.7", &[4; 65]))),
        Row::new("Ed25519, point of small order", WeakKey, with_spki(key_of("1.3.101.112", &[0; 32]))),
        Row::new("Ed448", UnsupportedKey, with_spki(key_of("1.3.101.113", &[7; 57]))),
        Row::new("ML-DSA-65", UnsupportedKey, with_spki(key_of("2.16.840.1.101.3.4.3.18", &[7; 1952]))),
        Row::new("X25519", UnsupportedKey, with_spki(key_of("1.3.101.110", &[7; 32]))),
        Row::new("EC with explicit parameters", UnsupportedKey, with_spki(explicit())),
        Row::new("SM2", UnsupportedKey, with_spki(ec("1.2.156.10197.1.301", &[4; 65]))),
        Row::new("DSA", UnsupportedKey, with_spki(key_of("1.2.840.10040.4.1", &[7; 128]))),
        Row::new(
            "EC P-384, where the profile allows RSA and P-256",
            UnsupportedKey,
            CsrMaker::new(TestKey::EcP384).names(&["www.example.com"]).pem(),
        )
        .strict(),
        Row::new(
            "RSA, 2048 bits, where the profile needs 3072",
            WeakKey,
            CsrMaker::new(TestKey::Rsa2048).names(&["www.example.com"]).pem(),
        )
        .strict(),
    ];
    rows.push(denied());
    rows
}

/// A key whose digest the policy lists.
fn denied() -> Row {
    let request = right().pem();
    let digest = Csr::read(&request).unwrap().key().digest();
    Row {
        policy: DEFAULT.replacen("denied_keys = []", &format!("denied_keys = [\"{digest}\"]"), 1),
        varies: Some((digest, "(64 hex digits)")),
        ..Row::new("a key on the list `denied_keys`", WeakKey, request)
    }
}

fn ec(curve: &str, point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid("1.2.840.10045.2.1"), oid(curve)]), tlv(3, &[&[0], point].concat())])
}

/// A key that writes out its curve, as openssl does with ec_param_enc:explicit.
fn explicit() -> Vec<u8> {
    let field = sequence(&[oid("1.2.840.10045.1.1"), tlv(2, &[0x7f; 32])]);
    let curve = sequence(&[tlv(4, &[1; 32]), tlv(4, &[2; 32])]);
    let parameters =
        sequence(&[tlv(2, &[1]), field, curve, tlv(4, &[4; 65]), tlv(2, &[0x7f; 32]), tlv(2, &[1])]);
    sequence(&[sequence(&[oid("1.2.840.10045.2.1"), parameters]), tlv(3, &[&[0][..], &[4; 65]].concat())])
}

fn key_of(kind: &str, bits: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(kind)]), tlv(3, &[&[0], bits].concat())])
}

/// 2^1024 - 105.
fn prime() -> BigUint {
    (BigUint::from(1u32) << 1024u32) - 105u32
}

/// The next odd number that trial division up to 4096 leaves alone.
fn without_small_factors(from: &BigUint) -> BigUint {
    let mut candidate = from | BigUint::from(1u32);
    while (3u32..4096).step_by(2).any(|small| &candidate % small == BigUint::ZERO) {
        candidate += 2u32;
    }
    candidate
}

/// A modulus that Fermat's method factors at once.
fn close() -> BigUint {
    prime() * without_small_factors(&(prime() - (BigUint::from(1u32) << 500u32)))
}

/// Modulo each of the primes that ROCA's fingerprint looks at, a power of 65537; 2048 bits.
fn roca() -> BigUint {
    let primes = (3u32..=167).filter(|n| (2..*n).all(|d| n % d != 0));
    let product = primes.fold(BigUint::from(1u32), |all, prime| all * prime);
    let power = BigUint::from(65_537u32).pow(3);
    let mut multiple = BigUint::from(1u32) << (2048 - product.bits());
    loop {
        let modulus = &power + &product * &multiple;
        if modulus.bits() == 2048 && without_small_factors(&modulus) == modulus {
            return modulus;
        }
        multiple += 1u32;
    }
}
