//! Requested extensions (RFC 2985 section 5.4.2), attributes and parts of the subject.
//!
//! Invariant: nothing in a request is dropped silently. Every extension and attribute becomes a name, a
//! [`RequestedExtension`] or an error; the profile decides later about the extensions. One rule holds for all of them:
//! a type comes once, and its value is DER to its last octet. Extensions are read by two libraries, which must agree.
//! The value of a challenge password is never shown.

use std::borrow::Cow;

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage as NamedBits, SubjectAltName};
use x509_parser::asn1_rs::Oid;
use x509_parser::cri_attributes::ExtensionRequest;
use x509_parser::extensions::{GeneralName, KeyUsage, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;

use crate::error::{CsrError, DnsError, ExtensionError, NameError};
use crate::name::Name;
use crate::oid::{dotted, is};
use crate::strict_der;

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
pub const MAX_NAMES: usize = 250;

/// The readable attributes of a request, and the errors of the others.
#[derive(Default)]
pub(super) struct RequestedAttributes {
    pub(super) names: Vec<Name>,
    /// DNS names that only a profile can drop.
    pub(super) unusable: Vec<NameError>,
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
    /// Reads every attribute of a CertificationRequestInfo; `None` if it is none.
    pub(super) fn read(info: &[u8]) -> Option<RequestedAttributes> {
        let attributes = attributes(info)?;
        let mut requested = RequestedAttributes::default();
        let mut seen: Vec<Cow<'static, str>> = Vec::new();
        for Attribute { oid, values } in attributes {
            let kind = AttributeKind::of(&oid);
            let name = kind.name(&oid);
            // X.501 section 8.2: the types of a set of attributes are distinct. Both extension requests are one type.
            if seen.contains(&name) {
                requested.errors.push(ExtensionError::AttributeTwice(name.into_owned()).into());
                continue;
            }
            seen.push(name.clone());
            // RFC 2985 section 5.4: both types that are known here have a single value; RFC 2986 section 4: SIZE (1..MAX).
            let count = values.len();
            if count == 0 || (count > 1 && kind != AttributeKind::Other) {
                let attribute = name.into_owned();
                requested.errors.push(ExtensionError::AttributeValues { attribute, count }.into());
                continue;
            }
            match (kind, values.first()) {
                (AttributeKind::ExtensionRequest, Some(value)) => requested.read_request(value),
                _ => requested.extensions.push(RequestedExtension::Attribute(name.into_owned())),
            }
        }
        Some(requested)
    }

    /// Reads the value of an extension request: Extensions (RFC 5280 section 4.1).
    fn read_request(&mut self, value: &[u8]) {
        let strict = Vec::<Extension>::from_der(value);
        let (Ok(([], wanted)), Ok(strict)) = (ExtensionRequest::from_der(value), strict) else {
            return self.errors.push(ExtensionError::Unreadable.into());
        };
        let list = &wanted.extensions;
        let same = |(one, other): (&X509Extension<'_>, &Extension)| {
            is(&one.oid, &other.extn_id)
                && one.critical == other.critical
                && one.value == other.extn_value.as_bytes()
        };
        if list.is_empty() || list.len() != strict.len() || !list.iter().zip(&strict).all(same) {
            return self.errors.push(ExtensionError::Unreadable.into());
        }
        for (at, extension) in list.iter().enumerate() {
            let name = || extension_name(extension).into_owned();
            if list[..at].iter().any(|earlier| earlier.oid == extension.oid) {
                // RFC 5280 section 4.2: no extension occurs twice.
                self.errors.push(ExtensionError::Twice(name()).into());
            }
            if let Err(error) = strict_der::check(extension.value) {
                self.errors.push(ExtensionError::NotDer { what: name(), error }.into());
                continue;
            }
            let errors = self.errors.len();
            self.read_extension(extension);
            // An error of the first library says more.
            if self.errors.len() == errors && !is_read_alike(extension) {
                self.errors.push(ExtensionError::UnreadableExtension(name()).into());
            }
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
            Err(error @ NameError::Dns { error: DnsError::SingleLabel | DnsError::Address, .. }) => {
                if !self.unusable.contains(&error) {
                    self.unusable.push(error);
                }
            }
            Err(error) => self.errors.push(error.into()),
        }
    }
}

/// True if the second library reads the value as the type of its extension. Names, which enter the certificate, must be
/// what it would write.
fn is_read_alike(extension: &X509Extension<'_>) -> bool {
    let value = extension.value;
    match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(_) => {
            let written = SubjectAltName::from_der(value).and_then(|names| names.to_der());
            written.is_ok_and(|written| written == value)
        }
        ParsedExtension::BasicConstraints(read) => {
            BasicConstraints::from_der(value).is_ok_and(|other| other.ca == read.ca)
        }
        ParsedExtension::KeyUsage(read) => {
            NamedBits::from_der(value).is_ok_and(|other| other.0.bits() == read.flags)
        }
        ParsedExtension::ExtendedKeyUsage(_) => ExtendedKeyUsage::from_der(value).is_ok(),
        ParsedExtension::ParseError { .. } => false,
        _ => true,
    }
}

