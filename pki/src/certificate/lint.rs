//! The linter: the last check of a certificate before it is signed.
//!
//! Invariant: only this module makes a [`Linted`], and only a [`Linted`] can be signed. A second implementation reads
//! the bytes back; every field is compared with its source, and an unexpected extension is an error. Returns every
//! broken rule: a bug or wrong configuration, unless [`LintError::is_of_request`].

use x509_parser::certificate::TbsCertificate as Read;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

use super::parsed::TbsSummary;
use super::template::{CertificateContents, TbsCertificate};
use crate::csr::{Csr, extension_name, purposes, usages};
use crate::issuer::Issuer;
use crate::name::Name;
use crate::signer::SignatureAlgorithm;

/// A value that passed the linter, with the linter's reading of it.
#[derive(Clone, Debug)]
pub struct Linted<T>(T, TbsSummary);

impl<T> Linted<T> {
    /// The value.
    pub fn get_ref(&self) -> &T {
        &self.0
    }

    pub(super) fn into_parts(self) -> (T, TbsSummary) {
        (self.0, self.1)
    }
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {detail}")]
pub struct LintError {
    rule: &'static str,
    detail: String,
}

impl LintError {
    /// The section of RFC 5280 with the rule, or the name of a rule of our own.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// True if the rule concerns names, subject or key, which come from the request: a retry fails the same way.
    #[must_use]
    pub fn is_of_request(&self) -> bool {
        let parts = ["names", "4.1.2.6 ", "4.1.2.7 ", "4.2.1.2 ", "4.2.1.6 ", "4.2.1.10 "];
        parts.iter().any(|part| self.rule.starts_with(part))
    }
}

/// Checks a certificate against the rules, the issuer, the request and the contents.
pub fn lint(
    tbs: TbsCertificate,
    issuer: &Issuer,
    csr: &Csr,
    contents: &CertificateContents,
) -> Result<Linted<TbsCertificate>, Vec<LintError>> {
    let mut linter = Linter(Vec::new());
    let mut summary = None;
    match Read::from_der(tbs.der()) {
        Ok(([], read)) => {
            linter.encoding(tbs.der());
            summary = TbsSummary::of(&read).ok();
            linter.fields(&read, tbs.algorithm(), issuer, csr, contents);
            linter.names(&read, summary.as_ref().map(TbsSummary::subject), issuer, csr, contents);
            linter.extensions(&read, issuer, csr, contents);
        }
        _ => linter.wrong("4.1 encoding", "the certificate cannot be read back"),
    }
    if tbs.issuer_spki() != issuer.spki_der() {
        linter.wrong("issuer", "it was built for another issuer");
    }
    match summary {
        Some(summary) if linter.0.is_empty() => Ok(Linted(tbs, summary)),
        None if linter.0.is_empty() => {
            linter.wrong("4.1 encoding", "its fields cannot be read back");
            Err(linter.0)
        }
        _ => Err(linter.0),
    }
}

struct Linter(Vec<LintError>);

impl Linter {
    fn wrong(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.0.push(LintError { rule, detail: detail.into() });
    }

    fn require(&mut self, holds: bool, rule: &'static str, detail: &str) {
        if !holds {
            self.wrong(rule, detail);
        }
    }

    /// X.690 section 10: DER has one encoding for each value.
    fn encoding(&mut self, der: &[u8]) {
        self.require(super::strict::is_der(der), "4.1 encoding", "it is not DER");
    }

