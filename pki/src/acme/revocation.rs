//! Revocations (RFC 8555 section 7.6).
//!
//! Invariant: the certificate is the one of the request and proves nothing by being there: the caller compares it with the one
//! that was issued, and checks who may revoke it, by account or by [`CertificateRevocation::is_by_its_key`].

use super::error_type::AcmeErrorType;
use super::problem::AcmeProblem;
use super::request::VerifiedRequest;
use crate::base64url;
use crate::certificate::Certificate;
use crate::crl::RevocationReason;

/// The request to revoke a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRevocation {
    /// The certificate.
    pub certificate: Certificate,
    /// The reason.
    pub reason: RevocationReason,
}

impl CertificateRevocation {
    /// Reads the request.
    ///
    /// # Errors
    /// `malformed`, `badRevocationReason`.
    pub fn read(request: &VerifiedRequest) -> Result<Self, AcmeProblem> {
        let members = request.payload().object()?;
        let der = base64url::decode(members.required_text("certificate")?);
        let certificate = der.and_then(|der| Certificate::from_der(der).ok()).ok_or_else(|| {
            AcmeProblem::malformed(
                "the member \"certificate\" is not the DER of one certificate in base64url without padding",
            )
        })?;
        let reason = match members.value("reason") {
            None => Some(RevocationReason::Unspecified),
            Some(number) => number.as_u64().and_then(RevocationReason::from_number),
        };
        Ok(Self { certificate, reason: reason.ok_or_else(bad_reason)? })
    }

    /// True if the key of the certificate signed the request.
    #[must_use]
    pub fn is_by_its_key(&self, request: &VerifiedRequest) -> bool {
        self.certificate.key().is_ok_and(|key| key == *request.key().public_key())
    }
}

/// RFC 8555 section 7.6: the detail says which reasons are allowed.
fn bad_reason() -> AcmeProblem {
    let known: Vec<String> =
        RevocationReason::ALL.iter().map(|reason| format!("{} ({reason})", reason.number())).collect();
    let detail = format!("the member \"reason\" is none of {}", known.join(", "));
    AcmeProblem::new(AcmeErrorType::BadRevocationReason, detail)
}
