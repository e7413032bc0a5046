//! The CA certificate and the chain above it.
//!
//! Invariant: an [`Issuer`] may sign certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9), each certificate of its
//! chain is signed by the next, and no path length is exceeded. Its name and key are DER, copied byte for byte into
//! certificates. Fails with the number of the unfit certificate and the reason.

use der::Encode as _;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::key::{KeyKind, PublicKey};
use crate::name::{Name, encode_subject, render_distinguished_name};
use crate::pem_block::{pem_blocks, to_pem};
use crate::signer::{Scheme, verify};
use crate::text::quoted;

mod name_constraints;

pub use name_constraints::NameConstraintViolation;
use name_constraints::NameConstraints;

/// A CA that can issue certificates.
#[derive(Clone, Debug)]
pub struct Issuer {
    chain_pem: String,
    subject: String,
    subject_der: Vec<u8>,
    key: PublicKey,
    key_identifier: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    /// The constraints of every certificate in the chain.
    constraints: Vec<NameConstraints>,
}

/// Why a certificate or its chain cannot issue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The text has no certificate.
    #[error("there is no certificate in PEM form")]
    Missing,
    /// The text has a private key.
    #[error("there is a private key among the certificates; keep it apart")]
    PrivateKey,
    /// A certificate block cannot be read.
    #[error("certificate {0} of the chain is not well formed")]
    Malformed(usize),
    /// A certificate does not fit its place in the chain.
    #[error("certificate {number} of the chain ({subject}): {why}")]
    Unfit {
        /// Counted from one; the first is the issuer.
        number: usize,
        /// Its subject.
        subject: String,
        /// The reason.
        why: String,
    },
}

impl Issuer {
    /// Reads the issuer's certificate, followed by the certificates above it.
    pub fn from_pem(chain_pem: &str) -> Result<Issuer, IssuerError> {
        let blocks = pem_blocks(chain_pem);
        if blocks.iter().any(|(label, _)| label.contains("PRIVATE KEY")) {
            return Err(IssuerError::PrivateKey);
        }
        let mut ders = Vec::new();
        for (label, der) in blocks {
            if label == "CERTIFICATE" {
                ders.push(der.ok_or(IssuerError::Malformed(ders.len() + 1))?);
            }
        }
        let mut chain = Vec::new();
        for (at, der) in ders.iter().enumerate() {
            match X509Certificate::from_der(der) {
                Ok(([], certificate)) => chain.push(certificate),
                _ => return Err(IssuerError::Malformed(at + 1)),
            }
        }
        let mut keys = Vec::new();
        for (at, certificate) in chain.iter().enumerate() {
            let unfit = |why: String| IssuerError::Unfit {
                number: at + 1,
                subject: quoted(&render_distinguished_name(certificate.subject())),
                why,
            };
            keys.push(fit_to_issue(certificate, at).map_err(unfit)?);
        }
        for (at, pair) in chain.windows(2).enumerate() {
            linked(&pair[0], &pair[1], &keys[at + 1]).map_err(|why| IssuerError::Unfit {
                number: at + 1,
                subject: quoted(&render_distinguished_name(pair[0].subject())),
                why,
            })?;
        }
        let first = chain.first().ok_or(IssuerError::Missing)?;
        let key = keys.swap_remove(0);
        let mut constraints = Vec::new();
        for (at, certificate) in chain.iter().enumerate() {
            let read = NameConstraints::of(certificate).map_err(|()| IssuerError::Malformed(at + 1))?;
            constraints.extend(read);
        }
        Ok(Issuer {
            chain_pem: ders.iter().map(|der| to_pem(der)).collect(),
            subject: render_distinguished_name(first.subject()),
            subject_der: first.subject().as_raw().to_vec(),
            key_identifier: subject_key_identifier(first).unwrap_or_else(|| key.identifier().to_vec()),
            key,
            not_before: first.validity().not_before.to_datetime(),
            not_after: first.validity().not_after.to_datetime(),
            constraints,
        })
    }

