//! The revocation lists of [`InMemoryBackend`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use async_trait::async_trait;
use pki::crl::Crl;
use time::OffsetDateTime;

use super::InMemoryBackend;
use crate::certificate::ListName;
use crate::ports::{Clock as _, ListVersion, PortError, PublishedList, RevocationLists, Saved};

impl InMemoryBackend {
    /// The published lists.
    pub fn published_lists(&self) -> BTreeMap<ListName, Crl> {
        self.state().lists.iter().map(|(name, (list, _))| (name.clone(), list.crl.clone())).collect()
    }
}

#[async_trait]
impl RevocationLists for InMemoryBackend {
    async fn list(&self, name: &ListName) -> Result<Option<PublishedList>, PortError> {
        self.call("lists", "list", |state| state.lists.get(name).map(|(list, _)| list.clone()))
    }

    async fn publish(
        &self,
        name: &ListName,
        crl: &Crl,
        replaces: Option<&ListVersion>,
    ) -> Result<Saved, PortError> {
        let now = self.now();
        self.call("lists", "publish", |state| {
            let version = ListVersion(crl.number().to_string());
            let published = (PublishedList { crl: crl.clone(), version }, now);
            match (state.lists.entry(name.clone()), replaces) {
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

    async fn published(&self) -> Result<Vec<(ListName, OffsetDateTime)>, PortError> {
        self.call("lists", "published", |state| {
            state.lists.iter().map(|(name, (_, at))| (name.clone(), *at)).collect()
        })
    }
}
