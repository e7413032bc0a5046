//! The signature algorithms of CAs.

use crate::key::{KeyKind, PublicKey};

/// The signature algorithm of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// sha256WithRSAEncryption.
    RsaSha256,
    /// ecdsa-with-SHA256, by P-256 keys.
    EcdsaSha256,
    /// ecdsa-with-SHA384, by P-384 keys.
    EcdsaSha384,
    /// ecdsa-with-SHA512, by P-521 keys.
    EcdsaSha512,
    /// Ed25519.
    Ed25519,
}

impl SignatureAlgorithm {
    /// The algorithm for a kind of key.
    #[must_use]
    pub fn of(kind: KeyKind) -> SignatureAlgorithm {
        match kind {
            KeyKind::Rsa { .. } => SignatureAlgorithm::RsaSha256,
            KeyKind::EcP256 => SignatureAlgorithm::EcdsaSha256,
            KeyKind::EcP384 => SignatureAlgorithm::EcdsaSha384,
            KeyKind::EcP521 => SignatureAlgorithm::EcdsaSha512,
            KeyKind::Ed25519 => SignatureAlgorithm::Ed25519,
        }
    }

    /// The AlgorithmIdentifier as DER. RFC 8017 appendix A.2.4: NULL parameters; RFC 5758 section 3.2 and RFC 8410
    /// section 3: no parameters.
    #[must_use]
    pub const fn identifier_der(self) -> &'static [u8] {
        match self {
            SignatureAlgorithm::RsaSha256 => {
                &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00]
            }
            SignatureAlgorithm::EcdsaSha256 => {
                &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
            }
            SignatureAlgorithm::EcdsaSha384 => {
                &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03]
            }
            SignatureAlgorithm::EcdsaSha512 => {
                &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04]
            }
            SignatureAlgorithm::Ed25519 => &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70],
        }
    }

    /// True if this is the algorithm for the key.
    pub(crate) fn fits(self, key: &PublicKey) -> bool {
        SignatureAlgorithm::of(key.kind()) == self
    }
}
