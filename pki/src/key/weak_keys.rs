//! Detection of weak keys: too small, made by a broken library, or with a modulus that is easy to factor.
//!
//! The rules come from the CA/Browser Forum's Baseline Requirements section 6.1.6, from NIST SP 800-89 section 5.3.3,
//! and from the attack cited at each check. Invariant: all numbers are public, so nothing needs constant time.

use std::sync::LazyLock;

use x509_parser::num_bigint::BigUint;

use super::rsa_numbers::RsaNumbers;
use crate::error::WeakKeyError;
use crate::key_kind::KeyKind;

const MIN_RSA_BITS: u32 = 2048;

/// Every weakness of a key that is found quickly.
pub(super) fn of(kind: KeyKind, octets: &[u8], numbers: Option<&RsaNumbers>) -> Vec<WeakKeyError> {
    match (kind, numbers) {
        (KeyKind::Rsa { bits }, Some(numbers)) => rsa(bits, numbers),
        (KeyKind::Ed25519, _) => ed25519(octets).into_iter().collect(),
        // The library that verifies the signature checks that a point is on its curve: see `Csr::read`.
        _ => Vec::new(),
    }
}

fn rsa(bits: u32, numbers: &RsaNumbers) -> Vec<WeakKeyError> {
    let mut errors = Vec::new();
    if bits < MIN_RSA_BITS {
        errors.push(WeakKeyError::RsaTooShort { bits, min: MIN_RSA_BITS });
    } else if !bits.is_multiple_of(8) {
        errors.push(WeakKeyError::RsaOddSize(bits));
    }
    errors.extend(exponent(&numbers.exponent));
    // A key of the wrong size is refused anyway.
    if errors.is_empty() {
        errors.extend(structure(numbers));
    }
    errors
}

/// BR section 6.1.6: odd and at least 2^16+1. More than 31 bits are not weak, but Go's crypto/rsa refuses such keys.
fn exponent(octets: &[u8]) -> Option<WeakKeyError> {
    let value = octets.iter().try_fold(0u64, |all, b| all.checked_mul(256).map(|all| all | u64::from(*b)));
    match value {
        None => Some(WeakKeyError::RsaExponentOctets(octets.len())),
        Some(e) if e >= 1 << 31 => Some(WeakKeyError::RsaExponentLarge(e)),
        Some(e) if e < 65_537 || e % 2 == 0 => Some(WeakKeyError::RsaExponentSmall(e)),
        Some(_) => None,
    }
}

/// Checks for a modulus with a small factor or the ROCA fingerprint.
fn structure(numbers: &RsaNumbers) -> Option<WeakKeyError> {
    let modulus = BigUint::from_bytes_be(&numbers.modulus);
    let remainders = remainders(&modulus);
    if let Some(prime) = small_factor(&remainders) {
        return Some(WeakKeyError::RsaDivisible(prime));
    }
    is_roca(&remainders).then_some(WeakKeyError::RsaRoca)
}

/// Checks for close factors and for a prime modulus; takes 0.1 to 35 milliseconds.
pub(super) fn slow(numbers: &RsaNumbers) -> Option<WeakKeyError> {
    let modulus = BigUint::from_bytes_be(&numbers.modulus);
    match fermat(&modulus) {
        Some(half_distance) if half_distance == BigUint::ZERO => Some(WeakKeyError::RsaSquare),
        Some(_) => Some(WeakKeyError::RsaClose),
        None => is_prime(&modulus).then_some(WeakKeyError::RsaPrime),
    }
}

/// The limit of trial division; BR section 6.1.6 requires 752.
const MAX_SMALL_PRIME: u64 = 1024;

/// The primes below [`MAX_SMALL_PRIME`], ascending.
fn small_primes() -> impl Iterator<Item = u64> {
    (2..MAX_SMALL_PRIME).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

/// The small primes in groups of three, each with its product. A product fits a digit of the big integer, so one long
/// division of a modulus serves three primes.
static SMALL_PRIMES: LazyLock<Vec<(Vec<u64>, u64)>> = LazyLock::new(|| {
    let primes: Vec<u64> = small_primes().collect();
    primes.chunks(3).map(|three| (three.to_vec(), three.iter().product())).collect()
});

/// Each small prime, with the remainder of the modulus.
fn remainders(modulus: &BigUint) -> Vec<(u64, u64)> {
    let of_group = |(primes, product): &'static (Vec<u64>, u64)| {
        let rest = u64::try_from(modulus % *product).unwrap_or_default();
        primes.iter().map(move |prime| (*prime, rest % prime))
    };
    SMALL_PRIMES.iter().flat_map(of_group).collect()
}

