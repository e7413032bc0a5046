//! The AWS services that take lists, in [`InMemoryBackend`]: one trust anchor and one trust store.

use std::collections::BTreeMap;

use async_trait::async_trait;
use pki::crl::Crl;

use super::InMemoryBackend;
use crate::certificate::ListName;
use crate::ports::{
    ListFile, ListFiles, ObjectVersion, PortError, TrustAnchorCrl, TrustAnchorCrls, TrustStoreCrls,
};

/// The lists in both services.
#[derive(Clone, Default)]
pub(super) struct Consumers {
    /// By id, with their names.
    anchor: BTreeMap<String, (String, TrustAnchorCrl)>,
    /// By id. An id is never used twice.
    store: BTreeMap<i64, Option<Crl>>,
    last_id: i64,
    /// The versions of files that were read, by issuer: the bucket keeps all.
    versions: Vec<(String, ListFile)>,
    /// The issuers of which the trust store lost the newest list.
    gaps: Vec<String>,
}

impl Consumers {
    /// The lists of both, without ids.
    pub(super) fn summary(&self) -> Vec<String> {
        let number = |crl: &Option<Crl>| {
            crl.as_ref().map(|crl| (crl.authority_key_identifier(), crl.number(), crl.is_shard()))
        };
        let anchor =
            self.anchor.values().map(|(name, one)| format!("{name} {} {:?}", one.enabled, number(&one.crl)));
        let mut all: Vec<String> =
            anchor.chain(self.store.values().map(|crl| format!("{:?}", number(crl)))).collect();
        all.extend(self.gaps.iter().map(|issuer| format!("lost the newest list of {issuer}")));
        all.sort();
        all
    }

    /// True if the trust store has a whole list of the issuer that is at least as new as this one.
    fn covers(&self, removed: &Crl) -> bool {
        let issuer = removed.authority_key_identifier();
        let is_it = |crl: &Crl| {
            !crl.is_shard() && crl.authority_key_identifier() == issuer && crl.number() >= removed.number()
        };
        self.store.values().flatten().any(is_it)
    }
}

impl InMemoryBackend {
    /// The lists of trust anchor and trust store, without ids, and losses.
    pub(crate) fn relayed(&self) -> Vec<String> {
        self.state().consumers.summary()
    }

    /// Puts a list into the trust anchor.
    pub fn put_anchor_crl(&self, name: &str, crl: TrustAnchorCrl) {
        self.state().consumers.anchor.insert(crl.id.clone(), (name.to_owned(), crl));
    }

    /// Puts a revocation file into the trust store: a list, or `None` for one that cannot be read.
    pub fn put_store_crl(&self, crl: Option<Crl>) {
        let consumers = &mut self.state().consumers;
        consumers.last_id += 1;
        consumers.store.insert(consumers.last_id, crl);
    }

    /// The lists of the trust anchor, with their names.
    pub fn anchor_crls(&self) -> Vec<(String, TrustAnchorCrl)> {
        self.state().consumers.anchor.values().cloned().collect()
    }

    /// The revocation files of the trust store.
    pub fn store_crls(&self) -> Vec<Option<Crl>> {
        self.state().consumers.store.values().cloned().collect()
    }

    /// The issuers of which the trust store lost the newest list.
    pub fn store_gaps(&self) -> Vec<String> {
        self.state().consumers.gaps.clone()
    }
}

/// The version of a list's file.
fn version_of(crl: &Crl) -> ObjectVersion {
    ObjectVersion(crl.number().to_string())
}

#[async_trait]
impl ListFiles for InMemoryBackend {
    async fn file(&self, key_identifier: &str) -> Result<Option<ListFile>, PortError> {
        self.call("list files", "file", |state| {
            let (list, _) = state.lists.get(&ListName::whole(key_identifier))?;
            let crl = list.crl.clone();
            let file = ListFile { pem: crl.to_pem(), version: version_of(&crl), crl };
            state.consumers.versions.push((key_identifier.to_owned(), file.clone()));
            Some(file)
        })
    }

    async fn version(&self, key_identifier: &str) -> Result<Option<ObjectVersion>, PortError> {
        self.call("list files", "version", |state| {
            state.lists.get(&ListName::whole(key_identifier)).map(|(list, _)| version_of(&list.crl))
        })
    }
}

#[async_trait]
impl TrustAnchorCrls for InMemoryBackend {
    async fn named(&self, name: &str) -> Result<Vec<TrustAnchorCrl>, PortError> {
        self.call("trust anchor", "named", |state| {
            let all = state.consumers.anchor.values();
            all.filter(|(other, _)| other == name).map(|(_, crl)| crl.clone()).collect()
        })
    }

    async fn import(&self, name: &str, pem: &str) -> Result<(), PortError> {
        self.call("trust anchor", "import", |state| {
            let consumers = &mut state.consumers;
            consumers.last_id += 1;
            let id = format!("crl-{}", consumers.last_id);
            let crl = TrustAnchorCrl { id: id.clone(), enabled: true, crl: Crl::from_pem(pem).ok() };
            consumers.anchor.insert(id, (name.to_owned(), crl));
        })
    }

    async fn update(&self, id: &str, pem: &str) -> Result<(), PortError> {
        self.call("trust anchor", "update", |state| {
            if let Some((_, crl)) = state.consumers.anchor.get_mut(id) {
                crl.crl = Crl::from_pem(pem).ok();
            }
        })
    }
}

#[async_trait]
impl TrustStoreCrls for InMemoryBackend {
    async fn ids(&self) -> Result<Vec<i64>, PortError> {
        self.call("trust store", "ids", |state| state.consumers.store.keys().copied().collect())
    }

    async fn crl(&self, id: i64) -> Result<Option<Crl>, PortError> {
        self.call("trust store", "crl", |state| state.consumers.store.get(&id).cloned().flatten())
    }

    async fn add(&self, key_identifier: &str, version: &ObjectVersion) -> Result<i64, PortError> {
        self.call("trust store", "add", |state| {
            let mut versions = state.consumers.versions.iter();
            let file = versions.find(|(issuer, file)| issuer == key_identifier && file.version == *version);
            let crl = file.map(|(_, file)| file.crl.clone());
            state.consumers.last_id += 1;
            state.consumers.store.insert(state.consumers.last_id, crl);
            state.consumers.last_id
        })
    }

    async fn remove(&self, id: i64) -> Result<(), PortError> {
        self.call("trust store", "remove", |state| {
            let removed = state.consumers.store.remove(&id).flatten();
            let gap = removed.filter(|crl| !state.consumers.covers(crl));
            state.consumers.gaps.extend(gap.and_then(|crl| crl.authority_key_identifier()));
        })
    }
}
