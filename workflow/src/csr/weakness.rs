//! Keys of a supported kind that protect nothing: too small, of a broken make, or with a structure that gives them away.
//!
//! The rules are those of the CA/Browser Forum's Baseline Requirements section 6.1.6 and of NIST SP 800-89 section
//! 5.3.3, and the known attacks named beside each check. Everything here works on public numbers only, so nothing
//! needs constant time. Fails with every finding of code `weak_key` that applies.

use std::sync::LazyLock;

use x509_parser::num_bigint::BigUint;

use super::key::{KeyKind, MOST_RSA_BITS, PublicKey, RsaNumbers, new_key};
use crate::finding::{Code, Finding};
use crate::texts::Message;

const FEWEST_RSA_BITS: u32 = 2048;

/// Everything that is weak about a key.
pub(super) fn of(key: &PublicKey) -> Vec<Finding> {
    match (key.kind(), key.rsa()) {
        (KeyKind::Rsa { bits }, Some(numbers)) => rsa(bits, numbers),
        (KeyKind::Ed25519, _) => ed25519(key.bits()),
        // That a point lies on its curve is checked by the library that verifies the signature: see `Csr::read`.
        _ => Vec::new(),
    }
}

fn weak(detail: Message) -> Finding {
    Finding::refused(Code::WeakKey, detail, new_key())
}

fn rsa(bits: u32, numbers: &RsaNumbers) -> Vec<Finding> {
    let mut findings = Vec::new();
    if bits < FEWEST_RSA_BITS {
        findings.push(Finding::refused(
            Code::WeakKey,
            Message::new("finding-rsa-too-short").with("bits", bits).with("fewest", FEWEST_RSA_BITS),
            Message::new("finding-rsa-new-key")
                .with("command", "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem"),
        ));
    } else if !bits.is_multiple_of(8) {
        findings.push(weak(Message::new("finding-rsa-odd-size").with("bits", bits)));
    }
    findings.extend(exponent(&numbers.exponent));
    // Checks of structure only for keys whose size is right: the others are refused anyway.
    if findings.is_empty() {
        findings.extend(structure(numbers).map(weak));
    }
    findings
}

/// BR 6.1.6: odd and at least 2^16+1. Larger than 31 bits is no weakness, but Go's crypto/rsa does not use such keys.
fn exponent(octets: &[u8]) -> Option<Finding> {
    let value = octets.iter().try_fold(0u64, |all, b| all.checked_mul(256).map(|all| all | u64::from(*b)));
    let usual = || Message::new("finding-rsa-exponent-advice").with("advice", new_key());
    // An exponent may be larger than a number of a message.
    let said = |id, e: u64| Message::new(id).with("exponent", e.to_string());
    match value {
        None => Some(Finding::refused(
            Code::UnsupportedKey,
            Message::new("finding-rsa-exponent-octets").with("count", octets.len()),
            usual(),
        )),
        Some(e) if e >= 1 << 31 => {
            Some(Finding::refused(Code::UnsupportedKey, said("finding-rsa-exponent-large", e), usual()))
        }
        Some(e) if e < 65_537 || e % 2 == 0 => Some(weak(said("finding-rsa-exponent-small", e))),
        Some(_) => None,
    }
}

/// What gives the factors of the modulus away, if anything.
fn structure(numbers: &RsaNumbers) -> Option<Message> {
    let modulus = BigUint::from_bytes_be(&numbers.modulus);
    if let Some(prime) = small_factor(&modulus) {
        return Some(Message::new("finding-rsa-divisible").with("prime", prime.to_string()));
    }
    if is_roca(&modulus) {
        return Some(Message::new("finding-rsa-roca"));
    }
    match fermat(&modulus) {
        Some(half_distance) if half_distance == BigUint::ZERO => Some(Message::new("finding-rsa-square")),
        Some(_) => Some(Message::new("finding-rsa-close")),
        None => None,
    }
}

/// Trial division goes up to here; BR 6.1.6 asks for 752.
const LARGEST_SMALL_PRIME: u64 = 1024;

/// Three primes, their product of 30 bits, and what each place of a digit leaves by it: so one division does for all digits.
struct Three {
    primes: Vec<u64>,
    product: u64,
    places: Vec<u64>,
}

/// All of the small primes, in their order.
static SMALL_PRIMES: LazyLock<Vec<Three>> = LazyLock::new(|| {
    let primes: Vec<u64> = (2..LARGEST_SMALL_PRIME)
        .filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
        .collect();
    primes.chunks(3).map(Three::of).collect()
});

impl Three {
    fn of(primes: &[u64]) -> Three {
        let product: u64 = primes.iter().product();
        let after = |place: &u64| u64::try_from((u128::from(*place) << 64) % u128::from(product)).ok();
        let places = std::iter::successors(Some(1), after).take(MOST_RSA_BITS.div_ceil(64) as usize);
        Three { primes: primes.to_vec(), product, places: places.collect() }
    }

