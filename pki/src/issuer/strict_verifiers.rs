//! What strict verifiers will say about a chain that can issue: rules of RFC 5280 that most verifiers do not enforce.
//!
//! Invariant: the tests of `workflow` show a chain that breaks each rule to other implementations; those that a rule
//! names refuse its leaves, and all accept the leaves of a chain without objections.

use std::fmt;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::rules::{authority_key_identifier, is_self_issued, subject_key_identifier};
use crate::name::{encodings, render_distinguished_name};
use crate::oid::dotted;
use crate::pem_block::pem_blocks;

/// A rule that a certificate of the chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictObjection {
    /// The subject of the certificate.
    pub subject: String,
    /// True if it is the last of the chain: some verifiers check less of a root.
    pub in_root: bool,
    /// The rule.
    pub rule: StrictRule,
}

/// A rule of RFC 5280 for CA certificates that only strict verifiers enforce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrictRule {
    /// Section 4.2.1.9: basicConstraints is critical.
    BasicConstraintsNotCritical,
    /// Section 4.2.1.3: keyUsage is present.
    NoKeyUsage,
    /// Section 4.2.1.2: subjectKeyIdentifier is present.
    NoSubjectKeyIdentifier,
    /// Section 4.2.1.1: authorityKeyIdentifier is present, except in a root.
    NoAuthorityKeyIdentifier,
    /// Section 4.2.1.1: authorityKeyIdentifier is the subjectKeyIdentifier of the issuer.
    OtherAuthorityKeyIdentifier,
    /// Sections 4.2.1.1 and 4.2.1.2: key identifiers are not critical.
    CriticalKeyIdentifier,
    /// Section 4.1.2.6: the issuer is encoded like the subject of the issuer.
    NameEncoding {
        /// The string type in the certificate.
        here: String,
        /// The string type in the certificate of its issuer.
        there: String,
    },
    /// Section 4.1.2.2: the serial number is positive.
    NegativeSerialNumber,
    /// Section 4.2: an unknown critical extension is a reason to refuse.
    CriticalExtension(String),
}

impl StrictObjection {
    /// The verifiers that refuse, as docs/issuance.md names them.
    #[must_use]
    pub fn verifiers(&self) -> &'static [&'static str] {
        match (&self.rule, self.in_root) {
            (StrictRule::BasicConstraintsNotCritical | StrictRule::NoKeyUsage, _) => {
                &["OpenSSL", "Python cryptography"]
            }
            (StrictRule::NoSubjectKeyIdentifier | StrictRule::NoAuthorityKeyIdentifier, _)
            | (StrictRule::OtherAuthorityKeyIdentifier, true) => &["OpenSSL"],
            (StrictRule::OtherAuthorityKeyIdentifier, false) => &["OpenSSL", "GnuTLS", "NSS", "Java"],
            (StrictRule::CriticalKeyIdentifier, true) => &["OpenSSL", "Python cryptography", "Go"],
            (StrictRule::CriticalKeyIdentifier, false) => {
                &["OpenSSL", "NSS", "Java", "Python cryptography", "webpki", "Go"]
            }
            (StrictRule::NameEncoding { .. }, _) => &["GnuTLS", "NSS", "Python cryptography", "webpki", "Go"],
            (StrictRule::NegativeSerialNumber, _) => &["Python cryptography", "Go"],
            (StrictRule::CriticalExtension(_), true) => &["OpenSSL", "GnuTLS", "Python cryptography", "Go"],
            (StrictRule::CriticalExtension(_), false) => {
                &["OpenSSL", "GnuTLS", "NSS", "Java", "Python cryptography", "webpki", "Go"]
            }
        }
    }
}

