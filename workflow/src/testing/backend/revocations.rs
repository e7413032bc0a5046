//! The revoked certificates of [`InMemoryBackend`].

use async_trait::async_trait;
use pki::certificate::Serial;

use super::InMemoryBackend;
use crate::certificate::Revocation;
use crate::ports::{PortError, RevocationPage, RevocationWriter, Revocations, Saved};
use crate::request::Request;
use crate::request::audit::Event;

/// Rows of a page: few, so that tests read several.
const PAGE: usize = 2;

#[async_trait]
impl Revocations for InMemoryBackend {
    async fn find(&self, issuer: &str, serial: &Serial) -> Result<Option<Revocation>, PortError> {
        let key = (issuer.to_owned(), serial.to_string());
        self.call("revocations", "find", |state| state.revocations.get(&key).cloned())
    }

    async fn page(&self, issuer: &str, after: Option<&Serial>) -> Result<RevocationPage, PortError> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        self.call("revocations", "page", |state| {
            let all = state.revocations.values().filter(|one| one.issuer == issuer);
            let mut later = all.filter(|one| one.serial.to_string() > after);
            let revocations: Vec<Revocation> = later.by_ref().take(PAGE).cloned().collect();
            let next = later.next().and(revocations.last()).map(|last| last.serial.clone());
            RevocationPage { revocations, next }
        })
    }
}

#[async_trait]
impl RevocationWriter for InMemoryBackend {
    async fn record(
        &self,
        revocation: &Revocation,
        request: &Request,
        events: &[Event],
    ) -> Result<Saved, PortError> {
        self.call("revocations", "record", |state| {
            let saved = state.save(request, events);
            if saved == Saved::Yes {
                let key = (revocation.issuer.clone(), revocation.serial.to_string());
                state.revocations.insert(key, revocation.clone());
            }
            saved
        })
    }
}
