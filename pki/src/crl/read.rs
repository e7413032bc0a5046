//! Reading a list: its header, and single entries.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use der::{Decode as _, Encode as _, Reader as _, Sequence, SliceReader, Tag, Tagged as _};
use time::OffsetDateTime;
use webpki::{BorrowedCertRevocationList, BorrowedRevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::time::Time;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::AlgorithmIdentifier;

use super::{RevocationReason, RevokedCertificate};
use crate::certificate::Serial;
use crate::issuer::Issuer;
use crate::signer::{Scheme, verify};

const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");

/// A signed list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    der: Vec<u8>,
    number: u64,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
    authority_key_identifier: Option<Vec<u8>>,
    is_shard: bool,
}

/// Why a list cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlReadError {
    /// No CRL of version 2 with a number and the time of the next one.
    #[error("this is no CRL of version 2 with cRLNumber and nextUpdate")]
    Malformed,
    /// The list is a delta, is for certificates of other issuers, or for some reasons or kinds of certificates only, or has a
    /// critical extension that is not known: RFC 5280 section 5.2 wants such a list refused.
    #[error("this CRL is a delta, indirect or partial, or has an unknown critical extension")]
    Unsupported,
    /// The list is of another issuer, its signature is not by the issuer's key, or the issuer may not sign lists.
    #[error("the CRL is not signed by this CA certificate")]
    NotSigned,
}

/// RFC 5280 section 5.1.1: tbsCertList, signatureAlgorithm and signatureValue, the first two as DER.
fn parts(der: &[u8]) -> der::Result<(&[u8], &[u8], BitStringRef<'_>)> {
    let list = AnyRef::from_der(der)?;
    list.tag().assert_eq(Tag::Sequence)?;
    let mut reader = SliceReader::new(list.value())?;
    let parts = (reader.tlv_bytes()?, reader.tlv_bytes()?, BitStringRef::decode(&mut reader)?);
    reader.finish()?;
    Ok(parts)
}

/// RFC 5280 section 5.1.2. The last two fields are optional: a list without entries has its extensions in the first of them.
#[derive(Sequence)]
struct TbsHeader<'a> {
    version: u8,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    this_update: Time,
    next_update: Time,
    entries_or_extensions: AnyRef<'a>,
    #[asn1(optional = "true")]
    extensions: Option<AnyRef<'a>>,
}

impl Crl {
    /// Reads the header of a list. Entries are read when they are asked for.
    ///
    /// # Errors
    /// [`CrlReadError::Malformed`] or [`CrlReadError::Unsupported`].
    pub fn from_der(der: Vec<u8>) -> Result<Crl, CrlReadError> {
        let malformed = |_| CrlReadError::Malformed;
        let (tbs, _, _) = parts(&der).map_err(malformed)?;
        let header = TbsHeader::from_der(tbs).map_err(malformed)?;
        // [0] EXPLICIT Extensions
        let extensions = header.extensions.unwrap_or(header.entries_or_extensions);
        let extensions = Vec::<Extension>::from_der(extensions.value()).map_err(malformed)?;
        let named = |id| extensions.iter().find(|extension: &&Extension| extension.extn_id == id);
        let authority = named(AUTHORITY_KEY_IDENTIFIER)
            .and_then(|extension| AuthorityKeyIdentifier::from_der(extension.extn_value.as_bytes()).ok())
            .and_then(|authority| authority.key_identifier);
        let number = named(CRL_NUMBER);
        let number = number.and_then(|extension| CrlNumber::from_der(extension.extn_value.as_bytes()).ok());
        let number = number.ok_or(CrlReadError::Malformed)?;
        let octets = number.0.as_bytes();
        let mut whole = [0; 8];
        let at = whole.len().checked_sub(octets.len()).ok_or(CrlReadError::Malformed)?;
        whole[at..].copy_from_slice(octets);
        if header.version != 1 {
            return Err(CrlReadError::Malformed);
        }
        read_by_webpki(&der)?;
        let (this_update, next_update) = (instant(&header.this_update)?, instant(&header.next_update)?);
        Ok(Crl {
            number: u64::from_be_bytes(whole),
            this_update,
            next_update,
            authority_key_identifier: authority.map(|identifier| identifier.into_bytes().into()),
            is_shard: named(ISSUING_DISTRIBUTION_POINT).is_some(),
            der,
        })
    }

    /// Reads the one list of a PEM file (RFC 7468 section 6).
    ///
    /// # Errors
    /// [`CrlReadError`]; also if the file has anything else than one list.
    pub fn from_pem(text: &str) -> Result<Crl, CrlReadError> {
        match &mut crate::pem_block::pem_blocks(text)[..] {
            [(label, Some(der))] if label == "X509 CRL" => Self::from_der(std::mem::take(&mut **der)),
            _ => Err(CrlReadError::Malformed),
        }
    }

