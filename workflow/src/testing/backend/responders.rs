//! The OCSP responders of [`InMemoryBackend`].

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::InMemoryBackend;
use crate::certificate::Responder;
use crate::ports::{OcspResponders, PortError};

#[async_trait]
impl OcspResponders for InMemoryBackend {
    async fn responder(&self, key_identifier: &str) -> Result<Option<Responder>, PortError> {
        let pem =
            self.call("responders", "responder", |state| state.responders.get(key_identifier).cloned())?;
        Ok(pem.and_then(|pem| Responder::from_pem(Zeroizing::new(pem)).ok()))
    }

    async fn store_responder(&self, key_identifier: &str, responder: &Responder) -> Result<(), PortError> {
        let pem = responder.pem().expose().to_string();
        self.call("responders", "store", |state| _ = state.responders.insert(key_identifier.to_owned(), pem))
    }
}
