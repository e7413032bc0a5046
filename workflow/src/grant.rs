//! What a profile grants for one CSR, and what the row keeps of it: plain values that policy, approval and issuing share.

use serde::{Deserialize, Serialize};

/// What a certificate will say, apart from serial, dates and issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The profile it comes from.
    pub profile: String,
    /// The subject as RFC 4514 text; empty when only the names identify the subject.
    pub subject: String,
    /// The subject alternative names, in their order.
    pub names: Vec<String>,
    /// The kind of key, for people.
    pub key: String,
    /// keyUsage, by the names of RFC 5280 section 4.2.1.3.
    pub key_usage: Vec<String>,
    /// extendedKeyUsage, by name or dotted number.
    pub extended_key_usage: Vec<String>,
    /// Days of validity, unless the issuer ends earlier.
    pub validity_days: u32,
}

/// What was read from the CSR, written once by Persist.
#[derive(Clone, Debug, PartialEq)]
pub struct CsrSummary {
    /// Lower-case hex SHA-256 of the CSR's DER.
    pub csr_digest: String,
    /// The subject as the profile grants it (RFC 4514).
    pub subject: String,
    /// The subject alternative names, as text.
    pub names: Vec<String>,
    /// Lower-case hex SHA-256 of the SubjectPublicKeyInfo's DER.
    pub public_key_digest: String,
    /// The key in words, such as `EC P-256`.
    pub key: String,
}
