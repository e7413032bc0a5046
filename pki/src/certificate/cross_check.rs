//! The last check before a certificate is stored: two libraries that took no part in making it read the signed bytes.
//!
//! Invariant: a certificate is built by `der` and `x509-cert`; `webpki` and `x509-parser` read it here. Each field that
//! one of them reads must be the approved one, and `webpki` must verify the signature with the key of the issuer. The
//! first difference is an error, which holds both values.

use std::cell::RefCell;
use std::net::IpAddr;
use std::time::Duration;

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Encode as _};
use rustls_pki_types::{CertificateDer, Der, ServerName, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::template::CertificateContents;
use super::{Certificate, ResponderTemplate, Serial, Validity};
use crate::csr::{Csr, purpose, purpose_name, purposes, usages};
use crate::issuer::Issuer;
use crate::key::PublicKey;
use crate::name::{Name, encode_subject, render_distinguished_name};

/// What a certificate must say.
#[derive(Clone, Copy, Debug)]
pub struct Approved<'a> {
    /// The request; its key is certified.
    pub csr: &'a Csr,
    /// Subject, names and usages.
    pub contents: &'a CertificateContents,
    /// The issuer.
    pub issuer: &'a Issuer,
    /// The reserved serial.
    pub serial: &'a Serial,
    /// The validity.
    pub validity: &'a Validity,
}

/// What is compared.
#[derive(Clone, Copy)]
struct Expected<'a> {
    key: &'a PublicKey,
    contents: &'a CertificateContents,
    issuer: &'a Issuer,
    serial: &'a Serial,
    validity: &'a Validity,
}

/// A certificate that a library reads otherwise than it was approved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reader} reads the {field} {found:?}, but {approved:?} was approved")]
pub struct CrossCheckError {
    /// The library.
    pub reader: &'static str,
    /// The field.
    pub field: &'static str,
    /// The value that was read.
    pub found: String,
    /// The approved value.
    pub approved: String,
}

/// Compares the readings of both libraries with what was approved.
///
/// # Errors
/// The first difference. A retry fails the same way.
pub fn cross_check(certificate: &Certificate, approved: &Approved<'_>) -> Result<(), CrossCheckError> {
    let Approved { csr, contents, issuer, serial, validity } = *approved;
    compare(certificate, &Expected { key: csr.key(), contents, issuer, serial, validity })
}

/// Compares the readings of both libraries with the template of a responder.
pub(super) fn cross_check_responder(
    certificate: &Certificate,
    template: &ResponderTemplate<'_>,
) -> Result<(), CrossCheckError> {
    let ResponderTemplate { issuer, key, serial, validity } = *template;
    compare(certificate, &Expected { key, contents: &template.contents(), issuer, serial, validity })
}

fn compare(certificate: &Certificate, approved: &Expected<'_>) -> Result<(), CrossCheckError> {
    for (reader, read) in [("webpki", by_webpki as fn(&_, &_) -> _), ("x509-parser", by_x509_parser)] {
        let fields: ComparedFields = read(certificate, approved)
            .unwrap_or_else(|error| vec![("encoding", error, "a certificate that it can read".to_owned())]);
        if let Some((field, found, approved)) = fields.into_iter().find(|(_, found, right)| found != right) {
            return Err(CrossCheckError { reader, field, found, approved });
        }
    }
    Ok(())
}

