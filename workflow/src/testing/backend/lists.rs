//! The revocation lists of [`InMemoryBackend`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use async_trait::async_trait;
use pki::crl::Crl;
use time::OffsetDateTime;

use super::InMemoryBackend;
use crate::ports::{Clock as _, ListVersion, PortError, PublishedList, RevocationLists, Saved};

impl InMemoryBackend {
    /// The published lists, by key identifier.
    pub fn published_lists(&self) -> BTreeMap<String, Crl> {
        self.state().lists.iter().map(|(issuer, (list, _))| (issuer.clone(), list.crl.clone())).collect()
    }
}

#[async_trait]
impl RevocationLists for InMemoryBackend {
    async fn list(&self, key_identifier: &str) -> Result<Option<PublishedList>, PortError> {
        self.call("lists", "list", |state| state.lists.get(key_identifier).map(|(list, _)| list.clone()))
    }

    async fn publish(
        &self,
        key_identifier: &str,
        crl: &Crl,
        replaces: Option<&ListVersion>,
    ) -> Result<Saved, PortError> {
        let now = self.now();
        self.call("lists", "publish", |state| {
            let version = ListVersion(crl.number().to_string());
            let published = (PublishedList { crl: crl.clone(), version }, now);
            match (state.lists.entry(key_identifier.to_owned()), replaces) {
                (Entry::Vacant(list), None) => {
                    list.insert(published);
                    Saved::Yes
                }
                (Entry::Occupied(mut list), Some(replaces)) if list.get().0.version == *replaces => {
                    list.insert(published);
                    Saved::Yes
                }
                _ => Saved::Conflict,
            }
        })
    }

    async fn published(&self) -> Result<Vec<(String, OffsetDateTime)>, PortError> {
        self.call("lists", "published", |state| {
            state.lists.iter().map(|(identifier, (_, at))| (identifier.clone(), *at)).collect()
        })
    }
}