fn small_factor(remainders: &[(u64, u64)]) -> Option<u64> {
    remainders.iter().find(|(_, rest)| *rest == 0).map(|(prime, _)| *prime)
}

/// True for the fingerprint of Nemec et al., "The Return of Coppersmith's Attack" (2017), section 2: modulo each prime
/// from 3 to 167, the modulus is a power of 65537. Fewer than one random key in 2^27 has it.
fn is_roca(remainders: &[(u64, u64)]) -> bool {
    const LARGEST: u64 = 167;
    let is_power = |(prime, rest): &(u64, u64)| {
        let mut power = 1;
        loop {
            if power == *rest {
                return true;
            }
            power = power * (65_537 % prime) % prime;
            if power == 1 {
                return false;
            }
        }
    };
    remainders.iter().skip(1).take_while(|(prime, _)| *prime <= LARGEST).all(is_power)
}

/// Fermat's factorization, for the 100 rounds that find the keys of CVE-2022-26320 (Böck 2023). Returns half the
/// distance of the two factors if it finds them.
///
/// With n = p·q, a = (p + q) / 2 and b = (p - q) / 2, n = a² - b². If p and q are close, a is just above the square
/// root of n: try each a from there on until a² - n is a square.
fn fermat(modulus: &BigUint) -> Option<BigUint> {
    const ROUNDS: u32 = 100;
    let floor = modulus.sqrt();
    let first = if &floor * &floor == *modulus { floor } else { floor + 1u32 };
    (0..ROUNDS).find_map(|round| {
        let a = &first + round;
        let candidate = &a * &a - modulus;
        let b = candidate.sqrt();
        (&b * &b == candidate).then_some(b)
    })
}

/// True if the modulus is a prime; the private key then follows from the public one. Fermat's test to the base 2: a
/// composite number passes with negligible probability (Damgård, Landrock and Pomerance 1993).
///
/// Takes 4.6 ms for 2048 bits; no faster proof of compositeness is known.
fn is_prime(modulus: &BigUint) -> bool {
    #[cfg(any(test, feature = "testing"))]
    PRIME_TESTS.with(|tests| tests.set(tests.get() + 1));
    let one = BigUint::from(1u32);
    BigUint::from(2u32).modpow(&(modulus - &one), modulus) == one
}