    fn fields(
        &mut self,
        read: &Read<'_>,
        algorithm: SignatureAlgorithm,
        issuer: &Issuer,
        csr: &Csr,
        contents: &CertificateContents,
    ) {
        self.require(read.version == X509Version::V3, "4.1.2.1 version", "it is not version 3");

        let serial = read.raw_serial();
        self.require(
            (16..=20).contains(&serial.len()) && serial.first().is_some_and(|first| first & 0x80 == 0),
            "4.1.2.2 serial number",
            "it is not a positive integer of 16 to 20 octets",
        );

        self.require(
            algorithm.fits(issuer.key()),
            "4.1.2.3 signature",
            "the algorithm does not fit the issuer's key",
        );
        self.require(
            signature_is(read, algorithm.identifier_der()),
            "4.1.2.3 signature",
            "its algorithm is not the issuer's signature algorithm",
        );

        self.require(
            read.issuer().as_raw() == issuer.subject_der(),
            "4.1.2.4 issuer",
            "it is not the subject of the issuer's certificate, octet for octet",
        );

        let (from, to) = (read.validity().not_before, read.validity().not_after);
        self.require(from.to_datetime() < to.to_datetime(), "4.1.2.5 validity", "it ends before it begins");
        self.require(
            from.to_datetime() >= issuer.not_before() && to.to_datetime() <= issuer.not_after(),
            "4.1.2.5 validity",
            "it is not inside the issuer's validity",
        );
        self.require(
            to.to_datetime() - from.to_datetime() <= time::Duration::days(i64::from(contents.validity_days)),
            "4.1.2.5 validity",
            "it is longer than granted",
        );
        for at in [from, to] {
            self.require(
                at.is_utctime() == (at.to_datetime().year() < 2050),
                "4.1.2.5 validity",
                "dates up to 2049 are UTCTime, later ones GeneralizedTime",
            );
        }

        self.require(
            read.public_key().raw == csr.key().spki_der(),
            "4.1.2.7 public key",
            "it is not the key of the request",
        );
        self.require(
            read.issuer_uid.is_none() && read.subject_uid.is_none(),
            "4.1.2.8 unique identifiers",
            "unique identifiers are present",
        );
    }

    fn names(
        &mut self,
        read: &Read<'_>,
        subject: Option<&str>,
        issuer: &Issuer,
        csr: &Csr,
        contents: &CertificateContents,
    ) {
        self.require(
            subject == Some(&contents.subject),
            "4.1.2.6 subject",
            "it is not the subject that was granted",
        );
        for common_name in read.subject().iter_common_name() {
            let listed = common_name
                .as_str()
                .is_ok_and(|text| text.len() <= 64 && contents.names.iter().any(|name| name == text));
            self.require(
                listed,
                "4.1.2.6 subject",
                "its common name is not one of the names, or is too long",
            );
        }
        if let Some(violation) = issuer.subject_der_violation(read.subject().as_raw()) {
            self.wrong(
                "4.2.1.10 name constraints",
                format!("the issuer's name constraints {violation} the subject"),
            );
        }
        for name in csr.names() {
            if let Some(violation) = issuer.violation(name) {
                self.wrong(
                    "4.2.1.10 name constraints",
                    format!("the issuer's name constraints {violation} {name}"),
                );
            }
        }
        self.require(
            csr.names() == contents.names.as_slice(),
            "names",
            "the granted names differ from the request's names",
        );
    }

    fn extensions(&mut self, read: &Read<'_>, issuer: &Issuer, csr: &Csr, contents: &CertificateContents) {
        let all = read.extensions();
        for (at, extension) in all.iter().enumerate() {
            if all[..at].iter().any(|earlier| earlier.oid == extension.oid) {
                self.wrong("4.2 extensions", format!("{} occurs twice", extension_name(extension)));
            }
            self.extension(extension, read, issuer, csr, contents);
        }
        let seen: Vec<_> = all.iter().map(extension_name).collect();
        let mut needed = vec![
            "authorityKeyIdentifier",
            "subjectKeyIdentifier",
            "keyUsage",
            "subjectAltName",
            "basicConstraints",
        ];
        if !contents.extended_key_usage.is_empty() {
            needed.push("extendedKeyUsage");
        }
        for name in needed {
            if !seen.iter().any(|seen| seen == name) {
                self.wrong("4.2 extensions", format!("{name} is missing"));
            }
        }
    }

