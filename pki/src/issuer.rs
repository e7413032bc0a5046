//! The CA certificate and the chain above it.
//!
//! Invariant: an [`Issuer`] may sign certificates (RFC 5280 sections 4.2.1.3 and 4.2.1.9), each certificate of its
//! chain is signed by the next, and no path length is exceeded. Its validity and purposes are those of the whole chain.
//! Its name and key are DER, copied byte for byte into certificates. Fails with the number of the unfit certificate and
//! the reason.

use std::collections::BTreeSet;

use der::Encode as _;
use der::asn1::ObjectIdentifier;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use crate::csr::{purpose, purpose_name};
use crate::key::PublicKey;
use crate::name::{Name, encode_subject, render_distinguished_name};
use crate::pem_block::{pem_blocks, to_pem};
use crate::sha256::sha256;
use crate::text::quoted;

mod bundle;
mod name_constraints;
mod rules;
mod strict_verifiers;

pub use bundle::{CertificateBundle, ChainError, MAX_SIGNATURE_CHECKS};
pub use name_constraints::NameConstraintViolation;
use name_constraints::NameConstraints;
pub(crate) use rules::is_self_issued;
use rules::{CaFields, fit_to_issue, linked, signed_by};
pub use strict_verifiers::{StrictObjection, StrictRule};

/// A CA that can issue certificates.
#[derive(Clone, Debug)]
pub struct Issuer {
    chain_pem: String,
    subject: String,
    subject_der: Vec<u8>,
    key: PublicKey,
    key_identifier: Vec<u8>,
    /// The latest notBefore and the earliest notAfter of the chain.
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    /// The subject of the certificate that ends first.
    ends_first: String,
    /// The constraints of every certificate in the chain.
    constraints: Vec<NameConstraints>,
    /// True if the certificate allows its key to sign CRLs.
    may_sign_crls: bool,
    /// The purposes that every certificate of the chain allows; `None` if any.
    purposes: Option<BTreeSet<ObjectIdentifier>>,
    /// SHA-256 of the keys of all authorities of the stack: those of the chain, and the others in its file. Sorted.
    authority_keys: Vec<[u8; 32]>,
}

/// Why a certificate or its chain cannot issue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The text has no certificate.
    #[error("there is no certificate in PEM form")]
    Missing,
    /// The text has a private key.
    #[error("there is a private key among the certificates; keep it apart")]
    PrivateKey,
    /// A certificate block cannot be read.
    #[error("certificate {0} of the chain is not well formed")]
    Malformed(usize),
    /// A certificate does not fit its place in the chain.
    #[error("certificate {number} of the chain ({subject}): {why}")]
    Unfit {
        /// Counted from one; the first is the issuer.
        number: usize,
        /// Its subject.
        subject: String,
        /// The reason.
        why: String,
    },
}

/// A certificate that an issuer did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate is not signed by this CA certificate")]
pub struct NotSignedError;

