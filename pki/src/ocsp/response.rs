//! Building an OCSPResponse (RFC 6960 section 4.2).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use der::asn1::{
    AnyRef, BitStringRef, ContextSpecific, GeneralizedTime, Null, ObjectIdentifier, OctetString,
    OctetStringRef,
};
use der::{DateTime, Encode, Enumerated, Sequence, TagMode, TagNumber};
use time::OffsetDateTime;
use x509_cert::ext::Extension;

use super::CertId;
use crate::certificate::{BuildError, any};
use crate::crl::RevocationReason;
use crate::signer::{Signer, SignerError};

const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
/// id-pkix-ocsp-basic, RFC 6960 section 4.2.1.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");

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
        vec![0x30, 3, 0x0a, 1, status]
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

#[derive(Enumerated, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum ResponseStatus {
    Successful = 0,
}

#[derive(Sequence)]
struct OcspResponse<'a> {
    status: ResponseStatus,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    bytes: ResponseBytes<'a>,
}

#[derive(Sequence)]
struct ResponseBytes<'a> {
    kind: ObjectIdentifier,
    response: &'a OctetStringRef,
}

#[derive(Sequence)]
struct BasicResponse<'a> {
    data: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    certificates: Vec<AnyRef<'a>>,
}

/// Without the version, which is the default.
#[derive(Sequence)]
struct ResponseData<'a> {
    // ResponderID: byKey [2] EXPLICIT KeyHash
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    responder: &'a OctetStringRef,
    produced_at: GeneralizedTime,
    responses: Vec<SingleResponse<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct SingleResponse<'a> {
    certificate: AnyRef<'a>,
    status: AnyRef<'a>,
    this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    next_update: GeneralizedTime,
}

#[derive(Sequence)]
struct RevokedInfo {
    at: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    reason: Option<Reason>,
}

/// CRLReason. RFC 5280 section 5.3.1.
#[derive(Enumerated, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Reason {
    KeyCompromise = 1,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    CertificateHold = 6,
    PrivilegeWithdrawn = 9,
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
        let values = statuses.iter().map(|one| status(one.status)).collect::<Result<Vec<_>, _>>()?;
        let responses = statuses.iter().zip(&values).map(|(one, value)| {
            Ok(SingleResponse {
                certificate: any(&one.certificate.der, "CertID")?,
                status: any(value, "status")?,
                this_update: time(one.this_update)?,
                next_update: time(one.next_update)?,
            })
        });
        let data = ResponseData {
            responder: octets(responder.as_ref())?,
            produced_at: time(produced_at)?,
            responses: responses.collect::<Result<_, BuildError>>()?,
            extensions: nonce.map(nonce_extension).transpose()?.map(|one| vec![one]),
        };
        let data = data.to_der().map_err(|_| BuildError("response data"))?;
        let signature = self.signer.sign(&data).await?;
        let basic = BasicResponse {
            data: any(&data, "response data")?,
            algorithm: any(self.signer.algorithm().identifier_der(), "algorithm")?,
            signature: BitStringRef::from_bytes(&signature).map_err(|_| BuildError("signature"))?,
            certificates: vec![any(self.certificate, "certificate of the responder")?],
        };
        let basic = basic.to_der().map_err(|_| BuildError("basic response"))?;
        let response = OcspResponse {
            status: ResponseStatus::Successful,
            bytes: ResponseBytes { kind: BASIC, response: octets(&basic)? },
        };
        Ok(response.to_der().map_err(|_| BuildError("response"))?)
    }
}

fn octets(octets: &[u8]) -> Result<&OctetStringRef, BuildError> {
    OctetStringRef::new(octets).map_err(|_| BuildError("octets"))
}

fn nonce_extension(nonce: &[u8]) -> Result<Extension, BuildError> {
    let value = octets(nonce)?.to_der().and_then(OctetString::new).map_err(|_| BuildError("nonce"))?;
    Ok(Extension { extn_id: NONCE, critical: false, extn_value: value })
}

/// CertStatus as DER: a CHOICE with implicit tags.
fn status(status: CertStatus) -> Result<Vec<u8>, BuildError> {
    let implicit = |number| -> Result<Vec<u8>, BuildError> {
        let value =
            ContextSpecific { tag_number: TagNumber(number), tag_mode: TagMode::Implicit, value: Null };
        value.to_der().map_err(|_| BuildError("status"))
    };
    match status {
        CertStatus::Good => implicit(0),
        CertStatus::Unknown => implicit(2),
        CertStatus::Revoked { at, reason } => {
            let value = RevokedInfo { at: time(at)?, reason: reason_of(reason) };
            let value = ContextSpecific { tag_number: TagNumber(1), tag_mode: TagMode::Implicit, value };
            value.to_der().map_err(|_| BuildError("status"))
        }
    }
}

/// RFC 5280 section 5.3.1: no reason rather than unspecified.
fn reason_of(reason: RevocationReason) -> Option<Reason> {
    match reason {
        RevocationReason::Unspecified => None,
        RevocationReason::KeyCompromise => Some(Reason::KeyCompromise),
        RevocationReason::AffiliationChanged => Some(Reason::AffiliationChanged),
        RevocationReason::Superseded => Some(Reason::Superseded),
        RevocationReason::CessationOfOperation => Some(Reason::CessationOfOperation),
        RevocationReason::CertificateHold => Some(Reason::CertificateHold),
        RevocationReason::PrivilegeWithdrawn => Some(Reason::PrivilegeWithdrawn),
    }
}

/// GeneralizedTime in whole seconds.
fn time(at: OffsetDateTime) -> Result<GeneralizedTime, BuildError> {
    const OUT_OF_RANGE: BuildError = BuildError("time");
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| OUT_OF_RANGE)?;
    let date = DateTime::from_unix_duration(std::time::Duration::from_secs(seconds));
    Ok(GeneralizedTime::from_date_time(date.map_err(|_| OUT_OF_RANGE)?))
}
