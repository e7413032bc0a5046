//! The table of the ACME server of [`InMemoryBackend`].

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use pki::acme::{RenewalCertId, SpendableNonce};

use super::InMemoryBackend;
use crate::acme::{AcmeAccount, AcmeAccountId, AcmeExtensions, AcmeOrder, AcmeOrderId, OrderState};
use crate::ids::RequestId;
use crate::ports::{AcmeStore, OrderName, OrdersPage, PortError, Saved};

/// The rows of the table `acme`.
#[derive(Clone, Default)]
pub(super) struct AcmeRows {
    accounts: BTreeMap<AcmeAccountId, AcmeAccount>,
    keys: BTreeMap<String, AcmeAccountId>,
    bindings: BTreeMap<String, AcmeAccountId>,
    orders: BTreeMap<(AcmeAccountId, AcmeOrderId), AcmeOrder>,
    requests: BTreeMap<RequestId, OrderName>,
    replaced: BTreeMap<String, OrderName>,
    nonces: BTreeSet<String>,
    extensions: BTreeMap<RequestId, AcmeExtensions>,
}

fn name(order: &AcmeOrder) -> OrderName {
    OrderName { account: order.account().clone(), order: order.id().clone() }
}

impl AcmeRows {
    fn save_account(&mut self, account: &AcmeAccount) -> Saved {
        match self.accounts.get_mut(account.id()) {
            Some(row) if row.version() == account.version() => {
                row.clone_from(account);
                row.count_write();
                Saved::Yes
            }
            _ => Saved::Conflict,
        }
    }
}

impl InMemoryBackend {
    /// Every account.
    pub fn acme_accounts(&self) -> Vec<AcmeAccount> {
        self.state().acme.accounts.values().cloned().collect()
    }

    /// Every order.
    pub fn acme_orders(&self) -> Vec<AcmeOrder> {
        self.state().acme.orders.values().cloned().collect()
    }

    /// The extensions of a standing approval, if there are some.
    pub fn acme_extensions(&self, standing: RequestId) -> Option<AcmeExtensions> {
        self.state().acme.extensions.get(&standing).cloned()
    }

    /// Stores the extensions of a standing approval as they are.
    pub fn put_acme_extensions(&self, extensions: AcmeExtensions) {
        self.state().acme.extensions.insert(extensions.standing(), extensions);
    }

    /// The number of nonces that are spent.
    pub fn spent_nonces(&self) -> usize {
        self.state().acme.nonces.len()
    }
}

#[async_trait]
impl AcmeStore for InMemoryBackend {
    async fn spend(&self, nonce: &SpendableNonce) -> Result<Saved, PortError> {
        self.call("acme", "spend", |state| {
            if state.acme.nonces.insert(nonce.id().to_owned()) { Saved::Yes } else { Saved::Conflict }
        })
    }

    async fn account(&self, id: &AcmeAccountId) -> Result<Option<AcmeAccount>, PortError> {
        self.call("acme", "account", |state| state.acme.accounts.get(id).cloned())
    }

    async fn account_of_key(&self, key_digest: &str) -> Result<Option<AcmeAccountId>, PortError> {
        self.call("acme", "account of key", |state| state.acme.keys.get(key_digest).cloned())
    }

    async fn account_of_binding(&self, key_id: &str) -> Result<Option<AcmeAccountId>, PortError> {
        self.call("acme", "account of binding", |state| state.acme.bindings.get(key_id).cloned())
    }

    async fn create_account(&self, account: &AcmeAccount) -> Result<Saved, PortError> {
        self.call("acme", "create account", |state| {
            let (rows, id) = (&mut state.acme, account.id());
            let is_there = rows.accounts.contains_key(id)
                || rows.keys.contains_key(account.key_digest())
                || rows.bindings.contains_key(account.key_id());
            if is_there {
                return Saved::Conflict;
            }
            rows.accounts.insert(id.clone(), account.clone());
            rows.keys.insert(account.key_digest().to_owned(), id.clone());
            rows.bindings.insert(account.key_id().to_owned(), id.clone());
            Saved::Yes
        })
    }

    async fn save_account(&self, account: &AcmeAccount) -> Result<Saved, PortError> {
        self.call("acme", "save account", |state| state.acme.save_account(account))
    }

