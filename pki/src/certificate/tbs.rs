//! The encoder of certificates: TBSCertificate and Certificate (RFC 5280 section 4.1).
//!
//! Invariant: the names of issuer and subject, the key and the signature algorithm are copied as DER, byte for byte.
//! Errors: [`BuildError`] names the field that does not fit.

use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, UintRef, UtcTime};
use der::{DateTime, Decode, Encode, Sequence};
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::time::Time;

use super::{Serial, Validity};
use crate::signer::SignatureAlgorithm;

/// A certificate cannot be built: a value does not fit into its field, which policy and reading should have caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {0} cannot be encoded")]
pub struct BuildError(pub(crate) &'static str);

impl BuildError {
    /// True if the value comes from the request: another attempt fails alike.
    #[must_use]
    pub fn is_of_request(&self) -> bool {
        matches!(self.0, "public key" | "subject" | "subject alternative name")
    }
}

/// The fields of a TBSCertificate, without the unique identifiers.
#[derive(Clone, Debug)]
pub struct TbsFields<'a> {
    /// serialNumber.
    pub serial: &'a Serial,
    /// The signature algorithm of the issuer.
    pub algorithm: SignatureAlgorithm,
    /// The subject of the issuer, as DER.
    pub issuer: &'a [u8],
    /// The dates.
    pub validity: Validity,
    /// The subject, as DER.
    pub subject: &'a [u8],
    /// The SubjectPublicKeyInfo, as DER.
    pub spki: &'a [u8],
    /// The extensions, in their order.
    pub extensions: Vec<Extension>,
}

/// RFC 5280 section 4.1, without the unique identifiers.
#[derive(Sequence)]
struct Tbs<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial_number: UintRef<'a>,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: Times,
    subject: AnyRef<'a>,
    subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Times {
    not_before: Time,
    not_after: Time,
}

#[derive(Sequence)]
struct SignedParts<'a> {
    tbs: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

impl TbsFields<'_> {
    /// Returns the TBSCertificate as DER.
    ///
    /// # Errors
    /// [`BuildError`] if a field is no DER, or the dates are out of range.
    pub fn into_der(self) -> Result<Vec<u8>, BuildError> {
        let tbs = Tbs {
            // v3
            version: 2,
            serial_number: UintRef::new(self.serial.octets()).map_err(|_| BuildError("serial"))?,
            signature: any(self.algorithm.identifier_der(), "algorithm")?,
            issuer: any(self.issuer, "issuer")?,
            validity: Times {
                not_before: time(self.validity.not_before)?,
                not_after: time(self.validity.not_after)?,
            },
            subject: any(self.subject, "subject")?,
            subject_public_key_info: any(self.spki, "public key")?,
            extensions: self.extensions,
        };
        tbs.to_der().map_err(|_| BuildError("certificate"))
    }
}

/// Returns a Certificate or a CertificateList as DER: SEQUENCE { tbs, signatureAlgorithm, signatureValue }.
///
/// # Errors
/// [`BuildError`] if `tbs` is no DER.
pub fn with_signature(
    tbs: &[u8],
    algorithm: SignatureAlgorithm,
    signature: &[u8],
) -> Result<Vec<u8>, BuildError> {
    let signed = SignedParts {
        tbs: any(tbs, "contents")?,
        algorithm: any(algorithm.identifier_der(), "algorithm")?,
        signature: BitStringRef::from_bytes(signature).map_err(|_| BuildError("signature"))?,
    };
    signed.to_der().map_err(|_| BuildError("signature"))
}

pub(crate) fn any<'a>(der: &'a [u8], what: &'static str) -> Result<AnyRef<'a>, BuildError> {
    AnyRef::from_der(der).map_err(|_| BuildError(what))
}

/// RFC 5280 sections 4.1.2.5 and 5.1.2.4: UTCTime up to 2049, GeneralizedTime from 2050 on.
pub(crate) fn time(at: OffsetDateTime) -> Result<Time, BuildError> {
    const OUT_OF_RANGE: BuildError = BuildError("validity");
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| OUT_OF_RANGE)?;
    let date =
        DateTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(|_| OUT_OF_RANGE)?;
    if date.year() < 2050 {
        UtcTime::from_date_time(date).map(Time::UtcTime).map_err(|_| OUT_OF_RANGE)
    } else {
        Ok(Time::GeneralTime(GeneralizedTime::from_date_time(date)))
    }
}