/// Fields, each as it was read and as it was approved.
type ComparedFields = Vec<(&'static str, String, String)>;

/// The approved values, in the forms of both readings.
struct Values {
    serial: String,
    issuer: String,
    not_before: String,
    not_after: String,
    key: String,
    dns: String,
    ip: Vec<IpAddr>,
    email: String,
    uri: String,
    purposes: String,
}

impl Values {
    fn of(approved: &Expected<'_>) -> Result<Values, String> {
        let (mut dns, mut ip, mut email, mut uri) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for text in &approved.contents.names {
            match text.parse::<Name>() {
                Ok(Name::Dns(name)) => dns.push(name),
                Ok(Name::Ip(address)) => ip.push(address),
                Ok(Name::Email(address)) => email.push(address),
                Ok(Name::Uri(name)) => uri.push(name),
                Err(error) => return Err(error.to_string()),
            }
        }
        let known =
            |name: &String| purpose(name).map_or_else(|| name.clone(), |oid| purpose_name(&oid).into_owned());
        let purposes: Vec<String> = approved.contents.extended_key_usage.iter().map(known).collect();
        Ok(Values {
            serial: hex::encode(approved.serial.octets()),
            issuer: hex::encode(approved.issuer.subject_der()),
            not_before: approved.validity.not_before.unix_timestamp().to_string(),
            not_after: approved.validity.not_after.unix_timestamp().to_string(),
            key: hex::encode(approved.key.spki_der()),
            dns: dns.join(" "),
            ip,
            email: email.join(" "),
            uri: uri.join(" "),
            purposes: purposes.join(" "),
        })
    }
}

/// Collects the purposes that webpki reads.
struct ReadPurposes<'a> {
    approved: &'a [ObjectIdentifier],
    read: RefCell<Vec<String>>,
}

impl ExtendedKeyUsageValidator for &ReadPurposes<'_> {
    fn validate(&self, all: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        for one in all {
            let one = one?;
            // By its octets: webpki 0.103.17 shows arcs above 127 as other numbers (311 as 567).
            let approved = self.approved.iter().find(|oid| KeyPurposeId::new(oid.as_bytes()) == one);
            let name = approved.map_or_else(|| format!("{one:?}"), |oid| purpose_name(oid).into_owned());
            self.read.borrow_mut().push(name);
        }
        Ok(())
    }
}

/// An end entity in the eyes of webpki: it offers neither keyUsage nor rfc822Name, and of addresses only whether one of
/// them is there.
fn by_webpki(certificate: &Certificate, approved: &Expected<'_>) -> Result<ComparedFields, String> {
    let values = Values::of(approved)?;
    let der = CertificateDer::from(certificate.der());
    let read = EndEntityCert::try_from(&der).map_err(|error| format!("{error:?}"))?;
    let content =
        |der: &[u8]| AnyRef::from_der(der).map(|any| any.value().to_vec()).map_err(|error| error.to_string());
    let issuer = content(approved.issuer.subject_der())?;
    // The linter checks the name constraints, of which webpki knows only some kinds.
    let anchor = TrustAnchor {
        subject: Der::from(issuer.clone()),
        subject_public_key_info: Der::from(content(approved.issuer.spki_der())?),
        name_constraints: None,
    };
    let anchors = [anchor];
    let approved_purposes: Vec<ObjectIdentifier> =
        approved.contents.extended_key_usage.iter().filter_map(|name| purpose(name)).collect();
    let purposes = ReadPurposes { approved: &approved_purposes, read: RefCell::default() };
    let verify = |seconds: u64| {
        purposes.read.borrow_mut().clear();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        read.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &[], at, &purposes, None, None).map(drop)
    };
    let seconds = |at: UnixTime| at.as_secs().to_string();
    let not_before = match verify(0) {
        Err(Error::CertNotValidYet { not_before, .. }) => seconds(not_before),
        other => format!("{other:?}"),
    };
    let not_after = match verify(u64::MAX) {
        Err(Error::CertExpired { not_after, .. }) => seconds(not_after),
        other => format!("{other:?}"),
    };
    let from =
        u64::try_from(approved.validity.not_before.unix_timestamp()).map_err(|error| error.to_string())?;
    let signature = verify(from).map_or_else(|error| format!("{error:?}"), |()| "good".to_owned());
    let subject = encode_subject(&approved.contents.subject).and_then(|subject| subject.to_der().ok());
    let subject = content(&subject.ok_or("the subject cannot be encoded")?)?;
    let has = |address: &&IpAddr| {
        read.verify_is_valid_for_subject_name(&ServerName::IpAddress((**address).into())).is_ok()
    };
    let joined = |names: Vec<&str>| names.join(" ");
    Ok(vec![
        ("serial number", hex::encode(read.serial()), values.serial),
        ("issuer", hex::encode(read.issuer()), hex::encode(issuer)),
        ("subject", hex::encode(read.subject()), hex::encode(subject)),
        ("start of the validity", not_before, values.not_before),
        ("end of the validity", not_after, values.not_after),
        ("public key", hex::encode(read.subject_public_key_info()), values.key),
        ("DNS names", joined(read.valid_dns_names().collect()), values.dns),
        ("URIs", joined(read.valid_uri_names().collect()), values.uri),
        ("IP addresses", addresses(values.ip.iter().filter(has)), addresses(values.ip.iter())),
        ("signature", signature, "good".to_owned()),
        ("purposes", purposes.read.take().join(" "), values.purposes),
    ])
}

