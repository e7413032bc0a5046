//! A request of HTTP: its route, its act, and the headers of its answer.

use http::{Method, Response, StatusCode, header};
use lambda_http::{Body, Request};
use pki::acme::{AcmeProblem, DirectoryMeta, DirectoryObject, LinkRelation, link};
use workflow::acme::{AcmeAccount, AcmeAccountId};
use workflow::texts::Language;

use crate::reply::{AcmeError, AcmeReply};
use crate::route::AcmeRoute;
use crate::server::AcmeServer;
use crate::signed::{CheckedAcmeRequest, nonce_key, verified};
use crate::{accounts, certificates, finalize, orders, renewals, revocations};

/// The methods of resources that are read and written by signed requests.
const ALLOWED: &str = "POST";
/// The header of nonces.
const REPLAY_NONCE: &str = "replay-nonce";

/// Answers a request.
pub async fn answer(server: &AcmeServer, request: Request) -> Response<Body> {
    let route = AcmeRoute::of(request.uri(), server.base_url.path());
    let is_head = request.method() == Method::HEAD;
    let reply = match &route {
        Some(route) => respond(server, route, &request).await,
        None => Err(AcmeProblem::not_found().into()),
    };
    let mut reply = reply.unwrap_or_else(AcmeError::into_reply);
    if is_head {
        reply = reply.without_body();
    }
    // RFC 8555 section 7.1: every answer but the directory itself leads there.
    if route != Some(AcmeRoute::Directory) {
        reply = reply.with(header::LINK, &link(&server.urls().directory(), LinkRelation::Index));
    }
    // RFC 8555 section 6.5: errors too have a nonce, with which the client repeats its request.
    match (nonce(server).await, &route) {
        (Ok(nonce), _) => reply = reply.with(header::HeaderName::from_static(REPLAY_NONCE), &nonce),
        (Err(error), Some(AcmeRoute::NewNonce)) => reply = error.into_reply(),
        // What was done is done: the client asks for a nonce by itself.
        (Err(_), _) => {}
    }
    reply.with(header::CACHE_CONTROL, "no-store").into_response()
}

async fn nonce(server: &AcmeServer) -> Result<String, AcmeError> {
    Ok(nonce_key(server).await?.make(&*server.random, server.now())?)
}

async fn respond(server: &AcmeServer, route: &AcmeRoute, request: &Request) -> Result<AcmeReply, AcmeError> {
    match (request.method(), route) {
        (&Method::GET | &Method::HEAD, AcmeRoute::Directory) => directory(server).await,
        (&Method::HEAD, AcmeRoute::NewNonce) => Ok(AcmeReply::empty(StatusCode::OK)),
        (&Method::GET, AcmeRoute::NewNonce) => Ok(AcmeReply::empty(StatusCode::NO_CONTENT)),
        (&Method::GET | &Method::HEAD, AcmeRoute::RenewalInfo(id)) => renewals::show(server, id).await,
        // RFC 9773 section 4.1: renewal information is read by GET.
        (_, AcmeRoute::RenewalInfo(_)) => Err(method_not_allowed("GET, HEAD")),
        (&Method::POST, route) => signed(server, route, request).await,
        (_, AcmeRoute::Directory | AcmeRoute::NewNonce) => Err(method_not_allowed("GET, HEAD, POST")),
        _ => Err(method_not_allowed(ALLOWED)),
    }
}

fn method_not_allowed(allowed: &'static str) -> AcmeError {
    AcmeError::from(AcmeProblem::method_not_allowed()).with(header::ALLOW, allowed)
}

/// The directory: with the profiles that have standing approvals.
async fn directory(server: &AcmeServer) -> Result<AcmeReply, AcmeError> {
    let policy = server.policies.current().await?;
    let profiles = policy.profiles().filter(|profile| profile.standing().is_some());
    let described = profiles
        .map(|profile| (profile.name().to_owned(), profile.description(Language::default()).to_owned()))
        .collect();
    let meta = DirectoryMeta {
        website: Some(server.base_url.to_string()),
        external_account_required: true,
        profiles: described,
        ..DirectoryMeta::default()
    };
    AcmeReply::object(StatusCode::OK, &DirectoryObject::new(&server.urls(), meta))
}

/// Checks a signed request, and acts.
async fn signed(server: &AcmeServer, route: &AcmeRoute, request: &Request) -> Result<AcmeReply, AcmeError> {
    match verified(server, route, request).await? {
        (signed, None) => by_key(server, route, signed).await,
        (signed, Some(account)) => by_account(server, route, signed, account).await,
    }
}

/// Acts for a request that brings its key.
async fn by_key(
    server: &AcmeServer,
    route: &AcmeRoute,
    signed: CheckedAcmeRequest,
) -> Result<AcmeReply, AcmeError> {
    match route {
        AcmeRoute::NewAccount => accounts::create(server, &signed).await,
        AcmeRoute::RevokeCert => revocations::by_key(server, &signed).await,
        _ => Err(AcmeProblem::not_found().into()),
    }
}

/// Acts for a request of an account.
async fn by_account(
    server: &AcmeServer,
    route: &AcmeRoute,
    signed: CheckedAcmeRequest,
    account: AcmeAccount,
) -> Result<AcmeReply, AcmeError> {
    let payload = signed.request.payload();
    match route {
        AcmeRoute::Directory => {
            payload.empty()?;
            directory(server).await
        }
        AcmeRoute::NewNonce => {
            payload.empty()?;
            Ok(AcmeReply::empty(StatusCode::OK))
        }
        AcmeRoute::Account(id) => {
            is_own(id, &account)?;
            accounts::show_or_update(server, &signed, &account).await
        }
        AcmeRoute::Orders(id, before) => {
            is_own(id, &account)?;
            payload.empty()?;
            orders::list(server, &account, before.as_ref()).await
        }
        AcmeRoute::KeyChange => accounts::change_key(server, &signed, &account).await,
        AcmeRoute::NewOrder => orders::create(server, &signed, &account).await,
        AcmeRoute::Order(id) => {
            payload.empty()?;
            finalize::show(server, &account, id).await
        }
        AcmeRoute::Finalize(id) => finalize::finalize(server, &signed, &account, id).await,
        AcmeRoute::Certificate(id, number) => {
            payload.empty()?;
            certificates::show(server, &signed, &account, id, *number).await
        }
        AcmeRoute::Authorization(id, index) => {
            orders::authorization(server, &signed, &account, id, *index).await
        }
        AcmeRoute::Challenge(id, index, challenge) => {
            orders::challenge(server, &account, id, *index, *challenge).await
        }
        AcmeRoute::RevokeCert => revocations::by_account(server, &signed, &account).await,
        AcmeRoute::NewAccount | AcmeRoute::RenewalInfo(_) => Err(AcmeProblem::not_found().into()),
    }
}

fn is_own(id: &AcmeAccountId, account: &AcmeAccount) -> Result<(), AcmeProblem> {
    if id == account.id() {
        return Ok(());
    }
    Err(AcmeProblem::unauthorized("this URL is of another account than the one that signs the request"))
}
