//! CAs for tests, valid and invalid.

use time::{Duration, OffsetDateTime};

use super::encode::{distinguished_name, extension, pem, sequence, signed, tlv};
use super::key::{TestKey, TestKeyPair};

/// A CA: its key and its certificate.
#[derive(Clone)]
pub struct TestCa {
    /// The private key in PKCS#8.
    pub key_pem: String,
    /// The certificate, followed by the certificates above it.
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

/// Makes a CA.
#[derive(Clone)]
pub struct CaMaker {
    key: TestKeyPair,
    subject: Vec<u8>,
    lifetime: Duration,
    age: Duration,
    path_length: Option<u8>,
    is_ca: bool,
    /// Extensions by object identifier: criticality and value.
    extensions: Vec<(String, bool, Vec<u8>)>,
    /// Extensions to leave out.
    omitted: Vec<String>,
    /// Another encoding of the issuer's name.
    issuer: Option<Vec<u8>>,
    serial: Option<Vec<u8>>,
}

impl CaMaker {
    /// A CA called `CN=Test CA`, one day old, valid for ten more years.
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
            omitted: Vec::new(),
            issuer: None,
            serial: None,
        }
    }

    /// Another subject: attribute type, string tag, value.
    #[must_use]
    pub fn subject(mut self, parts: &[(&str, u8, &[u8])]) -> CaMaker {
        self.subject = distinguished_name(parts);
        self
    }

    /// Sets the validity by its age and its remaining lifetime.
    #[must_use]
    pub fn lifetime(mut self, age: Duration, lifetime: Duration) -> CaMaker {
        (self.age, self.lifetime) = (age, lifetime);
        self
    }

    /// Sets notBefore and notAfter.
    #[must_use]
    pub fn valid(self, from: OffsetDateTime, until: OffsetDateTime) -> CaMaker {
        let now = OffsetDateTime::now_utc();
        self.lifetime(now - from, until - now)
    }

    /// pathLenConstraint.
    #[must_use]
    pub fn path_length(mut self, most: u8) -> CaMaker {
        self.path_length = Some(most);
        self
    }

    /// cA FALSE: not a CA.
    #[must_use]
    pub fn not_a_ca(mut self) -> CaMaker {
        self.is_ca = false;
        self
    }

    /// Critical nameConstraints with these permitted and excluded DNS subtrees.
    #[must_use]
    pub fn name_constraints(self, permitted: &[&str], excluded: &[&str]) -> CaMaker {
        let subtrees = |tag, names: &[&str]| {
            let all: Vec<Vec<u8>> =
                names.iter().map(|name| sequence(&[tlv(0x82, name.as_bytes())])).collect();
            if all.is_empty() { Vec::new() } else { tlv(tag, &all.concat()) }
        };
        let value = sequence(&[subtrees(0xa0, permitted), subtrees(0xa1, excluded)]);
        self.extension("2.5.29.30", true, &value)
    }

    /// Another key.
    #[must_use]
    pub fn key(mut self, key: &TestKeyPair) -> CaMaker {
        self.key = key.clone();
        self
    }

    /// The subject `CN=NAME`, as a UTF8String.
    #[must_use]
    pub fn named(self, name: &str) -> CaMaker {
        self.subject(&[("2.5.4.3", 12, name.as_bytes())])
    }

    /// The issuer's name as a certificate below another CA gives it: attribute type, string tag, value.
    #[must_use]
    pub fn issuer_name(mut self, parts: &[(&str, u8, &[u8])]) -> CaMaker {
        self.issuer = Some(distinguished_name(parts));
        self
    }

    /// The content of the serial number.
    #[must_use]
    pub fn serial(mut self, content: &[u8]) -> CaMaker {
        self.serial = Some(content.to_vec());
        self
    }

    /// Adds an extension, or replaces one.
    #[must_use]
    pub fn extension(mut self, oid: &str, critical: bool, value: &[u8]) -> CaMaker {
        self.extensions.push((oid.to_owned(), critical, value.to_vec()));
        self
    }

    /// Leaves an extension out.
    #[must_use]
    pub fn without(mut self, oid: &str) -> CaMaker {
        self.omitted.push(oid.to_owned());
        self
    }

    /// The key.
    #[must_use]
    pub fn key_pair(&self) -> &TestKeyPair {
        &self.key
    }

    /// The DER of the root certificate.
    #[must_use]
    pub fn root_der(&self) -> Vec<u8> {
        self.certificate(&self.subject, &self.key)
    }

    /// The DER of the certificate of this CA below another.
    #[must_use]
    pub fn der_below(&self, upper: &CaMaker) -> Vec<u8> {
        self.certificate(&upper.subject, &upper.key)
    }

    /// A root CA.
    #[must_use]
    pub fn self_signed(self) -> TestCa {
        let certificate = self.certificate(&self.subject, &self.key);
        TestCa { key_pem: self.key.pem(), certificate_pem: pem("CERTIFICATE", &certificate) }
    }

    /// Makes this CA a root that issues `below`; returns the lower CA with its chain.
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
        let own = [
            ("2.5.29.19", true, sequence(&[ca, path_length])),
            // keyCertSign and cRLSign
            ("2.5.29.15", true, tlv(3, &[1, 0b0000_0110])),
            ("2.5.29.14", false, tlv(4, &self.key.identifier())),
            ("2.5.29.35", false, sequence(&[tlv(0x80, &signer.identifier())])),
        ];
        let is_kept = |oid: &str| !self.omitted.iter().any(|omitted| omitted == oid);
        let is_replaced = |oid: &str| self.extensions.iter().any(|(other, ..)| other == oid);
        let mut extensions: Vec<Vec<u8>> = own
            .iter()
            .filter(|(oid, ..)| is_kept(oid) && !is_replaced(oid))
            .map(|(oid, critical, value)| extension(oid, *critical, value))
            .collect();
        extensions
            .extend(self.extensions.iter().map(|(oid, critical, value)| extension(oid, *critical, value)));
        let random = self.key.identifier().iter().map(|b| b & 0x7f | 1).collect();
        let serial: Vec<u8> = self.serial.clone().unwrap_or(random);
        let tbs = sequence(&[
            tlv(0xa0, &tlv(2, &[2])),
            tlv(2, &serial),
            signer.algorithm(),
            self.issuer.clone().unwrap_or_else(|| issuer.to_vec()),
            sequence(&[time(now - self.age), time(now + self.lifetime)]),
            self.subject.clone(),
            self.key.spki().to_vec(),
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
