//! The OCSP responders of the issuers.

use async_trait::async_trait;

use super::PortError;
use crate::certificate::Responder;

/// The OCSP responders, one for each issuer by its subject key identifier (lower-case hex). A stored responder that cannot be
/// read is as none: the next one takes its place.
#[async_trait]
pub trait OcspResponders: Send + Sync {
    /// The responder of an issuer.
    async fn responder(&self, key_identifier: &str) -> Result<Option<Responder>, PortError>;
    /// Stores a responder in place of the one before. Idempotent.
    async fn store_responder(&self, key_identifier: &str, responder: &Responder) -> Result<(), PortError>;
}
