//! Orders, authorizations and challenges (RFC 8555 sections 7.1 and 7.4, RFC 9773 section 5).

use http::{StatusCode, header};
use pki::acme::{
    AcmeErrorType, AcmeIdentifier, AcmeProblem, AuthorizationObject, ChallengeObject, ChallengeType,
    LinkRelation, NewOrder, OrderStatus, OrdersList, RenewalCertId, RequestPayload, link, read_deactivation,
};
use workflow::acme::{AcmeAccount, AcmeOrder, AcmeOrderId, OrderTerms};
use workflow::ports::{PortError, Saved};
use workflow::store::update_acme_order;

use crate::approvals;
use crate::own_orders::{object, own, unfailing};
use crate::renewals::request_of;
use crate::reply::{AcmeError, AcmeReply};
use crate::server::AcmeServer;
use crate::signed::CheckedAcmeRequest;

/// The orders of a page.
const PAGE: usize = 50;

/// newOrder: an order inside the standing approval of the account, `ready` at once.
pub(crate) async fn create(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
) -> Result<AcmeReply, AcmeError> {
    let asked = NewOrder::read(&signed.request)?;
    let now = server.now();
    let newest = server.store.orders(account.id(), None, server.limits.hourly).await?;
    if let Err(error) = server.limits.check(&newest.orders, now) {
        let (id, seconds) = (account.id(), error.retry_after().whole_seconds());
        tracing::warn!(account.id = %id, "refused an order of ACME account {id}: {error}");
        let problem = AcmeProblem::new(AcmeErrorType::RateLimited, error.to_string());
        return Err(AcmeError::from(problem).with(header::RETRY_AFTER, seconds));
    }
    let approval = approvals::for_order(server, account, &asked, signed.source.as_deref()).await?;
    let instead_of = match &asked.replaces {
        Some(certificate) => replaceable(server, account, certificate, &asked.identifiers).await?,
        None => None,
    };
    let id = AcmeOrderId::random(now).map_err(|error| PortError::new("make an id", error))?;
    let NewOrder { identifiers, replaces, .. } = asked;
    let profile = approval.profile().to_owned();
    let terms = OrderTerms { standing: approval.id(), identifiers, profile, replaces };
    let order = AcmeOrder::new(id, account, terms, approval.until(), now);
    if server.store.create_order(&order, instead_of.as_ref()).await? == Saved::Conflict {
        return Err(match order.replaces() {
            // Another order for the same certificate came first, at the same time.
            Some(certificate) => match server.store.replacement(&certificate).await? {
                Some(name) if name.order == *order.id() => return created(server, &order),
                Some(name) => already_replaced(server, &name.order),
                None => contended().into(),
            },
            None => return created(server, &order),
        });
    }
    created(server, &order)
}

fn created(server: &AcmeServer, order: &AcmeOrder) -> Result<AcmeReply, AcmeError> {
    let (id, account) = (order.id(), order.account());
    tracing::info!(account.id = %account, "created order {id} of ACME account {account}");
    let reply = AcmeReply::object(StatusCode::CREATED, &object(server, order))?;
    Ok(reply.with(header::LOCATION, &server.urls().order(id.as_str())))
}

fn contended() -> PortError {
    PortError { what: "store the ACME order", cause: "another order came first, and is gone".into() }
}

/// Checks that an account may replace a certificate: its own, with a name of the order, and not replaced. Returns the invalid
/// order whose place the new one takes. Unknown certificates and those of others get one answer.
async fn replaceable(
    server: &AcmeServer,
    account: &AcmeAccount,
    certificate: &RenewalCertId,
    identifiers: &[AcmeIdentifier],
) -> Result<Option<AcmeOrderId>, AcmeError> {
    let unknown = || {
        AcmeProblem::malformed(
            "the certificate in \"replaces\" is unknown, is none of this account, or shares no name with the order; leave \"replaces\" out",
        )
    };
    let request = request_of(server, certificate).await?.ok_or_else(unknown)?;
    let named = server.store.order_of_request(request.id()).await?;
    let is_own = named.is_some_and(|name| name.account == *account.id());
    let is_shared = |one: &AcmeIdentifier| request.names().contains(&one.name().to_string());
    if !is_own || !identifiers.iter().any(is_shared) {
        return Err(unknown().into());
    }
    let Some(replacement) = server.store.replacement(certificate).await? else { return Ok(None) };
    match server.store.order(&replacement).await? {
        Some(order) if order.status(server.now()) != OrderStatus::Invalid => {
            Err(already_replaced(server, order.id()))
        }
        // The row of an order is removed some time after its end.
        _ => Ok(Some(replacement.order)),
    }
}

