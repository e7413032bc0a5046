//! The tables and the bucket.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::{Approval, Link, LinkDigest};
use crate::email::Email;
use crate::ids::RequestId;
use crate::request::audit::Event;
use crate::request::{Request, Status};
use pki::certificate::Serial;
use pki::name::Name;

/// Whether a conditional write took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Saved {
    /// It did.
    Yes,
    /// The row is no longer the one that was read, or exists already.
    Conflict,
}

/// The table of requests.
#[async_trait]
pub trait Requests: Send + Sync {
    /// The row, read consistently.
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError>;
    /// Writes a new row where there is none, and its first events, in one transaction.
    async fn create(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError>;
    /// Writes the row where its version is still `request.version`, counts the version up, and adds the events of the
    /// change to the audit trail, in one transaction.
    async fn save(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError>;
    /// The requests of a status, oldest first, at most `limit`.
    async fn list(&self, status: Status, limit: usize) -> Result<Vec<Request>, PortError>;
    /// The requests that [are unnotified](Request::is_unnotified), oldest first, at most `limit`, as that was known a moment ago.
    async fn unnotified(&self, limit: usize) -> Result<Vec<Request>, PortError>;
    /// The rows, as they were a moment ago, in any order; ids that are unknown are left out.
    async fn find_all(&self, ids: &[RequestId]) -> Result<Vec<Request>, PortError>;
    /// The requests of an address (as it was written), newest first, at most `limit`.
    async fn of_requester(&self, email: &Email, limit: usize) -> Result<Vec<Request>, PortError>;
    /// How many requests of an address (as it was written) that were registered since then are undecided, as far as
    /// that was known a moment ago; counting may stop at `enough`.
    async fn undecided_of(
        &self,
        email: &Email,
        since: OffsetDateTime,
        enough: usize,
    ) -> Result<usize, PortError>;
    /// Other requests for the same public key (hex SHA-256 of the SPKI), newest first, at most `limit`.
    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError>;
}

/// Which requests ask for which names.
#[async_trait]
pub trait NameIndex: Send + Sync {
    /// Enters a request under each of these, its names or keys of [`look_alike`]; repeating changes nothing.
    async fn enter(&self, names: &[String], id: RequestId) -> Result<(), PortError>;
    /// The requests entered under a name or key, at most `limit`.
    async fn of(&self, name: &str, limit: usize) -> Result<Vec<RequestId>, PortError>;
}

/// The entry under which [`NameIndex`] keeps requests with a name that looks like this one, where the name is of a kind that is
/// read letter by letter; see [`Name::confusable_skeleton`]. No name begins with `~`.
pub fn look_alike(name: &str) -> Option<String> {
    Some(format!("~{}", name.parse::<Name>().ok()?.confusable_skeleton()?))
}

/// The table of approvals.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// The approval of a request, read consistently.
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError>;
    /// Writes a new approval where there is none.
    async fn create(&self, approval: &Approval) -> Result<Saved, PortError>;
    /// Writes the approval where its version is still `approval.version`, and counts the version up.
    async fn save(&self, approval: &Approval) -> Result<Saved, PortError>;
    /// Writes approval and request where both are still of the versions given, counts both up, and adds the events to the
    /// audit trail, in one transaction.
    async fn save_with(
        &self,
        approval: &Approval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError>;
    /// Adds a link.
    async fn add_link(&self, link: &Link) -> Result<(), PortError>;
    /// The link with this digest, read consistently.
    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError>;
}

/// The certificates that were issued.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// Stores the certificate (PEM) of a serial where there is none, and gives back the one that is stored now.
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError>;
    /// The stored certificate (PEM) of a serial.
    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError>;
}
