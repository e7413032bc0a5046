//! The linter: the last check of a certificate before it is signed.
//!
//! Invariant: only this module makes a [`Linted`], and only a [`Linted`] can be signed. A second implementation reads
//! the bytes back; every field is compared with its source, and an unexpected extension is an error. Returns every
//! broken rule: a bug or wrong configuration, unless [`LintError::is_of_request`].

mod extensions;
mod responder;
mod subject;

use der::Encode as _;
use x509_parser::certificate::TbsCertificate as Read;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

use super::parsed::TbsSummary;
use super::template::{CertificateContents, TbsCertificate};
use crate::csr::Csr;
use crate::issuer::Issuer;
use crate::key::PublicKey;
use crate::name::encode_subject;
use crate::signer::SignatureAlgorithm;

pub use extensions::is_web_address;
pub(super) use responder::lint_responder;
pub use subject::check_subject;

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
    lint_with(tbs, issuer, csr.key(), contents, |linter, read| {
        linter.names(read, csr, contents);
        linter.extensions(read, issuer, csr.key(), contents);
    })
}

/// Checks the fields that every certificate has, and the others with `others`.
fn lint_with(
    tbs: TbsCertificate,
    issuer: &Issuer,
    key: &PublicKey,
    contents: &CertificateContents,
    others: impl FnOnce(&mut Linter, &Read<'_>),
) -> Result<Linted<TbsCertificate>, Vec<LintError>> {
    let mut linter = Linter(Vec::new());
    let mut summary = None;
    match Read::from_der(tbs.der()) {
        Ok(([], read)) => {
            linter.encoding(tbs.der());
            summary = TbsSummary::of(&read).ok();
            linter.fields(&read, tbs.algorithm(), issuer, key, contents);
            linter.subject(&read, summary.as_ref().map(TbsSummary::subject), issuer, contents);
            others(&mut linter, &read);
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
        key: &PublicKey,
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
            read.public_key().raw == key.spki_der(),
            "4.1.2.7 public key",
            "it is not the key of the request",
        );
        // RFC 5280 section 4.2.1.9: a certificate with the key of an authority would pass for the authority.
        self.require(!issuer.is_authority_key(key), "4.1.2.7 public key", "it is the key of an authority");
        self.require(
            read.issuer_uid.is_none() && read.subject_uid.is_none(),
            "4.1.2.8 unique identifiers",
            "unique identifiers are present",
        );
    }

    /// The subject.
    fn subject(
        &mut self,
        read: &Read<'_>,
        subject: Option<&str>,
        issuer: &Issuer,
        contents: &CertificateContents,
    ) {
        // Text and octets: a string with a tag of another class has the same text.
        let granted = encode_subject(&contents.subject).and_then(|name| name.to_der().ok());
        self.require(
            subject == Some(&contents.subject)
                && granted.is_some_and(|granted| read.subject().as_raw() == granted),
            "4.1.2.6 subject",
            "it is not the subject that was granted",
        );
        for fault in subject::faults(read.subject(), &contents.names) {
            self.wrong("4.1.2.6 subject", fault);
        }
        if let Some(violation) = issuer.subject_der_violation(read.subject().as_raw()) {
            self.wrong(
                "4.2.1.10 name constraints",
                format!("the issuer's name constraints {violation} the subject"),
            );
        }
    }

    /// The names of the request.
    fn names(&mut self, read: &Read<'_>, csr: &Csr, contents: &CertificateContents) {
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
        self.require(
            csr.names() == contents.names.as_slice(),
            "names",
            "the granted names differ from the request's names",
        );
    }
}

/// True if the signature field is exactly this AlgorithmIdentifier, parameters included. Compares the octets before
/// the issuer field.
fn signature_is(read: &Read<'_>, identifier: &[u8]) -> bool {
    let (tbs, issuer) = (read.as_ref(), read.issuer().as_raw());
    let at = tbs.windows(issuer.len()).position(|window| window == issuer);
    at.is_some_and(|at| tbs[..at].ends_with(identifier))
}
