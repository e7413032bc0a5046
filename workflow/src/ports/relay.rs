//! The AWS services that take revocation lists: IAM Roles Anywhere, and trust stores of Application Load Balancers.

use async_trait::async_trait;
use pki::crl::Crl;

use super::PortError;

/// The version of a published file; unlike a [`super::ListVersion`], other services read the file by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion(pub String);

/// The PEM file of a published list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFile {
    /// The list.
    pub crl: Crl,
    /// The file.
    pub pem: String,
    /// Its version.
    pub version: ObjectVersion,
}

/// The PEM files of the published lists, one for each issuer by its subject key identifier (lower-case hex).
#[async_trait]
pub trait ListFiles: Send + Sync {
    /// The file of an issuer.
    async fn file(&self, key_identifier: &str) -> Result<Option<ListFile>, PortError>;
    /// The version of the file of an issuer.
    async fn version(&self, key_identifier: &str) -> Result<Option<ObjectVersion>, PortError>;
}

/// A list that a trust anchor has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchorCrl {
    /// The id that the service gave it.
    pub id: String,
    /// True if the service checks certificates against it.
    pub enabled: bool,
    /// The list; `None` if it cannot be read.
    pub crl: Option<Crl>,
}

/// The lists of one trust anchor of IAM Roles Anywhere.
#[async_trait]
pub trait TrustAnchorCrls: Send + Sync {
    /// The lists with this name. The service does not keep names unique.
    async fn named(&self, name: &str) -> Result<Vec<TrustAnchorCrl>, PortError>;
    /// Adds a list (PEM) and enables it. A repetition adds another one.
    async fn import(&self, name: &str, pem: &str) -> Result<(), PortError>;
    /// Replaces the content of a list. Idempotent.
    async fn update(&self, id: &str, pem: &str) -> Result<(), PortError>;
}

/// The revocation files of one trust store.
#[async_trait]
pub trait TrustStoreCrls: Send + Sync {
    /// The ids of all files.
    async fn ids(&self) -> Result<Vec<i64>, PortError>;
    /// The list in a file; `None` if it cannot be read, or the file is not there any more.
    async fn crl(&self, id: i64) -> Result<Option<Crl>, PortError>;
    /// Adds the published file of an issuer, in this version, and returns its id. A repetition adds another one.
    async fn add(&self, key_identifier: &str, version: &ObjectVersion) -> Result<i64, PortError>;
    /// Removes a file. Idempotent.
    async fn remove(&self, id: i64) -> Result<(), PortError>;
}
