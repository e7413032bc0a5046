//! An issued certificate: its bytes, and a summary of its fields.
//!
//! Invariant: the summary is read from the bytes.

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;
use x509_parser::certificate::{TbsCertificate, X509Certificate};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use super::plain_name::plain;
use super::tbs::with_signature;
use super::{Serial, Validity};
use crate::key::PublicKey;
use crate::name::render_distinguished_name;
use crate::pem_block::{pem_blocks, to_pem};
use crate::signer::SignatureAlgorithm;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    summary: TbsSummary,
}

/// The fields of a TBSCertificate that callers use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TbsSummary {
    serial: Serial,
    subject: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    authority_key_identifier: Option<Vec<u8>>,
    public_key_digest: [u8; 32],
}

impl TbsSummary {
    /// Summarizes a parsed TBSCertificate.
    pub(super) fn of(read: &TbsCertificate<'_>) -> Result<TbsSummary, CertificateError> {
        let serial = Serial::from_integer(read.raw_serial()).map_err(|_| CertificateError::Malformed)?;
        let mut public_key_digest = [0; 32];
        public_key_digest.copy_from_slice(digest(&SHA256, read.public_key().raw).as_ref());
        let authority_key_identifier =
            read.extensions().iter().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(identifier) => identifier.key_identifier.as_ref(),
                _ => None,
            });
        Ok(TbsSummary {
            serial,
            subject: render_distinguished_name(read.subject()),
            not_before: read.validity().not_before.to_datetime(),
            not_after: read.validity().not_after.to_datetime(),
            authority_key_identifier: authority_key_identifier.map(|identifier| identifier.0.to_vec()),
            public_key_digest,
        })
    }

    /// The subject as RFC 4514 text.
    pub(super) fn subject(&self) -> &str {
        &self.subject
    }
}

/// Why a text is not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The text has no PEM block labelled CERTIFICATE.
    #[error("there is no certificate in PEM form")]
    Missing,
    /// The certificate cannot be read.
    #[error("the certificate is not well formed")]
    Malformed,
}

impl Certificate {
    /// Reads the first certificate of a PEM text.
    pub fn from_pem(text: &str) -> Result<Certificate, CertificateError> {
        let blocks = pem_blocks(text);
        let (_, der) =
            blocks.iter().find(|(label, _)| label == "CERTIFICATE").ok_or(CertificateError::Missing)?;
        Certificate::from_der(der.as_ref().ok_or(CertificateError::Malformed)?.to_vec())
    }

    /// Reads the DER of one certificate.
    pub fn from_der(der: Vec<u8>) -> Result<Certificate, CertificateError> {
        let malformed = |_| CertificateError::Malformed;
        let (rest, read) = X509Certificate::from_der(&der).map_err(malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        let summary = TbsSummary::of(&read.tbs_certificate)?;
        Ok(Certificate { der, summary })
    }

    /// Joins the three parts of a certificate; `summary` is the linter's summary of `tbs`.
    /// RFC 5280 section 4.1: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }.
    pub(super) fn assemble(
        tbs: &[u8],
        algorithm: SignatureAlgorithm,
        signature: &[u8],
        summary: TbsSummary,
    ) -> Result<Certificate, CertificateError> {
        let der = with_signature(tbs, algorithm, signature).map_err(|_| CertificateError::Malformed)?;
        Ok(Certificate { der, summary })
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM, with line feeds.
    #[must_use]
    pub fn pem(&self) -> String {
        to_pem(&self.der)
    }

    /// serialNumber.
    #[must_use]
    pub fn serial(&self) -> &Serial {
        &self.summary.serial
    }

    /// The subject as RFC 4514 text.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.summary.subject
    }

    /// notBefore.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.summary.not_before
    }

    /// notAfter.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.summary.not_after
    }

    /// notBefore and notAfter.
    #[must_use]
    pub fn validity(&self) -> Validity {
        Validity { not_before: self.summary.not_before, not_after: self.summary.not_after }
    }

    /// The keyIdentifier of authorityKeyIdentifier, in lower-case hex.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<String> {
        self.summary.authority_key_identifier.as_ref().map(hex::encode)
    }

    /// Lower-case hex of the SHA-256 of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(digest(&SHA256, &self.der).as_ref())
    }

    /// The subject's public key.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if the key is of a kind that is not supported.
    pub fn key(&self) -> Result<PublicKey, CertificateError> {
        let malformed = |_| CertificateError::Malformed;
        let (_, read) = X509Certificate::from_der(&self.der).map_err(malformed)?;
        PublicKey::from_spki(read.public_key().raw).map_err(|_| CertificateError::Malformed)
    }

    /// The subject alternative names, in their order, without those of kinds that are not supported.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if they cannot be read.
    pub fn names(&self) -> Result<Vec<String>, CertificateError> {
        const MALFORMED: CertificateError = CertificateError::Malformed;
        let (_, read) = X509Certificate::from_der(&self.der).map_err(|_| MALFORMED)?;
        let names = read.subject_alternative_name().map_err(|_| MALFORMED)?;
        let names = names.iter().flat_map(|names| &names.value.general_names);
        Ok(names.filter_map(plain).map(|name| name.text().into_owned()).collect())
    }

    /// Lower-case hex of the SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_digest(&self) -> String {
        hex::encode(self.summary.public_key_digest)
    }
}