impl Issuer {
    /// Reads the issuer's certificate, followed by the certificates above it. Blocks labelled PUBLIC KEY are keys of
    /// other authorities of the stack.
    pub fn from_pem(chain_pem: &str) -> Result<Issuer, IssuerError> {
        let blocks = pem_blocks(chain_pem);
        if blocks.iter().any(|(label, _)| label.contains("PRIVATE KEY")) {
            return Err(IssuerError::PrivateKey);
        }
        let (mut ders, mut other_keys) = (Vec::new(), Vec::new());
        for (label, der) in blocks {
            match label.as_str() {
                "CERTIFICATE" => ders.push(der.ok_or(IssuerError::Malformed(ders.len() + 1))?),
                "PUBLIC KEY" => other_keys.extend(der),
                _ => {}
            }
        }
        let mut chain = Vec::new();
        for (at, der) in ders.iter().enumerate() {
            match X509Certificate::from_der(der) {
                Ok(([], certificate)) => chain.push(certificate),
                _ => return Err(IssuerError::Malformed(at + 1)),
            }
        }
        let unfit = |at: usize, why: String| IssuerError::Unfit {
            number: at + 1,
            subject: quoted(&render_distinguished_name(chain[at].subject())),
            why,
        };
        let (mut keys, mut below) = (Vec::new(), 0);
        for (at, certificate) in chain.iter().enumerate() {
            let fields = CaFields::of(certificate);
            keys.push(fit_to_issue(&fields, below).map_err(|why| unfit(at, why))?.clone());
            // RFC 5280 section 4.2.1.9: self-issued certificates do not count.
            below += usize::from(!is_self_issued(certificate));
        }
        for (at, pair) in chain.windows(2).enumerate() {
            linked(&pair[0], &pair[1], &keys[at + 1]).map_err(|why| unfit(at, why))?;
        }
        let first = chain.first().ok_or(IssuerError::Missing)?;
        let mut authority_keys: Vec<[u8; 32]> = keys
            .iter()
            .map(PublicKey::spki_der)
            .chain(other_keys.iter().map(|key| key.as_slice()))
            .map(sha256)
            .collect();
        authority_keys.sort_unstable();
        authority_keys.dedup();
        let key = keys.swap_remove(0);
        let (mut constraints, mut purposes) = (Vec::new(), None);
        for (at, certificate) in chain.iter().enumerate() {
            let read = NameConstraints::of(certificate).map_err(|()| IssuerError::Malformed(at + 1))?;
            constraints.extend(read);
            if let Some(allowed) =
                rules::purposes(certificate).map_err(|()| IssuerError::Malformed(at + 1))?
            {
                purposes = Some(match purposes {
                    None => allowed,
                    Some(before) => &before & &allowed,
                });
            }
        }
        let not_before = |certificate: &X509Certificate<'_>| certificate.validity().not_before.to_datetime();
        let not_after = |certificate: &X509Certificate<'_>| certificate.validity().not_after.to_datetime();
        let ends_first = chain.iter().min_by_key(|one| not_after(one)).unwrap_or(first);
        Ok(Issuer {
            chain_pem: ders.iter().map(|der| to_pem(der)).collect(),
            subject: render_distinguished_name(first.subject()),
            subject_der: first.subject().as_raw().to_vec(),
            key_identifier: rules::subject_key_identifier(first).unwrap_or_else(|| key.identifier().to_vec()),
            key,
            not_before: chain.iter().map(not_before).max().unwrap_or_else(|| not_before(first)),
            not_after: not_after(ends_first),
            ends_first: render_distinguished_name(ends_first.subject()),
            constraints,
            may_sign_crls: CaFields::of(first).may_sign_crls,
            purposes,
            authority_keys,
        })
    }

    /// The subjectKeyIdentifier in lower-case hex.
    #[must_use]
    pub fn key_identifier(&self) -> String {
        hex::encode(&self.key_identifier)
    }

    pub(crate) fn key_identifier_octets(&self) -> &[u8] {
        &self.key_identifier
    }

    /// The latest notBefore of the chain.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The earliest notAfter of the chain: a leaf is of no use when one of its issuers has ended.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The subject of the certificate of the chain that ends first.
    #[must_use]
    pub fn ends_first(&self) -> &str {
        &self.ends_first
    }

    /// The chain as PEM, the issuer's certificate first.
    #[must_use]
    pub fn chain_pem(&self) -> &str {
        &self.chain_pem
    }

    /// The issuer's own certificate as DER.
    #[must_use]
    pub fn certificate_der(&self) -> Option<Vec<u8>> {
        pem_blocks(&self.chain_pem).into_iter().next().and_then(|(_, der)| der).map(|der| der.to_vec())
    }

    /// The last certificate of the chain as DER: the root.
    #[must_use]
    pub fn root_der(&self) -> Option<Vec<u8>> {
        pem_blocks(&self.chain_pem).into_iter().next_back().and_then(|(_, der)| der).map(|der| der.to_vec())
    }

    /// The number of certificates in the chain.
    #[must_use]
    pub fn chain_length(&self) -> usize {
        pem_blocks(&self.chain_pem).len()
    }

    /// SHA-256 of the chain, in lower-case hex: the same for the same certificates in the same order.
    #[must_use]
    pub fn chain_digest(&self) -> String {
        hex::encode(sha256(self.chain_pem.as_bytes()))
    }

