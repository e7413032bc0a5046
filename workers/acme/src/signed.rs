//! The checks of a signed request: media type, signature, URL, nonce and account, in this order.

use http::header;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use pki::acme::{
    AccountStatus, AcmeProblem, AcmeRequest, AcmeUrls, KeyReference, NonceKey, VerifiedRequest,
    check_content_type,
};
use workflow::acme::{AcmeAccount, AcmeAccountId};
use workflow::ports::{PortError, Saved};

use crate::reply::AcmeError;
use crate::route::AcmeRoute;
use crate::server::AcmeServer;

/// A request whose signature, nonce and account are right.
pub(crate) struct CheckedAcmeRequest {
    /// The request.
    pub(crate) request: VerifiedRequest,
    /// The IP address of the client, if a gateway stated one.
    pub(crate) source: Option<String>,
}

/// The key of nonces.
pub(crate) async fn nonce_key(server: &AcmeServer) -> Result<NonceKey, PortError> {
    Ok(server.links.secret().await?.nonce_key())
}

/// Checks a signed request, and spends its nonce. Returns the account, unless the request brings its key.
pub(crate) async fn verified(
    server: &AcmeServer,
    route: &AcmeRoute,
    request: &Request,
) -> Result<(CheckedAcmeRequest, Option<AcmeAccount>), AcmeError> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    check_content_type(media_type)?;
    let parsed = AcmeRequest::parse(request.body().as_ref())?;
    let urls = server.urls();
    let url = route.url(&urls);
    let brings_key = matches!(parsed.key(), KeyReference::Jwk(_));
    let (verified, account) = match (route, brings_key) {
        (AcmeRoute::NewAccount, _) | (AcmeRoute::RevokeCert, true) => (parsed.verify_by_own_key(&url)?, None),
        _ => {
            let account = account_of(server, &urls, &parsed).await?;
            // A row with a key that is not good any more: as if the account were not there.
            let key = account.key().ok_or_else(AcmeUrls::no_account)?;
            (parsed.verify_by_account_key(&key, &url)?, Some(account))
        }
    };
    // After the signature, so that nobody spends the nonces of others; before anything is done, reading included.
    let nonce = nonce_key(server).await?.check(verified.nonce(), server.now())?;
    if server.store.spend(&nonce).await? == Saved::Conflict {
        return Err(NonceKey::refused().into());
    }
    let signed = CheckedAcmeRequest { request: verified, source: source(request) };
    // After the signature, or strangers learn which accounts exist.
    if account.as_ref().is_some_and(|account| account.status() != AccountStatus::Valid) {
        return Err(AcmeProblem::deactivated_account().into());
    }
    Ok((signed, account))
}

async fn account_of(
    server: &AcmeServer,
    urls: &AcmeUrls,
    request: &AcmeRequest,
) -> Result<AcmeAccount, AcmeError> {
    let id: Result<AcmeAccountId, _> = urls.account_id(request.account_url()?)?.parse();
    let id = id.map_err(|_| AcmeUrls::no_account())?;
    Ok(server.store.account(&id).await?.ok_or_else(AcmeUrls::no_account)?)
}

/// The IP address of the client. API Gateway states it; the client cannot choose it.
fn source(request: &Request) -> Option<String> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.clone(),
        _ => None,
    }
}
