//! The public key of a passkey: a COSE_Key (RFC 9052 section 7) of one of three algorithms.
//!
//! Invariant: a [`PasskeyKey`] has exactly the parameters that section 6.5.1 of WebAuthn allows, is accepted by the
//! verifier, and has none of the weaknesses that a request for a certificate is refused for.

use super::WebAuthnError;
use super::cbor::{self, CborItem, CborKey, Map};
use super::limits::at_most;
use crate::error::WeakKeyError;
use crate::key::{KeyKind, PublicKey};
use crate::signer::{self, Digest, Scheme};

/// The algorithm of a passkey's signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasskeyAlgorithm {
    /// ECDSA with SHA-256 on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256; 2048 to 4096 bits, and the exponent 65537.
    Rs256,
}

impl PasskeyAlgorithm {
    /// All algorithms, the preferred one first.
    pub const ALL: [PasskeyAlgorithm; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// The number in IANA's registry of COSE algorithms.
    #[must_use]
    pub const fn cose_number(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::Es256 => Scheme::Ecdsa(Digest::Sha256),
            Self::EdDsa => Scheme::Ed25519,
            Self::Rs256 => Scheme::RsaPkcs1(Digest::Sha256),
        }
    }
}

/// The public key of a passkey: a COSE_Key (RFC 9052), kept as the octets that the authenticator gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyKey {
    cose: Vec<u8>,
    algorithm: PasskeyAlgorithm,
    key: PublicKey,
}

const MALFORMED: WebAuthnError = WebAuthnError::Malformed("the public key is not well formed");

// The labels of RFC 9052 section 7.1, and the key types and parameters of RFC 9053 section 7 and RFC 8230 section 4.
const KTY: CborKey<'_> = CborKey::Integer(1);
const ALG: CborKey<'_> = CborKey::Integer(3);
const FIRST: CborKey<'_> = CborKey::Integer(-1);
const SECOND: CborKey<'_> = CborKey::Integer(-2);
const THIRD: CborKey<'_> = CborKey::Integer(-3);
const OKP: i128 = 1;
const EC2: i128 = 2;
const RSA: i128 = 3;
const P_256: i128 = 1;
const ED25519: i128 = 6;

const MAX_RSA_BYTES: usize = 4096 / 8;
const EXPONENT: [u8; 3] = [1, 0, 1];

impl PasskeyKey {
    /// The bytes of a COSE_Key, at most. RSA with 4096 bits has 529.
    pub const MAX_BYTES: usize = 1024;

    /// Reads a COSE_Key.
    ///
    /// # Errors
    /// [`WebAuthnError`]: the key is malformed, of another algorithm, or weak.
    pub fn from_cose(octets: &[u8]) -> Result<Self, WebAuthnError> {
        at_most(Self::MAX_BYTES, octets, "the public key is too long")?;
        let Ok((map, [])) = cbor::map(octets) else {
            return Err(MALFORMED);
        };
        let Some(CborItem::Integer(number)) = map.get(ALG) else {
            return Err(MALFORMED);
        };
        let algorithm =
            PasskeyAlgorithm::ALL.into_iter().find(|one| i128::from(one.cose_number()) == *number);
        let algorithm = algorithm.ok_or(WebAuthnError::UnknownAlgorithm)?;
        let key = match algorithm {
            PasskeyAlgorithm::Es256 => es256(&map),
            PasskeyAlgorithm::EdDsa => ed25519(&map),
            PasskeyAlgorithm::Rs256 => rs256(&map),
        }?;
        // BR section 6.1.6 demands a multiple of 8 bits for certificates; no rule does for passkeys.
        if key.weaknesses().iter().any(|weakness| !matches!(weakness, WeakKeyError::RsaOddSize(_))) {
            return Err(WebAuthnError::WeakKey);
        }
        // The verifier refuses points that are not on the curve.
        if !signer::is_readable(&key) {
            return Err(MALFORMED);
        }
        Ok(Self { cose: octets.to_vec(), algorithm, key })
    }

    /// The COSE_Key.
    #[must_use]
    pub fn cose(&self) -> &[u8] {
        &self.cose
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> PasskeyAlgorithm {
        self.algorithm
    }

    /// Checks a signature. Section 6.5.5: one of ES256 is the DER of an Ecdsa-Sig-Value.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebAuthnError> {
        signer::verify(&self.key, self.algorithm.scheme(), message, signature)
            .map_err(|_| WebAuthnError::BadSignature)
    }
}

/// Section 5.8.5: the curve is P-256, and the point is not compressed, so y is octets and not a boolean.
fn es256(map: &Map<'_>) -> Result<PublicKey, WebAuthnError> {
    let (Some(CborItem::Bytes(x)), Some(CborItem::Bytes(y))) = (map.get(SECOND), map.get(THIRD)) else {
        return Err(MALFORMED);
    };
    if !is_integer(map, KTY, EC2) || !is_integer(map, FIRST, P_256) || map.len() != 5 {
        return Err(MALFORMED);
    }
    // RFC 9053 section 7.1.1: a coordinate has all its octets.
    if x.len() != 32 || y.len() != 32 {
        return Err(MALFORMED);
    }
    PublicKey::from_octets(KeyKind::EcP256, &[&[4], *x, y].concat()).map_err(|_| MALFORMED)
}

fn ed25519(map: &Map<'_>) -> Result<PublicKey, WebAuthnError> {
    let Some(CborItem::Bytes(x)) = map.get(SECOND) else {
        return Err(MALFORMED);
    };
    if !is_integer(map, KTY, OKP) || !is_integer(map, FIRST, ED25519) || map.len() != 4 {
        return Err(MALFORMED);
    }
    PublicKey::from_octets(KeyKind::Ed25519, x).map_err(|_| MALFORMED)
}

fn rs256(map: &Map<'_>) -> Result<PublicKey, WebAuthnError> {
    let (Some(CborItem::Bytes(modulus)), Some(CborItem::Bytes(exponent))) = (map.get(FIRST), map.get(SECOND))
    else {
        return Err(MALFORMED);
    };
    if !is_integer(map, KTY, RSA) || map.len() != 4 {
        return Err(MALFORMED);
    }
    // RFC 8230 section 4: no leading zeros.
    if [modulus, exponent].into_iter().any(|number| number.first().is_none_or(|first| *first == 0)) {
        return Err(MALFORMED);
    }
    if modulus.len() > MAX_RSA_BYTES || **exponent != EXPONENT {
        return Err(WebAuthnError::WeakKey);
    }
    PublicKey::from_rsa_numbers(modulus, exponent).map_err(|_| MALFORMED)
}

fn is_integer(map: &Map<'_>, key: CborKey<'_>, value: i128) -> bool {
    map.get(key) == Some(&CborItem::Integer(value))
}

#[cfg(test)]
mod tests;