    /// The subjectKeyIdentifier in lower-case hex.
    #[must_use]
    pub fn key_identifier(&self) -> String {
        hex::encode(&self.key_identifier)
    }

    pub(crate) fn key_identifier_octets(&self) -> &[u8] {
        &self.key_identifier
    }

    /// notBefore.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// notAfter.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The chain as PEM, the issuer's certificate first.
    #[must_use]
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The SubjectPublicKeyInfo as DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        self.key.spki_der()
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The subject as RFC 4514 text.
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.clone()
    }

    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// Checks a name against the name constraints of the chain (RFC 5280 section 4.2.1.10); `None` if it complies.
    #[must_use]
    pub fn violation(&self, name: &Name) -> Option<NameConstraintViolation> {
        self.constraints.iter().find_map(|constraints| constraints.violation(name))
    }

    /// Checks a subject, as RFC 4514 text, against the name constraints of the chain; `None` if it complies.
    #[must_use]
    pub fn subject_violation(&self, subject: &str) -> Option<NameConstraintViolation> {
        // Fast path: most CAs have no name constraints.
        if self.constraints.is_empty() {
            return None;
        }
        self.subject_der_violation(&encode_subject(subject)?.to_der().ok()?)
    }

    pub(crate) fn subject_der_violation(&self, subject_der: &[u8]) -> Option<NameConstraintViolation> {
        self.constraints.iter().find_map(|constraints| constraints.subject_violation(subject_der))
    }
}

/// Checks that a certificate may issue with `below` CA certificates under it, and returns its public key.
fn fit_to_issue(certificate: &X509Certificate<'_>, below: usize) -> Result<PublicKey, String> {
    // RFC 5280 section 4.1.2.4: the issuer field is not empty.
    if certificate.subject().iter_rdn().next().is_none() {
        return Err("its subject is empty".to_owned());
    }
    // RFC 5280 section 4.2.1.9: cA and pathLenConstraint.
    let constraints = match certificate.basic_constraints() {
        Ok(Some(constraints)) if constraints.value.ca => constraints.value,
        Ok(_) => return Err("it is not a CA (basicConstraints CA:TRUE is missing)".to_owned()),
        Err(_) => return Err("its basicConstraints cannot be read".to_owned()),
    };
    if let Some(most) = constraints.path_len_constraint
        && usize::try_from(most).unwrap_or(usize::MAX) < below
    {
        return Err(format!("it allows {most} CA certificates below it, but there are {below}"));
    }
    // RFC 5280 section 4.2.1.3: keyCertSign.
    match certificate.key_usage() {
        Ok(Some(usage)) if !usage.value.key_cert_sign() => {
            return Err("its keyUsage lacks keyCertSign".to_owned());
        }
        Ok(_) => {}
        Err(_) => return Err("its keyUsage cannot be read".to_owned()),
    }
    let key = PublicKey::from_spki(certificate.public_key().raw).map_err(|error| error.to_string())?;
    match key.kind() {
        KeyKind::Rsa { bits } if bits < 2048 => {
            Err(format!("its RSA key has {bits} bits; at least 2048 are needed"))
        }
        _ => Ok(key),
    }
}

/// Checks that `upper` issued `lower`.
fn linked(
    lower: &X509Certificate<'_>,
    upper: &X509Certificate<'_>,
    upper_key: &PublicKey,
) -> Result<(), String> {
    if lower.issuer().as_raw() != upper.subject().as_raw() {
        return Err("the next certificate is not its issuer".to_owned());
    }
    let scheme = Scheme::read(&lower.signature_algorithm)
        .map_err(|_| "its signature algorithm is weak or unknown".to_owned())?;
    verify(upper_key, scheme, lower.tbs_certificate.as_ref(), &lower.signature_value.data)
        .map_err(|_| "it is not signed by the next certificate".to_owned())
}

fn subject_key_identifier(certificate: &X509Certificate<'_>) -> Option<Vec<u8>> {
    use x509_parser::extensions::ParsedExtension;
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
        _ => None,
    })
}
