//! Answers to OCSP requests (RFC 6960, in the profile of RFC 5019).
//!
//! Invariant: `good` is said only of a certificate that is stored, names the issuer as its own and is not revoked;
//! `revoked` by the table of revocations, read consistently. One answer is about one issuer and is signed by its
//! responder. Whatever cannot be decided is answered without a status: nothing that fails ends in `good`.

use std::sync::Arc;

use pki::certificate::{BACKDATING, Serial, certificate_der};
use pki::ocsp::{CertStatus, OcspError, OcspRequest, SingleStatus};
use time::{Duration, OffsetDateTime};

use crate::ports::{CertificateStore, Clock, Issuers, OcspResponders, PortError, Revocations};

mod served;

use served::{ServedIssuer, ServedIssuers};

/// The time from an answer to its nextUpdate: servers that staple answers and clients may keep one as long.
pub const LIFETIME: Duration = Duration::hours(1);
/// Seconds for which HTTP caches may keep an answer, as long as a list: a revocation is to be seen within a minute.
pub const MAX_AGE: u32 = 30;

/// Answers requests.
pub struct OcspService {
    issuers: ServedIssuers,
    certificates: Arc<dyn CertificateStore>,
    revocations: Arc<dyn Revocations>,
    clock: Arc<dyn Clock>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspAnswer {
    /// The OCSPResponse as DER.
    pub der: Vec<u8>,
    /// For how long others than the asker may get it.
    pub cacheable: Option<CacheTimes>,
}

/// The times of an answer that caches may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheTimes {
    /// thisUpdate.
    pub this_update: OffsetDateTime,
    /// nextUpdate.
    pub next_update: OffsetDateTime,
}

impl From<OcspError> for OcspAnswer {
    fn from(error: OcspError) -> Self {
        Self { der: error.to_der(), cacheable: None }
    }
}

impl OcspService {
    /// A service that has read nothing yet.
    pub fn new(
        issuers: Arc<dyn Issuers>,
        responders: Arc<dyn OcspResponders>,
        certificates: Arc<dyn CertificateStore>,
        revocations: Arc<dyn Revocations>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { issuers: ServedIssuers::new(issuers, responders), certificates, revocations, clock }
    }

    /// Answers a request. Never fails: errors are answers.
    pub async fn answer(&self, request: &[u8]) -> OcspAnswer {
        let request = match OcspRequest::from_der(request) {
            Ok(request) => request,
            Err(error) => {
                tracing::info!(%error, "refused an OCSP request: {error}");
                return OcspError::MalformedRequest.into();
            }
        };
        match self.signed(&request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "cannot answer an OCSP request: {error}");
                OcspError::TryLater.into()
            }
        }
    }

    async fn signed(&self, request: &OcspRequest) -> Result<OcspAnswer, PortError> {
        let now = self.clock.now();
        let now = now.replace_nanosecond(0).unwrap_or(now);
        // RFC 5019 section 2.2.3: a responder that knows nothing about the certificates is not authorized to answer.
        let Some(served) = self.issuers.of(request, now).await? else {
            return Ok(OcspError::Unauthorized.into());
        };
        let issuer = &served.issuer;
        let Some(responder) = served.responder_at(now) else {
            let cause = format!("{} has no valid OCSP responder; run: countersign deploy", issuer.subject());
            return Err(PortError { what: "sign the OCSP answer", cause });
        };
        let mut statuses = Vec::new();
        for certificate in request.certificates() {
            let status = match certificate.serial() {
                Some(serial) => self.status(&served, serial).await?,
                // No certificate made here has such a serial.
                None => CertStatus::Unknown,
            };
            // Verifiers whose clock is behind refuse an answer of the future. Before a revocation the status was another one.
            let since = match status {
                CertStatus::Revoked { at, .. } => at.min(now),
                CertStatus::Good | CertStatus::Unknown => now - BACKDATING,
            };
            let this_update = since.max(now - BACKDATING);
            statuses.push(SingleStatus { certificate, status, this_update, next_update: now + LIFETIME });
        }
        let this_update = statuses.iter().map(|one| one.this_update).max().unwrap_or(now);
        let der = responder
            .signing()
            .answer(&statuses, request.nonce(), now)
            .await
            .map_err(|error| PortError::new("sign the OCSP answer", error))?;
        // RFC 9654 section 2: a nonce is for one asker.
        let cacheable =
            request.nonce().is_none().then_some(CacheTimes { this_update, next_update: now + LIFETIME });
        Ok(OcspAnswer { der, cacheable })
    }

    async fn status(&self, served: &ServedIssuer, serial: &Serial) -> Result<CertStatus, PortError> {
        if let Some(revocation) = self.revocations.find(&served.issuer.key_identifier(), serial).await? {
            return Ok(CertStatus::Revoked { at: revocation.revoked_at, reason: revocation.reason });
        }
        if served.has_issued(serial) {
            return Ok(CertStatus::Good);
        }
        let stored = self.certificates.certificate(serial).await?;
        let is_of = |pem: String| certificate_der(&pem).is_some_and(|der| served.issuer.is_named_in(&der));
        if stored.is_some_and(is_of) {
            served.remember(serial);
            return Ok(CertStatus::Good);
        }
        Ok(CertStatus::Unknown)
    }
}

#[cfg(test)]
mod tests;
