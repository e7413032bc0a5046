//! The leaf of a certificate in the log: lines of a name and a value.
//!
//! ```text
//! countersign/certificate@v1
//! serial 4f74ac0024d1a164f33f5e049ca7dcd5ba735236
//! certificate (SHA-256 of the DER)
//! issuer (key identifier of the issuer)
//! request 9464cb43-9bce-49f0-a2f0-deadf965ae26
//! approval (digest that the approval binds; under a standing approval, that of its terms)
//! evidence (digest of what proves a vote; a line for each vote with a proof, in the order of the votes)
//! ```
//!
//! Invariant: digests and identifiers only, so the log reveals no name and no person. One spelling: what is read is what is
//! written.

use std::fmt;

use pki::certificate::{Certificate, Serial};
use pki::tlog::{TreeHash, leaf_hash};

use crate::decision::{ApprovalDigest, DecisionRecord};
use crate::framed_hash::{is_lower_hex, is_sha256};
use crate::ids::RequestId;
use crate::request::Request;

const FORMAT: &str = "countersign/certificate@v1";

/// The leaf of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The serial number.
    pub serial: Serial,
    /// Lower-case hex SHA-256 of the certificate's DER.
    pub certificate: String,
    /// The key identifier of the issuer, in lower-case hex.
    pub issuer: String,
    /// The request.
    pub request: RequestId,
    /// The digest that the approval binds.
    pub approval: ApprovalDigest,
    /// The digests of the votes' evidence.
    pub evidence: Vec<String>,
}

/// Octets that are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not an entry of a certificate")]
pub struct MalformedEntry;

impl LogEntry {
    /// The entry of the certificate of a request, which this approval covers
    /// ([`approval_above`](crate::approval::standing::approval_above)); `None` if the certificate names no issuer.
    pub fn of(request: &Request, decision: &DecisionRecord, certificate: &Certificate) -> Option<Self> {
        let evidence = decision.votes.iter().filter_map(|vote| vote.evidence.as_ref());
        Some(Self {
            serial: certificate.serial().clone(),
            certificate: certificate.fingerprint(),
            issuer: certificate.authority_key_identifier()?,
            request: request.id(),
            approval: decision.digest.clone(),
            evidence: evidence.map(|evidence| evidence.digest()).collect(),
        })
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`MalformedEntry`].
    pub fn from_octets(octets: &[u8]) -> Result<Self, MalformedEntry> {
        let text = std::str::from_utf8(octets).map_err(|_| MalformedEntry)?;
        let entry = Self::read(text).ok_or(MalformedEntry)?;
        if entry.to_string() == text { Ok(entry) } else { Err(MalformedEntry) }
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != FORMAT {
            return None;
        }
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let entry = Self {
            serial: value("serial")?.parse().ok()?,
            certificate: value("certificate").filter(|text| is_sha256(text))?.to_owned(),
            issuer: value("issuer").filter(|text| !text.is_empty() && is_lower_hex(text))?.to_owned(),
            request: value("request")?.parse().ok()?,
            approval: ApprovalDigest::from_text(value("approval").filter(|text| is_sha256(text))?),
            evidence: lines
                .map(|line| line.strip_prefix("evidence ").map(str::to_owned))
                .collect::<Option<_>>()?,
        };
        entry.evidence.iter().all(|digest| is_sha256(digest)).then_some(entry)
    }

    /// The hash of the leaf.
    pub fn leaf_hash(&self) -> TreeHash {
        leaf_hash(self.to_string().as_bytes())
    }
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT}")?;
        writeln!(f, "serial {}", self.serial)?;
        writeln!(f, "certificate {}", self.certificate)?;
        writeln!(f, "issuer {}", self.issuer)?;
        writeln!(f, "request {}", self.request)?;
        writeln!(f, "approval {}", self.approval)?;
        self.evidence.iter().try_for_each(|digest| writeln!(f, "evidence {digest}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::Status;
    use crate::testing::InMemoryBackend;

    fn entry(evidence: usize) -> LogEntry {
        let backend = InMemoryBackend::new();
        let id = backend.request_with_certificate(Status::Issued);
        let row = backend.request(id).unwrap();
        let pem = backend.certificates()[&row.serial().unwrap().to_string()].clone();
        let certificate = Certificate::from_pem(&pem).unwrap();
        let entry = LogEntry::of(&row, row.decision().unwrap(), &certificate).unwrap();
        LogEntry { evidence: vec!["e".repeat(64); evidence], ..entry }
    }

    #[test]
    fn an_entry_is_read_back_and_names_nobody() {
        for evidence in 0..3 {
            let entry = entry(evidence);
            let text = entry.to_string();
            assert_eq!(LogEntry::from_octets(text.as_bytes()), Ok(entry));
            assert!(!text.contains("example.com"), "{text}");
        }
    }

    #[test]
    fn another_spelling_is_no_entry() {
        let text = entry(1).to_string();
        for wrong in [
            text.replace("@v1", "@v2"),
            text.replace("serial ", "serial 00"),
            text.replace("request ", "request {"),
            text.replace("evidence ", "evidence x"),
            text.trim_end().to_owned(),
            format!("{text}more\n"),
            text.replace('\n', "\r\n"),
            String::new(),
        ] {
            assert_eq!(LogEntry::from_octets(wrong.as_bytes()), Err(MalformedEntry), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_other_octets_are_the_same_entry(at in any::<prop::sample::Index>(), octet in any::<u8>()) {
            let entry = entry(1);
            let mut octets = entry.to_string().into_bytes();
            let at = at.index(octets.len());
            prop_assume!(octets[at] != octet);
            octets[at] = octet;
            prop_assert_ne!(LogEntry::from_octets(&octets), Ok(entry));
        }
    }
}
