//! The certificate of an order, with its chains (RFC 8555 section 7.4.2).

use http::{StatusCode, header};
use pki::acme::{AcmeErrorType, AcmeProblem, LinkRelation, PEM_CHAIN_MEDIA_TYPE, certificate_chain, link};
use pki::certificate::Certificate;
use pki::issuer::Issuer;
use workflow::acme::{AcmeAccount, AcmeOrderId, OrderState};
use workflow::ids::IssuerId;
use workflow::ports::PortError;
use workflow::request::download::{DownloadError, DownloadFormat};

use crate::own_orders::own;
use crate::reply::{AcmeError, AcmeReply};
use crate::server::{AcmeServer, as_requester};
use crate::signed::CheckedAcmeRequest;

/// The certificate with a chain; number 0 is the one of the issuer in force.
pub(crate) async fn show(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
    id: &AcmeOrderId,
    number: usize,
) -> Result<AcmeReply, AcmeError> {
    let order = own(server, account, id).await?;
    let OrderState::Valid { request_id, .. } = order.state() else {
        let detail = "the order has no certificate; read the order until its status is \"valid\"";
        return Err(AcmeProblem::new(AcmeErrorType::OrderNotReady, detail).into());
    };
    let broken = |cause: String| PortError { what: "read the certificate of an order", cause };
    let request = server.requests.find(*request_id).await?;
    let request = request.ok_or_else(|| broken("there is no such request".into()))?;
    let downloads = server.downloads();
    let file = downloads.file(&request, DownloadFormat::Pem).await.map_err(port_error)?;
    let pem = String::from_utf8(file).map_err(|_| broken("it is no PEM".into()))?;
    let certificate = Certificate::from_pem(&pem).map_err(|error| broken(error.to_string()))?;
    let issuers = issuers_of(server, &certificate).await?;
    let Some(issuer) = issuers.get(number) else {
        return Err(match number {
            0 => broken("no stored CA certificate verifies it".into()).into(),
            _ => AcmeProblem::not_found().into(),
        });
    };
    let by = as_requester(&server.standing_of(account).await?, signed.source.clone());
    downloads.record(&request, DownloadFormat::Pem, &by).await.map_err(port_error)?;
    let chain = certificate_chain(&certificate, issuer);
    let urls = server.urls();
    let others = (0..issuers.len()).filter(|other| *other != number).map(|other| match other {
        0 => urls.certificate(id.as_str()),
        other => urls.alternate(id.as_str(), other),
    });
    let reply = AcmeReply::text(StatusCode::OK, PEM_CHAIN_MEDIA_TYPE, chain);
    Ok(others.fold(reply, |reply, url| reply.with(header::LINK, &link(&url, LinkRelation::Alternate))))
}

/// The issuers that verify a certificate: the one in force first, then the one that ends last; an order that does not change.
async fn issuers_of(server: &AcmeServer, certificate: &Certificate) -> Result<Vec<Issuer>, PortError> {
    let verifies = |issuer: &Issuer| issuer.verify(certificate.der()).is_ok();
    let mut all: Vec<Issuer> =
        server.issuers.in_force(&IssuerId::DEFAULT).await?.into_iter().filter(verifies).collect();
    if let Some(identifier) = certificate.authority_key_identifier() {
        let mut others = server.issuers.with_key_identifier(&identifier).await?;
        others.retain(verifies);
        others.sort_by_key(|issuer| (std::cmp::Reverse(issuer.not_after()), issuer.chain_digest()));
        for other in others {
            if all.iter().all(|one| one.chain_digest() != other.chain_digest()) {
                all.push(other);
            }
        }
    }
    Ok(all)
}

fn port_error(error: DownloadError) -> PortError {
    match error {
        DownloadError::Port(error) => error,
        error => PortError::new("read the certificate of an order", error),
    }
}