/// Every field in the eyes of x509-parser.
fn by_x509_parser(certificate: &Certificate, approved: &Expected<'_>) -> Result<ComparedFields, String> {
    let values = Values::of(approved)?;
    let read = match X509Certificate::from_der(certificate.der()) {
        Ok(([], read)) => read,
        Ok((rest, _)) => return Err(format!("{} bytes after the certificate", rest.len())),
        Err(error) => return Err(error.to_string()),
    };
    let (mut dns, mut ip, mut email, mut uri) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut key_usage, mut extended_key_usage, mut is_ca) = (Vec::new(), Vec::new(), false);
    for extension in read.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                for name in &names.general_names {
                    match name {
                        GeneralName::DNSName(name) => dns.push(*name),
                        GeneralName::IPAddress(octets) => ip.push(address(octets)?),
                        GeneralName::RFC822Name(name) => email.push(*name),
                        GeneralName::URI(name) => uri.push(*name),
                        other => return Err(format!("the name {other:?}")),
                    }
                }
            }
            ParsedExtension::KeyUsage(bits) => key_usage = usages(*bits).collect(),
            ParsedExtension::ExtendedKeyUsage(_) => {
                let purposes = purposes(extension.value).ok_or("no purpose in extendedKeyUsage")?;
                extended_key_usage = purposes.into_iter().map(std::borrow::Cow::into_owned).collect();
            }
            ParsedExtension::BasicConstraints(constraints) => is_ca = constraints.ca,
            ParsedExtension::ParseError { error } => return Err(error.to_string()),
            _ => {}
        }
    }
    let mut granted: Vec<&str> = approved.contents.key_usage.iter().map(String::as_str).collect();
    granted.sort_unstable();
    key_usage.sort_unstable();
    let validity = read.validity();
    Ok(vec![
        ("serial number", hex::encode(read.raw_serial()), values.serial),
        ("issuer", hex::encode(read.issuer().as_raw()), values.issuer),
        ("subject", render_distinguished_name(read.subject()), approved.contents.subject.clone()),
        ("start of the validity", validity.not_before.timestamp().to_string(), values.not_before),
        ("end of the validity", validity.not_after.timestamp().to_string(), values.not_after),
        ("public key", hex::encode(read.public_key().raw), values.key),
        ("DNS names", dns.join(" "), values.dns),
        ("URIs", uri.join(" "), values.uri),
        ("e-mail addresses", email.join(" "), values.email),
        ("IP addresses", addresses(ip.iter()), addresses(values.ip.iter())),
        ("key usages", key_usage.join(" "), granted.join(" ")),
        ("purposes", extended_key_usage.join(" "), values.purposes),
        ("role of a CA", is_ca.to_string(), false.to_string()),
    ])
}

fn addresses<'a>(all: impl Iterator<Item = &'a IpAddr>) -> String {
    all.map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The address of an iPAddress.
fn address(octets: &[u8]) -> Result<IpAddr, String> {
    match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(v4), _) => Ok(v4.into()),
        (_, Ok(v6)) => Ok(v6.into()),
        _ => Err(format!("an address of {} bytes", octets.len())),
    }
}
