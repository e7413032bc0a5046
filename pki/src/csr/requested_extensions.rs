//! Requested extensions (RFC 2985 section 5.4.2), attributes and parts of the subject.
//!
//! Invariant: nothing in a request is dropped silently. Every extension and attribute becomes a name, a
//! [`RequestedExtension`] or an error; the profile decides later about the extensions. The value of a challenge
//! password is never shown.

use std::borrow::Cow;

use der::asn1::ObjectIdentifier;
use x509_parser::asn1_rs::Oid;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ExtensionRequest;
use x509_parser::extensions::{GeneralName, KeyUsage, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;

use crate::error::{CsrError, ExtensionError, NameError};
use crate::name::Name;
use crate::oid::{dotted, is};

/// A requested extension, attribute or part of the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestedExtension {
    /// basicConstraints with cA TRUE (RFC 5280 section 4.2.1.9).
    CertificateAuthority,
    /// One bit of keyUsage (RFC 5280 section 4.2.1.3), by its name there.
    KeyUsage(&'static str),
    /// One purpose of extendedKeyUsage, by its name or dotted number.
    ExtendedKeyUsage(String),
    /// A name of a kind that is not certified, such as otherName.
    OtherName(&'static str),
    /// Any other extension, by its name or dotted number.
    Extension(String),
    /// A part of the subject other than the common name, as `O=Example`.
    SubjectPart(String),
    /// An attribute other than an extension request.
    Attribute(String),
}

/// The most names of a request; limits the time of an evaluation.
pub(super) const MAX_NAMES: usize = 250;

/// The readable attributes of a request, and the errors of the others.
#[derive(Default)]
pub(super) struct RequestedAttributes {
    pub(super) names: Vec<Name>,
    pub(super) extensions: Vec<RequestedExtension>,
    pub(super) errors: Vec<CsrError>,
}

/// The names of the bits of keyUsage, in the order of RFC 5280 section 4.2.1.3.
pub const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// Purposes with a name (RFC 5280 section 4.2.1.12 and later registrations).
pub const PURPOSES: [(&str, ObjectIdentifier); 9] = [
    ("serverAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1")),
    ("clientAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2")),
    ("codeSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3")),
    ("emailProtection", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4")),
    ("timeStamping", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8")),
    ("OCSPSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9")),
    ("ipsecIKE", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.17")),
    ("documentSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36")),
    ("anyExtendedKeyUsage", ObjectIdentifier::new_unwrap("2.5.29.37.0")),
];

/// The object identifier of a purpose given by name or dotted number.
pub fn purpose(text: &str) -> Option<ObjectIdentifier> {
    match PURPOSES.iter().find(|(name, _)| *name == text) {
        Some((_, oid)) => Some(*oid),
        None => ObjectIdentifier::new(text).ok(),
    }
}

/// The name of a purpose, or its dotted number.
pub fn purpose_name(oid: &ObjectIdentifier) -> Cow<'static, str> {
    match PURPOSES.iter().find(|(_, known)| known == oid) {
        Some((name, _)) => Cow::Borrowed(name),
        None => Cow::Owned(oid.to_string()),
    }
}

impl RequestedAttributes {
    /// Reads every attribute of a request.
    pub(super) fn read(request: &X509CertificationRequest<'_>) -> RequestedAttributes {
        /// RFC 2985 section 5.4.2.
        const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
        /// szOID_CERT_EXTENSIONS, the extension request of old Windows tools.
        const MICROSOFT_EXTENSIONS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.14");
        /// RFC 2985 section 5.4.1.
        const CHALLENGE_PASSWORD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");
        let mut requested = RequestedAttributes::default();
        let Some(attributes) = attributes(request.certification_request_info.raw) else {
            requested.errors.push(ExtensionError::Unreadable.into());
            return requested;
        };
        for (oid, values) in attributes {
            if is(&oid, &EXTENSION_REQUEST) || is(&oid, &MICROSOFT_EXTENSIONS) {
                match ExtensionRequest::from_der(values) {
                    Ok(([], wanted)) => requested.read_extensions(&wanted.extensions),
                    _ => requested.errors.push(ExtensionError::Unreadable.into()),
                }
            } else if is(&oid, &CHALLENGE_PASSWORD) {
                requested.extensions.push(RequestedExtension::Attribute("challengePassword".to_owned()));
            } else {
                requested.extensions.push(RequestedExtension::Attribute(dotted(&oid)));
            }
        }
        requested
    }

