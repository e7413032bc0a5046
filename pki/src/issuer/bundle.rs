//! Certificates in any order, and the chain from one of them to a root.
//!
//! Invariant: [`CertificateBundle::chain`] finds a chain of fit CA certificates to a self-signed root if there is one:
//! the shortest, valid now if possible. Candidates for an issuer have its name; those with the right key identifier are
//! tried first, then the youngest. A pair of certificates is verified at most once, and the number of signatures is
//! bounded by [`MAX_SIGNATURE_CHECKS`], whatever the bundle contains.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::rules::{CaFields, authority_key_identifier, fit_to_issue, subject_key_identifier};
use crate::error::SignatureError;
use crate::name::{ComparableName, render_distinguished_name};
use crate::signer::{Scheme, verify};

/// The most signatures verified for one chain. A chain has five certificates at most in practice; the rest is for
/// renewed and cross-signed ones.
pub const MAX_SIGNATURE_CHECKS: usize = 40;

/// Certificates of a file or of several.
#[derive(Debug)]
pub struct CertificateBundle {
    certificates: Vec<BundledCertificate>,
    by_subject: HashMap<ComparableName, Vec<usize>>,
    checks: Cell<usize>,
}

/// Why there is no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No certificate of the bundle has the name of an issuer.
    #[error("the chain is incomplete: {subject} was issued by {issuer}")]
    Incomplete {
        /// The last certificate of the chain.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// The certificates with the name of an issuer did not sign.
    #[error("{subject} was issued by {issuer}, but no certificate with that name has the key that signed it")]
    NotSigned {
        /// The last certificate of the chain.
        subject: String,
        /// Its issuer.
        issuer: String,
    },
    /// The certificate of an issuer may not issue.
    #[error("{issuer}, which issued {subject}: {why}")]
    Unfit {
        /// The last certificate of the chain.
        subject: String,
        /// Its issuer.
        issuer: String,
        /// The reason.
        why: String,
    },
    /// Too many certificates have the same names and key identifiers.
    #[error("too many certificates have the same names: bring only the certificates of the chain")]
    TooManyChecks,
}

/// A certificate of a bundle, with what the search needs.
#[derive(Debug)]
struct BundledCertificate {
    der: Vec<u8>,
    subject: ComparableName,
    issuer: ComparableName,
    subject_text: String,
    issuer_text: String,
    key_identifier: Option<Vec<u8>>,
    authority_key_identifier: Option<Vec<u8>>,
    fields: CaFields,
    spki: Vec<u8>,
    scheme: Result<Scheme, SignatureError>,
    tbs: Vec<u8>,
    signature: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl BundledCertificate {
    fn read(der: Vec<u8>) -> Option<Self> {
        let Ok(([], certificate)) = X509Certificate::from_der(&der) else { return None };
        Some(Self {
            subject: ComparableName::of(certificate.subject()),
            issuer: ComparableName::of(certificate.issuer()),
            subject_text: render_distinguished_name(certificate.subject()),
            issuer_text: render_distinguished_name(certificate.issuer()),
            key_identifier: subject_key_identifier(&certificate),
            authority_key_identifier: authority_key_identifier(&certificate),
            fields: CaFields::of(&certificate),
            spki: certificate.public_key().raw.to_vec(),
            scheme: Scheme::read(&certificate.signature_algorithm),
            tbs: certificate.tbs_certificate.as_ref().to_vec(),
            signature: certificate.signature_value.data.to_vec(),
            not_before: certificate.validity().not_before.to_datetime(),
            not_after: certificate.validity().not_after.to_datetime(),
            der,
        })
    }

    fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now < self.not_after
    }
}

/// The signatures of one search: each pair once, and no more than the bound.
#[derive(Default)]
struct SignatureChecks {
    made: BTreeMap<(usize, usize), bool>,
    is_exhausted: bool,
}

impl CertificateBundle {
    /// Reads the certificates; the same certificate twice counts once. Fails with the number of the one that cannot be
    /// read, counted from one.
    pub fn read(ders: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, usize> {
        let (mut certificates, mut seen) = (Vec::new(), HashSet::new());
        for (at, der) in ders.into_iter().enumerate() {
            if seen.insert(der.clone()) {
                certificates.push(BundledCertificate::read(der).ok_or(at + 1)?);
            }
        }
        let mut by_subject: HashMap<ComparableName, Vec<usize>> = HashMap::new();
        for (at, one) in certificates.iter().enumerate() {
            by_subject.entry(one.subject.clone()).or_default().push(at);
        }
        Ok(Self { certificates, by_subject, checks: Cell::default() })
    }

    /// The number of certificates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// True if there is no certificate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The subjects of the certificates, as RFC 4514 text.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        self.certificates.iter().map(|one| one.subject_text.as_str())
    }

    /// The DER of a certificate.
    #[must_use]
    pub fn der(&self, at: usize) -> &[u8] {
        &self.certificates[at].der
    }

    /// The certificates of this key: valid ones first, then the youngest, then in the order of the bundle.
    #[must_use]
    pub fn with_key(&self, spki_der: &[u8], now: OffsetDateTime) -> Vec<usize> {
        let mut all: Vec<usize> =
            (0..self.len()).filter(|at| self.certificates[*at].spki == spki_der).collect();
        all.sort_by_key(|at| {
            (!self.certificates[*at].is_valid(now), Reverse(self.certificates[*at].not_before))
        });
        all
    }