/// An attribute: its type, and its values as DER.
struct Attribute<'a> {
    oid: Oid<'a>,
    values: Vec<&'a [u8]>,
}

/// What is known about a type of attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AttributeKind {
    /// The list of extensions.
    ExtensionRequest,
    /// RFC 2985 section 5.4.1.
    ChallengePassword,
    /// Left out of the certificate, with a notice.
    Other,
}

impl AttributeKind {
    fn of(oid: &Oid<'_>) -> AttributeKind {
        /// RFC 2985 section 5.4.2.
        const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
        /// szOID_CERT_EXTENSIONS, the extension request of old Windows tools.
        const MICROSOFT_EXTENSIONS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.14");
        const CHALLENGE_PASSWORD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.7");
        if is(oid, &EXTENSION_REQUEST) || is(oid, &MICROSOFT_EXTENSIONS) {
            AttributeKind::ExtensionRequest
        } else if is(oid, &CHALLENGE_PASSWORD) {
            AttributeKind::ChallengePassword
        } else {
            AttributeKind::Other
        }
    }

    /// The name of an attribute of this kind, or its dotted number.
    fn name(self, oid: &Oid<'_>) -> Cow<'static, str> {
        match self {
            AttributeKind::ExtensionRequest => Cow::Borrowed("extensionRequest"),
            AttributeKind::ChallengePassword => Cow::Borrowed("challengePassword"),
            AttributeKind::Other => Cow::Owned(dotted(oid)),
        }
    }
}

/// The attributes of a CertificationRequestInfo (RFC 2986 section 4.1) that is DER. Parsed here because x509-parser stops
/// after the first known value, and nothing may be dropped silently.
fn attributes(info: &[u8]) -> Option<Vec<Attribute<'_>>> {
    use x509_parser::asn1_rs::{Any, Class, Tag};
    let is = |any: &Any<'_>, class, tag| any.class() == class && any.tag() == tag;
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
    if !is(&list, Class::ContextSpecific, Tag(0)) {
        return None;
    }
    let mut rest = list.data;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (after, attribute) = Any::from_der(rest).ok()?;
        // The library reads an OBJECT IDENTIFIER under any tag.
        if attribute.data.first() != Some(&0x06) {
            return None;
        }
        let (values, oid) = Oid::from_der(attribute.data).ok()?;
        let ([], set) = Any::from_der(values).ok()? else {
            return None;
        };
        if !is(&attribute, Class::Universal, Tag::Sequence) || !is(&set, Class::Universal, Tag::Set) {
            return None;
        }
        all.push(Attribute { oid, values: split(set.data)? });
        rest = after;
    }
    Some(all)
}

/// The values of a SET, each as DER.
fn split(mut set: &[u8]) -> Option<Vec<&[u8]>> {
    use x509_parser::asn1_rs::Any;
    let mut values = Vec::new();
    while !set.is_empty() {
        let (after, _) = Any::from_der(set).ok()?;
        let (value, _) = set.split_at(set.len() - after.len());
        values.push(value);
        set = after;
    }
    Some(values)
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
