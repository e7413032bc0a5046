//! The issuers of a deployment: certificates and keys.
//!
//! Invariant: a former issuer stays readable and its key usable until its last certificate expires.

use std::sync::Arc;

use async_trait::async_trait;
use pki::issuer::Issuer;
use pki::signer::Signer;

use super::PortError;
use crate::ids::IssuerId;

/// The issuers of a deployment.
#[async_trait]
pub trait Issuers: Send + Sync {
    /// The certificate in force of an issuer; `None` if it has none yet.
    async fn in_force(&self, id: &IssuerId) -> Result<Option<Issuer>, PortError>;
    /// Every stored issuer, in force or former, with this subject key identifier (lower-case hex). Renewed and renamed
    /// certificates share it, so callers verify: see [`crate::store::issuer_of`].
    async fn with_key_identifier(&self, key_identifier: &str) -> Result<Vec<Issuer>, PortError>;
    /// Every stored issuer, in force or former, each once.
    async fn all(&self) -> Result<Vec<Issuer>, PortError>;
    /// The signer with the key of an issuer, in force or former. Fails in a worker without access to keys.
    async fn signer(&self, issuer: &Issuer) -> Result<Arc<dyn Signer>, PortError>;
}
