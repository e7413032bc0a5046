//! Reading a certificate signing request (PKCS#10, RFC 2986).
//!
//! Invariant: a [`Csr`] exists only if the text was exactly one request in DER, its signature verifies with its own key,
//! the key is not weak, and every name is valid. Names that only their profile can drop are kept apart
//! ([`Csr::unusable_names`]). Independent of the policy. Returns all errors at once.

mod base64_text;
mod der_kind;
mod input;
mod known_text;
mod layout;
mod readings;
mod requested_extensions;
mod text_form;

use ::der::asn1::ObjectIdentifier;
use aws_lc_rs::digest::{SHA256, digest};
use requested_extensions::RequestedAttributes;
use x509_parser::asn1_rs::Any;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{X509Name, X509Version};

pub use requested_extensions::{KEY_USAGES, MAX_NAMES, PURPOSES, RequestedExtension, purpose, purpose_name};

pub(crate) use requested_extensions::{extension_name, purposes, usages};

use crate::error::{
    CommonNameError, CsrError, CsrWarning, DerError, DerFault, ExtensionError, KeyError, NameError,
    StructureError, WeakKeyError,
};
use crate::key::PublicKey;
use crate::name::{Name, attribute_name, attribute_text, render_distinguished_name};
use crate::oid::is;
use crate::pem_block::labelled;
use crate::signer::{Scheme, is_readable, verify};
use crate::strict_der;
use crate::text::{is_unfit_to_show, quoted};

/// A certificate signing request with a verified proof of possession.
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    der: Vec<u8>,
    subject: String,
    common_name: Option<String>,
    names: Vec<Name>,
    unusable: Vec<NameError>,
    key: PublicKey,
    extensions: Vec<RequestedExtension>,
    warnings: Vec<CsrWarning>,
}

/// Omits the DER: CSR bodies stay out of logs.
impl std::fmt::Debug for Csr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Csr")
            .field("digest", &self.digest())
            .field("subject", &self.subject)
            .field("names", &self.names)
            .field("key", &self.key.description())
            .finish_non_exhaustive()
    }
}

impl Csr {
    /// The most bytes of a request.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads one request from PEM (with either label, and other text around it), from base64 of its DER, or from a form
    /// that programs give these. Returns every error.
    pub fn read(text: &str) -> Result<Csr, Vec<CsrError>> {
        let der = readings::decode(text).map_err(|error| vec![error.into()])?;
        Csr::from_der(der)
    }

    /// Reads the DER of one request. Returns every error.
    pub fn from_der(der: Vec<u8>) -> Result<Csr, Vec<CsrError>> {
        Csr::from_der_with(der, prove_possession)
    }

    /// Like [`Csr::from_der`], but any signature counts as good, so that tests and fuzzing reach what lies behind it.
    #[cfg(any(test, feature = "testing"))]
    pub fn from_der_without_proof(der: Vec<u8>) -> Result<Csr, Vec<CsrError>> {
        Csr::from_der_with(der, |key, _| {
            let off_curve = || CsrError::from(KeyError::NotOnCurve(key.kind()));
            (!is_readable(key)).then(off_curve).into_iter().collect()
        })
    }