    /// True if the certificate allows its key to sign CRLs: its keyUsage, if it has one, has cRLSign.
    #[must_use]
    pub fn may_sign_crls(&self) -> bool {
        self.may_sign_crls
    }

    /// The SubjectPublicKeyInfo as DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        self.key.spki_der()
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// True if the key is that of an authority of the stack: of this chain, or one that its file lists.
    #[must_use]
    pub fn is_authority_key(&self, key: &PublicKey) -> bool {
        key.is_in(&self.authority_keys)
    }

    /// The subject as RFC 4514 text.
    #[must_use]
    pub fn subject(&self) -> String {
        self.subject.clone()
    }

    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// Checks that a certificate, as DER, names this issuer and is signed by its key.
    ///
    /// # Errors
    /// [`NotSignedError`] if it is not, or is not a certificate.
    pub fn verify(&self, certificate_der: &[u8]) -> Result<(), NotSignedError> {
        let Ok(([], certificate)) = X509Certificate::from_der(certificate_der) else {
            return Err(NotSignedError);
        };
        let is_signed = self.is_named(&certificate) && signed_by(&certificate, &self.key).is_ok();
        if is_signed { Ok(()) } else { Err(NotSignedError) }
    }

    /// True if a certificate, as DER, names this issuer. Does not verify its signature: for certificates of a store that has
    /// only verified ones.
    #[must_use]
    pub fn is_named_in(&self, certificate_der: &[u8]) -> bool {
        matches!(X509Certificate::from_der(certificate_der), Ok(([], certificate)) if self.is_named(&certificate))
    }

    /// Octet by octet: RFC 5280 section 4.1.2.6 has the CA encode both alike, and verifiers rely on it.
    fn is_named(&self, certificate: &X509Certificate<'_>) -> bool {
        certificate.issuer().as_raw() == self.subject_der
            && rules::authority_key_identifier(certificate).is_none_or(|octets| octets == self.key_identifier)
    }

    /// Checks a name against the name constraints of the chain (RFC 5280 section 4.2.1.10); `None` if it complies.
    #[must_use]
    pub fn violation(&self, name: &Name) -> Option<NameConstraintViolation> {
        self.constraints.iter().find_map(|constraints| constraints.violation(name))
    }

    /// Checks a subject, as RFC 4514 text, against the name constraints of the chain; `None` if it complies.
    #[must_use]
    pub fn subject_violation(&self, subject: &str) -> Option<NameConstraintViolation> {
        // Fast path: most CAs have no name constraints.
        if self.constraints.is_empty() {
            return None;
        }
        self.subject_der_violation(&encode_subject(subject)?.to_der().ok()?)
    }

    pub(crate) fn subject_der_violation(&self, subject_der: &[u8]) -> Option<NameConstraintViolation> {
        self.constraints.iter().find_map(|constraints| constraints.subject_violation(subject_der))
    }

    /// True if a certificate of the chain forbids this purpose, given by name or dotted number: verifiers want it in
    /// the extendedKeyUsage of every certificate that has one.
    #[must_use]
    pub fn forbids_purpose(&self, name: &str) -> bool {
        let Some(purposes) = &self.purposes else { return false };
        purpose(name).is_none_or(|purpose| !purposes.contains(&purpose))
    }

    /// True if OCSP responders may answer for the issuer: it may sign lists, so that its certificates can be revoked, and its
    /// chain allows certificates of responders.
    #[must_use]
    pub fn may_have_responders(&self) -> bool {
        self.may_sign_crls && !self.forbids_purpose("OCSPSigning")
    }

    /// The names of the purposes that the whole chain allows; `None` if any.
    #[must_use]
    pub fn purposes(&self) -> Option<Vec<String>> {
        self.purposes.as_ref().map(|all| all.iter().map(|oid| purpose_name(oid).into_owned()).collect())
    }

    /// What strict verifiers will say about the chain.
    #[must_use]
    pub fn strict_objections(&self) -> Vec<StrictObjection> {
        strict_verifiers::objections(&self.chain_pem)
    }
}

#[cfg(test)]
mod tests;
