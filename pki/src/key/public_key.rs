//! Public keys of the supported kinds.
//!
//! Invariant: a [`PublicKey`] has a supported kind, size and form; [`super::weak_keys`] finds weak ones. Its SPKI is
//! the canonical encoding of algorithm, parameters and numbers; a request with any other encoding is refused, so that
//! the CA signs no other octets of the requester.

use std::borrow::Cow;

use der::Encode as _;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::rsa_numbers::RsaNumbers;
use super::weak_keys;
use crate::error::{KeyError, WeakKeyError};
use crate::key_kind::KeyKind;
use crate::oid::{dotted, is};
use crate::sha256::sha256;

/// A public key, as its SubjectPublicKeyInfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    /// The content of subjectPublicKey.
    bits: Vec<u8>,
    kind: KeyKind,
    rsa: Option<RsaNumbers>,
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// The supported curves, each with the octets of an uncompressed point.
const CURVES: [(ObjectIdentifier, KeyKind, usize); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), KeyKind::EcP256, 65),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), KeyKind::EcP384, 97),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), KeyKind::EcP521, 133),
];

/// The most bits of an RSA modulus; limits the time of the checks.
pub const MAX_RSA_BITS: u32 = 8192;

impl PublicKey {
    /// The SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) as DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The key without its algorithm: the content of the BIT STRING.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Lower-case hex of the SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(self.spki_digest())
    }

    /// The SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_digest(&self) -> [u8; 32] {
        sha256(&self.spki)
    }

    /// The SHA-256 of the one number that tells a key from others, big-endian without leading zeros: the modulus of RSA, the
    /// x coordinate of an EC point, or the octets of Ed25519. Lists of keys that leaked are over it, because it is the same
    /// in every encoding of a key.
    #[must_use]
    pub fn number_digest(&self) -> [u8; 32] {
        let number = match (&self.rsa, self.kind) {
            (Some(numbers), _) => &numbers.modulus,
            (None, KeyKind::Ed25519) => self.bits.as_slice(),
            // An uncompressed point: 4, x, y.
            (None, _) => &self.bits[1..=self.bits.len() / 2],
        };
        let zeros = number.iter().take_while(|octet| **octet == 0).count();
        sha256(&number[zeros..])
    }

    /// True if the SHA-256 of the SubjectPublicKeyInfo is in a sorted list.
    #[must_use]
    pub fn is_in(&self, sorted: &[[u8; 32]]) -> bool {
        sorted.binary_search(&self.spki_digest()).is_ok()
    }

    /// The kind for people: "EC P-256", "RSA 2048 bits", "Ed25519".
    #[must_use]
    pub fn description(&self) -> String {
        self.kind.to_string()
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Every weakness of the key, except for [`PublicKey::slow_weakness`].
    #[must_use]
    pub fn weaknesses(&self) -> Vec<WeakKeyError> {
        weak_keys::of(self.kind, &self.bits, self.rsa.as_ref())
    }

    /// Checks for close factors and for a prime modulus. Takes milliseconds: 5 ms for RSA-2048, 35 ms for RSA-4096.
    #[must_use]
    pub fn slow_weakness(&self) -> Option<WeakKeyError> {
        self.rsa.as_ref().and_then(weak_keys::slow)
    }

    /// The key identifier. RFC 7093 section 2 method 1: the leftmost 160 bits of the SHA-256 of subjectPublicKey.
    #[must_use]
    pub fn identifier(&self) -> [u8; 20] {
        let mut identifier = [0; 20];
        identifier.copy_from_slice(&sha256(&self.bits)[..20]);
        identifier
    }

    /// Reads a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError`]: the kind is not supported, or the key is malformed.
    pub fn from_spki(der: &[u8]) -> Result<PublicKey, KeyError> {
        match SubjectPublicKeyInfo::from_der(der) {
            Ok(([], spki)) => PublicKey::read(&spki),
            _ => Err(KeyError::Malformed),
        }
    }

    /// The key from the content of subjectPublicKey: an uncompressed point, or the octets of Ed25519.
    pub(crate) fn from_octets(kind: KeyKind, octets: &[u8]) -> Result<PublicKey, KeyError> {
        let spki = canonical_spki(kind, octets, None).ok_or(KeyError::Malformed)?;
        PublicKey::from_spki(&spki)
    }

    /// The RSA key from its numbers, big-endian.
    pub(crate) fn from_rsa_numbers(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, KeyError> {
        let numbers = RsaNumbers { modulus: modulus.to_vec(), exponent: exponent.to_vec() };
        let kind = KeyKind::Rsa { bits: numbers.modulus_bits() };
        let spki = canonical_spki(kind, &[], Some(&numbers)).ok_or(KeyError::RsaMalformed)?;
        PublicKey::from_spki(&spki)
    }

    pub(crate) fn read(spki: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey, KeyError> {
        let bits = spki.subject_public_key.data.as_ref();
        if spki.subject_public_key.unused_bits != 0 {
            return Err(KeyError::Octets);
        }
        let parameters = spki.algorithm.parameters.as_ref();
        let mut rsa = None;
        let algorithm = &spki.algorithm.algorithm;
        let kind = if is(algorithm, &RSA) {
            let numbers = RsaNumbers::from_der(bits)?;
            let modulus_bits = numbers.modulus_bits();
            if modulus_bits > MAX_RSA_BITS {
                return Err(KeyError::RsaTooLong { bits: modulus_bits, max: MAX_RSA_BITS });
            }
            // RFC 3279 section 2.3.1: the parameters are NULL.
            if parameters.is_none_or(|any| any.tag() != x509_parser::asn1_rs::Tag::Null) {
                return Err(KeyError::RsaParameters);
            }
            rsa = Some(numbers);
            KeyKind::Rsa { bits: modulus_bits }
        } else if is(algorithm, &EC) {
            // RFC 5480 section 2.1.1: the parameters are the namedCurve. The tag is looked at first: the parser of OBJECT
            // IDENTIFIERs reads the content of any tag.
            let named = parameters.filter(|any| any.tag() == x509_parser::asn1_rs::Tag::Oid);
            let Some(curve) = named.and_then(|any| any.as_oid().ok()) else {
                return Err(KeyError::EcExplicit);
            };
            let Some((_, kind, length)) = CURVES.iter().find(|(known, ..)| is(&curve, known)) else {
                return Err(KeyError::EcCurve(curve_name(&dotted(&curve))));
            };
            match bits.first() {
                Some(4) if bits.len() == *length => *kind,
                Some(2 | 3) => return Err(KeyError::EcCompressed),
                _ => return Err(KeyError::EcPoint(*kind)),
            }
        } else if is(algorithm, &ED25519) {
            // RFC 8410 section 3: the parameters are absent.
            if parameters.is_some() || bits.len() != 32 {
                return Err(KeyError::Ed25519Malformed);
            }
            KeyKind::Ed25519
        } else {
            return Err(other_kind(&dotted(algorithm)));
        };
        let canonical = canonical_spki(kind, bits, rsa.as_ref());
        if canonical.as_deref() != Some(spki.raw) {
            return Err(KeyError::NotDer);
        }
        Ok(PublicKey { spki: spki.raw.to_vec(), bits: bits.to_vec(), kind, rsa })
    }
}

/// The canonical SubjectPublicKeyInfo of a key as DER; `None` if it cannot be encoded.
fn canonical_spki(kind: KeyKind, bits: &[u8], rsa: Option<&RsaNumbers>) -> Option<Vec<u8>> {
    let curve = CURVES.iter().find(|(_, known, _)| *known == kind).map(|(oid, ..)| oid);
    let (oid, parameters) = match (kind, curve) {
        // RFC 3279 section 2.3.1: the parameters are NULL.
        (KeyKind::Rsa { .. }, _) => (RSA, Some(AnyRef::NULL)),
        // RFC 8410 section 3: the parameters are absent.
        (KeyKind::Ed25519, _) => (ED25519, None),
        // RFC 5480 section 2.1.1: the parameters are the namedCurve.
        (_, curve) => (EC, Some(AnyRef::from(curve?))),
    };
    let bits = match rsa {
        Some(numbers) => Cow::Owned(numbers.to_der()?),
        None => Cow::Borrowed(bits),
    };
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    let subject_public_key = BitStringRef::from_bytes(&bits).ok()?;
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().ok()
}

fn curve_name(oid: &str) -> String {
    let name = match oid {
        "1.3.132.0.10" => "secp256k1",
        "1.3.132.0.33" => "P-224",
        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.9" => "brainpoolP320r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        "1.2.156.10197.1.301" => "SM2",
        "1.2.250.1.223.101.256.1" => "FRP256v1",
        other => other,
    };
    name.to_owned()
}

/// The error for an unsupported kind.
fn other_kind(oid: &str) -> KeyError {
    let name = match oid {
        "1.2.840.113549.1.1.10" => return KeyError::PssOnly,
        "1.2.840.113549.1.1.7" => "RSA for encryption only (RSAES-OAEP)",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.3.1" | "1.2.840.10046.2.1" => "DH",
        "1.3.132.1.12" | "1.3.132.1.13" => "EC for key agreement only",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.113" => "Ed448",
        "1.2.643.2.2.19" | "1.2.643.7.1.1.1.1" | "1.2.643.7.1.1.1.2" => "GOST R 34.10",
        "1.2.156.10197.1.301" => "SM2",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        "2.16.840.1.101.3.4.4.1" => "ML-KEM-512",
        "2.16.840.1.101.3.4.4.2" => "ML-KEM-768",
        "2.16.840.1.101.3.4.4.3" => "ML-KEM-1024",
        oid if is_slh_dsa(oid) => "SLH-DSA",
        other => other,
    };
    KeyError::OtherKind(name.to_owned())
}

/// NIST's arc of signature algorithms: 20 to 31 are SLH-DSA (FIPS 205), 35 to 46 its pre-hash variants.
fn is_slh_dsa(oid: &str) -> bool {
    let last = oid.strip_prefix("2.16.840.1.101.3.4.3.").and_then(|last| last.parse::<u32>().ok());
    last.is_some_and(|last| matches!(last, 20..=31 | 35..=46))
}
