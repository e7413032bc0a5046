//! renewalInfo (RFC 9773): when a certificate should be renewed.
//!
//! Invariant: a certificate that is renewed is not to be renewed at once again: each reason for haste ends with the renewal.

use http::{StatusCode, header};
use pki::acme::{AcmeProblem, RenewalCertId, RenewalInfo};
use pki::certificate::Certificate;
use time::{Duration, OffsetDateTime};
use workflow::approval::standing::StandingApproval;
use workflow::ids::IssuerId;
use workflow::request::Request;

use crate::reply::{AcmeError, AcmeReply};
use crate::server::AcmeServer;

/// The last days of a standing approval, in which certificates are renewed that would otherwise end after it without one.
const LAST_DAYS: Duration = Duration::days(7);

/// The window of a certificate.
pub(crate) async fn show(server: &AcmeServer, id: &str) -> Result<AcmeReply, AcmeError> {
    let id: RenewalCertId = id.parse()?;
    let request = request_of(server, &id).await?.ok_or_else(AcmeProblem::not_found)?;
    let validity = request.validity().ok_or_else(AcmeProblem::not_found)?;
    let (in_time, now) = (RenewalInfo::in_time(&validity, id.serial(), None), server.now());
    let is_urgent = is_revoked_or_rotated(server, &request, &id).await?
        || match request.standing() {
            Some(standing) => server.standing.find(standing).await?.is_some_and(|approval| {
                is_ending(&approval, request.registration_date(), in_time.start(), now)
            }),
            None => false,
        };
    let info = if is_urgent { RenewalInfo::at_once(now, None) } else { in_time };
    let reply = AcmeReply::object(StatusCode::OK, &info)?;
    Ok(reply.with(header::RETRY_AFTER, &info.retry_after().to_string()))
}

/// The request of a certificate. The serial number alone does not name it: the key identifier of the issuer has to be that of
/// the stored certificate.
pub(crate) async fn request_of(
    server: &AcmeServer,
    id: &RenewalCertId,
) -> Result<Option<Request>, AcmeError> {
    let stored = server.certificates.certificate(id.serial()).await?;
    let certificate = stored.and_then(|pem| Certificate::from_pem(&pem).ok());
    if certificate.is_none_or(|certificate| RenewalCertId::of(&certificate).as_ref() != Some(id)) {
        return Ok(None);
    }
    Ok(server.requests.with_serial(id.serial()).await?)
}

/// True if the certificate is revoked, or another key is that of the CA now.
async fn is_revoked_or_rotated(
    server: &AcmeServer,
    request: &Request,
    id: &RenewalCertId,
) -> Result<bool, AcmeError> {
    if request.revocation().is_some() {
        return Ok(true);
    }
    let in_force = server.issuers.in_force(&IssuerId::DEFAULT).await?;
    Ok(in_force.is_some_and(|issuer| issuer.key_identifier() != id.authority_key_identifier()))
}

/// True in the last days of a standing approval, for a certificate of the time before them whose own window comes too late. The
/// certificate that renews it is of the last days.
fn is_ending(
    approval: &StandingApproval,
    asked_at: OffsetDateTime,
    window: OffsetDateTime,
    now: OffsetDateTime,
) -> bool {
    let until = approval.until();
    let last_days = until - LAST_DAYS;
    approval.ended().is_none() && window >= until && asked_at < last_days && (last_days..until).contains(&now)
}