    /// What a number leaves by their product, given its little-endian digits.
    fn remainder(&self, digits: &[u64]) -> u64 {
        // A place has 30 bits, so that the sum of all products has about a hundred.
        let products = digits.iter().zip(&self.places).map(|(d, place)| u128::from(*d) * u128::from(*place));
        u64::try_from(products.sum::<u128>() % u128::from(self.product)).unwrap_or_default()
    }
}

/// Each small prime, and what the modulus leaves by it.
fn remainders(modulus: &BigUint) -> impl Iterator<Item = (u64, u64)> {
    let digits = modulus.to_u64_digits();
    SMALL_PRIMES.iter().flat_map(move |three| {
        let rest = three.remainder(&digits);
        three.primes.iter().map(move |prime| (*prime, rest % prime))
    })
}

fn small_factor(modulus: &BigUint) -> Option<u64> {
    remainders(modulus).find(|(_, rest)| *rest == 0).map(|(prime, _)| prime)
}

/// The fingerprint of Nemec et al., "The Return of Coppersmith's Attack" (2017), section 2: modulo each of the primes from 3 to
/// 167, the modulus is a power of 65537. By chance fewer than one key in 2^27 looks so.
fn is_roca(modulus: &BigUint) -> bool {
    const LARGEST: u64 = 167;
    let is_power = |(prime, rest): (u64, u64)| {
        let mut power = 1;
        loop {
            if power == rest {
                return true;
            }
            power = power * (65_537 % prime) % prime;
            if power == 1 {
                return false;
            }
        }
    };
    remainders(modulus).skip(1).take_while(|(prime, _)| *prime <= LARGEST).all(is_power)
}

/// Fermat's factorization, for the 100 rounds that find the keys of CVE-2022-26320 (Böck 2023). Half the distance of the
/// two factors, if it is found.
fn fermat(modulus: &BigUint) -> Option<BigUint> {
    const ROUNDS: u32 = 100;
    let floor = modulus.sqrt();
    let a = if &floor * &floor == *modulus { floor } else { floor + 1u32 };
    let square = &a * &a - modulus;
    let step = (a << 1) + 1u32;
    // (a + 1)² - n = a² - n + (2a + 1), and 2a + 1 grows by two: of the numbers only what tells squares is carried along.
    let (mut rest, mut step_rest) = (Residues::of(&square), Residues::of(&step));
    for round in 0..ROUNDS {
        if rest.may_be_square() {
            let candidate = &square + &step * round + round * round.saturating_sub(1);
            let root = candidate.sqrt();
            if &root * &root == candidate {
                return Some(root);
            }
        }
        rest = rest.plus(step_rest);
        step_rest = step_rest.plus(Residues { low: 2, high: 2 });
    }
    None
}

/// A number modulo 2^32 and modulo 63 · 65 · 11 · 17 · 19 · 23: one in eight hundred is a square by all of them, so that hardly
/// ever a root is taken in vain.
#[derive(Clone, Copy)]
struct Residues {
    low: u32,
    high: u32,
}

impl Residues {
    const MODULUS: u32 = 63 * 65 * 11 * 17 * 19 * 23;

    fn of(n: &BigUint) -> Residues {
        let low = |n: &BigUint| n.iter_u32_digits().next().unwrap_or_default();
        Residues { low: low(n), high: low(&(n % Self::MODULUS)) }
    }

    fn plus(self, other: Residues) -> Residues {
        Residues { low: self.low.wrapping_add(other.low), high: (self.high + other.high) % Self::MODULUS }
    }

    fn may_be_square(self) -> bool {
        const MODULO_64: [bool; 64] = squares();
        const MODULO_63: [bool; 63] = squares();
        const MODULO_65: [bool; 65] = squares();
        const MODULO_11: [bool; 11] = squares();
        const MODULO_17: [bool; 17] = squares();
        const MODULO_19: [bool; 19] = squares();
        const MODULO_23: [bool; 23] = squares();
        let (low, high) = (self.low as usize, self.high as usize);
        MODULO_64[low % 64]
            && MODULO_63[high % 63]
            && MODULO_65[high % 65]
            && MODULO_11[high % 11]
            && MODULO_17[high % 17]
            && MODULO_19[high % 19]
            && MODULO_23[high % 23]
    }
}

/// Which residues are squares modulo `N`.
const fn squares<const N: usize>() -> [bool; N] {
    let mut table = [false; N];
    let mut x = 0;
    while x < N {
        table[x * x % N] = true;
        x += 1;
    }
    table
}

