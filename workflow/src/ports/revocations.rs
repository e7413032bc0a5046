//! The table of revoked certificates.

use async_trait::async_trait;
use pki::certificate::Serial;

use super::{PortError, Saved};
use crate::certificate::Revocation;
use crate::request::Request;
use crate::request::audit::Event;

/// Some revoked certificates of an issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationPage {
    /// The certificates, ascending by the text of their serial.
    pub revocations: Vec<Revocation>,
    /// The last serial of the page; `None` if there are no more.
    pub next: Option<Serial>,
}

/// Reads the table of revoked certificates, by the subject key identifier of the issuer (lower-case hex).
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Reads one row consistently.
    async fn find(&self, issuer: &str, serial: &Serial) -> Result<Option<Revocation>, PortError>;
    /// Reads the rows of an issuer consistently, those after a serial if one is given.
    async fn page(&self, issuer: &str, after: Option<&Serial>) -> Result<RevocationPage, PortError>;
}

/// Writes revocations.
#[async_trait]
pub trait RevocationWriter: Send + Sync {
    /// Adds the revocation, if it is missing, updates the request, increments its version, and adds the audit events, in
    /// one transaction; conflicts if the stored version of the request is not `request.version`.
    async fn record(
        &self,
        revocation: &Revocation,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError>;
}
