//! revokeCert (RFC 8555 section 7.6): by the account of the certificate, or by the key of the certificate.

use http::StatusCode;
use pki::acme::{AcmeErrorType, AcmeProblem, CertificateRevocation};
use pki::crl::RevocationReason;
use workflow::acme::AcmeAccount;
use workflow::certificate::revoking::RevocationError;
use workflow::request::audit::{Actor, Origin};
use workflow::request::{Request, RevocationOrder};

use crate::reply::{AcmeError, AcmeReply};
use crate::server::{AcmeServer, as_requester};
use crate::signed::CheckedAcmeRequest;

/// By the account that ordered the certificate.
pub(crate) async fn by_account(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
) -> Result<AcmeReply, AcmeError> {
    let revocation = CertificateRevocation::read(&signed.request)?;
    let request = issued(server, &revocation).await?.ok_or_else(not_yours)?;
    let named = server.store.order_of_request(request.id()).await?;
    if named.is_none_or(|name| name.account != *account.id()) {
        return Err(not_yours().into());
    }
    let allowed = server.policies.current().await?.revocation().requester().to_vec();
    let by = as_requester(&server.standing_of(account).await?, signed.source.clone());
    revoke(server, &request, revocation.reason, &allowed, &by).await
}

/// By the key of the certificate, which may be of any request.
pub(crate) async fn by_key(server: &AcmeServer, signed: &CheckedAcmeRequest) -> Result<AcmeReply, AcmeError> {
    let revocation = CertificateRevocation::read(&signed.request)?;
    if !revocation.is_by_its_key(&signed.request) {
        return Err(not_yours().into());
    }
    let request = issued(server, &revocation).await?.ok_or_else(not_yours)?;
    let mut allowed = server.policies.current().await?.revocation().key_holder().to_vec();
    // Who can prove it has the key: so it is compromised, or its holder says so.
    allowed.push(RevocationReason::KeyCompromise);
    let by = Origin::caller(Actor::key_holder(), signed.source.clone());
    revoke(server, &request, revocation.reason, &allowed, &by).await
}

/// The request of the certificate, if the certificate is the stored one, octet by octet.
async fn issued(
    server: &AcmeServer,
    revocation: &CertificateRevocation,
) -> Result<Option<Request>, AcmeError> {
    let serial = revocation.certificate.serial();
    let stored = server.certificates.certificate(serial).await?;
    match stored {
        Some(stored) if stored.trim() == revocation.certificate.pem().trim() => {
            Ok(server.requests.with_serial(serial).await?)
        }
        _ => Ok(None),
    }
}

async fn revoke(
    server: &AcmeServer,
    request: &Request,
    reason: RevocationReason,
    allowed: &[RevocationReason],
    by: &Origin,
) -> Result<AcmeReply, AcmeError> {
    if request.revocation().is_some() {
        return Err(already_revoked().into());
    }
    let order = RevocationOrder { reason, comment: None };
    match server.revocation_intake().revoke(request, &order, allowed, by).await {
        Ok(_) => Ok(AcmeReply::empty(StatusCode::OK)),
        Err(RevocationError::NotAllowed(reason)) => {
            let known: Vec<String> = allowed.iter().map(|one| format!("{} ({one})", one.number())).collect();
            let detail = format!(
                "the policy does not allow the reason {reason} here; use one of {}",
                known.join(", ")
            );
            Err(AcmeProblem::new(AcmeErrorType::BadRevocationReason, detail).into())
        }
        Err(error @ (RevocationError::NoCertificate(_) | RevocationError::Ended(_))) => {
            Err(AcmeProblem::malformed(format!("nothing is revoked: {error}")).into())
        }
        Err(RevocationError::Port(error)) => Err(error.into()),
    }
}

/// Unknown certificates and those of others get one answer.
fn not_yours() -> AcmeProblem {
    AcmeProblem::unauthorized(
        "the certificate is unknown here, or is neither of this account nor of the key that signs; sign with the account that ordered it, or with its own key",
    )
}

fn already_revoked() -> AcmeProblem {
    AcmeProblem::new(
        AcmeErrorType::AlreadyRevoked,
        "the certificate is revoked already; nothing is left to do",
    )
}
