//! Keys, requests and authorities for tests, made anew each time: no key material is kept in files.
//!
//! What is made here is encoded by hand, on purpose not by the code under test, so that requests can be wrong in every
//! way. Fails by panicking, as a test should.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use time::{Duration, OffsetDateTime};

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
pub struct TestKeyPair {
    kind: TestKey,
    pkcs8: Vec<u8>,
    spki: Vec<u8>,
}

impl TestKeyPair {
    /// A new key.
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

    /// The AlgorithmIdentifier that [`TestKeyPair::sign`] uses.
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
            TestKey::Rsa2048 | TestKey::Rsa3072 | TestKey::Rsa4096 => self.sign_rsa(&signature::RSA_PKCS1_SHA256, message),
            TestKey::Ed25519 => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8).unwrap().sign(message).as_ref().to_vec()
            }
        }
    }

    fn sign_rsa(&self, encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
        let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).unwrap();
        let mut out = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut out).unwrap();
        out
    }

    /// SHA-1 over the content of the BIT STRING, as most authorities identify their keys.
    fn identifier(&self) -> Vec<u8> {
        let (_, spki) = <x509_parser::x509::SubjectPublicKeyInfo<'_> as x509_parser::prelude::FromDer<_>>::from_der(&self.spki).unwrap();
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &spki.subject_public_key.data).as_ref().to_vec()
    }
}

/// An authority: its key and its certificate.
#[derive(Clone)]
pub struct TestCa {
    /// PKCS#8.
    pub key_pem: String,
    /// The certificate, followed by those above it.
    pub certificate_pem: String,
}

/// A root with a P-256 key.
#[must_use]
pub fn root() -> TestCa {
    CaMaker::new(TestKey::EcP256).self_signed()
}

/// A root with a key of the given kind.
#[must_use]
pub fn root_with(kind: TestKey) -> TestCa {
    CaMaker::new(kind).self_signed()
}

/// Makes an authority.
pub struct CaMaker {
    key: TestKeyPair,
    subject: Vec<u8>,
    lifetime: Duration,
    age: Duration,
    path_length: Option<u8>,
    is_ca: bool,
    extensions: Vec<Vec<u8>>,
}

impl CaMaker {
    /// An authority called `CN=Test CA`, a day old, for ten years.
    #[must_use]
    pub fn new(kind: TestKey) -> CaMaker {
        CaMaker {
            key: TestKeyPair::generate(kind),
            subject: distinguished_name(&[("2.5.4.3", 12, b"Test CA")]),
            lifetime: Duration::days(3650),
            age: Duration::days(1),
            path_length: None,
            is_ca: true,
            extensions: Vec::new(),
        }
    }

    /// Another subject: attribute type, string tag, value.
    #[must_use]
    pub fn subject(mut self, parts: &[(&str, u8, &[u8])]) -> CaMaker {
        self.subject = distinguished_name(parts);
        self
    }

    /// How long ago it began, and how long from now it ends.
    #[must_use]
    pub fn lifetime(mut self, age: Duration, lifetime: Duration) -> CaMaker {
        (self.age, self.lifetime) = (age, lifetime);
        self
    }

    /// pathLenConstraint.
    #[must_use]
    pub fn path_length(mut self, most: u8) -> CaMaker {
        self.path_length = Some(most);
        self
    }

    /// cA FALSE: no authority at all.
    #[must_use]
    pub fn not_a_ca(mut self) -> CaMaker {
        self.is_ca = false;
        self
    }

    /// Critical nameConstraints with these permitted and excluded DNS subtrees.
    #[must_use]
    pub fn name_constraints(mut self, permitted: &[&str], excluded: &[&str]) -> CaMaker {
        let subtrees = |tag, names: &[&str]| {
            let all: Vec<Vec<u8>> = names.iter().map(|name| sequence(&[tlv(0x82, name.as_bytes())])).collect();
            if all.is_empty() { Vec::new() } else { tlv(tag, &all.concat()) }
        };
        let value = sequence(&[subtrees(0xa0, permitted), subtrees(0xa1, excluded)]);
        self.extensions.push(extension("2.5.29.30", true, &value));
        self
    }

    /// A root.
    #[must_use]
    pub fn self_signed(self) -> TestCa {
        let certificate = self.certificate(&self.subject, &self.key);
        TestCa { key_pem: self.key.pem(), certificate_pem: pem("CERTIFICATE", &certificate) }
    }

    /// Two of them: this one as root, and another below it. Gives the lower one, with the chain.
    #[must_use]
    pub fn issuing(self, below: CaMaker) -> TestCa {
        let root = self.certificate(&self.subject, &self.key);
        let certificate = below.certificate(&self.subject, &self.key);
        TestCa {
            key_pem: below.key.pem(),
            certificate_pem: pem("CERTIFICATE", &certificate) + &pem("CERTIFICATE", &root),
        }
    }

