//! One request and one CA: issuing from PEM to PEM, its parts, and the bare cryptography as the lower bound.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self as alg, EcdsaKeyPair, EcdsaSigningAlgorithm, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use pki::certificate::{Certificate, Publication, Serial, Template, Validity, issue, lint};
use pki::csr::Csr;
use pki::error::WeakKeyError;
use pki::issuer::Issuer;
use pki::key::{KeyKind, PublicKey};
use pki::signer::{LocalKey, SignatureAlgorithm, Signer};
use pki::testing as test_pki;
use pki::testing::TestKey;
use time::OffsetDateTime;
use tokio::runtime::Runtime;
use workflow::policy::{Evaluation, Policy};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

/// The shipped policy.
#[must_use]
pub fn shipped_policy() -> Policy {
    Policy::parse(include_str!("../../infra/policy.toml")).unwrap()
}

/// A request.
pub struct Asked {
    /// PEM.
    pub text: String,
    key: PublicKey,
    verifier: &'static dyn VerificationAlgorithm,
    point: Vec<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Asked {
    /// A request of this kind for `www.example.com`.
    #[must_use]
    pub fn of(kind: TestKey) -> Asked {
        Asked::from_pem(test_pki::csr_with(kind, "www.example.com", &["www.example.com"]))
    }

    /// A request signed with the usual digest of its key.
    #[must_use]
    pub fn from_pem(text: String) -> Asked {
        let csr = Csr::read(&text).unwrap();
        let (_, request) = X509CertificationRequest::from_der(csr.der()).unwrap();
        Asked {
            key: csr.key().clone(),
            verifier: match csr.key().kind() {
                KeyKind::EcP256 => &alg::ECDSA_P256_SHA256_ASN1,
                KeyKind::EcP384 => &alg::ECDSA_P384_SHA384_ASN1,
                KeyKind::EcP521 => &alg::ECDSA_P521_SHA512_ASN1,
                KeyKind::Rsa { .. } => &alg::RSA_PKCS1_2048_8192_SHA256,
                KeyKind::Ed25519 => &alg::ED25519,
            },
            point: match csr.key().kind() {
                KeyKind::Ed25519 => csr.key().bits().to_vec(),
                _ => csr.key().spki_der().to_vec(),
            },
            signed: request.certification_request_info.raw.to_vec(),
            signature: request.signature_value.data.to_vec(),
            text,
        }
    }

    /// Bare verification of the signature by aws-lc-rs, from the encoded key of the request.
    pub fn verify(&self) {
        UnparsedPublicKey::new(self.verifier, &self.point).verify(&self.signed, &self.signature).unwrap();
    }

    /// Reads the request: parsing, proof of possession, weak-key checks.
    #[must_use]
    pub fn read(&self) -> Csr {
        Csr::read(&self.text).unwrap()
    }

    /// The weak-key checks within reading.
    #[must_use]
    pub fn weaknesses(&self) -> Vec<WeakKeyError> {
        self.key.weaknesses()
    }
}

/// A CA with its key loaded.
pub struct Authority {
    issuer: Issuer,
    key: LocalKey,
    bare: Bare,
    runtime: Runtime,
}

enum Bare {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Authority {
    /// A root with a key of this kind.
    #[must_use]
    pub fn of(kind: TestKey) -> Authority {
        let ca = test_pki::root_with(kind);
        Authority::from_pem(&ca.key_pem, &ca.certificate_pem)
    }

    /// A CA with a P-256, P-384 or RSA key in PKCS#8.
    #[must_use]
    pub fn from_pem(key: &str, certificate: &str) -> Authority {
        use rustls_pki_types::pem::PemObject;
        let pkcs8 = rustls_pki_types::PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let der = pkcs8.secret_pkcs8_der();
        let ec =
            |curve: &'static EcdsaSigningAlgorithm| Bare::Ec(EcdsaKeyPair::from_pkcs8(curve, der).unwrap());
        let key = LocalKey::from_pem(key).unwrap();
        Authority {
            issuer: Issuer::from_pem(certificate).unwrap(),
            bare: match key.algorithm() {
                SignatureAlgorithm::EcdsaSha256 => ec(&alg::ECDSA_P256_SHA256_ASN1_SIGNING),
                SignatureAlgorithm::EcdsaSha384 => ec(&alg::ECDSA_P384_SHA384_ASN1_SIGNING),
                SignatureAlgorithm::RsaSha256 => Bare::Rsa(RsaKeyPair::from_pkcs8(der).unwrap()),
                other => panic!("nothing measures {other:?} bare"),
            },
            key,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        }
    }

    /// Bare signature by aws-lc-rs over the number of octets of a TBSCertificate.
    pub fn sign(&self) {
        let (message, random) = ([0x5a; 400], SystemRandom::new());
        match &self.bare {
            Bare::Ec(pair) => drop(pair.sign(&random, &message).unwrap()),
            Bare::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&alg::RSA_PKCS1_SHA256, &random, &message, &mut signature).unwrap();
            }
        }
    }

    /// From a granted request to a certificate: built, linted, signed.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // A benchmark has no approval.
    pub fn issue(&self, csr: &Csr, verdict: &Evaluation) -> Certificate {
        let grant = verdict.grant.as_ref().unwrap();
        let validity =
            Validity::choose(OffsetDateTime::now_utc(), grant.validity_days, &self.issuer).unwrap();
        let contents = grant.contents();
        let template = Template {
            csr,
            contents: &contents,
            issuer: &self.issuer,
            algorithm: self.key.algorithm(),
            serial: &Serial::random(&SystemRandom::new()).unwrap(),
            validity: &validity,
            publication: &Publication::default(),
        };
        let linted = lint(template.build().unwrap(), &self.issuer, csr, &contents).unwrap();
        self.runtime.block_on(issue(&self.key, linted)).unwrap()
    }

    /// From a request as PEM to a certificate as PEM: checked, evaluated, built, linted, signed.
    #[must_use]
    pub fn certify(&self, policy: &Policy, asked: &Asked) -> String {
        let csr = asked.read();
        let verdict = policy.evaluate(&csr, policy.profile(None).unwrap(), None);
        self.issue(&csr, &verdict).pem()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_works() {
        let (policy, authority) = (shipped_policy(), Authority::of(TestKey::EcP256));
        for kind in [TestKey::EcP256, TestKey::EcP384, TestKey::Rsa2048, TestKey::Ed25519] {
            let asked = Asked::of(kind);
            asked.verify();
            assert_eq!(asked.weaknesses(), []);
            let certificate = Certificate::from_pem(&authority.certify(&policy, &asked)).unwrap();
            assert_eq!(certificate.subject(), "CN=www.example.com");
        }
        authority.sign();
    }
}
