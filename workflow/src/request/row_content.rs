//! The content of a row, for each kind of request.

use super::{CertificateRequest, Request, RequestContent};
use crate::decision::ApprovalDigest;
use crate::grant::{CheckedKey, CsrSummary};
use crate::ids::RequestId;
use crate::standing::{RequestKind, StandingName, StandingTerms};

impl Request {
    /// The content.
    pub fn content(&self) -> &RequestContent {
        &self.content
    }

    /// The kind of request.
    pub fn kind(&self) -> RequestKind {
        match self.content {
            RequestContent::Certificate(_) => RequestKind::Certificate,
            RequestContent::Standing(_) => RequestKind::Grant,
        }
    }

    /// The part of the request of a certificate; `None` if it asks for a standing approval.
    pub fn certificate(&self) -> Option<&CertificateRequest> {
        match &self.content {
            RequestContent::Certificate(certificate) => Some(certificate),
            RequestContent::Standing(_) => None,
        }
    }

    pub(super) fn certificate_mut(&mut self) -> Option<&mut CertificateRequest> {
        match &mut self.content {
            RequestContent::Certificate(certificate) => Some(certificate),
            RequestContent::Standing(_) => None,
        }
    }

    /// The terms of the standing approval that the request asks for.
    pub fn terms(&self) -> Option<&StandingTerms> {
        match &self.content {
            RequestContent::Certificate(_) => None,
            RequestContent::Standing(terms) => Some(terms),
        }
    }

    /// The CSR as submitted.
    pub fn csr_content(&self) -> Option<&str> {
        self.certificate().map(|certificate| certificate.csr_content.as_str())
    }

    /// The request whose certificate this one renews.
    pub fn replaces(&self) -> Option<RequestId> {
        self.content.replaces()
    }

    /// The standing approval under which the certificate is asked for.
    pub fn standing(&self) -> Option<RequestId> {
        self.content.standing()
    }

    /// The record that the key of the CSR passed every check; rows of version 0.1.0 lack it.
    pub fn checked_key(&self) -> Option<&CheckedKey> {
        self.certificate()?.checked_key.as_ref()
    }

    /// The summary of the CSR, once Persist has written it.
    pub fn csr(&self) -> Option<&CsrSummary> {
        self.certificate()?.csr.as_ref()
    }

    /// The subject alternative names; empty until Persist has read them.
    pub fn names(&self) -> &[String] {
        self.csr().map(|csr| csr.names.as_slice()).unwrap_or_default()
    }

    /// The names, as far as the row has them: those of [`Request::names`], or of the terms with the suffixes. For people.
    pub fn known_names(&self) -> Vec<String> {
        match &self.content {
            RequestContent::Certificate(_) => self.names().to_vec(),
            RequestContent::Standing(terms) => terms.names_as_text(),
        }
    }

    /// The names that stand for themselves: those of [`Request::names`], or of the terms without the suffixes.
    pub fn exact_names(&self) -> Vec<String> {
        match &self.content {
            RequestContent::Certificate(_) => self.names().to_vec(),
            RequestContent::Standing(terms) => {
                let exact = terms.names().iter().filter(|name| matches!(name, StandingName::Exactly(_)));
                exact.map(ToString::to_string).collect()
            }
        }
    }

    /// The digest of what Validate reads and Persist takes over: of the CSR, or of the terms; `None` before Persist has written
    /// the summary of the CSR.
    pub fn validated_digest(&self) -> Option<String> {
        match &self.content {
            RequestContent::Certificate(certificate) => {
                certificate.csr.as_ref().map(|csr| csr.csr_digest.clone())
            }
            RequestContent::Standing(_) => Some(self.submitted_digest()),
        }
    }

    /// The digest that an approval of the row binds; `None` before Persist has written the summary of the CSR.
    pub fn approval_digest(&self) -> Option<ApprovalDigest> {
        match &self.content {
            RequestContent::Certificate(certificate) => {
                let csr = certificate.csr.as_ref()?;
                Some(ApprovalDigest::of(self.id, &self.profile, csr, certificate.replaces))
            }
            RequestContent::Standing(terms) => {
                Some(ApprovalDigest::of_terms(self.id, &self.email, &self.profile, terms))
            }
        }
    }
}