    fn certificate(&self, issuer: &[u8], signer: &TestKeyPair) -> Vec<u8> {
        let now = OffsetDateTime::now_utc();
        let ca = if self.is_ca { tlv(1, &[0xff]) } else { Vec::new() };
        let path_length = self.path_length.map(|most| tlv(2, &[most])).unwrap_or_default();
        let mut extensions = vec![
            extension("2.5.29.19", true, &sequence(&[ca, path_length])),
            // keyCertSign and cRLSign
            extension("2.5.29.15", true, &tlv(3, &[1, 0b0000_0110])),
            extension("2.5.29.14", false, &tlv(4, &self.key.identifier())),
            extension("2.5.29.35", false, &sequence(&[tlv(0x80, &signer.identifier())])),
        ];
        extensions.extend(self.extensions.iter().cloned());
        let serial: Vec<u8> = self.key.identifier().iter().map(|b| b & 0x7f | 1).collect();
        let tbs = sequence(&[
            tlv(0xa0, &tlv(2, &[2])),
            tlv(2, &serial),
            signer.algorithm(),
            issuer.to_vec(),
            sequence(&[time(now - self.age), time(now + self.lifetime)]),
            self.subject.clone(),
            self.key.spki.clone(),
            tlv(0xa3, &sequence(&extensions)),
        ]);
        signed(&tbs, &signer.algorithm(), &signer.sign(&tbs))
    }
}

/// RFC 5280 section 4.1.2.5.
fn time(at: OffsetDateTime) -> Vec<u8> {
    let digits = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    if at.year() < 2050 { tlv(0x17, &digits.as_bytes()[2..]) } else { tlv(0x18, digits.as_bytes()) }
}

/// A request for these names with a new P-256 key, the first of them also as the common name.
#[must_use]
pub fn csr(names: &[&str]) -> String {
    csr_with(TestKey::EcP256, names.first().copied().unwrap_or_default(), names)
}

/// A request with a new key. An empty common name is left out.
#[must_use]
pub fn csr_with(kind: TestKey, common_name: &str, names: &[&str]) -> String {
    CsrMaker::new(kind).common_name(common_name).names(names).pem()
}

/// A request with an RSA key of any size, with a signature that is not valid: such keys cannot be made here.
#[must_use]
pub fn csr_with_rsa_bits(bits: usize) -> String {
    let mut modulus = vec![0xb5; bits.div_ceil(8)];
    let last = modulus.len() - 1;
    modulus[0] = (0xff >> ((8 - bits % 8) % 8)) & 0xb5 | (0x80 >> ((8 - bits % 8) % 8));
    modulus[last] |= 1;
    csr_with_rsa(&modulus, &[1, 0, 1])
}

/// A request with any RSA key, big-endian, with a signature that is not valid.
#[must_use]
pub fn csr_with_rsa(modulus: &[u8], exponent: &[u8]) -> String {
    let key = sequence(&[unsigned(modulus), unsigned(exponent)]);
    let spki = sequence(&[sequence(&[oid("1.2.840.113549.1.1.1"), tlv(5, &[])]), bit_string(&key)]);
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.11"), tlv(5, &[])]);
    CsrMaker::new(TestKey::EcP256)
        .common_name("www.example.com")
        .names(&["www.example.com"])
        .spki(spki)
        .signature(algorithm, vec![0x5a; modulus.len()])
        .pem()
}

/// A request signed by another key than the one it carries.
#[must_use]
pub fn csr_with_bad_signature(names: &[&str]) -> String {
    CsrMaker::new(TestKey::EcP256).names(names).spki(TestKeyPair::generate(TestKey::EcP256).spki).pem()
}

/// A request that says it is signed with SHA-1.
#[must_use]
pub fn csr_with_sha1(names: &[&str]) -> String {
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.5"), tlv(5, &[])]);
    CsrMaker::new(TestKey::Rsa2048).names(names).signature(algorithm, vec![0x5a; 256]).pem()
}

/// Makes a request, right or wrong.
pub struct CsrMaker {
    key: TestKeyPair,
    subject: Vec<(String, u8, Vec<u8>)>,
    names: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    attributes: Vec<Vec<u8>>,
    spki: Option<Vec<u8>>,
    signature: Option<(Vec<u8>, Vec<u8>)>,
    pss: bool,
}

impl CsrMaker {
    /// A request with a new key and nothing else.
    #[must_use]
    pub fn new(kind: TestKey) -> CsrMaker {
        CsrMaker {
            key: TestKeyPair::generate(kind),
            subject: Vec::new(),
            names: Vec::new(),
            extensions: Vec::new(),
            attributes: Vec::new(),
            spki: None,
            signature: None,
            pss: false,
        }
    }

    /// A common name, unless it is empty.
    #[must_use]
    pub fn common_name(self, text: &str) -> CsrMaker {
        if text.is_empty() { self } else { self.subject_part("2.5.4.3", 12, text.as_bytes()) }
    }

    /// A part of the subject: attribute type, string tag, value.
    #[must_use]
    pub fn subject_part(mut self, attribute: &str, tag: u8, value: &[u8]) -> CsrMaker {
        self.subject.push((attribute.to_owned(), tag, value.to_vec()));
        self
    }

