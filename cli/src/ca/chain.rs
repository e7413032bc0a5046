//! The certificate of a CA and its chain: parsed, described, and checked before it is put in force.
//!
//! Invariant: a [`Chain`] can issue, as [`Issuer`] defines it. It is put in force only if [`Chain::unfit`] has no
//! objection.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use der::Decode as _;
use pki::certificate::to_pem;
use pki::issuer::{Issuer, IssuerError};
use time::OffsetDateTime;
use x509_cert::name::RdnSequence;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::{GeneralName, GeneralSubtree, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

/// The certificate of a CA and the CA certificates above it.
#[derive(Clone)]
pub(super) struct Chain {
    /// The CA, ready to issue.
    pub(super) issuer: Issuer,
    /// Fields of each certificate, the CA's own first.
    pub(super) certificates: Vec<CertificateInfo>,
}

/// Fields of one certificate.
#[derive(Clone, Debug)]
pub(super) struct CertificateInfo {
    pub(super) der: Vec<u8>,
    pub(super) subject: String,
    pub(super) subject_der: Vec<u8>,
    pub(super) issued_by: String,
    /// Hexadecimal.
    pub(super) serial: String,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    /// Such as "EC P-256" or "RSA 2048 bits".
    pub(super) key: String,
    pub(super) spki: Vec<u8>,
    /// subjectKeyIdentifier, if present.
    pub(super) key_identifier: Option<Vec<u8>>,
    /// Digest of the certificate, hexadecimal.
    pub(super) sha256: String,
    pub(super) path_length: Option<u32>,
    /// nameConstraints in words.
    pub(super) permitted: Vec<String>,
    pub(super) excluded: Vec<String>,
    pub(super) is_root: bool,
}

impl Chain {
    /// Parses the certificate of a CA, followed by its issuers in their order.
    pub(super) fn read(pem: &str) -> Result<Self, IssuerError> {
        let issuer = Issuer::from_pem(pem)?;
        let blocks = pem::parse_many(issuer.chain_pem()).map_err(|_| IssuerError::Missing)?;
        let certificates = blocks
            .into_iter()
            .enumerate()
            .map(|(at, block)| {
                CertificateInfo::read(block.into_contents()).ok_or(IssuerError::Malformed(at + 1))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { issuer, certificates })
    }

    /// Like [`Chain::read`], from DER.
    pub(super) fn of(ders: &[Vec<u8>]) -> Result<Self, IssuerError> {
        Self::read(&ders.iter().map(|der| to_pem(der)).collect::<String>())
    }

    /// Returns the certificate of the CA itself.
    pub(super) fn own(&self) -> &CertificateInfo {
        // Issuer::from_pem refuses a text without certificates.
        &self.certificates[0]
    }

    /// Returns the last certificate: the root, if the chain is complete.
    pub(super) fn top(&self) -> &CertificateInfo {
        &self.certificates[self.certificates.len() - 1]
    }

    /// Returns the reason if the chain must not be put in force now.
    pub(super) fn unfit(&self, now: OffsetDateTime) -> Option<String> {
        if self.issuer.purposes().is_some_and(|purposes| purposes.is_empty()) {
            return Some("no purpose is allowed by every certificate of the chain (extKeyUsage)".into());
        }
        for facts in &self.certificates {
            if facts.not_after <= now {
                return Some(format!("{} expired on {}", facts.subject, day(facts.not_after)));
            }
            if facts.not_before > now {
                return Some(format!("{} is not valid before {}", facts.subject, day(facts.not_before)));
            }
        }
        let top = self.top();
        (!top.is_root)
            .then(|| format!("the chain is incomplete: {} was issued by {}", top.subject, top.issued_by))
    }
}

impl Chain {
    /// Returns what is to be said of a chain that can issue: rules that strict verifiers enforce, and purposes that it
    /// does not allow.
    pub(super) fn reservations(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .issuer
            .strict_objections()
            .iter()
            .map(|objection| readable(&objection.to_string()))
            .collect();
        if let Some(purposes) = self.issuer.purposes() {
            all.push(format!(
                "the chain allows only {} (extKeyUsage); requests for other purposes are refused",
                purposes.join(", ")
            ));
        }
        all
    }
}

impl CertificateInfo {
    /// Parses a certificate; `None` if the bytes are not a certificate.
    pub(super) fn read(der: Vec<u8>) -> Option<Self> {
        let ([], certificate) = X509Certificate::from_der(&der).ok()? else {
            return None;
        };
        let mut key_identifier = None;
        let mut path_length = None;
        let (mut permitted, mut excluded) = (Vec::new(), Vec::new());
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(identifier) => {
                    key_identifier = Some(identifier.0.to_vec())
                }
                ParsedExtension::BasicConstraints(constraints) => {
                    path_length = constraints.path_len_constraint
                }
                ParsedExtension::NameConstraints(constraints) => {
                    permitted = constraints.permitted_subtrees.iter().flatten().map(describe).collect();
                    excluded = constraints.excluded_subtrees.iter().flatten().map(describe).collect();
                }
                _ => {}
            }
        }
        // An algorithm that the library cannot verify: compare the names alone.
        let is_root = certificate.subject().as_raw() == certificate.issuer().as_raw()
            && !matches!(certificate.verify_signature(None), Err(X509Error::SignatureVerificationError));
        let spki = certificate.public_key().raw.to_vec();
        let key = pki::key::PublicKey::from_spki(&spki)
            .map_or_else(|_| "unknown".to_owned(), |key| key.description());
        Some(Self {
            subject: named(certificate.subject()),
            subject_der: certificate.subject().as_raw().to_vec(),
            issued_by: named(certificate.issuer()),
            serial: hex::encode(certificate.raw_serial()),
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            key,
            spki,
            key_identifier,
            sha256: hex::encode(digest(&SHA256, &der)),
            path_length,
            permitted,
            excluded,
            is_root,
            der,
        })
    }

    /// True if name constraints limit it.
    pub(super) fn is_constrained(&self) -> bool {
        !self.permitted.is_empty() || !self.excluded.is_empty()
    }
}

