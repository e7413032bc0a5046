//! Building a TBSCertList (RFC 5280 section 5.1.2).

use aws_lc_rs::digest::{Context, Digest, SHA256};
use der::asn1::{AnyRef, Ia5String, ObjectIdentifier, OctetString, UintRef};
use der::{Encode, Sequence, Tag};
use time::OffsetDateTime;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::time::Time;

use super::RevocationReason;
use crate::certificate::{BuildError, Serial, any, time};
use crate::issuer::Issuer;
use crate::signer::SignatureAlgorithm;

const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
/// x509-cert 0.3 has another number for this extension.
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// The fields of a list apart from its entries.
#[derive(Clone, Copy, Debug)]
pub struct CrlTemplate<'a> {
    /// The issuer of the list, which is that of all its certificates.
    pub issuer: &'a Issuer,
    /// The signature algorithm of the issuer.
    pub algorithm: SignatureAlgorithm,
    /// cRLNumber. The number grows with each list of the issuer.
    pub number: u64,
    /// thisUpdate, in whole seconds.
    pub this_update: OffsetDateTime,
    /// nextUpdate, in whole seconds.
    pub next_update: OffsetDateTime,
    /// The URL of a list that has a part of the issuer's certificates only: those whose cRLDistributionPoints names it.
    /// `None` for a whole list.
    pub shard: Option<&'a str>,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// The serial of the certificate.
    pub serial: Serial,
    /// Time of the revocation, in whole seconds.
    pub revoked_at: OffsetDateTime,
    /// The reason.
    pub reason: RevocationReason,
}

/// Collects the entries of a list.
pub struct CrlBuilder<'a> {
    template: CrlTemplate<'a>,
    entries: Vec<u8>,
    read_as: EntryDigest,
}

/// A TBSCertList that was built but not signed.
pub struct TbsCrl<'a> {
    pub(super) template: CrlTemplate<'a>,
    pub(super) der: Vec<u8>,
    pub(super) entries: EntryDigest,
}

/// Number and digest of entries: a list that another library reads has the same.
pub(super) struct EntryDigest {
    count: usize,
    digest: Context,
}

#[derive(Sequence)]
struct TbsCertList<'a> {
    version: u8,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    this_update: Time,
    next_update: Time,
    #[asn1(optional = "true")]
    revoked_certificates: Option<AnyRef<'a>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct CrlEntry<'a> {
    serial: UintRef<'a>,
    revoked_at: Time,
    #[asn1(optional = "true")]
    extensions: Option<AnyRef<'a>>,
}

impl<'a> CrlBuilder<'a> {
    /// A list without entries.
    #[must_use]
    pub fn new(template: CrlTemplate<'a>) -> Self {
        Self { template, entries: Vec::new(), read_as: EntryDigest::new() }
    }

    /// Adds an entry. Entries stand in the list in the order of these calls.
    ///
    /// # Errors
    /// [`BuildError`] if the time is out of range.
    pub fn push(&mut self, revoked: &RevokedCertificate) -> Result<(), BuildError> {
        let reason = reason_extension(revoked.reason);
        let entry = CrlEntry {
            serial: UintRef::new(revoked.serial.octets()).map_err(|_| BuildError("serial"))?,
            revoked_at: time(revoked.revoked_at)?,
            extensions: reason.as_ref().map(|der| any(der, "reason")).transpose()?,
        };
        entry.encode_to_vec(&mut self.entries).map_err(|_| BuildError("revoked certificate"))?;
        let at = revoked.revoked_at.unix_timestamp();
        self.read_as.add(revoked.serial.octets(), at, revoked.reason.number());
        Ok(())
    }

    /// Returns the TBSCertList.
    ///
    /// # Errors
    /// [`BuildError`] if a field does not fit.
    pub fn finish(self) -> Result<TbsCrl<'a>, BuildError> {
        let entries = AnyRef::new(Tag::Sequence, &self.entries).map_err(|_| BuildError("entries"))?;
        let tbs = TbsCertList {
            // v2
            version: 1,
            signature: any(self.template.algorithm.identifier_der(), "algorithm")?,
            issuer: any(self.template.issuer.subject_der(), "issuer")?,
            this_update: time(self.template.this_update)?,
            next_update: time(self.template.next_update)?,
            // RFC 5280 section 5.1.2.6: absent if nothing is revoked.
            revoked_certificates: (!self.entries.is_empty()).then_some(entries),
            extensions: self.template.extensions()?,
        };
        let der = tbs.to_der().map_err(|_| BuildError("list"))?;
        Ok(TbsCrl { template: self.template, der, entries: self.read_as })
    }
}

impl CrlTemplate<'_> {
    fn extensions(&self) -> Result<Vec<Extension>, BuildError> {
        let key_identifier = OctetString::new(self.issuer.key_identifier_octets())
            .map_err(|_| BuildError("key identifier"))?;
        let authority = AuthorityKeyIdentifier { key_identifier: Some(key_identifier), ..Default::default() };
        let number = CrlNumber::try_from(self.number).map_err(|_| BuildError("number"))?;
        let mut extensions = vec![
            extension(AUTHORITY_KEY_IDENTIFIER, false, &authority)?,
            extension(CRL_NUMBER, false, &number)?,
        ];
        if let Some(url) = self.shard {
            let url = Ia5String::new(url).map_err(|_| BuildError("distribution point"))?;
            let point = IssuingDistributionPoint {
                distribution_point: Some(DistributionPointName::FullName(vec![
                    GeneralName::UniformResourceIdentifier(url),
                ])),
                only_contains_user_certs: false,
                only_contains_ca_certs: false,
                only_some_reasons: None,
                indirect_crl: false,
                only_contains_attribute_certs: false,
            };
            extensions.push(extension(ISSUING_DISTRIBUTION_POINT, true, &point)?);
        }
        Ok(extensions)
    }
}

fn extension(oid: ObjectIdentifier, critical: bool, value: &impl Encode) -> Result<Extension, BuildError> {
    let value = value.to_der().and_then(OctetString::new).map_err(|_| BuildError("extension"))?;
    Ok(Extension { extn_id: oid, critical, extn_value: value })
}

/// The crlEntryExtensions with the reason, as DER.
fn reason_extension(reason: RevocationReason) -> Option<[u8; 14]> {
    // RFC 5280 section 5.3.1: absent rather than unspecified.
    if reason == RevocationReason::Unspecified {
        return None;
    }
    // Extensions, Extension, OBJECT IDENTIFIER 2.5.29.21, OCTET STRING, ENUMERATED.
    let mut der = [0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0x00];
    der[13] = reason.number();
    Some(der)
}

impl EntryDigest {
    pub(super) fn new() -> Self {
        Self { count: 0, digest: Context::new(&SHA256) }
    }

    /// Adds an entry: the serial without leading zeros, the time in seconds since 1970, and the number of the reason.
    pub(super) fn add(&mut self, serial: &[u8], revoked_at: i64, reason: u8) {
        let length = u8::try_from(serial.len()).unwrap_or(u8::MAX);
        self.count += 1;
        self.digest.update(&[length, reason]);
        self.digest.update(serial);
        self.digest.update(&revoked_at.to_be_bytes());
    }

    pub(super) fn finish(self) -> (usize, Digest) {
        (self.count, self.digest.finish())
    }
}