    async fn save_key(&self, account: &AcmeAccount, key_digest_before: &str) -> Result<Saved, PortError> {
        self.call("acme", "save key", |state| {
            let rows = &mut state.acme;
            let has_before = rows.keys.get(key_digest_before) == Some(account.id());
            if rows.keys.contains_key(account.key_digest())
                || !has_before
                || rows.save_account(account) == Saved::Conflict
            {
                return Saved::Conflict;
            }
            rows.keys.remove(key_digest_before);
            rows.keys.insert(account.key_digest().to_owned(), account.id().clone());
            Saved::Yes
        })
    }

    async fn order(&self, name: &OrderName) -> Result<Option<AcmeOrder>, PortError> {
        let key = (name.account.clone(), name.order.clone());
        self.call("acme", "order", |state| state.acme.orders.get(&key).cloned())
    }

    async fn create_order(
        &self,
        order: &AcmeOrder,
        instead_of: Option<&AcmeOrderId>,
    ) -> Result<Saved, PortError> {
        self.call("acme", "create order", |state| {
            let (rows, key) = (&mut state.acme, (order.account().clone(), order.id().clone()));
            if rows.orders.contains_key(&key) {
                return Saved::Conflict;
            }
            if let Some(replaced) = order.replaces() {
                let present = rows.replaced.get(&replaced.to_string());
                if present.is_some_and(|present| Some(&present.order) != instead_of) {
                    return Saved::Conflict;
                }
                rows.replaced.insert(replaced.to_string(), name(order));
            }
            rows.orders.insert(key, order.clone());
            Saved::Yes
        })
    }

    async fn save_order(&self, order: &AcmeOrder) -> Result<Saved, PortError> {
        self.call("acme", "save order", |state| {
            let (rows, key) = (&mut state.acme, (order.account().clone(), order.id().clone()));
            let Some(row) = rows.orders.get_mut(&key).filter(|row| row.version() == order.version()) else {
                return Saved::Conflict;
            };
            if let OrderState::Processing { request_id, .. } = order.state() {
                if rows.requests.get(request_id).is_some_and(|present| *present != name(order)) {
                    return Saved::Conflict;
                }
                rows.requests.insert(*request_id, name(order));
            }
            row.clone_from(order);
            row.count_write();
            Saved::Yes
        })
    }

    async fn orders(
        &self,
        account: &AcmeAccountId,
        before: Option<&AcmeOrderId>,
        limit: usize,
    ) -> Result<OrdersPage, PortError> {
        self.call("acme", "orders", |state| {
            let is_listed = |id: &AcmeOrderId| before.is_none_or(|before| id < before);
            let own = state.acme.orders.iter().rev().filter(|((of, id), _)| of == account && is_listed(id));
            let mut orders: Vec<_> = own.take(limit + 1).map(|(_, order)| order.summary()).collect();
            let has_more = orders.len() > limit;
            orders.truncate(limit);
            let next = orders.last().filter(|_| has_more).map(|order| order.id.clone());
            OrdersPage { orders, next }
        })
    }

    async fn order_of_request(&self, request: RequestId) -> Result<Option<OrderName>, PortError> {
        self.call("acme", "order of request", |state| state.acme.requests.get(&request).cloned())
    }

    async fn replacement(&self, certificate: &RenewalCertId) -> Result<Option<OrderName>, PortError> {
        let certificate = certificate.to_string();
        self.call("acme", "replacement", |state| state.acme.replaced.get(&certificate).cloned())
    }

    async fn extensions(&self, standing: RequestId) -> Result<Option<AcmeExtensions>, PortError> {
        self.call("acme", "extensions", |state| state.acme.extensions.get(&standing).cloned())
    }

    async fn create_extensions(&self, extensions: &AcmeExtensions) -> Result<Saved, PortError> {
        self.call("acme", "create extensions", |state| {
            let (rows, id) = (&mut state.acme.extensions, extensions.standing());
            if rows.contains_key(&id) {
                return Saved::Conflict;
            }
            rows.insert(id, extensions.clone());
            Saved::Yes
        })
    }

    async fn save_extensions(&self, extensions: &AcmeExtensions) -> Result<Saved, PortError> {
        self.call("acme", "save extensions", |state| {
            match state.acme.extensions.get_mut(&extensions.standing()) {
                Some(row) if row.version() == extensions.version() => {
                    row.clone_from(extensions);
                    row.count_write();
                    Saved::Yes
                }
                _ => Saved::Conflict,
            }
        })
    }
}
