//! The parts of a response beside its object: media types, links, times, and the chain of a certificate.

use serde::Serializer;
use serde::ser::Error as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::problem::AcmeProblem;
use crate::certificate::Certificate;
use crate::issuer::{Issuer, is_self_issued};
use crate::pem_block::{pem_blocks, to_pem};

/// RFC 8555 section 6.2: the Content-Type of requests.
pub const JOSE_MEDIA_TYPE: &str = "application/jose+json";
/// RFC 7807 section 3: the Content-Type of problems.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";
/// RFC 8555 section 9.1: the Content-Type of certificates.
pub const PEM_CHAIN_MEDIA_TYPE: &str = "application/pem-certificate-chain";

/// The relation of a link (RFC 8288).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRelation {
    /// The directory. Every response has this link, except that of the directory itself (RFC 8555 section 7.1).
    Index,
    /// The authorization of a challenge (RFC 8555 section 7.1).
    Up,
    /// The next page of a list of orders (RFC 8555 section 7.1.2.1).
    Next,
    /// Another chain of a certificate (RFC 8555 section 7.4.2).
    Alternate,
    /// A page that explains a limit (RFC 8555 section 6.6).
    Help,
}

impl LinkRelation {
    fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Up => "up",
            Self::Next => "next",
            Self::Alternate => "alternate",
            Self::Help => "help",
        }
    }
}

/// The value of a header Link.
#[must_use]
pub fn link(url: &str, relation: LinkRelation) -> String {
    format!("<{url}>;rel=\"{}\"", relation.name())
}

/// Checks the Content-Type of a request; parameters are ignored.
///
/// # Errors
/// `malformed` with 415.
pub fn check_content_type(value: Option<&str>) -> Result<(), AcmeProblem> {
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case(JOSE_MEDIA_TYPE) { Ok(()) } else { Err(AcmeProblem::media_type()) }
}

/// A certificate and the certificates above it as PEM (RFC 8555 section 9.1), without the root, which verifiers have.
///
/// Where the root is the issuer, it is there: certbot fails on a chain of one certificate.
#[must_use]
pub fn certificate_chain(certificate: &Certificate, issuer: &Issuer) -> String {
    let ders: Vec<_> = pem_blocks(issuer.chain_pem()).into_iter().filter_map(|(_, der)| der).collect();
    let is_root = |der: &[u8]| X509Certificate::from_der(der).is_ok_and(|(_, read)| is_self_issued(&read));
    let mut chain = certificate.pem();
    for (at, der) in ders.iter().enumerate() {
        if at == 0 || !is_root(der) {
            chain.push_str(&to_pem(der));
        }
    }
    chain
}

/// A time as RFC 3339 in whole seconds, which every client reads.
pub(super) fn rfc3339<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let seconds = time.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).map_err(S::Error::custom)?;
    serializer.serialize_str(&seconds.format(&Rfc3339).map_err(S::Error::custom)?)
}
