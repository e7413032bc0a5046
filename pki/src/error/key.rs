//! Errors of keys and signatures.

use crate::key_kind::KeyKind;

/// Why a public key cannot be certified: it is malformed or of an unsupported kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not a SubjectPublicKeyInfo.
    #[error("the public key is not well formed")]
    Malformed,
    /// It is not in the one DER form of its algorithm and numbers.
    #[error("the public key is not encoded in DER")]
    NotDer,
    /// Its BIT STRING is not a whole number of octets.
    #[error("the public key is not a whole number of octets")]
    Octets,
    /// An RSA modulus longer than [`crate::key::MAX_RSA_BITS`].
    #[error("the RSA key has {bits} bits; at most {max} are supported")]
    RsaTooLong {
        /// The bits of the modulus.
        bits: u32,
        /// The limit in bits.
        max: u32,
    },
    /// RSA parameters other than NULL (RFC 3279 section 2.3.1).
    #[error("the parameters of the RSA key are not NULL")]
    RsaParameters,
    /// Not an RSAPublicKey.
    #[error("the RSA key is not well formed")]
    RsaMalformed,
    /// An EC key without a named curve.
    #[error("the EC key does not name its curve")]
    EcExplicit,
    /// An EC key on another curve, by name or dotted number.
    #[error("the curve {0} is not supported")]
    EcCurve(String),
    /// A compressed point.
    #[error("the point of the EC key is compressed")]
    EcCompressed,
    /// Not a point of the curve's length.
    #[error("the {0} key is not an uncompressed point")]
    EcPoint(KeyKind),
    /// A point that is not on its curve.
    #[error("the point of the {0} key is not on the curve")]
    NotOnCurve(KeyKind),
    /// Not an Ed25519 key (RFC 8410 section 3).
    #[error("the Ed25519 key is not well formed")]
    Ed25519Malformed,
    /// An RSA key restricted to RSASSA-PSS.
    #[error("RSA keys restricted to RSASSA-PSS are not supported")]
    PssOnly,
    /// Another kind of key, by name or dotted number.
    #[error("keys of the kind {0} are not supported")]
    OtherKind(String),
}

impl KeyError {
    /// True for a well-formed key of an unsupported kind.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::RsaTooLong { .. }
            | Self::EcExplicit
            | Self::EcCurve(_)
            | Self::EcCompressed
            | Self::PssOnly
            | Self::OtherKind(_) => true,
            Self::Malformed
            | Self::NotDer
            | Self::Octets
            | Self::RsaParameters
            | Self::RsaMalformed
            | Self::EcPoint(_)
            | Self::NotOnCurve(_)
            | Self::Ed25519Malformed => false,
        }
    }
}

/// Why a key of a supported kind is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakKeyError {
    /// The modulus is too short.
    #[error("the RSA key has {bits} bits; at least {min} are needed")]
    RsaTooShort {
        /// The bits of the modulus.
        bits: u32,
        /// The minimum in bits.
        min: u32,
    },
    /// The length of the modulus is not a multiple of 8 bits (BR section 6.1.6).
    #[error("the length of the RSA key, {0} bits, is not a multiple of 8")]
    RsaOddSize(u32),
    /// The exponent has this many octets, more than 64 bits.
    #[error("the exponent of the RSA key has {0} bytes")]
    RsaExponentOctets(usize),
    /// The exponent is larger than 31 bits.
    #[error("the exponent of the RSA key, {0}, is too large")]
    RsaExponentLarge(u64),
    /// The exponent is even or less than 65537 (BR section 6.1.6).
    #[error("the exponent of the RSA key, {0}, is too small or even")]
    RsaExponentSmall(u64),
    /// This small prime divides the modulus.
    #[error("the modulus of the RSA key is divisible by {0}")]
    RsaDivisible(u64),
    /// The fingerprint of CVE-2017-15361.
    #[error("the RSA key was made by a faulty library (ROCA)")]
    RsaRoca,
    /// The modulus is a square.
    #[error("the modulus of the RSA key is a square")]
    RsaSquare,
    /// The two factors are close together (CVE-2022-26320).
    #[error("the factors of the RSA key are close together")]
    RsaClose,
    /// The modulus is a prime.
    #[error("the modulus of the RSA key is a prime")]
    RsaPrime,
    /// A point of small order (RFC 8032 section 5.1.7).
    #[error("the Ed25519 key is a point of small order")]
    Ed25519SmallOrder,
}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It uses this broken or too short digest.
    #[error("the signature uses {0}")]
    WeakDigest(&'static str),
    /// An unsupported algorithm, by its dotted number.
    #[error("the signature algorithm {0} is not supported")]
    Algorithm(String),
    /// Parameters where the algorithm has none.
    #[error("the signature algorithm has parameters that it does not take")]
    Parameters,
    /// RSASSA-PSS parameters that cannot be read.
    #[error("the RSASSA-PSS parameters are not well formed")]
    PssMalformed,
    /// RSASSA-PSS with an unsupported digest, by its dotted number.
    #[error("the RSASSA-PSS digest {0} is not supported")]
    PssDigest(String),
    /// RSASSA-PSS with unsupported parameters.
    #[error("the RSASSA-PSS parameters are not supported")]
    PssUnusual,
    /// The signature algorithm does not fit the kind of key.
    #[error("the signature algorithm does not fit the {0} key")]
    OtherKind(KeyKind),
    /// The signature does not verify.
    #[error("the signature was not made with the key")]
    Wrong,
}
