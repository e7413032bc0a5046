//! The orders of an account, and how clients get them.
//!
//! Invariant: an order is looked up in the account that signed the request, so orders of others are not there.

use http::{StatusCode, header};
use pki::acme::{AcmeErrorType, AcmeProblem, OrderObject, OrderStatus};
use workflow::acme::{AcmeAccount, AcmeOrder, AcmeOrderId, OrderFailure, OrderState};
use workflow::ports::{OrderName, PortError};
use workflow::store::UpdateError;

use crate::reply::{AcmeError, AcmeReply};
use crate::server::AcmeServer;

/// The seconds after which a client asks again for an order that is processed.
const RETRY_AFTER: &str = "2";

/// An order of an account. One that is not there and one of another account get the same answer.
pub(crate) async fn own(
    server: &AcmeServer,
    account: &AcmeAccount,
    id: &AcmeOrderId,
) -> Result<AcmeOrder, AcmeError> {
    let name = OrderName { account: account.id().clone(), order: id.clone() };
    let unknown = || AcmeProblem::unauthorized("the account has no such order");
    Ok(server.store.order(&name).await?.ok_or_else(unknown)?)
}

/// The answer with an order.
pub(crate) fn reply(server: &AcmeServer, order: &AcmeOrder) -> Result<AcmeReply, AcmeError> {
    let reply = AcmeReply::object(StatusCode::OK, &object(server, order))?;
    let reply = reply.with(header::LOCATION, &server.urls().order(order.id().as_str()));
    Ok(match order.status(server.now()) {
        OrderStatus::Processing => reply.with(header::RETRY_AFTER, RETRY_AFTER),
        _ => reply,
    })
}

/// The order as clients get it.
pub(crate) fn object(server: &AcmeServer, order: &AcmeOrder) -> OrderObject {
    let (urls, id, status) = (server.urls(), order.id().as_str(), order.status(server.now()));
    let error = match order.state() {
        OrderState::Invalid { error } => Some(problem(error)),
        _ if status == OrderStatus::Invalid => {
            Some(AcmeProblem::malformed("the order has expired; make another one"))
        }
        _ => None,
    };
    OrderObject {
        status,
        expires: order.ends_at(),
        identifiers: order.identifiers().cloned().collect(),
        profile: Some(order.profile().to_owned()),
        replaces: order.replaces(),
        error,
        authorizations: (0..order.identifiers().len()).map(|index| urls.authorization(id, index)).collect(),
        finalize: urls.finalize(id),
        certificate: (status == OrderStatus::Valid).then(|| urls.certificate(id)),
    }
}

fn problem(failure: &OrderFailure) -> AcmeProblem {
    match failure {
        OrderFailure::Deactivated => AcmeProblem::unauthorized("an authorization of the order was given up"),
        OrderFailure::Refused { reason } => {
            AcmeProblem::unauthorized(format!("the certificate was refused: {reason}"))
        }
        OrderFailure::Failed => AcmeProblem::new(
            AcmeErrorType::ServerInternal,
            "the certificate was not made, because of an error of which the operators are told; order again later",
        ),
    }
}

/// The error of an edit that rejects nothing.
pub(crate) fn unfailing(error: UpdateError<std::convert::Infallible>) -> PortError {
    match error {
        UpdateError::Port(error) => error,
        UpdateError::Rejected(never) => match never {},
        UpdateError::Missing(id) => {
            PortError { what: "change the ACME order", cause: format!("there is no request {id}") }
        }
    }
}