fn already_replaced(server: &AcmeServer, order: &AcmeOrderId) -> AcmeError {
    let detail = "another order replaces this certificate already; use that order, or leave \"replaces\" out";
    let location = server.urls().order(order.as_str());
    AcmeError::from(AcmeProblem::new(AcmeErrorType::AlreadyReplaced, detail)).with(header::LOCATION, location)
}

/// The orders of an account, but for invalid ones.
pub(crate) async fn list(
    server: &AcmeServer,
    account: &AcmeAccount,
    before: Option<&AcmeOrderId>,
) -> Result<AcmeReply, AcmeError> {
    let page = server.store.orders(account.id(), before, PAGE).await?;
    let (urls, now) = (server.urls(), server.now());
    // RFC 8555 section 7.1.2.1: not those that are invalid.
    let shown = page.orders.iter().filter(|order| order.status_at(now) != OrderStatus::Invalid);
    let orders = shown.map(|order| urls.order(order.id.as_str())).collect();
    let reply = AcmeReply::object(StatusCode::OK, &OrdersList { orders })?;
    Ok(match page.next {
        Some(next) => {
            let url = format!("{}?before={next}", urls.orders(account.id().as_str()));
            reply.with(header::LINK, &link(&url, LinkRelation::Next))
        }
        None => reply,
    })
}

/// An authorization of an order, after it was given up if the client asks for that.
pub(crate) async fn authorization(
    server: &AcmeServer,
    signed: &CheckedAcmeRequest,
    account: &AcmeAccount,
    id: &AcmeOrderId,
    index: usize,
) -> Result<AcmeReply, AcmeError> {
    let mut order = own(server, account, id).await?;
    let identifier = identifier(&order, index)?;
    if signed.request.payload() != &RequestPayload::Empty {
        read_deactivation(&signed.request)?;
        let edited = update_acme_order(&*server.store, &order, |row| row.deactivate(index)).await;
        order = edited.map_err(unfailing)?.row;
        tracing::info!(account.id = %account.id(), "an authorization of order {id} was given up");
    }
    let (urls, now) = (server.urls(), server.now());
    let url = |challenge| urls.challenge(id.as_str(), index, challenge);
    let (status, since) = (order.authorization(index, now), order.made_at());
    AcmeReply::object(
        StatusCode::OK,
        &AuthorizationObject::new(&identifier, status, since, order.ends_at(), url),
    )
}

/// A challenge: it is fulfilled, whatever the client sends.
pub(crate) async fn challenge(
    server: &AcmeServer,
    account: &AcmeAccount,
    id: &AcmeOrderId,
    index: usize,
    challenge: ChallengeType,
) -> Result<AcmeReply, AcmeError> {
    let order = own(server, account, id).await?;
    if !ChallengeType::of(&identifier(&order, index)?).contains(&challenge) {
        return Err(AcmeProblem::not_found().into());
    }
    let urls = server.urls();
    let url = urls.challenge(id.as_str(), index, challenge);
    let reply = AcmeReply::object(StatusCode::OK, &ChallengeObject::new(challenge, url, order.made_at()))?;
    Ok(reply.with(header::LINK, &link(&urls.authorization(id.as_str(), index), LinkRelation::Up)))
}

fn identifier(order: &AcmeOrder, index: usize) -> Result<AcmeIdentifier, AcmeProblem> {
    order.identifiers().nth(index).cloned().ok_or_else(AcmeProblem::not_found)
}
