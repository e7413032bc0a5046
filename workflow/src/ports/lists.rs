//! The published revocation lists.

use async_trait::async_trait;
use pki::crl::Crl;
use time::OffsetDateTime;

use super::{PortError, Saved};

/// The version of a published list: the condition of its replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListVersion(pub String);

/// A published list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedList {
    /// The list.
    pub crl: Crl,
    /// Its version.
    pub version: ListVersion,
}

/// The published revocation lists, one for each issuer by its subject key identifier (lower-case hex).
#[async_trait]
pub trait RevocationLists: Send + Sync {
    /// The list of an issuer.
    async fn list(&self, key_identifier: &str) -> Result<Option<PublishedList>, PortError>;
    /// Publishes a list in place of the one with this version, or as the first one; conflicts if another one was published
    /// meanwhile.
    async fn publish(
        &self,
        key_identifier: &str,
        crl: &Crl,
        replaces: Option<&ListVersion>,
    ) -> Result<Saved, PortError>;
    /// The key identifiers of all issuers with a list, and the time of the publication.
    async fn published(&self) -> Result<Vec<(String, OffsetDateTime)>, PortError>;
}
