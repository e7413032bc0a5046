//! Building a TBSCertificate (RFC 5280 section 4.1).
//!
//! Invariant: every field comes from the contents, the issuer, or the reserved serial and validity; the request
//! contributes only its public key. The issuer's name and the key are copied as DER, byte for byte.

use std::net::IpAddr;

use der::Encode;
use der::asn1::{Ia5String, ObjectIdentifier, OctetString};
use der::flagset::FlagSet;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints,
    CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};

use super::tbs::{BuildError, TbsFields};
use super::usages::has_critical_purpose;
use super::{Serial, Validity};
use crate::csr::{Csr, KEY_USAGES, purpose};
use crate::issuer::Issuer;
use crate::name::{Name, encode_subject};
use crate::signer::SignatureAlgorithm;

/// The URLs of an issuer's certificate, CRLs and OCSP responders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publication {
    /// URLs of CRLs (RFC 5280 section 4.2.1.13).
    pub crl: Vec<String>,
    /// URLs of the issuer's certificate (RFC 5280 section 4.2.2.1).
    pub issuer: Vec<String>,
    /// URLs of OCSP responders (RFC 5280 section 4.2.2.1).
    pub ocsp: Vec<String>,
}

impl Publication {
    /// cRLDistributionPoints and authorityInfoAccess with these URLs; without the one that would be empty.
    ///
    /// # Errors
    /// [`BuildError`] if a URL has characters beyond ASCII.
    pub fn extensions(&self) -> Result<Vec<Extension>, BuildError> {
        let mut extensions = Vec::new();
        if !self.crl.is_empty() {
            // RFC 5280 section 4.2.1.13.
            let full_name = self.crl.iter().map(|url| uri(url)).collect::<Result<_, _>>()?;
            let point = DistributionPoint {
                distribution_point: Some(DistributionPointName::FullName(full_name)),
                reasons: None,
                crl_issuer: None,
            };
            extensions.push(extension(
                oid::CRL_DISTRIBUTION_POINTS,
                false,
                &CrlDistributionPoints(vec![point]),
            )?);
        }
        let access = self.access()?;
        if !access.0.is_empty() {
            extensions.push(extension(oid::AUTHORITY_INFO_ACCESS, false, &access)?);
        }
        Ok(extensions)
    }

    /// authorityInfoAccess (RFC 5280 section 4.2.2.1).
    fn access(&self) -> Result<AuthorityInfoAccessSyntax, BuildError> {
        const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
        const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");
        let ocsp = self.ocsp.iter().map(|url| (OCSP, url));
        let issuer = self.issuer.iter().map(|url| (CA_ISSUERS, url));
        let all = ocsp
            .chain(issuer)
            .map(|(access_method, url)| Ok(AccessDescription { access_method, access_location: uri(url)? }));
        Ok(AuthorityInfoAccessSyntax(all.collect::<Result<_, BuildError>>()?))
    }
}

/// The contents of a certificate, apart from key, serial, dates and issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateContents {
    /// The subject as RFC 4514 text; empty if only the names identify the subject.
    pub subject: String,
    /// The subject alternative names, in their order.
    pub names: Vec<String>,
    /// keyUsage, by the names of RFC 5280 section 4.2.1.3.
    pub key_usage: Vec<String>,
    /// extendedKeyUsage, by name or dotted number.
    pub extended_key_usage: Vec<String>,
    /// The longest validity in days.
    pub validity_days: u32,
}

/// The inputs of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The request; its public key is certified.
    pub csr: &'a Csr,
    /// Subject, names and usages.
    pub contents: &'a CertificateContents,
    /// The issuer.
    pub issuer: &'a Issuer,
    /// The signature algorithm of the issuer.
    pub algorithm: SignatureAlgorithm,
    /// The reserved serial.
    pub serial: &'a Serial,
    /// The reserved validity.
    pub validity: &'a Validity,
    /// The URLs for cRLDistributionPoints and authorityInfoAccess.
    pub publication: &'a Publication,
}

