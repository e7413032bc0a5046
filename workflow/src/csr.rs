//! Reading a certificate signing request (PKCS#10, RFC 2986).
//!
//! Invariant: a [`Csr`] exists only if the text was exactly one request, its signature was verified with the key it
//! carries, that key is not weak, and every name in it is valid. Whether it may have what it asks for is not said here
//! but by [`crate::policy`]. Fails with all findings at once, the main one first; no finding quotes more than a short
//! excerpt of a name.

mod distinguished_name;
mod dns;
mod email;
mod input;
mod key;
mod name;
mod shape;
mod signature;
mod uri;
mod weakness;
mod wish;

use ::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use ::der::{Decode, Sequence};
use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{X509Name, X509Version};

pub use key::{KeyKind, PublicKey};
pub use name::Name;
pub use wish::Wish;

pub(crate) use distinguished_name::render as render_distinguished_name;
pub(crate) use input::armored;
pub(crate) use key::new_key;
pub(crate) use signature::{Scheme, verify};
pub(crate) use wish::{KEY_USAGES, PURPOSES, extension_name, purpose, purpose_name, purposes, usages};

use crate::finding::{Code, Finding, quoted};
use crate::texts::Message;

/// A certificate signing request whose proof of possession was verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    der: Vec<u8>,
    subject: String,
    common_name: Option<String>,
    names: Vec<Name>,
    key: PublicKey,
    wishes: Vec<Wish>,
    warnings: Vec<Finding>,
}

/// Without the DER: a request's body stays out of logs.
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
    /// No request is longer than this.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads one request from PEM (with either label, and other text around it) or from base64 of its DER. Fails with
    /// every finding, the main one first.
    pub fn read(text: &str) -> Result<Csr, Vec<Finding>> {
        let der = input::decode(text).map_err(|finding| vec![finding])?;
        Csr::from_der(der)
    }

    /// Reads the DER of one request. Fails as [`Csr::read`] does.
    pub fn from_der(der: Vec<u8>) -> Result<Csr, Vec<Finding>> {
        let request = parse(&der).map_err(|finding| vec![finding])?;
        let info = &request.certification_request_info;
        let mut findings = Vec::new();

        let key = PublicKey::read(&info.subject_pki).map_err(|finding| findings.push(finding)).ok();
        let scheme =
            Scheme::read(&request.signature_algorithm).map_err(|finding| findings.push(finding)).ok();
        if let Some(key) = &key {
            let weak = key.weaknesses();
            // A weak key proves nothing, and some are not even read by the verifier.
            if weak.is_empty()
                && let Some(scheme) = scheme
            {
                findings.extend(prove_possession(key, scheme, info.raw, &request.signature_value.data));
            }
            findings.extend(weak);
        }

        let mut requested = wish::Requested::read(&request);
        findings.append(&mut requested.findings);
        let common_name = common_name(&info.subject, &mut findings);
        requested.wishes.extend(subject_wishes(&info.subject));
        let subject = distinguished_name::render(&info.subject);

        let mut names = requested.names;
        let mut warnings = Vec::new();
        if let Some(common_name) = &common_name {
            add_common_name(common_name, &mut names, &mut warnings, &mut findings);
        }
        if names.is_empty() && findings.is_empty() {
            findings.push(no_names(common_name.as_deref()));
        }
        warnings.extend(names.iter().filter_map(Name::warning));

        match key {
            Some(key) if findings.is_empty() => {
                let wishes = requested.wishes;
                drop(request);
                Ok(Csr { der, subject, common_name, names, key, wishes, warnings })
            }
            _ => {
                // What is wrong with the request as a whole comes before what is wrong with its parts.
                findings.sort_by_key(|finding| finding.code);
                Err(findings)
            }
        }
    }

    /// Checks that take milliseconds, to be made once, when a request comes in: [`Csr::read`] leaves them out because
    /// it is called at every step. Gives every finding.
    #[must_use]
    pub fn inspect(&self) -> Vec<Finding> {
        weakness::prime_modulus(&self.key).into_iter().collect()
    }

    /// The request, byte for byte.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
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

    /// The requested names in their order, without duplicates; the common name is added where it is a DNS name or an
    /// address that is not listed.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The public key to certify.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Everything else that is asked for.
    #[must_use]
    pub fn wishes(&self) -> &[Wish] {
        &self.wishes
    }

    /// What an approver should look at twice.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

/// One PKCS#10 structure and nothing after it.
fn parse(der: &[u8]) -> Result<X509CertificationRequest<'_>, Finding> {
    let not_a_csr = |detail: Message| Finding::refused(Code::NotACsr, detail, input::how_to());
    if der.len() > Csr::MAX_BYTES {
        return Err(Finding::refused(
            Code::TooLarge,
            Message::new("finding-request-too-large").with("bytes", der.len()).with("most", Csr::MAX_BYTES),
            Message::new("finding-fewer-names"),
        ));
    }
    let (rest, request) = X509CertificationRequest::from_der(der)
        .map_err(|_| not_a_csr(Message::new("finding-not-well-formed")))?;
    if !rest.is_empty() {
        return Err(not_a_csr(match rest.len() {
            1 => Message::new("finding-one-more-byte"),
            more => Message::new("finding-more-bytes").with("count", more),
        }));
    }
    if !is_strict(der) {
        return Err(not_a_csr(Message::new("finding-no-der")));
    }
    // RFC 2986 section 4.1
    if request.certification_request_info.version != X509Version::V1 {
        return Err(not_a_csr(Message::new("finding-version")));
    }
    if request.signature_value.unused_bits != 0 {
        return Err(not_a_csr(Message::new("finding-signature-octets")));
    }
    Ok(request)
}