    /// The signatures verified so far.
    #[must_use]
    pub fn signature_checks(&self) -> usize {
        self.checks.get()
    }

    /// The chain from a certificate to a root, as DER, itself first. The certificate itself may be unfit: see
    /// [`super::Issuer::from_pem`].
    ///
    /// # Errors
    /// [`ChainError`] with the reason that ends the longest chain.
    pub fn chain(&self, from: usize, now: OffsetDateTime) -> Result<Vec<Vec<u8>>, ChainError> {
        let mut checks = SignatureChecks::default();
        // Expired certificates only if there is no other way: the caller names them.
        let found = self.search(from, &mut checks, |one| one.is_valid(now));
        let found = found.or_else(|_| self.search(from, &mut checks, |_| true));
        found.map(|path| path.into_iter().map(|at| self.certificates[at].der.clone()).collect())
    }

    /// Breadth first, so that the first root found has the fewest certificates below it that count for path lengths.
    fn search(
        &self,
        from: usize,
        checks: &mut SignatureChecks,
        is_wanted: impl Fn(&BundledCertificate) -> bool,
    ) -> Result<Vec<usize>, ChainError> {
        let mut lower: BTreeMap<usize, usize> = BTreeMap::new();
        let mut visited = HashSet::new();
        let mut queue = VecDeque::from([(from, 0)]);
        let mut failed: Option<(usize, ChainError)> = None;
        while let Some((at, below)) = queue.pop_front() {
            if checks.is_exhausted {
                return Err(ChainError::TooManyChecks);
            }
            if !visited.insert(at) {
                continue;
            }
            let one = &self.certificates[at];
            if one.is_self_issued() && self.is_signed(at, at, checks) {
                let mut path: Vec<usize> =
                    std::iter::successors(Some(at), |at| lower.get(at).copied()).collect();
                path.reverse();
                return Ok(path);
            }
            // RFC 5280 section 4.2.1.9: self-issued certificates do not count.
            let count = below + usize::from(!one.is_self_issued());
            let mut why = None;
            for upper in self.candidates(at) {
                if upper == at || visited.contains(&upper) {
                    continue;
                }
                let next = &self.certificates[upper];
                if !is_wanted(next) {
                    continue;
                }
                if let Err(reason) = fit_to_issue(&next.fields, count) {
                    let issuer = next.subject_text.clone();
                    why.get_or_insert(ChainError::Unfit {
                        subject: one.subject_text.clone(),
                        issuer,
                        why: reason,
                    });
                    continue;
                }
                if !self.is_signed(at, upper, checks) {
                    let (subject, issuer) = (one.subject_text.clone(), one.issuer_text.clone());
                    why.get_or_insert(ChainError::NotSigned { subject, issuer });
                    continue;
                }
                lower.entry(upper).or_insert(at);
                // The queue stays sorted by the count.
                if one.is_self_issued() {
                    queue.push_front((upper, count))
                } else {
                    queue.push_back((upper, count))
                }
            }
            let (subject, issuer) = (one.subject_text.clone(), one.issuer_text.clone());
            let why = why.unwrap_or(ChainError::Incomplete { subject, issuer });
            if failed.as_ref().is_none_or(|(depth, _)| *depth <= below) {
                failed = Some((below, why));
            }
        }
        match failed {
            Some((_, why)) if !checks.is_exhausted => Err(why),
            _ => Err(ChainError::TooManyChecks),
        }
    }

    /// The certificates with the name of an issuer: those with its key identifier first, those with another one last;
    /// among them the youngest first.
    fn candidates(&self, at: usize) -> Vec<usize> {
        let one = &self.certificates[at];
        let mut all = self.by_subject.get(&one.issuer).cloned().unwrap_or_default();
        all.sort_by_key(|upper| {
            let upper = &self.certificates[*upper];
            let rank = match (&one.authority_key_identifier, &upper.key_identifier) {
                (Some(wanted), Some(found)) if wanted == found => 0,
                (Some(_), Some(_)) => 2,
                _ => 1,
            };
            (rank, Reverse(upper.not_before))
        });
        all
    }

    /// True if the key of `upper` signed `at`. The signature of a root is not part of a chain (RFC 5280 section 6.1),
    /// so one with a digest that is no longer secure is taken as its own.
    fn is_signed(&self, at: usize, upper: usize, checks: &mut SignatureChecks) -> bool {
        if let Some(known) = checks.made.get(&(at, upper)) {
            return *known;
        }
        let (one, upper_one) = (&self.certificates[at], &self.certificates[upper]);
        let Ok(scheme) = &one.scheme else {
            let identifier = one.authority_key_identifier.as_ref();
            return at == upper
                && identifier.is_none_or(|octets| Some(octets) == one.key_identifier.as_ref());
        };
        if checks.made.len() >= MAX_SIGNATURE_CHECKS {
            checks.is_exhausted = true;
            return false;
        }
        self.checks.set(self.checks.get() + 1);
        let key = upper_one.fields.key.as_ref();
        let is_signed = key.is_ok_and(|key| verify(key, *scheme, &one.tbs, &one.signature).is_ok());
        checks.made.insert((at, upper), is_signed);
        is_signed
    }
}