    /// Names: addresses, URIs with `://`, e-mail addresses with `@`, and DNS names, unchecked.
    #[must_use]
    pub fn names(mut self, names: &[&str]) -> CsrMaker {
        self.names.extend(names.iter().map(|name| match name.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(v4)) => tlv(0x87, &v4.octets()),
            Ok(std::net::IpAddr::V6(v6)) => tlv(0x87, &v6.octets()),
            Err(_) if name.contains("://") => tlv(0x86, name.as_bytes()),
            Err(_) if name.contains('@') => tlv(0x81, name.as_bytes()),
            Err(_) => tlv(0x82, name.as_bytes()),
        }));
        self
    }

    /// A GeneralName as DER.
    #[must_use]
    pub fn general_name(mut self, der: Vec<u8>) -> CsrMaker {
        self.names.push(der);
        self
    }

    /// An extension to ask for.
    #[must_use]
    pub fn extension(mut self, id: &str, critical: bool, value: &[u8]) -> CsrMaker {
        self.extensions.push(extension(id, critical, value));
        self
    }

    /// basicConstraints with cA TRUE.
    #[must_use]
    pub fn asking_for_ca(self) -> CsrMaker {
        self.extension("2.5.29.19", true, &sequence(&[tlv(1, &[0xff])]))
    }

    /// An attribute: type and one value as DER.
    #[must_use]
    pub fn attribute(mut self, id: &str, value: &[u8]) -> CsrMaker {
        self.attributes.push(sequence(&[oid(id), tlv(0x31, value)]));
        self
    }

    /// Another public key than the one that signs.
    #[must_use]
    pub fn spki(mut self, spki: Vec<u8>) -> CsrMaker {
        self.spki = Some(spki);
        self
    }

    /// Another signature: AlgorithmIdentifier and octets.
    #[must_use]
    pub fn signature(mut self, algorithm: Vec<u8>, signature: Vec<u8>) -> CsrMaker {
        self.signature = Some((algorithm, signature));
        self
    }

    /// Signs with RSASSA-PSS and SHA-256.
    #[must_use]
    pub fn pss(mut self) -> CsrMaker {
        self.pss = true;
        self
    }

    /// The key it is made with.
    #[must_use]
    pub fn key(&self) -> &TestKeyPair {
        &self.key
    }

    /// The request as DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let subject: Vec<(&str, u8, &[u8])> =
            self.subject.iter().map(|(id, tag, value)| (id.as_str(), *tag, value.as_slice())).collect();
        let mut extensions = self.extensions.clone();
        if !self.names.is_empty() {
            extensions.push(extension("2.5.29.17", false, &sequence(&self.names)));
        }
        let mut attributes = self.attributes.clone();
        if !extensions.is_empty() {
            attributes.push(sequence(&[oid("1.2.840.113549.1.9.14"), tlv(0x31, &sequence(&extensions))]));
        }
        let info = sequence(&[
            tlv(2, &[0]),
            distinguished_name(&subject),
            self.spki.clone().unwrap_or_else(|| self.key.spki.clone()),
            tlv(0xa0, &attributes.concat()),
        ]);
        match &self.signature {
            Some((algorithm, octets)) => signed(&info, algorithm, octets),
            None if self.pss => {
                let sha256 = || sequence(&[oid("2.16.840.1.101.3.4.2.1"), tlv(5, &[])]);
                let algorithm = sequence(&[
                    oid("1.2.840.113549.1.1.10"),
                    sequence(&[
                        tlv(0xa0, &sha256()),
                        tlv(0xa1, &sequence(&[oid("1.2.840.113549.1.1.8"), sha256()])),
                        tlv(0xa2, &tlv(2, &[32])),
                    ]),
                ]);
                signed(&info, &algorithm, &self.key.sign_rsa(&signature::RSA_PSS_SHA256, &info))
            }
            None => signed(&info, &self.key.algorithm(), &self.key.sign(&info)),
        }
    }

    /// The request as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE REQUEST", &self.der())
    }
}

/// Tag, length, value.
#[must_use]
pub fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = value.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap());
    } else {
        let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        out.push(0x80 | u8::try_from(octets.len()).unwrap());
        out.extend(octets);
    }
    out.extend(value);
    out
}

/// A SEQUENCE of what is already encoded.
#[must_use]
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// An OBJECT IDENTIFIER.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    tlv(6, der::asn1::ObjectIdentifier::new(dotted).unwrap().as_bytes())
}

/// A PEM block.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(&pem::Pem::new(label, der), pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let mut value = big_endian.to_vec();
    if value.first().is_none_or(|b| b & 0x80 != 0) {
        value.insert(0, 0);
    }
    tlv(2, &value)
}

fn bit_string(content: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], content].concat())
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(1, &[0xff]) } else { Vec::new() };
    sequence(&[oid(id), critical, tlv(4, value)])
}

fn signed(body: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    sequence(&[body.to_vec(), algorithm.to_vec(), bit_string(signature)])
}

fn distinguished_name(parts: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let all: Vec<Vec<u8>> =
        parts.iter().map(|(id, tag, value)| tlv(0x31, &sequence(&[oid(id), tlv(*tag, value)]))).collect();
    sequence(&all)
}
