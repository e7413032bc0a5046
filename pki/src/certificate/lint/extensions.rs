//! Rules for the extensions (RFC 5280 section 4.2).
//!
//! Invariant: every extension is expected, stands once, has its criticality and says what was granted.

use x509_parser::certificate::TbsCertificate as Read;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension, X509Extension};

use super::Linter;
use crate::certificate::CertificateContents;
use crate::certificate::plain_name::plain;
use crate::certificate::usages::{
    has_critical_purpose, key_can, mixes_time_stamping, restricts_agreement_wrongly, serve_a_purpose,
};
use crate::csr::{extension_name, purposes, usages};
use crate::issuer::Issuer;
use crate::key::PublicKey;
use crate::name::Name;

impl Linter {
    pub(super) fn extensions(
        &mut self,
        read: &Read<'_>,
        issuer: &Issuer,
        key: &PublicKey,
        contents: &CertificateContents,
    ) {
        let all = read.extensions();
        self.each_once(all);
        for extension in all {
            self.extension(extension, read, issuer, key, contents);
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
        self.consistent_usages(read);
        for name in needed {
            if !seen.iter().any(|seen| seen == name) {
                self.wrong("4.2 extensions", format!("{name} is missing"));
            }
        }
    }

    /// RFC 5280 section 4.2: no extension occurs twice.
    pub(super) fn each_once(&mut self, all: &[X509Extension<'_>]) {
        for (at, extension) in all.iter().enumerate() {
            if all[..at].iter().any(|earlier| earlier.oid == extension.oid) {
                self.wrong("4.2 extensions", format!("{} occurs twice", extension_name(extension)));
            }
        }
    }

    pub(super) fn extension(
        &mut self,
        extension: &X509Extension<'_>,
        read: &Read<'_>,
        issuer: &Issuer,
        key: &PublicKey,
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
                let expected = key.identifier();
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
                let kind = PublicKey::from_spki(read.public_key().raw).map(|key| key.kind());
                self.require(
                    kind.is_ok_and(|kind| set.iter().all(|usage| key_can(kind, usage))),
                    "4.2.1.3 keyUsage",
                    "the key cannot be used so",
                );
                self.require(
                    !restricts_agreement_wrongly(&set),
                    "4.2.1.3 keyUsage",
                    "encipherOnly or decipherOnly stands without keyAgreement, or both stand together",
                );
                true
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                let written: Option<Vec<Name>> = names.general_names.iter().map(plain).collect();
                for name in written.iter().flatten() {
                    if let Some(violation) = issuer.violation(name) {
                        self.wrong(
                            "4.2.1.10 name constraints",
                            format!("the issuer's name constraints {violation} {name}"),
                        );
                    }
                }
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
                self.purposes(extension.value, issuer, contents);
                has_critical_purpose(&contents.extended_key_usage)
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                let is_named = |name: &Option<DistributionPointName<'_>>| matches!(name, Some(DistributionPointName::FullName(urls)) if urls.iter().all(is_web_uri));
                self.require(
                    points.iter().all(|point| is_named(&point.distribution_point)),
                    "4.2.1.13 cRLDistributionPoints",
                    "a distribution point is no web address",
                );
                false
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                self.require(
                    access.accessdescs.iter().all(|one| is_web_uri(&one.access_location)),
                    "4.2.2.1 authorityInfoAccess",
                    "a location is no web address",
                );
                false
            }
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

    /// RFC 5280 section 4.2.1.12.
    fn purposes(&mut self, value: &[u8], issuer: &Issuer, contents: &CertificateContents) {
        const RULE: &str = "4.2.1.12 extendedKeyUsage";
        let read = purposes(value).unwrap_or_default();
        self.require(
            !read.is_empty() && read == contents.extended_key_usage,
            RULE,
            "it differs from the granted purposes",
        );
        for (at, purpose) in read.iter().enumerate() {
            self.require(!read[..at].contains(purpose), RULE, "a purpose stands twice");
            if issuer.forbids_purpose(purpose) {
                self.wrong(RULE, format!("the issuer's chain does not allow {purpose}"));
            }
        }
        let is_mixed = mixes_time_stamping(read.iter().map(AsRef::as_ref));
        self.require(!is_mixed, RULE, "timeStamping is not the only purpose (RFC 3161 section 2.3)");
    }

    /// RFC 5280 section 4.2.1.12: "If a certificate contains both a key usage extension and an extended key usage
    /// extension, then both extensions MUST be processed independently and the certificate MUST only be used for a
    /// purpose consistent with both extensions."
    pub(super) fn consistent_usages(&mut self, read: &Read<'_>) {
        let mut granted = (Vec::new(), Vec::new());
        for extension in read.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::KeyUsage(usage) => granted.0.extend(usages(*usage)),
                ParsedExtension::ExtendedKeyUsage(_) => {
                    granted.1.extend(purposes(extension.value).unwrap_or_default());
                }
                _ => {}
            }
        }
        let (usages, purposes) = granted;
        self.require(
            serve_a_purpose(&usages, purposes.iter().map(AsRef::as_ref)),
            "4.2.1.12 extendedKeyUsage",
            "no purpose is consistent with the key usages",
        );
    }
}

fn is_web_uri(name: &GeneralName<'_>) -> bool {
    matches!(name, GeneralName::URI(text) if is_web_address(text))
}

/// True if a text is a URI for http or https (RFC 5280 section 4.2.1.13), with a full DNS name or an address as host (RFC
/// 5280 section 4.2.1.6).
#[must_use]
pub fn is_web_address(text: &str) -> bool {
    let scheme = text.split(':').next().unwrap_or_default();
    Name::uri(text).is_ok() && ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

/// X.690 section 11.2.2: true if a BIT STRING ends in its last set bit.
fn is_named_bit_list(der: &[u8]) -> bool {
    matches!(der, [3, _, unused, .., last] if last.trailing_zeros() == u32::from(*unused))
}
