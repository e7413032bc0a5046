//! A revocation in the answers to programs.

use pki::crl::RevocationReason;
use serde::Serialize;
use workflow::request::Request;
use workflow::timestamp::rfc3339;

/// A revocation, in answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevocationView {
    reason: RevocationReason,
    accepted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crl_number: Option<u64>,
}

impl RevocationView {
    /// The revocation of the certificate of a request.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        request.revocation().map(|revocation| Self {
            reason: revocation.reason,
            accepted_at: rfc3339(revocation.accepted_at),
            revoked_at: revocation.revoked_at.map(rfc3339),
            listed_at: revocation.listed_at.map(rfc3339),
            crl_number: revocation.crl_number,
        })
    }
}
