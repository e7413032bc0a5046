//! The algorithms of signatures and MACs in JOSE (RFC 7518 section 3.1, RFC 8037 section 3.1).
//!
//! Invariant: `none` is none of them. A MAC is a type of its own, so that no public key is ever taken for a shared secret.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::key::{KeyKind, PublicKey};

/// The algorithm of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA with SHA-256 on P-256.
    Es256,
    /// ECDSA with SHA-384 on P-384.
    Es384,
    /// ECDSA with SHA-512 on P-521.
    Es512,
    /// Ed25519.
    EdDsa,
}

impl JwsAlgorithm {
    /// All algorithms.
    pub const ALL: [JwsAlgorithm; 6] =
        [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::Es512, Self::EdDsa];

    /// The name in IANA's registry of JOSE algorithms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The usual algorithm of a kind of key.
    #[must_use]
    pub const fn of(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Rsa { .. } => Self::Rs256,
            KeyKind::EcP256 => Self::Es256,
            KeyKind::EcP384 => Self::Es384,
            KeyKind::EcP521 => Self::Es512,
            KeyKind::Ed25519 => Self::EdDsa,
        }
    }

    /// True if keys of this kind sign by the algorithm.
    #[must_use]
    pub fn fits(self, kind: KeyKind) -> bool {
        self == Self::of(kind) || self == Self::Ps256 && matches!(kind, KeyKind::Rsa { .. })
    }

    /// True if `signature` over `message` was made with the private key of `key`, by this algorithm.
    #[must_use]
    pub fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            // RFC 7518 section 3.4: R and S of a fixed length, not DER.
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
            Self::Es512 => &ECDSA_P521_SHA512_FIXED,
            Self::EdDsa => &ED25519,
        };
        self.fits(key.kind())
            && UnparsedPublicKey::new(algorithm, key.bits()).verify(message, signature).is_ok()
    }
}

/// The algorithm of a MAC (RFC 7518 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    /// All algorithms.
    pub const ALL: [MacAlgorithm; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name in IANA's registry of JOSE algorithms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The algorithm with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// True if `mac` over `message` was made with the key. Takes the same time for any wrong MAC of the right length.
    pub(super) fn verify(self, key: &[u8], message: &[u8], mac: &[u8]) -> bool {
        let algorithm = match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
        };
        hmac::verify(&hmac::Key::new(algorithm, key), message, mac).is_ok()
    }
}
