//! Answers about the status of certificates (RFC 6960), in the profile of RFC 5019: one answer may be kept by caches until
//! its nextUpdate, unless the request has a nonce (RFC 9654).
//!
//! Invariant: an answer repeats the CertIDs of its request octet for octet, in their order, and is signed by a responder
//! whose certificate is in it. What a request says is bounded, and so is the time to read it.

mod request;
mod response;

pub use request::{CertId, OcspRequest, OcspRequestError};
pub use response::{CertStatus, OcspError, OcspResponder, OcspSignError, SingleStatus};

#[cfg(test)]
mod tests;