/// A TBSCertificate that was built but not linted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TbsCertificate {
    der: Vec<u8>,
    issuer_spki: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl TbsCertificate {
    pub(super) fn new(der: Vec<u8>, issuer: &Issuer, algorithm: SignatureAlgorithm) -> TbsCertificate {
        TbsCertificate { der, issuer_spki: issuer.spki_der().to_vec(), algorithm }
    }

    /// The DER to be signed.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn issuer_spki(&self) -> &[u8] {
        &self.issuer_spki
    }

    pub(super) fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The same with other bytes, for tests of the linter.
    #[cfg(test)]
    pub(super) fn with_der(&self, der: Vec<u8>) -> TbsCertificate {
        TbsCertificate { der, ..self.clone() }
    }
}

/// The extensions of issued certificates (RFC 5280 sections 4.2.1 and 4.2.2).
pub(super) mod oid {
    use der::asn1::ObjectIdentifier;

    pub(in crate::certificate) const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.35");
    pub(in crate::certificate) const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.14");
    pub(in crate::certificate) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
    pub(in crate::certificate) const SUBJECT_ALT_NAME: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.17");
    pub(in crate::certificate) const BASIC_CONSTRAINTS: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.19");
    pub(in crate::certificate) const EXTENDED_KEY_USAGE: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.37");
    pub(in crate::certificate) const CRL_DISTRIBUTION_POINTS: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.31");
    pub(in crate::certificate) const AUTHORITY_INFO_ACCESS: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
}

impl Template<'_> {
    /// Builds the certificate.
    pub fn build(&self) -> Result<TbsCertificate, BuildError> {
        let subject = encode_subject(&self.contents.subject).ok_or(BuildError("subject"))?;
        let extensions = self.extensions(subject.is_empty())?;
        let fields = TbsFields {
            serial: self.serial,
            algorithm: self.algorithm,
            issuer: self.issuer.subject_der(),
            validity: *self.validity,
            subject: &subject.to_der().map_err(|_| BuildError("subject"))?,
            spki: self.csr.key().spki_der(),
            extensions,
        };
        Ok(TbsCertificate::new(fields.into_der()?, self.issuer, self.algorithm))
    }

    fn extensions(&self, subject_is_empty: bool) -> Result<Vec<Extension>, BuildError> {
        let octets = |octets: &[u8]| OctetString::new(octets).map_err(|_| BuildError("key identifier"));
        let mut extensions = vec![
            // RFC 5280 section 4.2.1.1: the subjectKeyIdentifier of the issuer's certificate.
            extension(
                oid::AUTHORITY_KEY_IDENTIFIER,
                false,
                &AuthorityKeyIdentifier {
                    key_identifier: Some(octets(self.issuer.key_identifier_octets())?),
                    authority_cert_issuer: None,
                    authority_cert_serial_number: None,
                },
            )?,
            // RFC 5280 section 4.2.1.2; RFC 7093 section 2 method 1.
            extension(
                oid::SUBJECT_KEY_IDENTIFIER,
                false,
                &SubjectKeyIdentifier(octets(&self.csr.key().identifier())?),
            )?,
            // RFC 5280 section 4.2.1.3: critical.
            extension(oid::KEY_USAGE, true, &key_usage(&self.contents.key_usage)?)?,
            // RFC 5280 section 4.2.1.6: critical if the subject is empty.
            extension(
                oid::SUBJECT_ALT_NAME,
                subject_is_empty,
                &SubjectAltName(general_names(&self.contents.names)?),
            )?,
            // RFC 5280 section 4.2.1.9: cA FALSE, critical.
            extension(
                oid::BASIC_CONSTRAINTS,
                true,
                &BasicConstraints { ca: false, path_len_constraint: None },
            )?,
        ];
        if !self.contents.extended_key_usage.is_empty() {
            // RFC 5280 section 4.2.1.12.
            extensions.push(extension(
                oid::EXTENDED_KEY_USAGE,
                has_critical_purpose(&self.contents.extended_key_usage),
                &purposes(&self.contents.extended_key_usage)?,
            )?);
        }
        extensions.extend(self.publication.extensions()?);
        Ok(extensions)
    }
}

