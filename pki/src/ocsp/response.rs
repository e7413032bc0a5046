//! Building an OCSPResponse (RFC 6960 section 4.2).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use der::asn1::GeneralizedTime;
use der::{DateTime, Encode};
use time::OffsetDateTime;

use super::CertId;
use crate::certificate::BuildError;
use crate::crl::RevocationReason;
use crate::signer::{Signer, SignerError};

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 4;
const ENUMERATED: u8 = 10;

/// id-pkix-ocsp-nonce, 1.3.6.1.5.5.7.48.1.2, as DER.
const NONCE: &[u8] = &[6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
/// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 (RFC 6960 section 4.2.1), as DER.
const BASIC: &[u8] = &[6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// The OCSPResponseStatus successful, as DER.
const SUCCESSFUL: &[u8] = &[ENUMERATED, 1, 0];

/// An answer without a status (RFC 6960 section 4.2.1, OCSPResponseStatus). It is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OcspError {
    /// The request cannot be read.
    MalformedRequest,
    /// The responder failed.
    InternalError,
    /// The responder cannot answer now.
    TryLater,
    /// The responder does not answer for these certificates (RFC 5019 section 2.2.3).
    Unauthorized,
}

impl OcspError {
    /// The answer as DER.
    #[must_use]
    pub fn to_der(self) -> Vec<u8> {
        let status = match self {
            OcspError::MalformedRequest => 1,
            OcspError::InternalError => 2,
            OcspError::TryLater => 3,
            OcspError::Unauthorized => 6,
        };
        // SEQUENCE { ENUMERATED }
        vec![SEQUENCE, 3, ENUMERATED, 1, status]
    }
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    /// The certificate was issued, and is not revoked.
    Good,
    /// The certificate is revoked.
    Revoked {
        /// Time of the revocation.
        at: OffsetDateTime,
        /// The reason.
        reason: RevocationReason,
    },
    /// The issuer has issued no such certificate.
    Unknown,
}

/// A status, and how long it may be relied on.
#[derive(Clone, Debug)]
pub struct SingleStatus<'a> {
    /// The CertID of the request.
    pub certificate: &'a CertId,
    /// The status.
    pub status: CertStatus,
    /// thisUpdate: the time at which the status was known to be right.
    pub this_update: OffsetDateTime,
    /// nextUpdate: the time from which on a newer answer is there.
    pub next_update: OffsetDateTime,
}

/// Whoever signs answers: the key, and its certificate, which has id-kp-OCSPSigning or is the issuer's own.
pub struct OcspResponder<'a> {
    /// The key.
    pub signer: &'a dyn Signer,
    /// The content of subjectPublicKey of the key.
    pub key_bits: &'a [u8],
    /// The certificate as DER.
    pub certificate: &'a [u8],
}

/// Why no answer was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspSignError {
    /// The signer failed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A value does not fit.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl OcspResponder<'_> {
    /// Returns a signed OCSPResponse as DER.
    ///
    /// # Errors
    /// [`OcspSignError`]; only [`SignerError::Unavailable`] may pass with another try.
    pub async fn answer(
        &self,
        statuses: &[SingleStatus<'_>],
        nonce: Option<&[u8]>,
        produced_at: OffsetDateTime,
    ) -> Result<Vec<u8>, OcspSignError> {
        let responder = digest(&SHA1_FOR_LEGACY_USE_ONLY, self.key_bits);
        let mut responses = Vec::new();
        for one in statuses {
            let (this_update, next_update) = (time(one.this_update)?, time(one.next_update)?);
            let next_update = tlv(0xa0, &[&next_update]);
            let parts = [&one.certificate.der[..], &status(one.status)?, &this_update, &next_update];
            responses.extend(tlv(SEQUENCE, &parts));
        }
        // ResponseData, without the version, which is the default.
        let data = tlv(
            SEQUENCE,
            &[
                // ResponderID: byKey [2] KeyHash
                &tlv(0xa2, &[&tlv(OCTET_STRING, &[responder.as_ref()])]),
                &time(produced_at)?,
                &tlv(SEQUENCE, &[&responses]),
                &nonce.map(nonce_extension).unwrap_or_default(),
            ],
        );
        let signature = self.signer.sign(&data).await?;
        let basic = tlv(
            SEQUENCE,
            &[
                &data,
                self.signer.algorithm().identifier_der(),
                // BIT STRING without unused bits.
                &tlv(3, &[&[0], &signature]),
                &tlv(0xa0, &[&tlv(SEQUENCE, &[self.certificate])]),
            ],
        );
        let bytes = tlv(SEQUENCE, &[BASIC, &tlv(OCTET_STRING, &[&basic])]);
        Ok(tlv(SEQUENCE, &[SUCCESSFUL, &tlv(0xa0, &[&bytes])]))
    }
}

/// An element of DER: tag, length, and the parts of its content. The library's encoder took a third of the time of an
/// answer, the signature included: it measures each value once for every level above it.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let skip = octets.iter().take_while(|octet| **octet == 0).count();
    let mut der = Vec::with_capacity(length + 10);
    der.push(tag);
    // X.690 section 10.1: the fewest octets.
    match (u8::try_from(length), u8::try_from(octets.len() - skip)) {
        (Ok(short @ 0..0x80), _) => der.push(short),
        (_, Ok(count)) => {
            der.push(0x80 | count);
            der.extend_from_slice(&octets[skip..]);
        }
        // A length has eight octets at most.
        (_, Err(_)) => {}
    }
    parts.iter().for_each(|part| der.extend_from_slice(part));
    der
}

/// The extensions [1] with the nonce.
fn nonce_extension(nonce: &[u8]) -> Vec<u8> {
    let value = tlv(OCTET_STRING, &[&tlv(OCTET_STRING, &[nonce])]);
    tlv(0xa1, &[&tlv(SEQUENCE, &[&tlv(SEQUENCE, &[NONCE, &value])])])
}

/// CertStatus: a CHOICE with implicit tags.
fn status(status: CertStatus) -> Result<Vec<u8>, BuildError> {
    Ok(match status {
        CertStatus::Good => tlv(0x80, &[]),
        CertStatus::Unknown => tlv(0x82, &[]),
        CertStatus::Revoked { at, reason } => {
            // RFC 5280 section 5.3.1: no reason rather than unspecified.
            let reason = match reason {
                RevocationReason::Unspecified => Vec::new(),
                reason => tlv(0xa0, &[&tlv(ENUMERATED, &[&[reason.number()]])]),
            };
            tlv(0xa1, &[&time(at)?, &reason])
        }
    })
}

/// GeneralizedTime in whole seconds.
fn time(at: OffsetDateTime) -> Result<Vec<u8>, BuildError> {
    const OUT_OF_RANGE: BuildError = BuildError("time");
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| OUT_OF_RANGE)?;
    let date = DateTime::from_unix_duration(std::time::Duration::from_secs(seconds));
    let time = GeneralizedTime::from_date_time(date.map_err(|_| OUT_OF_RANGE)?);
    time.to_der().map_err(|_| OUT_OF_RANGE)
}