impl fmt::Display for StrictRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BasicConstraintsNotCritical => f.write_str("basicConstraints is not critical"),
            Self::NoKeyUsage => f.write_str("there is no keyUsage"),
            Self::NoSubjectKeyIdentifier => f.write_str("there is no subjectKeyIdentifier"),
            Self::NoAuthorityKeyIdentifier => f.write_str("there is no authorityKeyIdentifier"),
            Self::OtherAuthorityKeyIdentifier => {
                f.write_str("authorityKeyIdentifier is not the subjectKeyIdentifier of its issuer")
            }
            Self::CriticalKeyIdentifier => f.write_str("a key identifier is critical"),
            Self::NameEncoding { here, there } => {
                write!(
                    f,
                    "the names are encoded differently: {here} here, {there} there, in the certificate of its issuer"
                )
            }
            Self::NegativeSerialNumber => f.write_str("the serial number is negative"),
            Self::CriticalExtension(oid) => {
                write!(f, "the critical extension {oid} is unknown to most verifiers")
            }
        }
    }
}

impl fmt::Display for StrictObjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({} will refuse)", self.subject, self.rule, self.verifiers().join(", "))
    }
}

/// Extensions that verifiers process (RFC 5280 section 4.2), and policyConstraints among them.
const PROCESSED: [&str; 12] = [
    "2.5.29.14",
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.18",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.35",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
];

/// Every objection to a chain of PEM certificates, the issuer's own first.
pub(super) fn objections(chain_pem: &str) -> Vec<StrictObjection> {
    let ders: Vec<_> = pem_blocks(chain_pem).into_iter().filter_map(|(_, der)| der).collect();
    let chain: Vec<X509Certificate<'_>> =
        ders.iter().filter_map(|der| X509Certificate::from_der(der).ok()).map(|(_, read)| read).collect();
    let mut all = Vec::new();
    for (at, certificate) in chain.iter().enumerate() {
        let subject = render_distinguished_name(certificate.subject());
        let upper = chain.get(at + 1);
        let objection = |rule| StrictObjection { subject: subject.clone(), in_root: upper.is_none(), rule };
        all.extend(broken(certificate, upper).into_iter().map(objection));
    }
    all
}

fn broken(certificate: &X509Certificate<'_>, upper: Option<&X509Certificate<'_>>) -> Vec<StrictRule> {
    let mut rules = Vec::new();
    let critical = |oid: &str| {
        let mut all = certificate.extensions().iter();
        all.find(|extension| dotted(&extension.oid) == oid).map(|extension| extension.critical)
    };
    if critical("2.5.29.19") == Some(false) {
        rules.push(StrictRule::BasicConstraintsNotCritical);
    }
    if critical("2.5.29.15").is_none() {
        rules.push(StrictRule::NoKeyUsage);
    }
    if critical("2.5.29.14").is_none() {
        rules.push(StrictRule::NoSubjectKeyIdentifier);
    }
    if critical("2.5.29.14") == Some(true) || critical("2.5.29.35") == Some(true) {
        rules.push(StrictRule::CriticalKeyIdentifier);
    }
    let identifier = authority_key_identifier(certificate);
    if identifier.is_none() && !is_self_issued(certificate) {
        rules.push(StrictRule::NoAuthorityKeyIdentifier);
    }
    let upper_or_itself = upper.unwrap_or(certificate);
    if let (Some(wanted), Some(found)) = (identifier, subject_key_identifier(upper_or_itself))
        && wanted != found
    {
        rules.push(StrictRule::OtherAuthorityKeyIdentifier);
    }
    if certificate.issuer().as_raw() != upper_or_itself.subject().as_raw()
        && let Some((here, there)) = encodings(certificate.issuer(), upper_or_itself.subject())
    {
        rules.push(StrictRule::NameEncoding { here, there });
    }
    if certificate.raw_serial().first().is_some_and(|first| first & 0x80 != 0) {
        rules.push(StrictRule::NegativeSerialNumber);
    }
    for extension in certificate.extensions().iter().filter(|extension| extension.critical) {
        let oid = dotted(&extension.oid);
        if !PROCESSED.contains(&oid.as_str()) {
            rules.push(StrictRule::CriticalExtension(oid));
        }
    }
    rules
}
