//! The published revocation lists.

use async_trait::async_trait;
use pki::crl::Crl;
use time::OffsetDateTime;

use super::{PortError, Saved};
use crate::certificate::ListName;

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

/// The published revocation lists: a whole list of each issuer, and shards of it.
#[async_trait]
pub trait RevocationLists: Send + Sync {
    /// A list.
    async fn list(&self, name: &ListName) -> Result<Option<PublishedList>, PortError>;
    /// Publishes a list in place of the one with this version, or as the first one; conflicts if another one was published
    /// meanwhile.
    async fn publish(
        &self,
        name: &ListName,
        crl: &Crl,
        replaces: Option<&ListVersion>,
    ) -> Result<Saved, PortError>;
    /// Every published list, with the time of its publication.
    async fn published(&self) -> Result<Vec<(ListName, OffsetDateTime)>, PortError>;
}