    fn extension(
        &mut self,
        extension: &X509Extension<'_>,
        read: &Read<'_>,
        issuer: &Issuer,
        csr: &Csr,
        contents: &CertificateContents,
    ) {
        let critical = match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                let key = identifier.key_identifier.as_ref().map(|key| key.0);
                self.require(
                    key == Some(issuer.key_identifier_octets())
                        && identifier.authority_cert_issuer.is_none()
                        && identifier.authority_cert_serial.is_none(),
                    "4.2.1.1 authorityKeyIdentifier",
                    "it is not exactly the issuer's subjectKeyIdentifier",
                );
                false
            }
            ParsedExtension::SubjectKeyIdentifier(identifier) => {
                let expected = csr.key().identifier();
                self.require(
                    identifier.0 == expected,
                    "4.2.1.2 subjectKeyIdentifier",
                    "it does not match the public key",
                );
                false
            }
            ParsedExtension::KeyUsage(usage) => {
                let mut granted: Vec<&str> = contents.key_usage.iter().map(String::as_str).collect();
                let mut set: Vec<&str> = usages(*usage).collect();
                granted.sort_unstable();
                set.sort_unstable();
                self.require(
                    !set.is_empty() && set == granted,
                    "4.2.1.3 keyUsage",
                    "it differs from the granted key usages",
                );
                self.require(
                    is_named_bit_list(extension.value),
                    "4.1 encoding",
                    "keyUsage ends in zero bits, which DER omits (X.690 section 11.2.2)",
                );
                self.require(
                    !usage.key_cert_sign() && !usage.crl_sign(),
                    "4.2.1.3 keyUsage",
                    "it contains keyCertSign or cRLSign",
                );
                true
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                let written: Option<Vec<Name>> = names.general_names.iter().map(plain).collect();
                self.require(
                    !contents.names.is_empty() && written.is_some_and(|written| written == contents.names),
                    "4.2.1.6 subjectAltName",
                    "it differs from the granted names",
                );
                read.subject().iter_rdn().next().is_none()
            }
            ParsedExtension::BasicConstraints(constraints) => {
                self.require(
                    !constraints.ca && constraints.path_len_constraint.is_none(),
                    "4.2.1.9 basicConstraints",
                    "it makes the subject a CA",
                );
                true
            }
            ParsedExtension::ExtendedKeyUsage(_) => {
                self.require(
                    purposes(extension.value).is_some_and(|read| read == contents.extended_key_usage),
                    "4.2.1.12 extendedKeyUsage",
                    "it differs from the granted purposes",
                );
                false
            }
            ParsedExtension::CRLDistributionPoints(_) | ParsedExtension::AuthorityInfoAccess(_) => false,
            _ => {
                self.wrong("4.2 extensions", format!("{} is not expected", extension_name(extension)));
                return;
            }
        };
        if extension.critical != critical {
            let how = if critical { "is not critical" } else { "is critical" };
            self.wrong("4.2 extensions", format!("{} {how}", extension_name(extension)));
        }
    }
}

/// True if the signature field is exactly this AlgorithmIdentifier, parameters included. Compares the octets before
/// the issuer field.
fn signature_is(read: &Read<'_>, identifier: &[u8]) -> bool {
    let (tbs, issuer) = (read.as_ref(), read.issuer().as_raw());
    let at = tbs.windows(issuer.len()).position(|window| window == issuer);
    at.is_some_and(|at| tbs[..at].ends_with(identifier))
}

/// X.690 section 11.2.2: true if a BIT STRING ends in its last set bit.
fn is_named_bit_list(der: &[u8]) -> bool {
    matches!(der, [3, _, unused, .., last] if last.trailing_zeros() == u32::from(*unused))
}

/// Reads a name of a supported kind; `None` for other kinds and for other than the canonical spelling.
fn plain(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(text) => Name::dns(text).ok().filter(|name| name.text() == *text),
        GeneralName::RFC822Name(text) => Name::email(text).ok().filter(|name| name.text() == *text),
        GeneralName::URI(text) => Name::uri(text).ok(),
        GeneralName::IPAddress(octets) => Name::ip(octets).ok(),
        _ => None,
    }
}
