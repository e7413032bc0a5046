//! The wire protocol of an ACME server (RFC 8555, RFC 8738, RFC 9773, draft-ietf-acme-profiles): requests in, objects out.
//!
//! - [`AcmeRequest`]: the JWS of a request, and [`VerifiedRequest`] after its signature. [`NonceKey`]: nonces.
//! - [`NewAccount`], [`AccountUpdate`], [`ExternalAccountBinding`], [`KeyChange`]; [`NewOrder`], [`read_csr`], [`check_csr`],
//!   [`CertificateRevocation`], [`read_deactivation`]: what the requests ask for.
//! - [`DirectoryObject`], [`AccountObject`], [`OrderObject`], [`AuthorizationObject`], [`OrdersList`], [`RenewalInfo`],
//!   [`certificate_chain`]: the answers. [`AcmeUrls`], [`link`]: their addresses. [`RenewalCertId`]: the name of a certificate.
//! - [`AcmeProblem`]: the only error.
//!
//! Invariant: no payload is readable before its signature and URL are right. Neither accounts, orders nor nonces are kept
//! here: who owns what, and whether a nonce is spent, is for the caller. Unknown members are ignored, as RFC 8555 demands; a
//! known one of a wrong type is `malformed`, by its name. Words are English, since clients print them as they are.

mod account;
mod authorization;
mod binding;
mod directory;
mod error_type;
mod finalize;
mod headers;
mod identifier;
mod key_change;
mod nonce;
mod order;
mod payload;
mod problem;
mod renewal;
mod request;
mod revocation;
mod signature;
mod urls;

pub use account::{AccountObject, AccountStatus, AccountUpdate, MAX_CONTACTS, NewAccount};
pub use authorization::{
    AuthorizationObject, AuthorizationStatus, ChallengeObject, ChallengeType, read_deactivation,
};
pub use binding::ExternalAccountBinding;
pub use directory::{DirectoryMeta, DirectoryObject};
pub use error_type::AcmeErrorType;
pub use finalize::{check_csr, read_csr};
pub use headers::{
    JOSE_MEDIA_TYPE, LinkRelation, PEM_CHAIN_MEDIA_TYPE, PROBLEM_MEDIA_TYPE, certificate_chain,
    check_content_type, link,
};
pub use identifier::{AcmeIdentifier, IdentifierError, IdentifierObject};
pub use key_change::KeyChange;
pub use nonce::{NONCE_LIFETIME, NonceKey, SpendableNonce};
pub use order::{NewOrder, OrderObject, OrderStatus, OrdersList};
pub use payload::{PayloadObject, RequestPayload};
pub use problem::{AcmeProblem, Subproblem};
pub use renewal::{RenewalCertId, RenewalInfo};
pub use request::{AcmeRequest, KeyReference, MAX_REQUEST_BYTES, VerifiedRequest};
pub use revocation::CertificateRevocation;
pub use signature::ACCOUNT_ALGORITHMS;
pub use urls::AcmeUrls;

#[cfg(test)]
mod tests;