    fn from_der_with(
        der: Vec<u8>,
        prove: impl Fn(&PublicKey, &X509CertificationRequest<'_>) -> Vec<CsrError>,
    ) -> Result<Csr, Vec<CsrError>> {
        let request = parse(&der)?;
        let info = &request.certification_request_info;
        let mut errors: Vec<CsrError> = Vec::new();

        // A key that cannot be certified is the one thing to say; its signature is not looked at.
        let key = PublicKey::read(&info.subject_pki).map_err(|error| errors.push(error.into())).ok();
        if let Some(key) = &key {
            strict_der::check(&der).map_err(|error| vec![StructureError::NotDer(error).into()])?;
            if !layout::is_typed(&der) {
                return Err(vec![StructureError::Malformed.into()]);
            }
            let weak = key.weaknesses();
            // A signature by a weak key proves nothing, and the verifier does not read all weak keys.
            if weak.is_empty() {
                errors.extend(prove(key, &request));
            }
            errors.extend(weak.into_iter().map(CsrError::from));
        }

        let mut requested = RequestedAttributes::read(info.raw).unwrap_or_else(|| RequestedAttributes {
            errors: vec![ExtensionError::Unreadable.into()],
            ..RequestedAttributes::default()
        });
        errors.append(&mut requested.errors);
        let common_name = common_name(&info.subject).unwrap_or_else(|error| {
            errors.push(error.into());
            None
        });
        requested.extensions.extend(subject_parts(&info.subject));
        let subject = render_distinguished_name(&info.subject);

        let mut names = requested.names;
        let mut warnings = Vec::new();
        if let Some(common_name) = &common_name {
            add_common_name(common_name, &mut names, &mut warnings, &mut errors);
        }
        if names.is_empty() || !errors.is_empty() {
            errors.extend(requested.unusable.drain(..).map(CsrError::from));
        }
        if names.is_empty() && errors.is_empty() {
            errors.push(CommonNameError::NoNames(common_name.clone()).into());
        }
        warnings.extend(names.iter().filter_map(Name::warning));

        match key {
            Some(key) if errors.is_empty() => {
                let (extensions, unusable) = (requested.extensions, requested.unusable);
                drop(request);
                Ok(Csr { der, subject, common_name, names, unusable, key, extensions, warnings })
            }
            _ => Err(errors),
        }
    }

    /// Runs the checks that take milliseconds. Called once, at submission; [`Csr::read`] omits them because every step
    /// calls it.
    #[must_use]
    pub fn inspect(&self) -> Option<WeakKeyError> {
        self.key.slow_weakness()
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request as PEM (RFC 7468 section 7), with line feeds, and nothing of the text that it was read from.
    #[must_use]
    pub fn pem(&self) -> String {
        labelled("CERTIFICATE REQUEST", &self.der)
    }

    /// Lower-case hex of the SHA-256 of the DER.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(digest(&SHA256, &self.der))
    }

    /// The requested subject, as RFC 4514 text for people.
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.clone()
    }

    /// The requested common name, if there is one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// The requested names in their order, without duplicates; includes the common name if it is a DNS name or an IP
    /// address.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The errors of DNS names that cannot be certified and stand beside names that can: single labels and IP addresses.
    /// The profile decides whether the request is refused or the certificate omits them.
    #[must_use]
    pub fn unusable_names(&self) -> &[NameError] {
        &self.unusable
    }

    /// The public key to certify.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Every other requested extension, attribute and part of the subject.
    #[must_use]
    pub fn extensions(&self) -> &[RequestedExtension] {
        &self.extensions
    }

    /// Warnings for approvers.
    #[must_use]
    pub fn warnings(&self) -> &[CsrWarning] {
        &self.warnings
    }
}

/// Reads one PKCS#10 structure without trailing bytes.
fn parse(der: &[u8]) -> Result<X509CertificationRequest<'_>, Vec<CsrError>> {
    let wrong = |error: StructureError| Err(vec![error.into()]);
    if der.len() > Csr::MAX_BYTES {
        return wrong(StructureError::TooLarge { bytes: der.len(), max: Csr::MAX_BYTES });
    }
    let Ok((rest, request)) = X509CertificationRequest::from_der(der) else {
        return Err(unreadable(der));
    };
    if !rest.is_empty() {
        return wrong(StructureError::TrailingBytes(rest.len()));
    }
    // RFC 2986 section 4.1: version is v1, the INTEGER 0.
    if request.certification_request_info.version != X509Version::V1 {
        return wrong(StructureError::Version);
    }
    if request.signature_value.unused_bits != 0 {
        return wrong(StructureError::SignatureOctets);
    }
    Ok(request)
}

