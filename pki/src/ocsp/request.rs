//! Reading an OCSPRequest (RFC 6960 section 4.1).

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Sequence};
use x509_cert::ext::Extension;

use crate::certificate::Serial;
use crate::issuer::Issuer;
use crate::strict_der;

/// RFC 9654 section 2.1.
const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");

/// The hashes of CertIDs that are answered: RFC 5019 section 2.1.1 has SHA-1, RFC 6960 any. Neither protects anything here:
/// the hashes only name the issuer.
const HASHES: [(ObjectIdentifier, &Algorithm); 2] = [
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.26"), &SHA1_FOR_LEGACY_USE_ONLY),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), &SHA256),
];

/// A request that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest {
    certificates: Vec<CertId>,
    nonce: Option<Vec<u8>>,
}

/// A certificate that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertId {
    pub(super) der: Vec<u8>,
    hash: Option<&'static Algorithm>,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: Option<Serial>,
}

/// Why a request is not read. The answer is `malformedRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspRequestError {
    /// The request is longer than any that is answered.
    #[error("the request has more than {max} bytes", max = OcspRequest::MAX_BYTES)]
    TooLong,
    /// The octets are no DER, or no OCSPRequest of version 1.
    #[error("this is no OCSPRequest of version 1")]
    Malformed,
    /// The request asks about nothing, or about too much.
    #[error("a request asks about 1 to {max} certificates", max = OcspRequest::MAX_CERTIFICATES)]
    Certificates,
    /// RFC 9654 section 2.1: a nonce has 1 to 128 octets.
    #[error("a nonce has 1 to 128 octets")]
    Nonce,
    /// The request has an extension that is critical, and unknown here.
    #[error("the request has a critical extension that is not known")]
    CriticalExtension,
}

#[derive(Sequence)]
struct SignedRequest<'a> {
    tbs: TbsRequest<'a>,
    // RFC 5019 section 2.1.2: signatures of requests are not looked at.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    signature: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct TbsRequest<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    version: u8,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    requestor: Option<AnyRef<'a>>,
    requests: Vec<SingleRequest<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct SingleRequest<'a> {
    certificate: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct CertIdFields<'a> {
    hash: Hash<'a>,
    issuer_name: &'a OctetStringRef,
    issuer_key: &'a OctetStringRef,
    /// A serial of another issuer may be any INTEGER.
    serial: AnyRef<'a>,
}

#[derive(Sequence)]
struct Hash<'a> {
    algorithm: ObjectIdentifier,
    #[asn1(optional = "true")]
    parameters: Option<AnyRef<'a>>,
}

impl OcspRequest {
    /// The bytes of a request, at most.
    pub const MAX_BYTES: usize = 8 * 1024;
    /// The certificates that a request may ask about, at most. RFC 5019 section 2.1.1 has one.
    pub const MAX_CERTIFICATES: usize = 16;

    /// Reads a request.
    ///
    /// # Errors
    /// [`OcspRequestError`].
    pub fn from_der(der: &[u8]) -> Result<OcspRequest, OcspRequestError> {
        if der.len() > Self::MAX_BYTES {
            return Err(OcspRequestError::TooLong);
        }
        strict_der::check(der).map_err(|_| OcspRequestError::Malformed)?;
        let SignedRequest { tbs, .. } =
            SignedRequest::from_der(der).map_err(|_| OcspRequestError::Malformed)?;
        if tbs.version != 0 {
            return Err(OcspRequestError::Malformed);
        }
        if !(1..=Self::MAX_CERTIFICATES).contains(&tbs.requests.len()) {
            return Err(OcspRequestError::Certificates);
        }
        let certificates =
            tbs.requests.iter().map(|request| CertId::read(request.certificate)).collect::<Result<_, _>>()?;
        let of_single = tbs.requests.iter().flat_map(|request| request.extensions.iter().flatten());
        let of_request = tbs.extensions.iter().flatten();
        if of_single.chain(of_request.clone()).any(|one| one.critical && one.extn_id != NONCE) {
            return Err(OcspRequestError::CriticalExtension);
        }
        let nonce = of_request.filter(|one| one.extn_id == NONCE).map(nonce).next().transpose()?;
        Ok(OcspRequest { certificates, nonce })
    }

    /// The certificates that are asked about.
    #[must_use]
    pub fn certificates(&self) -> &[CertId] {
        &self.certificates
    }

    /// The nonce, which the answer repeats.
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }
}

fn nonce(extension: &Extension) -> Result<Vec<u8>, OcspRequestError> {
    let nonce = <&OctetStringRef>::from_der(extension.extn_value.as_bytes());
    let nonce = nonce.map_err(|_| OcspRequestError::Nonce)?.as_bytes();
    if (1..=128).contains(&nonce.len()) { Ok(nonce.to_vec()) } else { Err(OcspRequestError::Nonce) }
}

impl CertId {
    fn read(any: AnyRef<'_>) -> Result<CertId, OcspRequestError> {
        let malformed = |_| OcspRequestError::Malformed;
        let der = der::Encode::to_der(&any).map_err(malformed)?;
        let fields = CertIdFields::from_der(&der).map_err(malformed)?;
        der::Tagged::tag(&fields.serial)
            .assert_eq(der::Tag::Integer)
            .map_err(|_| OcspRequestError::Malformed)?;
        let hash = HASHES.iter().find(|(oid, _)| *oid == fields.hash.algorithm).map(|(_, hash)| *hash);
        let serial = Serial::from_integer(fields.serial.value()).ok();
        let (issuer_name, issuer_key) =
            (fields.issuer_name.as_bytes().to_vec(), fields.issuer_key.as_bytes().to_vec());
        Ok(CertId { hash, issuer_name, issuer_key, serial, der })
    }

    /// True if the certificate is one of this issuer: name and key are named, by a hash that is known.
    #[must_use]
    pub fn is_of(&self, issuer: &Issuer) -> bool {
        self.hash.is_some_and(|hash| {
            digest(hash, issuer.subject_der()).as_ref() == self.issuer_name
                && digest(hash, issuer.key().bits()).as_ref() == self.issuer_key
        })
    }

    /// The serial; `None` if no certificate made here can have it.
    #[must_use]
    pub fn serial(&self) -> Option<&Serial> {
        self.serial.as_ref()
    }
}
