//! The tables and the bucket.

use async_trait::async_trait;
use serde::Deserialize;
use time::OffsetDateTime;

use super::PortError;
use crate::approval::{Approval, InboxLink, Link, LinkDigest};
#[cfg(doc)]
use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::ids::RequestId;
use crate::request::audit::Event;
use crate::request::{Request, Status};
use pki::certificate::Serial;

/// The result of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Saved {
    /// The row was written.
    Yes,
    /// The row has another version, or already exists.
    Conflict,
}

/// A request as an index lists it: the columns by which housekeeping chooses the rows to read. As they were a moment ago.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedRequest {
    /// See [`Request::id`].
    pub id: RequestId,
    /// See [`Request::status`].
    pub status: Status,
    /// The ARN of [`Request::execution`].
    pub execution_arn: String,
    /// See [`Request::expires_at`]; only in a list by status.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// A certificate as the index by end lists it. As it was a moment ago.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndingCertificate {
    /// See [`Request::id`].
    pub id: RequestId,
    /// See [`Request::not_after`].
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
}

/// The table of requests.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Reads the row consistently.
    async fn find(&self, id: RequestId) -> Result<Option<Request>, PortError>;
    /// Inserts a row, and its first audit events, in one transaction; conflicts if the row exists.
    async fn create(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError>;
    /// Updates the row, increments its version, and adds the audit events, in one transaction; conflicts if the stored
    /// version is not `request.version`.
    async fn save(&self, request: &Request, events: &[Event]) -> Result<Saved, PortError>;
    /// The requests in a status, oldest first, at most `limit`. Reads no rows.
    async fn list(&self, status: Status, limit: usize) -> Result<Vec<ListedRequest>, PortError>;
    /// The requests of [`Requests::list`] after this one, which may have another status by now.
    async fn list_after(
        &self,
        status: Status,
        after: &Request,
        limit: usize,
    ) -> Result<Vec<ListedRequest>, PortError>;
    /// The requests that [are unnotified](Request::is_unnotified) or have an
    /// [open revocation](Request::has_open_revocation), oldest first, at most `limit`. Reads no rows.
    async fn unnotified(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError>;
    /// The requests in a status whose validity ends from `from` to `until`, the first to end first, at most `limit`. Reads
    /// no rows.
    async fn ending(
        &self,
        status: Status,
        from: OffsetDateTime,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError>;
    /// The certificates of [`Requests::ending`] after this one, which may be gone. Those of one second have an order of the index, which is
    /// not that of their ids.
    async fn ending_after(
        &self,
        status: Status,
        after: &EndingCertificate,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<EndingCertificate>, PortError>;
    /// The certificates of an address (compared exactly) that are issued or delivered and end from `from` to `until`, the
    /// first to end first. Reads no rows. Eventually consistent.
    async fn ending_of(
        &self,
        email: &Email,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<EndingCertificate>, PortError>;
    /// The requests that [supersede another](Request::is_superseding), oldest first, at most `limit`. Reads no rows.
    async fn superseding(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError>;
    /// The requests with an [open standing approval](Request::has_open_standing), oldest first, at most `limit`. Reads no rows.
    async fn open_standing(&self, limit: usize) -> Result<Vec<ListedRequest>, PortError>;
    /// The rows, as they were a moment ago, in any order; ids that are unknown are left out.
    async fn find_all(&self, ids: &[RequestId]) -> Result<Vec<Request>, PortError>;
    /// The requests of an address (compared exactly), newest first, at most `limit`.
    async fn of_requester(&self, email: &Email, limit: usize) -> Result<Vec<Request>, PortError>;
    /// The oldest request of an address (compared exactly) that is not unconfirmed: the reader of the mailbox sent it,
    /// and no later one takes its place. Eventually consistent.
    async fn first_confirmed_of(&self, email: &Email) -> Result<Option<RequestId>, PortError>;
    /// The number of requests registered since `since`, of any status, by the person with this address in any spelling
    /// ([`PlusTags::person`]), without certificates under a standing approval; eventually consistent. Reads about `enough` entries of an index at most, and no rows.
    async fn registered_by(
        &self,
        email: &Email,
        since: OffsetDateTime,
        enough: usize,
    ) -> Result<usize, PortError>;
    /// Like [`Requests::registered_by`], for undecided requests, without unconfirmed ones.
    async fn undecided_of(
        &self,
        email: &Email,
        since: OffsetDateTime,
        enough: usize,
    ) -> Result<usize, PortError>;
    /// The request whose certificate has, or will have, this serial. Eventually consistent.
    async fn with_serial(&self, serial: &Serial) -> Result<Option<Request>, PortError>;
    /// The requests for a public key (hex SHA-256 of the SPKI), newest first, at most `limit`.
    async fn with_key(&self, public_key_digest: &str, limit: usize) -> Result<Vec<Request>, PortError>;
}

/// Reads audit trails.
#[async_trait]
pub trait AuditTrails: Send + Sync {
    /// The trail of a request, in order; consistent.
    async fn trail(&self, id: RequestId) -> Result<Vec<Event>, PortError>;
}

/// The table of approvals.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// Reads the approval of a request consistently.
    async fn find(&self, id: RequestId) -> Result<Option<Approval>, PortError>;
    /// Inserts an approval; conflicts if it exists.
    async fn create(&self, approval: &Approval) -> Result<Saved, PortError>;
    /// Updates the approval and increments its version; conflicts if the stored version is not `approval.version`.
    async fn save(&self, approval: &Approval) -> Result<Saved, PortError>;
    /// Updates approval and request, increments both versions, and adds the audit events, in one transaction; conflicts
    /// if a stored version differs.
    async fn save_with(
        &self,
        approval: &Approval,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError>;
    /// Adds a link.
    async fn add_link(&self, link: &Link) -> Result<(), PortError>;
    /// Reads the link with this digest consistently.
    async fn find_link(&self, digest: &LinkDigest) -> Result<Option<Link>, PortError>;
    /// Adds a link of an approver to everything that waits for them.
    async fn add_inbox(&self, inbox: &InboxLink) -> Result<(), PortError>;
    /// Reads the inbox link with this digest consistently. It may have ended.
    async fn find_inbox(&self, digest: &LinkDigest) -> Result<Option<InboxLink>, PortError>;
}

/// The issued certificates.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// Stores the certificate (PEM) of a serial, unless there is one. Returns the stored certificate.
    async fn store(&self, serial: &Serial, certificate_pem: &str) -> Result<String, PortError>;
    /// The stored certificate (PEM) of a serial.
    async fn certificate(&self, serial: &Serial) -> Result<Option<String>, PortError>;
}
