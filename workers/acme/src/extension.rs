//! Names outside a standing approval: the request for one that has them.

use async_trait::async_trait;
use workflow::acme::AcmeAccountId;
use workflow::ids::RequestId;
use workflow::ports::PortError;

/// The names that an account ordered, and that its standing approval does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedNames {
    /// The account.
    pub account: AcmeAccountId,
    /// The standing approval of the account.
    pub standing: RequestId,
    /// The profile.
    pub profile: String,
    /// The names, sorted: the same order has the same names.
    pub names: Vec<String>,
}

/// Files the request for a standing approval with more names.
#[async_trait]
pub trait ExtensionRequests: Send + Sync {
    /// Files the request on behalf of the requester of the standing approval. Idempotent: clients order again and again, and
    /// approvers are asked once. Returns the request.
    async fn file(&self, wanted: &WantedNames) -> Result<RequestId, PortError>;
}
