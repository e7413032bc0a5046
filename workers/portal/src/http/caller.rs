//! Where a request comes from, for the audit trail: the address as API Gateway gives it, which the caller cannot choose.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;
use workflow::email::Email;
use workflow::request::audit::{Actor, Origin};

/// The address of the caller; nothing where no gateway gave one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caller(Option<String>);

impl Caller {
    /// The caller as the holder of an approver's link.
    pub(crate) fn as_approver(&self, email: &Email) -> Origin {
        Origin::caller(Actor::approver(email), self.0.clone())
    }

    /// The caller as the holder of a requester's link.
    pub(crate) fn as_requester(&self, email: &Email) -> Origin {
        Origin::caller(Actor::requester(email), self.0.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV1(context)) => context.identity.source_ip.clone(),
            _ => None,
        }))
    }
}
