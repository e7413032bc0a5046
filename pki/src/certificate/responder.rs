//! Building the certificate of a delegated OCSP responder (RFC 6960 section 4.2.2.2).
//!
//! Invariant: nothing in it comes from a request. No request gets such a certificate: neither the policy nor the linter
//! of requested certificates lets its extensions pass.

use der::asn1::{Null, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, SubjectKeyIdentifier};
use x509_cert::name::RdnSequence;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use super::tbs::{BuildError, TbsFields};
use super::template::{self, CertificateContents, TbsCertificate, extension};
use super::{Serial, Validity};
use crate::issuer::Issuer;
use crate::key::PublicKey;
use crate::name::{Subject, encode_subject, render_distinguished_name};
use crate::signer::SignatureAlgorithm;

/// id-pkix-ocsp-nocheck, RFC 6960 section 4.2.2.2.1.
pub(super) const NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// The inputs of a responder's certificate.
#[derive(Clone, Copy, Debug)]
pub struct ResponderTemplate<'a> {
    /// The issuer whose certificates the responder answers for.
    pub issuer: &'a Issuer,
    /// The key of the responder.
    pub key: &'a PublicKey,
    /// The serial.
    pub serial: &'a Serial,
    /// The validity.
    pub validity: &'a Validity,
}

impl ResponderTemplate<'_> {
    /// The days for which the certificate of a responder is valid, at most. It is never revoked (id-pkix-ocsp-nocheck), so its
    /// life is short.
    pub const DAYS: u32 = 14;

    /// What the certificate says, apart from id-pkix-ocsp-nocheck.
    pub(super) fn contents(&self) -> CertificateContents {
        CertificateContents {
            subject: subject(self.issuer),
            names: Vec::new(),
            key_usage: vec!["digitalSignature".to_owned()],
            extended_key_usage: vec!["OCSPSigning".to_owned()],
            validity_days: Self::DAYS,
        }
    }

    pub(super) fn build(&self, algorithm: SignatureAlgorithm) -> Result<TbsCertificate, BuildError> {
        let contents = self.contents();
        let subject = encode_subject(&contents.subject).ok_or(BuildError("subject"))?;
        let fields = TbsFields {
            serial: self.serial,
            algorithm,
            issuer: self.issuer.subject_der(),
            validity: *self.validity,
            subject: &subject.to_der().map_err(|_| BuildError("subject"))?,
            spki: self.key.spki_der(),
            extensions: self.extensions(&contents)?,
        };
        Ok(TbsCertificate::new(fields.into_der()?, self.issuer, algorithm))
    }

    fn extensions(&self, contents: &CertificateContents) -> Result<Vec<Extension>, BuildError> {
        let octets = |octets: &[u8]| OctetString::new(octets).map_err(|_| BuildError("key identifier"));
        let authority = AuthorityKeyIdentifier {
            key_identifier: Some(octets(self.issuer.key_identifier_octets())?),
            ..Default::default()
        };
        let not_a_ca = BasicConstraints { ca: false, path_len_constraint: None };
        Ok(vec![
            extension(template::oid::AUTHORITY_KEY_IDENTIFIER, false, &authority)?,
            extension(
                template::oid::SUBJECT_KEY_IDENTIFIER,
                false,
                &SubjectKeyIdentifier(octets(&self.key.identifier())?),
            )?,
            extension(template::oid::KEY_USAGE, true, &template::key_usage(&contents.key_usage)?)?,
            extension(template::oid::BASIC_CONSTRAINTS, true, &not_a_ca)?,
            extension(
                template::oid::EXTENDED_KEY_USAGE,
                false,
                &template::purposes(&contents.extended_key_usage)?,
            )?,
            extension(NO_CHECK, false, &Null)?,
        ])
    }
}

/// The subject of the responder: the issuer's, with another common name, so that it meets name constraints as the issuer
/// does; the common name alone where that is no subject.
fn subject(issuer: &Issuer) -> String {
    const ALONE: &str = "CN=OCSP responder";
    let beside = || {
        let name = RdnSequence::from_der(issuer.subject_der()).ok()?;
        // RFC 5280 section 4.1.2.6: an address belongs to the names, of which there are none.
        let is_kept = |oid: &ObjectIdentifier| *oid != COMMON_NAME && *oid != EMAIL_ADDRESS;
        let kept = name.iter().filter(|rdn| rdn.iter().all(|attribute| is_kept(&attribute.oid)));
        let kept: RdnSequence = kept.cloned().collect::<Vec<_>>().into();
        if kept.is_empty() {
            return None;
        }
        let der = kept.to_der().ok()?;
        let (_, read) = X509Name::from_der(&der).ok()?;
        let subject = Subject::read(&format!("{ALONE},{}", render_distinguished_name(&read))).ok()?;
        issuer.subject_der_violation(&subject.to_der()).is_none().then(|| subject.to_string())
    };
    beside().unwrap_or_else(|| ALONE.to_owned())
}
