//! The IP address of the client, for the audit trail. API Gateway states it; the client cannot choose it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;
use workflow::email::Email;
use workflow::request::audit::{Actor, Origin};

/// The IP address of the client, if a gateway stated one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientAddr(Option<String>);

impl ClientAddr {
    /// The holder of an approver's link, at this address.
    pub(crate) fn as_approver(&self, email: &Email) -> Origin {
        Origin::caller(Actor::approver(email), self.0.clone())
    }

    /// An operator at the console, at this address.
    pub(crate) fn as_operator(&self, email: &Email) -> Origin {
        Origin::caller(Actor::operator(email.as_str()), self.0.clone())
    }

    /// The holder of the private key of a certificate, at this address.
    pub(crate) fn as_key_holder(&self) -> Origin {
        Origin::caller(Actor::key_holder(), self.0.clone())
    }

    /// The holder of a requester's link, at this address.
    pub(crate) fn as_requester(&self, email: &Email) -> Origin {
        Origin::caller(Actor::requester(email), self.0.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.clone(),
            _ => None,
        }))
    }
}
