//! The content of a request: the CSR of a certificate, or the terms of a standing approval.
//!
//! Invariant: only the request of a certificate has a CSR, a replaced request, or a standing approval above it; only the request
//! of a standing approval has terms.

use time::OffsetDateTime;

use crate::grant::{CheckedKey, CsrSummary};
use crate::ids::RequestId;
use crate::standing::StandingTerms;

/// The content of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestContent {
    /// A certificate for the key of a CSR.
    Certificate(Box<CertificateRequest>),
    /// A standing approval with these terms.
    Standing(StandingTerms),
}

/// The request of a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateRequest {
    /// The CSR as submitted.
    pub csr_content: String,
    /// The record that the key of the CSR passed every check; rows of version 0.1.0 lack it.
    pub checked_key: Option<CheckedKey>,
    /// The summary of the CSR, once Persist has written it.
    pub csr: Option<CsrSummary>,
    /// The request whose certificate this one renews.
    pub replaces: Option<RequestId>,
    /// The time at which housekeeping settled what becomes of the replaced certificate, UTC.
    pub replaced_at: Option<OffsetDateTime>,
    /// The standing approval under which the certificate is asked for; `None`: approvers are asked.
    pub standing: Option<RequestId>,
}

impl RequestContent {
    /// A new request of a certificate.
    pub fn certificate(
        csr_content: String,
        checked_key: Option<CheckedKey>,
        replaces: Option<RequestId>,
    ) -> Self {
        Self::Certificate(Box::new(CertificateRequest {
            csr_content,
            checked_key,
            csr: None,
            replaces,
            replaced_at: None,
            standing: None,
        }))
    }

    /// The same under a standing approval. Only a certificate can be, and it replaces no other one then: that would be revoked,
    /// which no approver agreed to.
    #[must_use]
    pub fn under(mut self, standing: RequestId) -> Self {
        if let Self::Certificate(certificate) = &mut self {
            certificate.standing = Some(standing);
            certificate.replaces = None;
        }
        self
    }

    /// The standing approval under which a certificate is asked for.
    pub fn standing(&self) -> Option<RequestId> {
        match self {
            Self::Certificate(certificate) => certificate.standing,
            Self::Standing(_) => None,
        }
    }

    /// The request whose certificate this one renews.
    pub fn replaces(&self) -> Option<RequestId> {
        match self {
            Self::Certificate(certificate) => certificate.replaces,
            Self::Standing(_) => None,
        }
    }

    /// The submitted text, whose digest is in the first event of the audit trail: the CSR, or the terms as JSON.
    pub(super) fn submitted_text(&self) -> String {
        match self {
            Self::Certificate(certificate) => certificate.csr_content.clone(),
            // The type has no value that JSON lacks.
            Self::Standing(terms) => serde_json::to_string(terms).unwrap_or_default(),
        }
    }
}