    fn read_extensions(&mut self, list: &[X509Extension<'_>]) {
        for (at, extension) in list.iter().enumerate() {
            if list[..at].iter().any(|earlier| earlier.oid == extension.oid) {
                // RFC 5280 section 4.2: no extension occurs twice.
                self.errors.push(ExtensionError::Twice(extension_name(extension).into_owned()).into());
            }
            self.read_extension(extension);
        }
    }

    fn read_extension(&mut self, extension: &X509Extension<'_>) {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                if names.general_names.len() > MAX_NAMES {
                    let count = names.general_names.len();
                    self.errors.push(ExtensionError::TooManyNames { count, max: MAX_NAMES }.into());
                    return;
                }
                for name in &names.general_names {
                    self.general_name(name);
                }
            }
            ParsedExtension::BasicConstraints(constraints) => {
                if constraints.ca {
                    self.extensions.push(RequestedExtension::CertificateAuthority);
                }
            }
            ParsedExtension::KeyUsage(usage) => {
                self.extensions.extend(usages(*usage).map(RequestedExtension::KeyUsage))
            }
            ParsedExtension::ExtendedKeyUsage(_) => match purposes(extension.value) {
                Some(purposes) => self.extensions.extend(
                    purposes.into_iter().map(Cow::into_owned).map(RequestedExtension::ExtendedKeyUsage),
                ),
                None => self
                    .errors
                    .push(ExtensionError::UnreadableExtension("extendedKeyUsage".to_owned()).into()),
            },
            ParsedExtension::ParseError { .. } => {
                let name = extension_name(extension).into_owned();
                self.errors.push(ExtensionError::UnreadableExtension(name).into());
            }
            _ => self.extensions.push(RequestedExtension::Extension(extension_name(extension).into_owned())),
        }
    }

    fn general_name(&mut self, name: &GeneralName<'_>) {
        let read = match name {
            GeneralName::DNSName(text) => Name::dns(text),
            GeneralName::IPAddress(octets) => Name::ip(octets),
            GeneralName::RFC822Name(text) => Name::email(text),
            GeneralName::URI(text) => Name::uri(text),
            GeneralName::OtherName(..) => {
                return self.extensions.push(RequestedExtension::OtherName("otherName"));
            }
            GeneralName::X400Address(_) => {
                return self.extensions.push(RequestedExtension::OtherName("x400Address"));
            }
            GeneralName::DirectoryName(_) => {
                return self.extensions.push(RequestedExtension::OtherName("directoryName"));
            }
            GeneralName::EDIPartyName(_) => {
                return self.extensions.push(RequestedExtension::OtherName("ediPartyName"));
            }
            GeneralName::RegisteredID(_) => {
                return self.extensions.push(RequestedExtension::OtherName("registeredID"));
            }
            GeneralName::Invalid(_, bytes) => {
                Err(NameError::Malformed(String::from_utf8_lossy(bytes).into_owned()))
            }
        };
        match read {
            Ok(name) if !self.names.contains(&name) => self.names.push(name),
            // A repeated name counts once.
            Ok(_) => {}
            Err(error) => self.errors.push(error.into()),
        }
    }
}

/// The attributes of a CertificationRequestInfo: type, and the content of the SET of values. Parsed here because
/// x509-parser stops after the first known value, and nothing may be dropped silently.
fn attributes(info: &[u8]) -> Option<Vec<(Oid<'_>, &[u8])>> {
    use x509_parser::asn1_rs::Any;
    let ([], info) = Any::from_der(info).ok()? else {
        return None;
    };
    // RFC 2986 section 4.1: version, subject and key precede the attributes.
    let mut rest = info.data;
    for _ in 0..3 {
        rest = Any::from_der(rest).ok()?.0;
    }
    let ([], list) = Any::from_der(rest).ok()? else {
        return None;
    };
    let mut rest = list.data;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (after, attribute) = Any::from_der(rest).ok()?;
        let (values, oid) = Oid::from_der(attribute.data).ok()?;
        let ([], set) = Any::from_der(values).ok()? else {
            return None;
        };
        all.push((oid, set.data));
        rest = after;
    }
    Some(all)
}

/// The names of the set bits.
pub(crate) fn usages(usage: KeyUsage) -> impl Iterator<Item = &'static str> {
    KEY_USAGES
        .into_iter()
        .enumerate()
        .filter(move |(bit, _)| usage.flags >> bit & 1 == 1)
        .map(|(_, name)| name)
}

/// The purposes in an extendedKeyUsage, in its own order (RFC 5280 section 4.2.1.12).
pub(crate) fn purposes(der: &[u8]) -> Option<Vec<Cow<'static, str>>> {
    use der::Decode;
    let oids = Vec::<ObjectIdentifier>::from_der(der).ok()?;
    (!oids.is_empty()).then(|| oids.iter().map(purpose_name).collect())
}

/// Extensions with a name.
const EXTENSIONS: [(ObjectIdentifier, &str); 17] = [
    (ObjectIdentifier::new_unwrap("2.5.29.14"), "subjectKeyIdentifier"),
    (ObjectIdentifier::new_unwrap("2.5.29.15"), "keyUsage"),
    (ObjectIdentifier::new_unwrap("2.5.29.17"), "subjectAltName"),
    (ObjectIdentifier::new_unwrap("2.5.29.18"), "issuerAltName"),
    (ObjectIdentifier::new_unwrap("2.5.29.19"), "basicConstraints"),
    (ObjectIdentifier::new_unwrap("2.5.29.30"), "nameConstraints"),
    (ObjectIdentifier::new_unwrap("2.5.29.31"), "cRLDistributionPoints"),
    (ObjectIdentifier::new_unwrap("2.5.29.32"), "certificatePolicies"),
    (ObjectIdentifier::new_unwrap("2.5.29.35"), "authorityKeyIdentifier"),
    (ObjectIdentifier::new_unwrap("2.5.29.37"), "extendedKeyUsage"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1"), "authorityInfoAccess"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24"), "tlsFeature (must-staple)"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.1"), "nsCertType"),
    (ObjectIdentifier::new_unwrap("2.16.840.1.113730.1.13"), "nsComment"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2"), "Microsoft certificate template"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.7"), "Microsoft certificate template"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.15"), "S/MIME capabilities"),
];

/// The name of an extension, or its dotted number.
pub(crate) fn extension_name(extension: &X509Extension<'_>) -> Cow<'static, str> {
    match EXTENSIONS.iter().find(|(known, _)| is(&extension.oid, known)) {
        Some((_, name)) => Cow::Borrowed(name),
        None => Cow::Owned(dotted(&extension.oid)),
    }
}
