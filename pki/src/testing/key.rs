//! Key pairs for requests and CAs.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};

use super::encode::{oid, pem, sequence, tlv};

/// A kind of key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestKey {
    /// secp256r1.
    EcP256,
    /// secp384r1.
    EcP384,
    /// secp521r1.
    EcP521,
    /// 2048 bits.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
    /// Ed25519.
    Ed25519,
}

/// A key pair.
#[derive(Clone)]
pub struct TestKeyPair {
    kind: TestKey,
    pkcs8: Vec<u8>,
    spki: Vec<u8>,
}

impl TestKeyPair {
    /// A new key pair.
    #[must_use]
    pub fn generate(kind: TestKey) -> TestKeyPair {
        let rsa = |size| {
            let pair = RsaKeyPair::generate(size).unwrap();
            let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
            let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
            (pkcs8.as_ref().to_vec(), public.as_ref().to_vec())
        };
        let ec = |algorithm| {
            let pair = EcdsaKeyPair::generate(algorithm).unwrap();
            let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
            (pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public.as_ref().to_vec())
        };
        let (pkcs8, spki) = match kind {
            TestKey::EcP256 => ec(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            TestKey::EcP384 => ec(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            TestKey::EcP521 => ec(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
            TestKey::Rsa2048 => rsa(KeySize::Rsa2048),
            TestKey::Rsa3072 => rsa(KeySize::Rsa3072),
            TestKey::Rsa4096 => rsa(KeySize::Rsa4096),
            TestKey::Ed25519 => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
                (pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public.as_ref().to_vec())
            }
        };
        TestKeyPair { kind, pkcs8, spki }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> TestKey {
        self.kind
    }

    /// PKCS#8 as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// PKCS#8 as DER.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// SubjectPublicKeyInfo as DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The AlgorithmIdentifier of [`TestKeyPair::sign`].
    #[must_use]
    pub fn algorithm(&self) -> Vec<u8> {
        match self.kind {
            TestKey::EcP256 => sequence(&[oid("1.2.840.10045.4.3.2")]),
            TestKey::EcP384 => sequence(&[oid("1.2.840.10045.4.3.3")]),
            TestKey::EcP521 => sequence(&[oid("1.2.840.10045.4.3.4")]),
            TestKey::Rsa2048 | TestKey::Rsa3072 | TestKey::Rsa4096 => {
                sequence(&[oid("1.2.840.113549.1.1.11"), tlv(5, &[])])
            }
            TestKey::Ed25519 => sequence(&[oid("1.3.101.112")]),
        }
    }

    /// A signature with the digest that goes with the key.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let ec = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).unwrap();
            pair.sign(&random, message).unwrap().as_ref().to_vec()
        };
        match self.kind {
            TestKey::EcP256 => ec(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            TestKey::EcP384 => ec(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            TestKey::EcP521 => ec(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
            TestKey::Rsa2048 | TestKey::Rsa3072 | TestKey::Rsa4096 => {
                self.sign_rsa(&signature::RSA_PKCS1_SHA256, message)
            }
            TestKey::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8)
                .unwrap()
                .sign(message)
                .as_ref()
                .to_vec(),
        }
    }

    pub(super) fn sign_rsa(&self, encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
        let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap();
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut out).unwrap();
        out
    }

    /// RFC 5280 section 4.2.1.2 method 1, common among CAs: SHA-1 of subjectPublicKey.
    #[must_use]
    pub fn identifier(&self) -> Vec<u8> {
        let (_, spki) =
            <x509_parser::x509::SubjectPublicKeyInfo<'_> as x509_parser::prelude::FromDer<_>>::from_der(
                &self.spki,
            )
            .unwrap();
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &spki.subject_public_key.data).as_ref().to_vec()
    }
}
