//! The grant of a profile for one CSR, and the summary of the CSR: values for policy, approval and issuance.

use serde::{Deserialize, Serialize};

use pki::certificate::CertificateContents;
use pki::csr::Csr;
use pki::key::PublicKey;

use crate::finding::Finding;

/// The contents of a certificate, without serial, dates and issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The granting profile.
    pub profile: String,
    /// The subject as RFC 4514 text; empty if only the names identify the subject.
    pub subject: String,
    /// The subject alternative names, in their order.
    pub names: Vec<String>,
    /// The kind of key, for people.
    pub key: String,
    /// keyUsage, by the names of RFC 5280 section 4.2.1.3.
    pub key_usage: Vec<String>,
    /// extendedKeyUsage, by name or dotted number.
    pub extended_key_usage: Vec<String>,
    /// The validity in days, unless the issuer's certificate expires earlier.
    pub validity_days: u32,
}

impl Grant {
    /// The summary of a CSR with this grant.
    #[must_use]
    pub fn csr_summary(&self, csr: &Csr) -> CsrSummary {
        CsrSummary {
            csr_digest: csr.digest(),
            subject: self.subject.clone(),
            names: self.names.clone(),
            public_key_digest: csr.key().digest(),
            key: self.key.clone(),
        }
    }

    /// The contents of the certificate.
    #[must_use]
    pub fn contents(&self) -> CertificateContents {
        CertificateContents {
            subject: self.subject.clone(),
            names: self.names.clone(),
            key_usage: self.key_usage.clone(),
            extended_key_usage: self.extended_key_usage.clone(),
            validity_days: self.validity_days,
        }
    }
}

/// The summary of a CSR, written once by Persist.
#[derive(Clone, Debug, PartialEq)]
pub struct CsrSummary {
    /// Lower-case hex SHA-256 of the CSR's DER.
    pub csr_digest: String,
    /// The subject granted by the profile (RFC 4514).
    pub subject: String,
    /// The subject alternative names, as text.
    pub names: Vec<String>,
    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo's DER.
    pub public_key_digest: String,
    /// The key in words, such as `EC P-256`.
    pub key: String,
}

/// Record of a public key that passed the slow checks ([`Csr::inspect`]): lower-case hex SHA-256 of its
/// SubjectPublicKeyInfo. Stored in the row, so that the checks run once per request. A key without a matching record is
/// checked again (docs/decisions/0070).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckedKey(String);

impl CheckedKey {
    /// Runs the checks on the key of a CSR, unless `earlier` records that the key passed them.
    ///
    /// # Errors
    /// The finding of a key that fails a check.
    pub fn check(csr: &Csr, earlier: Option<&CheckedKey>) -> Result<Self, Finding> {
        if let Some(earlier) = earlier.filter(|earlier| earlier.covers(csr.key())) {
            return Ok(earlier.clone());
        }
        match csr.inspect() {
            Some(weak) => Err(weak.into()),
            None => Ok(Self(csr.key().digest())),
        }
    }

    /// True if this is the record of `key`.
    fn covers(&self, key: &PublicKey) -> bool {
        self.0 == key.digest()
    }
}