#[cfg(any(test, feature = "testing"))]
thread_local! {
    static PRIME_TESTS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts the prime tests of this thread, for tests.
#[cfg(any(test, feature = "testing"))]
#[must_use]
pub fn prime_tests() -> u64 {
    PRIME_TESTS.with(std::cell::Cell::get)
}

/// Checks for a point of small order (RFC 8032 section 5.1.7; SP 800-186 requires a point of prime order): a signature
/// by such a key proves nothing.
fn ed25519(point: &[u8]) -> Option<WeakKeyError> {
    const SMALL_ORDER: [&str; 7] = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut without_sign = point.to_vec();
    if let Some(last) = without_sign.last_mut() {
        *last &= 0x7f;
    }
    let encoded = hex::encode(without_sign);
    SMALL_ORDER.contains(&encoded.as_str()).then_some(WeakKeyError::Ed25519SmallOrder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(modulus: &BigUint, exponent: u32) -> RsaNumbers {
        RsaNumbers { modulus: modulus.to_bytes_be(), exponent: BigUint::from(exponent).to_bytes_be() }
    }

    /// A prime of 1024 bits: 2^1024 - 105.
    fn prime() -> BigUint {
        (BigUint::from(1u32) << 1024) - 105u32
    }

    /// The next probable prime above `start`, by a Fermat test to the base 2.
    fn prime_after(start: &BigUint) -> BigUint {
        let one = BigUint::from(1u32);
        let mut candidate = start + 2u32;
        while BigUint::from(2u32).modpow(&(&candidate - &one), &candidate) != one {
            candidate += 2u32;
        }
        candidate
    }

    #[test]
    fn small_factors_are_found() {
        let modulus = (BigUint::from(1u32) << 2047) + 1u32;
        assert_eq!(structure(&numbers(&modulus, 65_537)), Some(WeakKeyError::RsaDivisible(3)));
        assert_eq!(small_factor(&remainders(&(prime() * 1021u32))), Some(1021));
        assert_eq!(small_factor(&remainders(&prime())), None);
        // Finds each small prime alone, and no larger one.
        assert_eq!(small_primes().count(), 172);
        assert!(small_primes().all(|p| small_factor(&remainders(&(prime() * p))) == Some(p)));
        assert_eq!(small_factor(&remainders(&(prime() * 1031u32))), None);
    }

    #[test]
    fn squares_and_close_primes_are_found() {
        let p = prime();
        assert_eq!(slow(&numbers(&(&p * &p), 65_537)), Some(WeakKeyError::RsaSquare));
        let q = prime_after(&(&p - (BigUint::from(1u32) << 500)));
        assert_eq!(slow(&numbers(&(&p * &q), 65_537)), Some(WeakKeyError::RsaClose));
    }

    /// Compares with the textbook method, in each round and after the last.
    #[test]
    fn close_primes_are_found_in_every_round() {
        let (mut found, mut missed) = (0, 0);
        let a: BigUint = (BigUint::from(1u32) << 256) + 1_234_567u32;
        for bits in (100u32..150).step_by(2) {
            for more in [0u32, 1, 77] {
                let half: BigUint = (BigUint::from(1u32) << bits) + more;
                let modulus = (&a + &half) * (&a - &half);
                let floor = modulus.sqrt();
                let first = if &floor * &floor == modulus { floor } else { floor + 1u32 };
                let in_time = (0u32..100).find_map(|round| {
                    let square = (&first + round) * (&first + round) - &modulus;
                    let root = square.sqrt();
                    (&root * &root == square).then_some(root)
                });
                assert_eq!(fermat(&modulus), in_time, "{bits} {more}");
                if in_time.is_some() { found += 1 } else { missed += 1 }
            }
        }
        assert!(found > 10 && missed > 10, "{found} {missed}");
    }

    proptest::proptest! {
        #[test]
        fn remainders_are_those_of_the_library(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..1024)) {
            let n = BigUint::from_bytes_be(&octets);
            for (prime, rest) in remainders(&n) {
                proptest::prop_assert_eq!(BigUint::from(rest), &n % prime);
            }
        }
    }

    #[test]
    fn a_prime_modulus_is_found() {
        // The largest prime of 2048 bits.
        let prime: BigUint = (BigUint::from(1u32) << 2048) - 1_557u32;
        let key = numbers(&prime, 65_537);
        assert_eq!(rsa(2048, &key), []);
        assert_eq!(slow(&key), Some(WeakKeyError::RsaPrime));
        assert_eq!(slow(&numbers(&(prime_after(&(self::prime() >> 1)) * self::prime()), 65_537)), None);
    }

    #[test]
    fn the_roca_fingerprint_is_found() {
        // Any power of 65537 has the fingerprint; adding a multiple of the product of the primes keeps it.
        let product =
            [3u64, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]
                .iter()
                .chain(&[101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167])
                .fold(BigUint::from(1u32), |all, p| all * *p);
        let roca: BigUint = BigUint::from(65_537u32).pow(3) + (product << 1800);
        assert!(is_roca(&remainders(&roca)));
        assert!(!is_roca(&remainders(&(prime() * prime_after(&(prime() >> 1))))));
    }

    #[test]
    fn sizes_and_exponents_are_named() {
        use WeakKeyError as E;
        let first = |bits, e: &[u8]| {
            let modulus = vec![0xff; (bits / 8) as usize];
            rsa(bits, &RsaNumbers { modulus, exponent: e.to_vec() }).into_iter().next()
        };
        assert_eq!(first(1024, &[1, 0, 1]), Some(E::RsaTooShort { bits: 1024, min: 2048 }));
        assert_eq!(first(2047, &[1, 0, 1]), Some(E::RsaTooShort { bits: 2047, min: 2048 }));
        assert_eq!(first(2050, &[1, 0, 1]), Some(E::RsaOddSize(2050)));
        assert_eq!(first(2048, &[1]), Some(E::RsaExponentSmall(1)));
        assert_eq!(first(2048, &[3]), Some(E::RsaExponentSmall(3)));
        assert_eq!(first(2048, &[1, 0, 2]), Some(E::RsaExponentSmall(65_538)));
        assert_eq!(first(2048, &[4, 0, 0, 0, 1]), Some(E::RsaExponentLarge((4 << 32) + 1)));
        assert_eq!(first(2048, &[1; 9]), Some(E::RsaExponentOctets(9)));
    }

    #[test]
    fn points_of_small_order_are_weak() {
        assert_eq!(ed25519(&[0; 32]), Some(WeakKeyError::Ed25519SmallOrder));
        let mut negative = [0; 32];
        negative[0] = 1;
        negative[31] = 0x80;
        assert_eq!(ed25519(&negative), Some(WeakKeyError::Ed25519SmallOrder));
        assert_eq!(ed25519(&[7; 32]), None);
    }
}