/// The parts around what is signed.
#[derive(Sequence)]
struct Outer<'a> {
    info: AnyRef<'a>,
    algorithm: OuterAlgorithm<'a>,
    signature: BitStringRef<'a>,
}

#[derive(Sequence)]
struct OuterAlgorithm<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

/// Whether they are DER to the letter: otherwise one request could be written in several ways, each with a digest of its
/// own. Inside, the signature sees to that.
fn is_strict(der: &[u8]) -> bool {
    // Nothing in them has a DEFAULT or an order, so that what the decoder takes is the only way to write it.
    Outer::from_der(der).is_ok()
}

fn prove_possession(key: &PublicKey, scheme: Scheme, message: &[u8], signature: &[u8]) -> Option<Finding> {
    let finding = verify(key, scheme, message, signature).err()?;
    // The verifier refuses points that are not on the curve without saying so.
    if signature::is_readable(key) {
        Some(finding)
    } else {
        Some(Finding::refused(
            Code::WeakKey,
            Message::new("finding-not-on-curve").with("key", key.description()),
            new_key(),
        ))
    }
}

/// The one common name, if any (RFC 5280 section 4.1.2.6).
fn common_name(subject: &X509Name<'_>, findings: &mut Vec<Finding>) -> Option<String> {
    const LONGEST_COMMON_NAME: usize = 64;
    let mut bad = |detail: Message, advice| {
        findings.push(Finding::refused(Code::BadName, detail, Message::new(advice)))
    };
    let mut all = subject.iter_common_name();
    let first = all.next()?;
    if all.next().is_some() {
        bad(Message::new("finding-several-common-names"), "finding-several-common-names-advice");
        return None;
    }
    let Some(text) = distinguished_name::text(first) else {
        bad(Message::new("finding-common-name-no-text"), "finding-common-name-no-text-advice");
        return None;
    };
    if let Some(c) = text.chars().find(|c| crate::finding::is_unfit_to_show(*c)) {
        bad(
            Message::new("finding-common-name-character")
                .with("name", quoted(&text))
                .with("character", format!("U+{:04X}", u32::from(c))),
            "finding-common-name-character-advice",
        );
        return None;
    }
    // ub-common-name, RFC 5280 appendix A.1. Longer DNS names are fine as subjectAltName.
    if text.chars().count() > LONGEST_COMMON_NAME {
        bad(
            Message::new("finding-common-name-long")
                .with("count", text.chars().count())
                .with("most", LONGEST_COMMON_NAME),
            "finding-common-name-long-advice",
        );
        return None;
    }
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The common name has to be one of the names (BR section 7.1.4.3): it is added where it can be.
fn add_common_name(
    text: &str,
    names: &mut Vec<Name>,
    warnings: &mut Vec<Finding>,
    findings: &mut Vec<Finding>,
) {
    let name = match text.parse::<std::net::IpAddr>() {
        Ok(address) => Name::address(address),
        Err(_) if !text.contains('.') || text.contains([' ', '@', '/', ':']) => {
            // A name of a person or a thing: no claim that needs to be certified.
            if !names.is_empty() && !names.iter().any(|name| name.to_string() == text) {
                warnings.push(Finding::ignored(
                    Code::BadName,
                    Message::new("finding-common-name-left-out").with("name", quoted(text)),
                    Message::new("finding-common-name-left-out-advice"),
                ));
            }
            return;
        }
        Err(_) => Name::dns(text),
    };
    match name {
        Ok(name) if !names.contains(&name) => names.push(name),
        Ok(_) => {}
        Err(finding) => findings.push(finding),
    }
}

fn no_names(common_name: Option<&str>) -> Finding {
    let detail = match common_name {
        Some(text) => Message::new("finding-no-san").with("name", quoted(text)),
        None => Message::new("finding-no-names"),
    };
    Finding::refused(
        Code::BadName,
        detail,
        Message::new("finding-no-names-advice")
            .with("command", "-addext subjectAltName=DNS:www.example.com,IP:192.0.2.10"),
    )
}

/// The parts of the subject other than the common name.
fn subject_wishes(subject: &X509Name<'_>) -> impl Iterator<Item = Wish> {
    const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
    subject
        .iter_attributes()
        .filter(|attribute| !wish::is(attribute.attr_type(), &COMMON_NAME))
        .map(|attribute| {
            let value = distinguished_name::text(attribute).unwrap_or_default();
            Wish::SubjectPart(format!("{}={}", distinguished_name::attribute_name(attribute), quoted(&value)))
        })
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests;