    /// The list as DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The list as PEM (RFC 7468 section 6), with line feeds.
    #[must_use]
    pub fn to_pem(&self) -> String {
        crate::pem_block::labelled("X509 CRL", &self.der)
    }

    /// cRLNumber.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The key identifier of authorityKeyIdentifier in lower-case hex, if the list has one.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<String> {
        self.authority_key_identifier.as_ref().map(hex::encode)
    }

    /// True if the list is for a part of its issuer's certificates: it has issuingDistributionPoint.
    #[must_use]
    pub fn is_shard(&self) -> bool {
        self.is_shard
    }

    /// thisUpdate.
    #[must_use]
    pub fn this_update(&self) -> OffsetDateTime {
        self.this_update
    }

    /// nextUpdate.
    #[must_use]
    pub fn next_update(&self) -> OffsetDateTime {
        self.next_update
    }

    /// Checks that the list names this issuer and is signed by its key.
    ///
    /// # Errors
    /// [`CrlReadError::NotSigned`].
    pub fn verify(&self, issuer: &Issuer) -> Result<(), CrlReadError> {
        let malformed = |_| CrlReadError::Malformed;
        let (tbs, algorithm, signature) = parts(&self.der).map_err(malformed)?;
        let header = TbsHeader::from_der(tbs).map_err(malformed)?;
        let named = header.issuer.to_der().map_err(malformed)?;
        let inside = header.signature.to_der().map_err(malformed)?;
        // RFC 5280 section 6.3.3 (f): keyUsage allows cRLSign; section 5.1.1.2: both algorithms are the same.
        if !issuer.may_sign_crls() || named != issuer.subject_der() || algorithm != inside {
            return Err(CrlReadError::NotSigned);
        }
        let (_, algorithm) = AlgorithmIdentifier::from_der(algorithm).map_err(|_| CrlReadError::Malformed)?;
        let scheme = Scheme::read(&algorithm).map_err(|_| CrlReadError::NotSigned)?;
        let signature = signature.as_bytes().ok_or(CrlReadError::Malformed)?;
        verify(issuer.key(), scheme, tbs, signature).map_err(|_| CrlReadError::NotSigned)
    }

    /// The reason for which the list revokes a serial; `None` if the list does not have it.
    ///
    /// # Errors
    /// [`CrlReadError`] if the entries cannot be read.
    pub fn reason_of(&self, serial: &Serial) -> Result<Option<RevocationReason>, CrlReadError> {
        for entry in &read_by_webpki(&self.der)? {
            let entry = entry.map_err(reading)?;
            if Serial::from_integer(entry.serial_number).as_ref() == Ok(serial) {
                return Ok(Some(reason(entry.reason_code)));
            }
        }
        Ok(None)
    }

    /// Every entry, in the order of the list.
    ///
    /// # Errors
    /// [`CrlReadError`] if the entries cannot be read.
    pub fn entries(&self) -> Result<Vec<RevokedCertificate>, CrlReadError> {
        let malformed = || CrlReadError::Malformed;
        let list = read_by_webpki(&self.der)?;
        let read = |entry: Result<BorrowedRevokedCert<'_>, webpki::Error>| {
            let entry = entry.map_err(reading)?;
            let seconds = i64::try_from(entry.revocation_date.as_secs()).map_err(|_| malformed())?;
            Ok(RevokedCertificate {
                serial: Serial::from_integer(entry.serial_number).map_err(|_| malformed())?,
                revoked_at: OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| malformed())?,
                reason: reason(entry.reason_code),
            })
        };
        list.into_iter().map(read).collect()
    }
}

fn reason(code: Option<webpki::RevocationReason>) -> RevocationReason {
    RevocationReason::of_number(code.map_or(0, |code| code as u8))
}

fn read_by_webpki(der: &[u8]) -> Result<BorrowedCertRevocationList<'_>, CrlReadError> {
    BorrowedCertRevocationList::from_der(der).map_err(reading)
}

fn reading(error: webpki::Error) -> CrlReadError {
    match error {
        webpki::Error::UnsupportedCriticalExtension
        | webpki::Error::UnsupportedCrlIssuingDistributionPoint
        | webpki::Error::UnsupportedDeltaCrl
        | webpki::Error::UnsupportedIndirectCrl
        | webpki::Error::UnsupportedRevocationReasonsPartitioning => CrlReadError::Unsupported,
        _ => CrlReadError::Malformed,
    }
}

fn instant(time: &Time) -> Result<OffsetDateTime, CrlReadError> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| CrlReadError::Malformed)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CrlReadError::Malformed)
}
