//! A private key in memory, read from PEM.
//!
//! Invariant: the key is read and checked once, not per signature. Its octets are only in the cryptographic library and
//! in buffers that are wiped; Debug and errors contain none of them.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self as alg, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::{SignatureAlgorithm, Signer, SignerError};
use crate::pem_block::{labelled, pem_blocks};

/// A private key in memory.
pub struct LocalKey {
    pair: Pair,
    spki: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// Why a text is not a usable private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalKeyError {
    /// The text has no private key.
    #[error("there is no private key in PEM form; PKCS#8, PKCS#1 and SEC 1 are read")]
    Missing,
    /// The text has more than one private key.
    #[error("there are several private keys; exactly one is needed")]
    Several,
    /// The key is encrypted with a passphrase.
    #[error(
        "the private key is encrypted; remove its passphrase first: openssl pkey -in key.pem -out plain.pem"
    )]
    Encrypted,
    /// The key is not RSA of 2048 to 8192 bits, EC P-256, P-384 or P-521, or Ed25519.
    #[error(
        "the private key is damaged or of an unsupported kind; RSA of 2048 to 8192 bits, EC P-256, P-384, P-521 and Ed25519 are read"
    )]
    Unsupported,
}

const CURVES: [(&EcdsaSigningAlgorithm, SignatureAlgorithm); 3] = [
    (&alg::ECDSA_P256_SHA256_ASN1_SIGNING, SignatureAlgorithm::EcdsaSha256),
    (&alg::ECDSA_P384_SHA384_ASN1_SIGNING, SignatureAlgorithm::EcdsaSha384),
    (&alg::ECDSA_P521_SHA512_ASN1_SIGNING, SignatureAlgorithm::EcdsaSha512),
];

impl LocalKey {
    /// Makes an EC P-256 key. Returns it as PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`SignerError::Unavailable`] if the source of randomness failed.
    pub fn generate_pem() -> Result<Zeroizing<String>, SignerError> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&alg::ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
                .map_err(|_| SignerError::Unavailable("the source of randomness failed".to_owned()))?;
        Ok(Zeroizing::new(labelled("PRIVATE KEY", document.as_ref())))
    }

    /// Reads the only private key of a text: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 appendix A.1.2) or SEC 1 (RFC 5915).
    pub fn from_pem(text: &str) -> Result<LocalKey, LocalKeyError> {
        let blocks = pem_blocks(text);
        let mut keys = blocks.iter().filter(|(label, _)| label.ends_with("PRIVATE KEY"));
        let (label, der) = keys.next().ok_or(LocalKeyError::Missing)?;
        if keys.next().is_some() {
            return Err(LocalKeyError::Several);
        }
        // Old tools mark encryption in a header, not in the label.
        if label.contains("ENCRYPTED") || text.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(LocalKeyError::Encrypted);
        }
        let der = der.as_ref().ok_or(LocalKeyError::Unsupported)?;
        match label.as_str() {
            "RSA PRIVATE KEY" => {
                LocalKey::rsa(RsaKeyPair::from_der(der).map_err(|_| LocalKeyError::Unsupported)?)
            }
            "EC PRIVATE KEY" => LocalKey::ec(|curve| EcdsaKeyPair::from_private_key_der(curve, der).ok()),
            _ => LocalKey::pkcs8(der),
        }
    }

    fn pkcs8(der: &[u8]) -> Result<LocalKey, LocalKeyError> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return LocalKey::rsa(pair);
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            let public: PublicKeyX509Der<'_> =
                pair.public_key().as_der().map_err(|_| LocalKeyError::Unsupported)?;
            let spki = public.as_ref().to_vec();
            return Ok(LocalKey {
                pair: Pair::Ed25519(Box::new(pair)),
                spki,
                algorithm: SignatureAlgorithm::Ed25519,
            });
        }
        LocalKey::ec(|curve| EcdsaKeyPair::from_pkcs8(curve, der).ok())
    }

    fn rsa(pair: RsaKeyPair) -> Result<LocalKey, LocalKeyError> {
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| LocalKeyError::Unsupported)?;
        let spki = public.as_ref().to_vec();
        Ok(LocalKey { pair: Pair::Rsa(Box::new(pair)), spki, algorithm: SignatureAlgorithm::RsaSha256 })
    }

    fn ec(
        read: impl Fn(&'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
    ) -> Result<LocalKey, LocalKeyError> {
        let found =
            CURVES.into_iter().find_map(|(curve, algorithm)| read(curve).map(|pair| (pair, algorithm)));
        let (pair, algorithm) = found.ok_or(LocalKeyError::Unsupported)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| LocalKeyError::Unsupported)?;
        let spki = public.as_ref().to_vec();
        Ok(LocalKey { pair: Pair::Ec(Box::new(pair)), spki, algorithm })
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[async_trait]
impl Signer for LocalKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    async fn sign(&self, tbs_der: &[u8]) -> Result<Vec<u8>, SignerError> {
        let failed = |_| SignerError::Refused("the cryptographic library failed".to_owned());
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&alg::RSA_PKCS1_SHA256, &random, tbs_der, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => {
                pair.sign(&random, tbs_der).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
            Pair::Ed25519(pair) => {
                pair.try_sign(tbs_der).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
        }
    }
}