/// Describes a subtree: a domain as it is, any other name with its type.
fn describe(subtree: &GeneralSubtree<'_>) -> String {
    match &subtree.base {
        GeneralName::DNSName("") => "any domain".into(),
        GeneralName::DNSName(name) => readable(name),
        GeneralName::IPAddress(octets) => network(octets),
        GeneralName::DirectoryName(name) => format!("the subject {}", named(name)),
        GeneralName::RFC822Name("") => "any e-mail address".into(),
        GeneralName::RFC822Name(name) => format!("the e-mail address {}", readable(name)),
        GeneralName::URI("") => "any URI".into(),
        GeneralName::URI(host) => format!("URIs of {}", readable(host)),
        GeneralName::OtherName(kind, _) => format!("names of the kind {kind}"),
        GeneralName::RegisteredID(oid) => format!("the registered id {oid}"),
        GeneralName::X400Address(_) => "an X.400 address".into(),
        GeneralName::EDIPartyName(_) => "an EDI party name".into(),
        GeneralName::Invalid(..) => "a name that cannot be read".into(),
    }
}

/// Describes an address and a mask (RFC 5280 section 4.2.1.10) as a network, such as 10.0.0.0/8.
fn network(octets: &[u8]) -> String {
    let (address, mask) = octets.split_at(octets.len() / 2);
    let (Some(address), Some(mask)) = (ip(address), ip(mask)) else {
        return "an IP address that cannot be read".into();
    };
    let (bits, all) = match mask {
        IpAddr::V4(mask) => (u128::from(mask.to_bits()) << 96, "any IPv4 address"),
        IpAddr::V6(mask) => (mask.to_bits(), "any IPv6 address"),
    };
    match bits.leading_ones() {
        0 if bits == 0 => all.into(),
        ones if ones + bits.trailing_zeros() >= u128::BITS => format!("{address}/{ones}"),
        _ => format!("{address} with the mask {mask}"),
    }
}

fn ip(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// Returns a name as RFC 4514 text.
fn named(name: &X509Name<'_>) -> String {
    let read = RdnSequence::from_der(name.as_raw());
    readable(&read.map_or_else(|_| name.to_string(), |name| name.to_string()))
}

fn readable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Returns the date of a time.
pub(super) fn day(at: OffsetDateTime) -> String {
    at.date().to_string()
}