/// Whether the modulus is a prime: then everybody can compute the private key. A composite number passes for one with
/// negligible chance (Fermat's test to the base 2; Damgård, Landrock and Pomerance 1993), and nobody gains by that.
///
/// The one check that takes milliseconds, because no shorter proof that a number is composite is known.
pub(super) fn prime_modulus(key: &PublicKey) -> Option<Finding> {
    let modulus = BigUint::from_bytes_be(&key.rsa()?.modulus);
    let one = BigUint::from(1u32);
    let is_prime = BigUint::from(2u32).modpow(&(&modulus - &one), &modulus) == one;
    is_prime.then(|| weak(Message::new("finding-rsa-prime")))
}

/// The points of small order (RFC 8032 section 5.1.7; SP 800-186 requires a point of the prime order): a signature by such a
/// "key" proves nothing.
fn ed25519(point: &[u8]) -> Vec<Finding> {
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
    if SMALL_ORDER.contains(&encoded.as_str()) {
        vec![weak(Message::new("finding-ed25519-small-order"))]
    } else {
        Vec::new()
    }
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

    /// The next larger one within reach of a few steps: found by a Fermat test to the base 2.
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
        assert!(weak(structure(&numbers(&modulus, 65_537)).unwrap()).detail.contains("divisible by 3"));
        assert_eq!(small_factor(&(prime() * 1021u32)), Some(1021));
        assert_eq!(small_factor(&prime()), None);
        // Each of them, alone, and none that is larger.
        let small = (2..LARGEST_SMALL_PRIME).filter(|n| (2..*n).all(|d| n % d != 0));
        assert!(
            small.clone().count() == 172 && small.clone().all(|p| small_factor(&(prime() * p)) == Some(p))
        );
        assert_eq!(small_factor(&(prime() * 1031u32)), None);
    }

    #[test]
    fn squares_and_close_primes_are_found() {
        let p = prime();
        assert!(weak(structure(&numbers(&(&p * &p), 65_537)).unwrap()).detail.contains("a square"));
        let q = prime_after(&(&p - (BigUint::from(1u32) << 500)));
        assert!(weak(structure(&numbers(&(&p * &q), 65_537)).unwrap()).detail.contains("too close"));
    }

    /// By the method as it stands in the book, in each of its rounds and after the last.
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
        use crate::testing::pki::{TestKey, TestKeyPair, rsa_spki};
        // The largest prime of 2048 bits.
        let prime: BigUint = (BigUint::from(1u32) << 2048) - 1_557u32;
        let key = PublicKey::from_spki(&rsa_spki(&prime.to_bytes_be(), &[1, 0, 1])).unwrap();
        assert_eq!(of(&key), []);
        assert!(prime_modulus(&key).is_some());
        let honest = PublicKey::from_spki(TestKeyPair::generate(TestKey::Rsa2048).spki()).unwrap();
        assert_eq!(prime_modulus(&honest), None);
    }

    #[test]
    fn the_roca_fingerprint_is_found() {
        // Any power of 65537 has the fingerprint; a multiple of the product of the primes changes nothing.
        let product =
            [3u64, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]
                .iter()
                .chain(&[101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167])
                .fold(BigUint::from(1u32), |all, p| all * *p);
        let roca: BigUint = BigUint::from(65_537u32).pow(3) + (product << 1800);
        assert!(is_roca(&roca));
        assert!(!is_roca(&(prime() * prime_after(&(prime() >> 1)))));
    }

    #[test]
    fn sizes_and_exponents_are_named() {
        let detail = |bits, e: &[u8]| {
            let modulus = vec![0xff; (bits / 8) as usize];
            rsa(bits, &RsaNumbers { modulus, exponent: e.to_vec() })
                .first()
                .map(|f| f.detail.clone())
                .unwrap_or_default()
        };
        assert_eq!(detail(1024, &[1, 0, 1]), "RSA key of 1024 bits; at least 2048 are needed.");
        assert!(detail(2047, &[1, 0, 1]).contains("2048"));
        assert!(detail(2050, &[1, 0, 1]).contains("multiple of 8"));
        assert!(detail(2048, &[1]).contains("exponent 1;"));
        assert!(detail(2048, &[3]).contains("exponent 3;"));
        assert!(detail(2048, &[1, 0, 2]).contains("exponent 65538;"));
        assert!(detail(2048, &[4, 0, 0, 0, 1]).contains("larger than"));
        assert!(detail(2048, &[1; 9]).contains("9 octets"));
    }

    #[test]
    fn points_of_small_order_are_weak() {
        assert_eq!(ed25519(&[0; 32]).len(), 1);
        let mut negative = [0; 32];
        negative[0] = 1;
        negative[31] = 0x80;
        assert_eq!(ed25519(&negative).len(), 1);
        assert_eq!(ed25519(&[7; 32]).len(), 0);
    }
}
