//! Requests for tests, valid and invalid.

use aws_lc_rs::signature;

use super::encode::{bit_string, distinguished_name, extension, oid, pem, sequence, signed, tlv, unsigned};
use super::key::{TestKey, TestKeyPair};

/// A request for these names with a new P-256 key; the first name is also the common name.
#[must_use]
pub fn csr(names: &[&str]) -> String {
    csr_with(TestKey::EcP256, names.first().copied().unwrap_or_default(), names)
}

/// A request with a new key; omits an empty common name.
#[must_use]
pub fn csr_with(kind: TestKey, common_name: &str, names: &[&str]) -> String {
    CsrMaker::new(kind).common_name(common_name).names(names).pem()
}

/// A request with an RSA modulus of any size and an invalid signature: there is no private key for it.
#[must_use]
pub fn csr_with_rsa_bits(bits: usize) -> String {
    let mut modulus = vec![0xb5; bits.div_ceil(8)];
    let last = modulus.len() - 1;
    modulus[0] = (0xff >> ((8 - bits % 8) % 8)) & 0xb5 | (0x80 >> ((8 - bits % 8) % 8));
    modulus[last] |= 1;
    csr_with_rsa(&modulus, &[1, 0, 1])
}

/// A request with any RSA public key (big-endian) and an invalid signature.
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

/// The SubjectPublicKeyInfo of any RSA public key (big-endian).
#[must_use]
pub fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[unsigned(modulus), unsigned(exponent)]);
    sequence(&[sequence(&[oid("1.2.840.113549.1.1.1"), tlv(5, &[])]), bit_string(&key)])
}

/// A request signed by another key.
#[must_use]
pub fn csr_with_bad_signature(names: &[&str]) -> String {
    CsrMaker::new(TestKey::EcP256)
        .names(names)
        .spki(TestKeyPair::generate(TestKey::EcP256).spki().to_vec())
        .pem()
}

/// A request with the signature algorithm sha1WithRSAEncryption.
#[must_use]
pub fn csr_with_sha1(names: &[&str]) -> String {
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.5"), tlv(5, &[])]);
    CsrMaker::new(TestKey::Rsa2048).names(names).signature(algorithm, vec![0x5a; 256]).pem()
}

/// Makes a request, valid or invalid.
#[derive(Clone)]
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

    /// Adds a common name, unless it is empty.
    #[must_use]
    pub fn common_name(self, text: &str) -> CsrMaker {
        if text.is_empty() { self } else { self.subject_part("2.5.4.3", 12, text.as_bytes()) }
    }

    /// Adds a part of the subject: attribute type, string tag, value.
    #[must_use]
    pub fn subject_part(mut self, attribute: &str, tag: u8, value: &[u8]) -> CsrMaker {
        self.subject.push((attribute.to_owned(), tag, value.to_vec()));
        self
    }

    /// Adds names, unchecked: IP addresses, URIs with `://`, e-mail addresses with `@`, and DNS names.
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

    /// Adds a GeneralName as DER.
    #[must_use]
    pub fn general_name(mut self, der: Vec<u8>) -> CsrMaker {
        self.names.push(der);
        self
    }

    /// Requests an extension.
    #[must_use]
    pub fn extension(mut self, id: &str, critical: bool, value: &[u8]) -> CsrMaker {
        self.extensions.push(extension(id, critical, value));
        self
    }

    /// Requests basicConstraints with cA TRUE.
    #[must_use]
    pub fn asking_for_ca(self) -> CsrMaker {
        self.extension("2.5.29.19", true, &sequence(&[tlv(1, &[0xff])]))
    }

    /// Adds an attribute: type and one value as DER.
    #[must_use]
    pub fn attribute(mut self, id: &str, value: &[u8]) -> CsrMaker {
        self.attributes.push(sequence(&[oid(id), tlv(0x31, value)]));
        self
    }

    /// Replaces the public key, not the signing key.
    #[must_use]
    pub fn spki(mut self, spki: Vec<u8>) -> CsrMaker {
        self.spki = Some(spki);
        self
    }

    /// Replaces the signature: AlgorithmIdentifier and octets.
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

    /// Another key.
    #[must_use]
    pub fn with_key(mut self, key: &TestKeyPair) -> CsrMaker {
        self.key = key.clone();
        self
    }

    /// The signing key.
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
            self.spki.clone().unwrap_or_else(|| self.key.spki().to_vec()),
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