/// The errors of a structure that the parser refuses: what is not DER, else its attributes, else that it is no request.
fn unreadable(der: &[u8]) -> Vec<CsrError> {
    match strict_der::check(der) {
        Err(DerError { fault: DerFault::CutOff | DerFault::TrailingBytes(_), .. }) => {
            return vec![StructureError::Malformed.into()];
        }
        Err(error) => return vec![StructureError::NotDer(error).into()],
        Ok(()) => {}
    }
    let info = Any::from_der(der).ok().and_then(|(_, outer)| {
        let (rest, _) = Any::from_der(outer.data).ok()?;
        outer.data.get(..outer.data.len() - rest.len())
    });
    match info.and_then(RequestedAttributes::read) {
        Some(requested) if !requested.errors.is_empty() => requested.errors,
        _ => vec![StructureError::Malformed.into()],
    }
}

/// Checks the signature of a request with its own key (RFC 2986 section 4.2).
fn prove_possession(key: &PublicKey, request: &X509CertificationRequest<'_>) -> Vec<CsrError> {
    let scheme = match Scheme::read(&request.signature_algorithm) {
        Ok(scheme) => scheme,
        Err(error) => return vec![error.into()],
    };
    let message = request.certification_request_info.raw;
    let Err(error) = verify(key, scheme, message, &request.signature_value.data) else {
        return Vec::new();
    };
    // A weak key explains more than a wrong signature, and the verifier gives no reason for points off the curve.
    vec![match key.slow_weakness() {
        Some(weak) => weak.into(),
        None if is_readable(key) => error.into(),
        None => KeyError::NotOnCurve(key.kind()).into(),
    }]
}

/// The common name, at most one (RFC 5280 section 4.1.2.6).
fn common_name(subject: &X509Name<'_>) -> Result<Option<String>, CommonNameError> {
    // RFC 5280 appendix A.1: ub-common-name. subjectAltName takes longer DNS names.
    const MAX_COMMON_NAME: usize = 64;
    let mut all = subject.iter_common_name();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    if all.next().is_some() {
        return Err(CommonNameError::Several);
    }
    let name = attribute_text(first).ok_or(CommonNameError::NotText)?;
    if let Some(character) = name.chars().find(|c| is_unfit_to_show(*c)) {
        return Err(CommonNameError::Character { name, character });
    }
    let count = name.chars().count();
    if count > MAX_COMMON_NAME {
        return Err(CommonNameError::TooLong { count, max: MAX_COMMON_NAME });
    }
    let name = name.trim().to_owned();
    Ok((!name.is_empty()).then_some(name))
}

/// Adds the common name to the names if it is a DNS name or an IP address (BR section 7.1.4.3).
fn add_common_name(
    text: &str,
    names: &mut Vec<Name>,
    warnings: &mut Vec<CsrWarning>,
    errors: &mut Vec<CsrError>,
) {
    let name = match text.parse::<std::net::IpAddr>() {
        Ok(address) => Name::address(address),
        Err(_) if !text.contains('.') || text.contains([' ', '@', '/', ':']) => {
            // The name of a person or a thing: not a name to certify.
            if !names.is_empty() && !names.iter().any(|name| name.to_string() == text) {
                warnings.push(CsrWarning::CommonNameLeftOut(text.to_owned()));
            }
            return;
        }
        Err(_) => Name::dns(text),
    };
    match name {
        Ok(name) if !names.contains(&name) => names.push(name),
        Ok(_) => {}
        Err(error) => errors.push(error.into()),
    }
}

/// The parts of the subject other than the common name.
fn subject_parts(subject: &X509Name<'_>) -> Vec<RequestedExtension> {
    const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
    subject
        .iter_attributes()
        .filter(|attribute| !is(attribute.attr_type(), &COMMON_NAME))
        .map(|attribute| {
            let value = attribute_text(attribute).unwrap_or_default();
            RequestedExtension::SubjectPart(format!("{}={}", attribute_name(attribute), quoted(&value)))
        })
        .collect()
}

#[cfg(test)]
mod tests;