pub(super) fn extension(
    oid: ObjectIdentifier,
    critical: bool,
    value: &impl Encode,
) -> Result<Extension, BuildError> {
    let value = value.to_der().map_err(|_| BuildError("extension"))?;
    Ok(Extension {
        extn_id: oid,
        critical,
        extn_value: OctetString::new(value).map_err(|_| BuildError("extension"))?,
    })
}

/// RFC 5280 section 4.2.1.3.
pub(super) fn key_usage(names: &[String]) -> Result<KeyUsage, BuildError> {
    const UNKNOWN: BuildError = BuildError("key usage");
    let bit = |name: &String| KEY_USAGES.iter().position(|known| known == name).map(|at| 1_u16 << at);
    let bits = names.iter().try_fold(0, |bits, name| Some(bits | bit(name)?)).ok_or(UNKNOWN)?;
    Ok(KeyUsage(FlagSet::new(bits).map_err(|_| UNKNOWN)?))
}

pub(super) fn purposes(names: &[String]) -> Result<ExtendedKeyUsage, BuildError> {
    let oids = names.iter().map(|name| purpose(name).ok_or(BuildError("purpose")));
    Ok(ExtendedKeyUsage(oids.collect::<Result<_, _>>()?))
}

/// GeneralNames (RFC 5280 section 4.2.1.6) in the order of the contents.
fn general_names(names: &[String]) -> Result<Vec<GeneralName>, BuildError> {
    const UNENCODABLE: BuildError = BuildError("subject alternative name");
    let ia5 = |text: &str| Ia5String::new(text).map_err(|_| UNENCODABLE);
    names
        .iter()
        .map(|text| match text.parse::<Name>() {
            Ok(Name::Dns(name)) => Ok(GeneralName::DnsName(ia5(&name)?)),
            Ok(Name::Email(name)) => Ok(GeneralName::Rfc822Name(ia5(&name)?)),
            Ok(Name::Uri(name)) => Ok(GeneralName::UniformResourceIdentifier(ia5(&name)?)),
            Ok(Name::Ip(address)) => {
                let octets = match address {
                    IpAddr::V4(v4) => v4.octets().to_vec(),
                    IpAddr::V6(v6) => v6.octets().to_vec(),
                };
                Ok(GeneralName::IpAddress(OctetString::new(octets).map_err(|_| UNENCODABLE)?))
            }
            Err(_) => Err(UNENCODABLE),
        })
        .collect()
}

fn uri(text: &str) -> Result<GeneralName, BuildError> {
    Ia5String::new(text).map(GeneralName::UniformResourceIdentifier).map_err(|_| BuildError("address"))
}

#[cfg(test)]
mod tests {
    use der::asn1::BitString;

    use super::*;

    /// Compares with the `KeyUsage` type of x509-cert for every set of bits.
    #[test]
    fn every_set_of_key_usages_is_a_named_bit_list() {
        for set in 0..1_u16 << KEY_USAGES.len() {
            let named = KEY_USAGES.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            let names: Vec<String> = named.map(|(_, name)| (*name).to_owned()).collect();
            let bits = set.reverse_bits();
            let unused = bits.trailing_zeros();
            let octets = &bits.to_be_bytes()[..2 - (unused / 8) as usize];
            let wanted = BitString::new((unused % 8) as u8, octets).unwrap().to_der().unwrap();
            assert_eq!(key_usage(&names).unwrap().to_der().unwrap(), wanted, "{names:?}");
        }
    }

    #[test]
    fn a_key_usage_without_a_bit_is_an_error() {
        assert!(key_usage(&["digitalSignatures".to_owned()]).is_err());
    }
}
