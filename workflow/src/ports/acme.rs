//! The table of the ACME server.

use async_trait::async_trait;
use pki::acme::{RenewalCertId, SpendableNonce};

use super::{PortError, Saved};
use crate::acme::{AcmeAccount, AcmeAccountId, AcmeExtensions, AcmeOrder, AcmeOrderId, OrderSummary};
use crate::ids::RequestId;

/// Some orders of an account, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrdersPage {
    /// The orders.
    pub orders: Vec<OrderSummary>,
    /// The last order of the page; `None` if there are no older ones.
    pub next: Option<AcmeOrderId>,
}

/// The name of an order: orders are found by their account, so that nobody finds those of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderName {
    /// The account.
    pub account: AcmeAccountId,
    /// The order.
    pub order: AcmeOrderId,
}

/// The table `acme`. Each read is consistent, but for lists.
#[async_trait]
pub trait AcmeStore: Send + Sync {
    /// Spends a nonce; conflicts if it is spent. Not retried by the caller: a call that failed may have spent it.
    async fn spend(&self, nonce: &SpendableNonce) -> Result<Saved, PortError>;

    /// Reads an account.
    async fn account(&self, id: &AcmeAccountId) -> Result<Option<AcmeAccount>, PortError>;
    /// The account with this key, by [`AcmeAccount::key_digest`].
    async fn account_of_key(&self, key_digest: &str) -> Result<Option<AcmeAccountId>, PortError>;
    /// The account that is bound by this key id.
    async fn account_of_binding(&self, key_id: &str) -> Result<Option<AcmeAccountId>, PortError>;
    /// Inserts an account, with its key and its key id, in one transaction; conflicts if one of them has an account.
    async fn create_account(&self, account: &AcmeAccount) -> Result<Saved, PortError>;
    /// Updates an account and increments its version; conflicts if the stored version is not its own.
    async fn save_account(&self, account: &AcmeAccount) -> Result<Saved, PortError>;
    /// Like [`AcmeStore::save_account`], for an account with another key: gives the key before back, and takes the new one, in
    /// one transaction; conflicts if another account has it.
    async fn save_key(&self, account: &AcmeAccount, key_digest_before: &str) -> Result<Saved, PortError>;

    /// Reads an order of an account.
    async fn order(&self, name: &OrderName) -> Result<Option<AcmeOrder>, PortError>;
    /// Inserts an order. If it replaces a certificate, conflicts if another order does, but for the order `instead_of`.
    async fn create_order(
        &self,
        order: &AcmeOrder,
        instead_of: Option<&AcmeOrderId>,
    ) -> Result<Saved, PortError>;
    /// Updates an order and increments its version; conflicts if the stored version is not its own. With a request, the order
    /// is found by it, too, from then on.
    async fn save_order(&self, order: &AcmeOrder) -> Result<Saved, PortError>;
    /// The orders of an account, those before an order if one is given, at most `limit`. Eventually consistent.
    async fn orders(
        &self,
        account: &AcmeAccountId,
        before: Option<&AcmeOrderId>,
        limit: usize,
    ) -> Result<OrdersPage, PortError>;
    /// The order whose certificate a request is for.
    async fn order_of_request(&self, request: RequestId) -> Result<Option<OrderName>, PortError>;
    /// The order that replaces a certificate, or was to replace it.
    async fn replacement(&self, certificate: &RenewalCertId) -> Result<Option<OrderName>, PortError>;

    /// Reads the extensions of a standing approval; `None` if none was ever asked for.
    async fn extensions(&self, standing: RequestId) -> Result<Option<AcmeExtensions>, PortError>;
    /// Inserts the extensions of a standing approval; conflicts if there are some.
    async fn create_extensions(&self, extensions: &AcmeExtensions) -> Result<Saved, PortError>;
    /// Updates the extensions of a standing approval and increments their version; conflicts if the stored version is not its
    /// own.
    async fn save_extensions(&self, extensions: &AcmeExtensions) -> Result<Saved, PortError>;
}
